//! Values that are known to be secrets, and the sieve that keeps them out of what is shown.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use pentad_core::redact::{self, HIDDEN};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Shorter values are no secrets that anybody chose: hiding them would hide ordinary words.
const SHORT: usize = 6;
/// Generated credentials are at least as long; what is shorter beside them is a name.
const GENERATED: usize = 16;

/// Ends of names of what is announced for everybody to see.
const PUBLIC: [&str; 4] = ["id", "name", "project", "url"];

/// What an installation announced or was seeded with.
#[derive(Default)]
pub(super) struct Known {
    sieve: Mutex<Arc<Sieve>>,
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Known(..)")
    }
}

impl Known {
    /// Learns the values under secrets' names in a document such as a seed.
    pub(super) fn learn(&self, document: &Value) {
        let mut found = BTreeSet::new();
        collect(document, &mut found);
        self.add(found);
    }

    /// Learns generated credentials, whose names say whose they are.
    pub(super) fn credentials(&self, sections: &Map<String, Value>) {
        let mut found = BTreeSet::new();
        for (name, value) in sections.values().filter_map(Value::as_object).flatten() {
            // Of `ApiKey SECRET` the last word is the secret.
            let text = value.as_str().and_then(|text| text.rsplit(' ').next()).unwrap_or_default();
            // Places and names stand among them.
            let told = PUBLIC.iter().any(|end| name.ends_with(end));
            if text.len() >= GENERATED && !told && !text.contains(['/', ',']) {
                found.insert(text.to_owned());
            }
        }
        self.add(found);
    }

    fn add(&self, found: BTreeSet<String>) {
        let mut sieve = self.sieve.lock().unwrap_or_else(PoisonError::into_inner);
        let more = sieve.with(found);
        *sieve = Arc::new(more);
    }

    pub(super) fn sieve(&self) -> Arc<Sieve> {
        Arc::clone(&self.sieve.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Collects the text under secrets' names at any depth.
pub(super) fn collect(document: &Value, found: &mut BTreeSet<String>) {
    match document {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if redact::is_secret(name) => {
                        found.insert(text.clone());
                    }
                    Value::Array(items) if redact::is_secret(name) => {
                        found.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => collect(member, found),
                }
            }
        }
        _ => {}
    }
}

/// Finds known secrets in pieces of text, escaped or not.
#[derive(Default)]
pub(super) struct Sieve {
    /// The longest first: parts of them stand behind.
    secrets: Vec<String>,
}

impl Sieve {
    /// A sieve that also keeps these.
    pub(super) fn with(&self, more: BTreeSet<String>) -> Self {
        let parts: Vec<String> = more.iter().filter_map(|secret| inner(secret)).map(str::to_owned).collect();
        let more = more.into_iter().chain(parts).filter(|secret| secret.len() >= SHORT);
        let all: BTreeSet<String> = self.secrets.iter().cloned().chain(more).collect();
        let mut secrets = Vec::from_iter(all);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets }
    }

    /// A piece of text without the secrets; hidden as a whole where one stands in it escaped.
    pub(super) fn text(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in &self.secrets {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), HIDDEN);
            }
        }
        if shown.contains('%') {
            let plain = percent_decode_str(&shown).decode_utf8_lossy();
            if self.secrets.iter().any(|secret| plain.contains(secret.as_str())) {
                return HIDDEN.to_owned();
            }
        }
        shown
    }

    /// An escaped query or form, each name and value by itself.
    pub(super) fn pairs(&self, text: &str) -> String {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) => format!("{}={}", self.text(name), self.text(value)),
            None => self.text(pair),
        };
        text.split('&').map(pair).collect::<Vec<_>>().join("&")
    }

    /// All text of a document, names included. Of URLs the query goes too: whose it is, and what is in it, nobody said.
    pub(super) fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                *text = self.text(&without_query(&text.replace(['\u{e000}', '\u{e001}'], "?")))
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Value::Object(members) => {
                let old = std::mem::take(members);
                for (name, mut member) in old {
                    self.json(&mut member);
                    members.insert(self.text(&name.replace(['\u{e000}', '\u{e001}'], "?")), member);
                }
            }
            _ => {}
        }
    }
}

/// The secret itself of `ApiKey ID:SECRET`, of which the rest is a name.
fn inner(secret: &str) -> Option<&str> {
    let (_, inner) = secret.rsplit(' ').next()?.split_once(':')?;
    (!inner.contains([':', '/'])).then_some(inner)
}

fn without_query(text: &str) -> String {
    match text.split_once('?') {
        Some((address, _)) if address.starts_with("http://") || address.starts_with("https://") => {
            format!("{address}?{HIDDEN}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_seed_holds_under_secret_names_is_known_and_ordinary_words_are_not() {
        let known = Known::default();
        known.learn(&json!({"ams": {"users": [{"name": "feeder", "token": "canary-1"}], "service_token": "canary-2"}}));
        let sieve = known.sieve();
        assert_eq!(sieve.text("a canary-1 of feeder"), "a *** of feeder");
        assert_eq!(sieve.text("%63anary-2"), "***");
        assert_eq!(sieve.pairs("x=canary-1&b=2"), "x=***&b=2");
        known.learn(
            &json!({"connect": {"api_keys": [{"key": "ApiKey SU-1:canary-3"}]}, "x": {"token": "urn:a:b"}}),
        );
        let sieve = known.sieve();
        assert_eq!(sieve.pairs("eq(name,canary-3)&b=SU-1:canary-3"), "eq(name,***)&b=SU-1:***");
    }

    #[test]
    fn generated_credentials_are_known_by_their_length() {
        let known = Known::default();
        let section = json!({"ams": {"project": "demo", "publisher": "0123456789abcdef0123", "client_cert": "/tmp/x/client/cert.pem"},
            "connect": {"api_key": "ApiKey SU-0123:0123456789ab"}, "ivcap": {"account_id": "urn:ivcap:account:0123"}});
        known.credentials(section.as_object().unwrap());
        let sieve = known.sieve();
        assert_eq!(sieve.text("demo 0123456789abcdef0123"), "demo ***");
        assert_eq!(sieve.text("/tmp/x/client/cert.pem"), "/tmp/x/client/cert.pem");
        assert_eq!(
            sieve.text("SU-0123:0123456789ab of urn:ivcap:account:0123"),
            "*** of urn:ivcap:account:0123"
        );
    }
}
