//! Tokens as text: JSON web tokens signed with ES256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::keys::SigningKey;

/// Who makes tokens here.
pub(crate) const ISSUER: &str = "urn:pentad:ivcap";
/// Who they are for.
pub(crate) const AUDIENCE: &str = "ivcap";
/// Longest text that is looked at.
const LONGEST: usize = 8192;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: Value,
    /// The user's URN.
    pub(crate) sub: String,
    /// The UUID of the account.
    pub(crate) acc: String,
    pub(crate) scope: String,
    /// In whole seconds of service time.
    pub(crate) iat: i64,
    /// In whole seconds of service time.
    pub(crate) exp: i64,
    pub(crate) jti: String,
    /// What login programs read beside that (IVCAP reference 2.3).
    #[serde(flatten)]
    pub(crate) more: serde_json::Map<String, Value>,
}

/// The token that says this; `None` if it cannot be signed.
pub(crate) fn write(key: &SigningKey, claims: &Claims) -> Option<String> {
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": key.id()});
    let part = |value: Vec<u8>| URL_SAFE_NO_PAD.encode(value);
    let said =
        format!("{}.{}", part(serde_json::to_vec(&header).ok()?), part(serde_json::to_vec(claims).ok()?));
    let signature = key.sign(&said)?;
    Some(format!("{said}.{}", part(signature)))
}

/// What a token says, if this key signed it for this service and it has not ended.
pub(crate) fn read(key: &SigningKey, token: &str, now: i64) -> Option<Claims> {
    if token.len() > LONGEST {
        return None;
    }
    let (said, signature) = token.rsplit_once('.')?;
    let (header, claims) = said.split_once('.')?;
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let header: Value = serde_json::from_slice(&part(header)?).ok()?;
    // The algorithm is ours to choose, not the token's.
    if header.get("alg")?.as_str()? != "ES256" || !key.verifies(said, &part(signature)?) {
        return None;
    }
    let claims: Claims = serde_json::from_slice(&part(claims)?).ok()?;
    let for_us = match &claims.aud {
        Value::String(one) => one == AUDIENCE,
        Value::Array(several) => several.iter().any(|one| one == AUDIENCE),
        _ => false,
    };
    (for_us && claims.iss == ISSUER && now < claims.exp).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            iss: ISSUER.into(),
            aud: json!([AUDIENCE]),
            sub: "urn:ivcap:user:u".into(),
            acc: "a".into(),
            scope: "consumer:read".into(),
            iat: 100,
            exp: 200,
            jti: "x".into(),
            more: serde_json::Map::new(),
        }
    }

    #[test]
    fn a_token_says_what_was_signed_until_it_ends() {
        let key = SigningKey::generate().unwrap();
        let token = write(&key, &claims()).unwrap();
        assert_eq!(read(&key, &token, 199), Some(claims()));
        assert_eq!(read(&key, &token, 200), None);
        let again = SigningKey::read(key.pkcs8()).unwrap();
        assert_eq!(read(&again, &token, 150), Some(claims()));
    }

    #[test]
    fn a_token_that_was_altered_or_signed_by_another_says_nothing() {
        let key = SigningKey::generate().unwrap();
        let token = write(&key, &claims()).unwrap();
        assert_eq!(read(&SigningKey::generate().unwrap(), &token, 150), None);
        let parts: Vec<&str> = token.split('.').collect();
        let other =
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&Claims { acc: "b".into(), ..claims() }).unwrap());
        assert_eq!(read(&key, &format!("{}.{other}.{}", parts[0], parts[2]), 150), None);
        let none = URL_SAFE_NO_PAD.encode(br#"{"alg":"none"}"#);
        assert_eq!(read(&key, &format!("{none}.{}.", parts[1]), 150), None);
        for text in ["", ".", "..", "a.b.c", &"x".repeat(10_000)] {
            assert_eq!(read(&key, text, 150), None);
        }
    }

    #[test]
    fn a_token_for_someone_else_says_nothing() {
        let key = SigningKey::generate().unwrap();
        for claims in [Claims { iss: "x".into(), ..claims() }, Claims { aud: json!("other"), ..claims() }] {
            assert_eq!(read(&key, &write(&key, &claims).unwrap(), 150), None);
        }
    }
}
