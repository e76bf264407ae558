//! A call as text: for a shell, for Python, for Rust, or as the request itself.

use pentad_core::{Body, Call};
use serde_json::{Value, json};

use super::Session;
use super::plan::Plan;
use crate::args::Language;
use crate::failure::Result;

/// The call that a plan describes.
pub(super) fn call_of(client: &pentad_ams::Client, plan: &Plan) -> Result<Call<Value>> {
    let args: Vec<_> = plan.args.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let query: Vec<_> = plan.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Ok(client.call(plan.op, &args, &query, plan.body.clone())?)
}

/// The call in a language, secrets as variables.
pub(super) fn call(
    client: &pentad_ams::Client,
    plan: &Plan,
    language: Language,
    session: &Session<'_>,
) -> Result<String> {
    let call = call_of(client, plan)?;
    match language {
        Language::Curl => {
            let line = call.curl()?;
            Ok(match session.socket() {
                Some(path) => line.replacen("curl ", &format!("curl --unix-socket {} ", quoted(&path)), 1),
                None => line,
            })
        }
        Language::Python => python(&call, plan),
        Language::Rust => Ok(rust(plan, &session.endpoint_text(), &session.project_name())),
    }
}

/// The request as a result: what `--dry-run` would have sent.
pub(super) fn request(client: &pentad_ams::Client, plan: &Plan) -> Result<Value> {
    let call = call_of(client, plan)?;
    let request = call.request()?;
    Ok(json!({
        "dry_run": true,
        "operation": plan.op,
        "method": request.method.as_str(),
        "url": request.uri()?.to_string(),
        "body": body_of(&request.body),
    }))
}

fn body_of(body: &Body) -> Value {
    match body {
        Body::Bytes(bytes) => serde_json::from_slice(bytes).unwrap_or(Value::Null),
        _ => Value::Null,
    }
}

fn python(call: &Call<Value>, plan: &Plan) -> Result<String> {
    let request = call.request()?;
    let mut text = String::from("import os\nimport requests\n\n");
    let url = Value::from(request.uri()?.to_string());
    text.push_str(&format!("response = requests.request(\n    {:?}, {url},\n", request.method.as_str()));
    text.push_str("    headers={\"x-api-key\": os.environ[\"PENTAD_AMS_TOKEN\"]},\n");
    if plan.body.is_some() {
        text.push_str(&format!("    json={},\n", python_literal(&body_of(&request.body))));
    }
    text.push_str(")\nresponse.raise_for_status()\nprint(response.text)\n");
    Ok(text)
}

/// JSON as a Python expression: they differ in three words.
fn python_literal(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(python_literal).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            let pairs = map
                .iter()
                .map(|(key, item)| format!("{}: {}", Value::from(key.as_str()), python_literal(item)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn rust(plan: &Plan, endpoint: &str, project: &str) -> String {
    let pairs = |pairs: &[(String, String)]| {
        pairs.iter().map(|(name, value)| format!("({name:?}, {value:?})")).collect::<Vec<_>>().join(", ")
    };
    let body = plan
        .body
        .as_ref()
        .map_or_else(|| "None".to_owned(), |body| format!("Some(serde_json::json!({body}))"));
    format!(
        "let token = pentad::Secret::new(std::env::var(\"PENTAD_AMS_TOKEN\")?);\n\
         let client = pentad::ams::Client::new({endpoint:?}, {project:?}).token(token).build()?;\n\
         let answer = client.call({:?}, &[{}], &[{}], {body})?.await?;\n",
        plan.op,
        pairs(&plan.args),
        pairs(&plan.query),
    )
}

/// A path as one word of a shell.
fn quoted(path: &std::path::Path) -> String {
    let text = path.display().to_string();
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+".contains(c));
    if plain { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}
