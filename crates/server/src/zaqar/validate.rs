//! Limits and their texts (Zaqar reference 3).

use serde_json::{Map, Value};

use super::error::Failure;
use super::settings::Settings;

/// Least ttl of messages, claims and subscriptions, and least grace, in seconds.
pub(crate) const LEAST: i64 = 60;

/// The limit of a page of queues, pools or flavors.
pub(crate) fn page(limit: Option<i64>, most: i64) -> Result<(), Failure> {
    match limit {
        Some(limit) if !(1..=most).contains(&limit) => {
            Err(Failure::api(format!("Limit must be at least 1 and no greater than {most}.")))
        }
        _ => Ok(()),
    }
}

/// The limit of a page of messages or subscriptions, or of a claim.
pub(crate) fn limit(limit: Option<i64>, most: i64) -> Result<(), Failure> {
    match limit {
        Some(limit) if !(1..=most).contains(&limit) => {
            Err(Failure::api(format!("Limit must be at least 1 and may not be greater than {most}.")))
        }
        _ => Ok(()),
    }
}

/// Ttl and delay of a message.
pub(crate) fn message(ttl: i64, delay: i64, settings: &Settings) -> Result<(), Failure> {
    let (longest, latest) = (settings.max_message_ttl, settings.max_message_delay);
    if !(LEAST..=longest).contains(&ttl) {
        return Err(Failure::api(format!(
            "The TTL for a message may not exceed {longest} seconds, and must be at least {LEAST} seconds long."
        )));
    }
    if !(0..=latest).contains(&delay) {
        return Err(Failure::api(format!(
            "The Delay TTL for a message may not exceed {latest} seconds,and must be at least 0 seconds long."
        )));
    }
    Ok(())
}

/// The length of a body with messages, against the server's limit and, in v2, the queue's.
pub(crate) fn post_length(length: Option<u64>, own: Option<i64>, settings: &Settings) -> Result<(), Failure> {
    let Some(length) = length else { return Ok(()) };
    let most = settings.max_messages_post_size;
    if let Some(own) = own.filter(|own| *own != 0) {
        let least = u64::try_from(own).unwrap_or_default().min(most);
        if length > least {
            return Err(Failure::api(format!(
                "Message collection size is too large. The max size for current queue is {least}. It is calculated by \
                 max size = min(max_messages_post_size_config: {most}, max_messages_post_size_queue: {own})."
            )));
        }
    }
    if length > most {
        return Err(Failure::api(format!("Message collection size is too large. Max size {most}")));
    }
    Ok(())
}

/// The length of a body with metadata; the text, if it is too long.
pub(crate) fn metadata_length(length: Option<u64>, settings: &Settings) -> Result<(), String> {
    let most = settings.max_queue_metadata;
    match length {
        Some(length) if length > most => Err(format!("Queue metadata is too large. Max size: {most}")),
        _ => Ok(()),
    }
}

/// The ttl of a claim.
pub(crate) fn claim_ttl(ttl: i64, settings: &Settings) -> Result<(), Failure> {
    let most = settings.max_claim_ttl;
    if (LEAST..=most).contains(&ttl) {
        return Ok(());
    }
    Err(Failure::api(format!(
        "The TTL for a claim may not exceed {most} seconds, and must be at least {LEAST} seconds long."
    )))
}

/// The grace of a new claim.
pub(crate) fn claim_grace(grace: i64, settings: &Settings) -> Result<(), Failure> {
    let most = settings.max_claim_grace;
    if (LEAST..=most).contains(&grace) {
        return Ok(());
    }
    Err(Failure::api(format!(
        "The grace for a claim may not exceed {most} seconds, and must be at least {LEAST} seconds long."
    )))
}

/// Why metadata are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadMetadata {
    /// A value is wrong: 400 with this text.
    Value(String),
    /// The original stumbles over the value: an exception with this text.
    Exception(String),
}

/// Reserved keys of queue metadata.
pub(crate) fn metadata(map: &Map<String, Value>, settings: &Settings) -> Result<(), BadMetadata> {
    let (ttl, size, delay) =
        (settings.max_message_ttl, settings.max_messages_post_size, settings.max_message_delay);
    let key = "_default_message_ttl";
    if let Some(value) = number(map, key, "<=")? {
        let text = format!("{key} can not exceed {ttl} seconds, and must be at least {LEAST} seconds long.");
        within(value, LEAST, ttl, text)?;
    }
    let key = "_max_messages_post_size";
    if let Some(value) = number(map, key, "<")? {
        let text = format!("{key} can not exceed {size},  and must be at least greater than 0.");
        within(value, 1, i64::try_from(size).unwrap_or(i64::MAX), text)?;
    }
    whole(map, "_max_claim_count")?;
    if let Some(value) = number(map, "_dead_letter_queue_messages_ttl", "<=")? {
        let text = format!(
            "The TTL for a message may not exceed {ttl} seconds, and must be at least {LEAST} seconds long."
        );
        within(value, LEAST, ttl, text)?;
    }
    if let Some(value) = number(map, "_default_message_delay", "<=")? {
        let text = format!("The TTL can not exceed {delay} seconds, and must be at least 0 seconds long.");
        within(value, 0, delay, text)?;
    }
    let encrypted = map.get("_enable_encrypt_messages");
    if encrypted.is_some_and(|value| truthy(value) && !value.is_boolean()) {
        return Err(BadMetadata::Value("_enable_encrypt_messages must be boolean.".to_owned()));
    }
    retry_policy(map.get("_retry_policy")).map_err(BadMetadata::Value)
}

fn within(value: f64, least: i64, most: i64, text: String) -> Result<(), BadMetadata> {
    #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
    let fits = (least as f64..=most as f64).contains(&value);
    if fits { Ok(()) } else { Err(BadMetadata::Value(text)) }
}

/// Whether Python counts a value as true.
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn is_int(value: &Value) -> bool {
    value.is_boolean() || value.is_i64() || value.is_u64()
}

fn whole(map: &Map<String, Value>, key: &str) -> Result<(), BadMetadata> {
    match map.get(key) {
        Some(value) if truthy(value) && !is_int(value) => {
            Err(BadMetadata::Value(format!("{key} must be integer.")))
        }
        _ => Ok(()),
    }
}

/// A number to compare; `None` where nothing is compared.
fn number(map: &Map<String, Value>, key: &str, compared: &str) -> Result<Option<f64>, BadMetadata> {
    whole(map, key)?;
    let stumbles = |kind: &str| {
        let text = format!("'{compared}' not supported between instances of 'int' and '{kind}'");
        Err(BadMetadata::Exception(text))
    };
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(f64::from(u8::from(*flag)))),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        Some(Value::String(_)) => stumbles("str"),
        Some(Value::Array(_)) => stumbles("list"),
        Some(Value::Object(_)) => stumbles("dict"),
    }
}

const BACKOFFS: [&str; 4] = ["linear", "arithmetic", "geometric", "exponential"];

/// A retry policy of a queue or a subscription (Zaqar reference 10.5); the text, if it is refused.
pub(crate) fn retry_policy(policy: Option<&Value>) -> Result<(), String> {
    let Some(policy) = policy.filter(|policy| truthy(policy)) else { return Ok(()) };
    let Value::Object(policy) = policy else { return Err("retry_policy must be a dict.".to_owned()) };
    let set = |key: &str| policy.get(key).filter(|value| truthy(value));
    let numbers = ["retries_with_no_delay", "minimum_delay_retries", "minimum_delay", "maximum_delay"];
    for key in numbers.into_iter().chain(["maximum_delay_retries"]) {
        if set(key).is_some_and(|value| !is_int(value)) {
            return Err(format!("Retry policy: {key} must be a integer."));
        }
    }
    match set("retry_backoff_function") {
        Some(Value::String(name)) if BACKOFFS.contains(&name.as_str()) => {}
        Some(Value::String(_)) => return Err("invalid retry_backoff_function.".to_owned()),
        Some(_) => return Err("retry_backoff_function must be a string.".to_owned()),
        None => {}
    }
    if set("ignore_subscription_override").is_some_and(|value| !value.is_boolean()) {
        return Err("ignore_subscription_override must be a boolean.".to_owned());
    }
    let delay = |key: &str, default: i64| policy.get(key).map_or(default, |v| v.as_i64().unwrap_or_default());
    let (least, most) = (delay("minimum_delay", 5), delay("maximum_delay", 30));
    if most < least {
        return Err("minimum_delay must less than maximum_delay.".to_owned());
    }
    if most.saturating_sub(least) < 10 {
        return Err("invalid minimum_delay and maximum_delay.".to_owned());
    }
    Ok(())
}
