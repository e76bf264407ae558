//! The one list of names whose values nobody may see.

/// Whole names of secrets, in lower case without separators.
pub const NAMES: &[&str] = &[
    "accesskey",
    "adminpass",
    "apikey",
    "assertion",
    "authentication",
    "authkey",
    "authorization",
    "authorizationheader",
    "authreceipt",
    "codeverifier",
    "cookie",
    "credential",
    "credentials",
    "devicecode",
    "jwt",
    "key",
    "mattermosturl",
    "openstackauthreceipt",
    "passcode",
    "privatekey",
    "proxyauthorization",
    "pwd",
    "samlresponse",
    "secretvalue",
    "setcookie",
    "sig",
    "verificationhash",
];

/// Ends of names of secrets, as in `X-Subject-Token` and `clientSecret`.
pub const ENDINGS: &[&str] = &[
    "apikey",
    "authreceipt",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "signature",
    "token",
];

/// Names that end like secrets but are places in a listing.
pub const HARMLESS: &[&str] =
    &["continuationtoken", "nextpagetoken", "nexttoken", "pagetoken", "previouspagetoken", "prevpagetoken"];

/// Names whose objects are hidden as a whole: whatever stands within is the secret or a part of it. Objects under other
/// secret names are looked through by name, as in `{"password": {"user": {"name": .., "password": ..}}}`.
const WHOLE: &[&str] =
    &["authorization", "authorizationheader", "cookie", "credential", "credentials", "proxyauthorization"];

/// Whether a header, query member, JSON member or path argument of this name holds a secret. Case and separators do not
/// matter, nor does a leading `X-`: `X-Auth-Token`, `auth_token` and `authToken` are one name.
///
/// # Example
/// ```
/// use pentad_core::redact::is_secret;
/// assert!(is_secret("X-Auth-Token") && is_secret("client_secret") && is_secret("adminPass"));
/// assert!(!is_secret("nextPageToken") && !is_secret("topic"));
/// ```
pub fn is_secret(name: &str) -> bool {
    let bare = match name.as_bytes() {
        [b'x' | b'X', b'-' | b'_', ..] => &name[2..],
        _ => name,
    };
    let plain = plain(bare);
    let plain = plain.as_str();
    !HARMLESS.contains(&plain) && (NAMES.contains(&plain) || ENDINGS.iter().any(|end| plain.ends_with(end)))
}

/// Whether an object under this name is hidden with all that it holds.
pub(super) fn hides_objects(name: &str) -> bool {
    WHOLE.contains(&plain(name).as_str())
}

/// Whether the name says "token": what is called `id` directly below it is the token itself.
pub(super) fn is_token(name: &str) -> bool {
    let plain = plain(name);
    plain.ends_with("token") && !HARMLESS.contains(&plain.as_str())
}

/// Whether a path segment announces a token as the next one, as in `/tokens/{id}` and `/users:byToken/{..}`.
pub(super) fn announces_token(segment: &str) -> bool {
    let last = plain(segment.rsplit(':').next().unwrap_or_default());
    last.ends_with("token") || last.ends_with("tokens")
}

/// Lower case, without separators.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_all_spellings() {
        for name in [
            "Authorization",
            "X-Auth-Token",
            "X-Subject-Token",
            "x-api-key",
            "api_key",
            "key",
            "token",
            "password",
            "adminPass",
            "client_secret",
            "URL-Signature",
            "authorization_header",
            "refreshToken",
            "Set-Cookie",
            "Openstack-Auth-Receipt",
            "secret-value",
            "X-Amz-Credential",
            "X-Auth-Key",
            "device_code",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["pageToken", "nextPageToken", "topic", "keys", "monkey", "tokens_used", "x-request-id"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn the_lists_are_plain_and_sorted() {
        for list in [NAMES, ENDINGS, HARMLESS, WHOLE] {
            assert!(list.is_sorted());
            assert!(list.iter().all(|name| plain(name) == *name));
        }
    }
}
