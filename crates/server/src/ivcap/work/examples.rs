//! The services of an installation that brings none, so that the first order works at once. They need nothing but a shell.

use serde_json::json;

use super::seed::SeedService;

/// The examples.
pub(crate) fn services() -> Vec<SeedService> {
    let all = json!([
        {
            "name": "echo",
            "description": "Gives back what it is asked: the message of an order goes to its log, the request of a job is its result",
            "tags": ["example"],
            "parameters": [
                {"name": "msg", "type": "string", "label": "Message", "description": "What to say", "default": "Hello"},
            ],
            "command": ["/bin/sh", "-c", "printf '%s\\n' \"${IVCAP_PARAM_MSG-}\"; exec cat > \"$IVCAP_RESULT\""],
            "request-schema": {
                "title": "Echo", "type": "object",
                "properties": {"msg": {"type": "string", "description": "What to say", "default": "Hello"}},
            },
        },
        {
            "name": "greeting",
            "description": "Writes a greeting to an artifact",
            "tags": ["example"],
            "parameters": [
                {"name": "name", "type": "string", "label": "Name", "description": "Whom to greet"},
                {"name": "times", "type": "int", "label": "Times", "description": "How often", "default": "1"},
            ],
            "command": [
                "/bin/sh", "-c",
                "i=0; while [ $i -lt \"${IVCAP_PARAM_TIMES:-1}\" ]; do printf 'Hello, %s!\\n' \"$IVCAP_PARAM_NAME\"; \
                 i=$((i+1)); done > \"$IVCAP_OUT_DIR/greeting.txt\" && \
                 echo 'wrote greeting.txt' && printf '{\"written\": %d}' $i > \"$IVCAP_RESULT\"",
            ],
        },
        {
            "name": "failing",
            "description": "Fails whatever it is asked",
            "tags": ["example"],
            "parameters": [],
            "command": ["/bin/sh", "-c", "echo 'this service always fails' >&2; exit 1"],
        },
    ]);
    // What stands above has the form of a seed: a test holds that.
    serde_json::from_value(all).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_three_examples() {
        let names: Vec<String> = super::services().into_iter().map(|service| service.name).collect();
        assert_eq!(names, ["echo", "greeting", "failing"]);
    }
}
