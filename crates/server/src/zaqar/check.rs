//! The checks between routing and handler, in the order of Zaqar reference 2.2.

use http::header::{ACCEPT, CONTENT_TYPE};

use super::Zaqar;
use super::accept;
use super::context::{Call, Version};
use super::error::Failure;
use super::quirks::Quirk;
use super::routes::{Endpoint, Gate};
use super::settings::{ClientIds, Settings};
use crate::http::Inbound;

/// Longest queue name in characters.
pub(super) const QUEUE_NAME: usize = 64;
/// Longest project id in characters.
pub(super) const PROJECT_ID: usize = 256;

impl Zaqar {
    /// Steps 1 to 6: everything that is asked of a known path, whatever its method.
    pub(super) async fn check(&self, call: &mut Call, gate: Gate) -> Result<(), Failure> {
        let settings = self.settings();
        self.check_signature(call).await?;
        call.measure().await?;
        refuse_forms(call)?;
        if !accept::admits_json(accept_of(&call.inbound)) {
            return Err(Failure::not_acceptable());
        }
        if gate == Gate::Open {
            return Ok(());
        }
        check_client(call, &settings)?;
        check_project(call, self.takes_any_token())?;
        check_names(call)
    }

    fn takes_any_token(&self) -> bool {
        self.quirks.has(Quirk::OldVersionsTakeAnyToken)
    }

    /// Step 7: roles. Only v2 has policies; what tokens say counts in the others, too.
    pub(super) fn check_policy(&self, call: &Call, endpoint: &Endpoint) -> Result<(), Failure> {
        let is_old = call.version != Version::V2 && (call.token.is_none() || self.takes_any_token());
        if is_old || endpoint.gate != Gate::Admin || call.has_role("admin") {
            Ok(())
        } else {
            Err(Failure::not_authorized())
        }
    }
}

/// The `Accept` header, if there is one that says something.
pub(super) fn accept_of(inbound: &Inbound) -> Option<&str> {
    inbound.headers.get(ACCEPT)?.to_str().ok().filter(|accept| !accept.trim().is_empty())
}

fn refuse_forms(call: &Call) -> Result<(), Failure> {
    let kind = call.inbound.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_form = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if !is_form || call.length().is_none() {
        return Ok(());
    }
    Err(Failure::bad(
        "Invalid Content-Type",
        "Endpoint does not accept `application/x-www-form-urlencoded` content; currently supported media type is \
         `application/json`; specify proper client-side media type with the \"Content-Type\" header.",
    ))
}

/// A client id must be there (v1: only for some calls, whose handlers ask for it) and well-formed.
fn check_client(call: &mut Call, settings: &Settings) -> Result<(), Failure> {
    let Some(id) = call.header("client-id") else {
        return if call.version == Version::V1 { Ok(()) } else { Err(missing_client()) };
    };
    call.client = client_id(&id, settings)?;
    Ok(())
}

/// The canonical form of a client id.
pub(super) fn client_id(id: &str, settings: &Settings) -> Result<String, Failure> {
    if let Some(uuid) = uuid(id) {
        return Ok(uuid);
    }
    let (least, most) = (settings.min_length_client_id, settings.max_length_client_id);
    match settings.client_id_uuid_safe {
        ClientIds::Strict => Err(Failure::bad("Wrong UUID value", "Malformed hexadecimal UUID.")),
        ClientIds::Off if (least..=most).contains(&id.chars().count()) => Ok(id.to_owned()),
        ClientIds::Off => Err(Failure::bad_title(format!(
            "Length of client id must be at least {least} and no greater than {most}."
        ))),
    }
}

/// 400: a call needs a client id.
pub(super) fn missing_client() -> Failure {
    Failure::bad("Missing header value", "The \"Client-Id\" header is required.")
}

/// A UUID in any of the forms that Python reads, as 32 hex digits.
pub(super) fn uuid(text: &str) -> Option<String> {
    let bare = text.replace("urn:", "").replace("uuid:", "");
    let digits: String = bare.trim_matches(['{', '}']).chars().filter(|c| *c != '-').collect();
    let fits = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| digits.to_ascii_lowercase())
}

fn check_project(call: &Call, any_token: bool) -> Result<(), Failure> {
    match call.project.as_str() {
        "" if call.has_empty_project => Err(Failure::bad(
            "Empty project header not allowed",
            "X-PROJECT-ID cannot be an empty string. Specify the right header X-PROJECT-ID and retry.",
        )),
        "" if call.version != Version::V1 || (call.token.is_some() && !any_token) => {
            Err(Failure::bad("Project-Id Missing", "The header X-PROJECT-ID was missing"))
        }
        _ => Ok(()),
    }
}

fn check_names(call: &Call) -> Result<(), Failure> {
    let Some((_, queue)) = call.params.iter().find(|(name, _)| *name == "queue") else { return Ok(()) };
    if is_queue_name(queue) && call.project.chars().count() <= PROJECT_ID {
        return Ok(());
    }
    Err(Failure::bad(
        "Invalid queue identification",
        "The format of the submitted queue name or project id is not valid.",
    ))
}

/// Whether this can be the name of a queue.
pub(super) fn is_queue_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !name.is_empty() && name.len() <= QUEUE_NAME && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_read_in_every_form_and_compared_in_one() {
        let plain = "5b0f6c1e4f0a4d0e9a550c1d2e3f4a5b";
        for form in [
            "5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b",
            "5B0F6C1E4F0A4D0E9A550C1D2E3F4A5B",
            "{5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b}",
            "urn:uuid:5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b",
        ] {
            assert_eq!(uuid(form).as_deref(), Some(plain), "{form}");
        }
        assert_eq!(uuid("5b0f6c1e"), None);
        assert_eq!(uuid("zb0f6c1e4f0a4d0e9a550c1d2e3f4a5b"), None);
    }

    #[test]
    fn queue_names_are_letters_digits_and_three_signs_up_to_64() {
        assert!(is_queue_name("a.B-9_"));
        assert!(is_queue_name(&"q".repeat(64)));
        for wrong in ["", "a b", "ä", "a/b", "a\n", &"q".repeat(65)] {
            assert!(!is_queue_name(wrong), "{wrong}");
        }
    }
}
