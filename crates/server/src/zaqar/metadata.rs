//! Queue metadata: what the service itself reads of it, and the reserved keys that v2 always shows.

use serde_json::{Map, Value, json};

use super::settings::Settings;
use super::storage::claims::DeadLetters;
use super::validate::truthy;

/// Metadata of a queue.
pub(crate) type Metadata = Map<String, Value>;

/// Metadata as stored.
pub(crate) fn read(text: &str) -> Metadata {
    serde_json::from_str(text).unwrap_or_default()
}

/// Reserved keys with what is shown where they are not set, in order (Zaqar reference 6.3).
pub(crate) fn reserved(settings: &Settings) -> [(&'static str, Value); 7] {
    [
        ("_max_messages_post_size", json!(settings.max_messages_post_size)),
        ("_default_message_ttl", json!(settings.default_message_ttl)),
        ("_default_message_delay", json!(settings.default_message_delay)),
        ("_dead_letter_queue", Value::Null),
        ("_dead_letter_queue_messages_ttl", Value::Null),
        ("_max_claim_count", Value::Null),
        ("_enable_encrypt_messages", Value::Bool(false)),
    ]
}

/// Fills in the reserved keys; those that are stored keep their place.
pub(crate) fn complete(mut metadata: Metadata, settings: &Settings) -> Metadata {
    for (key, default) in reserved(settings) {
        if !metadata.get(key).is_some_and(truthy) {
            metadata.insert(key.to_owned(), default);
        }
    }
    metadata
}

/// A number that is set and not zero.
pub(crate) fn number(metadata: &Metadata, key: &str) -> Option<i64> {
    metadata.get(key)?.as_i64().filter(|number| *number != 0)
}

/// Whether bodies are encrypted.
pub(crate) fn encrypts(metadata: &Metadata) -> bool {
    metadata.get("_enable_encrypt_messages") == Some(&Value::Bool(true))
}

/// Where messages go that were claimed too often; `None` unless both keys are set.
pub(crate) fn dead_letters(metadata: &Metadata, begin_again: bool) -> Option<DeadLetters> {
    let queue =
        metadata.get("_dead_letter_queue")?.as_str().filter(|name| super::check::is_queue_name(name))?;
    let most = metadata.get("_max_claim_count")?.as_i64()?;
    let ttl = number(metadata, "_dead_letter_queue_messages_ttl");
    Some(DeadLetters { most, queue: queue.to_owned(), ttl, begin_again })
}
