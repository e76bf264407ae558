//! Secrets. Modern dialect.

use jiff::Timestamp;
use pentad_core::{Call, List, Secret, decode};
use serde_json::json;

use crate::client::Client;
use crate::list::listing;
use crate::urn::check;
use crate::{model, ops};

impl Client {
    /// Names of the secrets; `filter` is a regular expression on the name.
    ///
    /// # Source
    /// IVCAP reference 7.11.
    pub fn secrets(&self, filter: Option<&str>) -> List<model::SecretName> {
        listing(self.op(&ops::SECRET_LIST).query_opt("filter", filter), self.dialect())
    }

    /// Reads a secret with its value; `kind` is the platform's `secret-type`, such as `raw`.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist or has ended.
    /// # Source
    /// IVCAP reference 7.11.
    pub fn secret(&self, name: &str, kind: Option<&str>) -> Call<model::SecretValue> {
        self.op(&ops::SECRET_GET)
            .check(check("secret-name", name))
            .query("secret-name", name)
            .query_opt("secret-type", kind)
            .call(decode::json)
    }

    /// Sets a secret, in place of one of that name. Without `expires` it stays.
    ///
    /// # Source
    /// IVCAP reference 7.11.
    pub fn set_secret(
        &self,
        name: &str,
        value: &Secret,
        expires: Option<Timestamp>,
        kind: Option<&str>,
    ) -> Call<()> {
        let expiry = expires.map_or(0, Timestamp::as_second);
        let mut body = json!({"secret-name": name, "secret-value": value.expose(), "expiry-time": expiry});
        if let Some(kind) = kind {
            body["secret-type"] = json!(kind);
        }
        self.op(&ops::SECRET_SET).check(check("secret-name", name)).json(&body).call(decode::empty)
    }
}
