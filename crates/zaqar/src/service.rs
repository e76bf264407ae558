//! The service itself: health, ping, home document, versions, references.

use http::StatusCode;
use pentad_core::{Call, Error, Result, decode};
use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;
use crate::model::{Health, Home, ServiceVersion};
use crate::ops;
use crate::queue::once;

impl Client {
    /// Health of the service in detail; v1 says only that it is well. For administrators in v1.1 and v2.
    ///
    /// # Errors
    /// [`Unavailable`](pentad_core::ErrorKind::Unavailable) if it is not well; [`NotFound`](pentad_core::ErrorKind::NotFound) if the service
    /// has no administrative part; [`Forbidden`](pentad_core::ErrorKind::Forbidden) without the role `admin` in v2.
    /// # Retry
    /// Asked once.
    /// # Source
    /// Zaqar reference 11.5.
    pub fn health(&self) -> Call<Health> {
        self.op(&ops::HEALTH).call(decode::value).map(Health).retry(once())
    }

    /// Whether the service is well: `false` if it says that it is not.
    ///
    /// # Errors
    /// As [`health`](Self::health) but for [`Unavailable`](pentad_core::ErrorKind::Unavailable).
    /// # Source
    /// Zaqar reference 11.5.
    pub fn is_healthy(&self) -> Call<bool> {
        self.op(&ops::HEALTH).call(decode::empty).then(well).retry(once())
    }

    /// Whether the storage answers: `false` if the service says that it does not. v1.1, v2.
    ///
    /// # Errors
    /// Everything else than that answer: no connection, no permission. (The Python client calls all of them `False`.)
    /// # Retry
    /// Asked once.
    /// # Source
    /// Zaqar reference 11.4.
    pub fn ping(&self) -> Call<bool> {
        self.op(&ops::PING).call(decode::empty).then(well).retry(once())
    }

    /// The home document of this version: what can be reached.
    ///
    /// # Source
    /// Zaqar reference 1.3.
    pub fn home(&self) -> Call<Home> {
        self.op(&ops::HOMEDOC).call(decode::json)
    }

    /// The versions that the service knows, those included that it does not route. Needs no credential.
    ///
    /// # Source
    /// Zaqar reference 1.2.
    pub fn versions(&self) -> Call<Vec<ServiceVersion>> {
        #[derive(Deserialize)]
        struct Answer {
            versions: Vec<ServiceVersion>,
        }
        let accept = |status: StatusCode, _: &http::HeaderMap| status == StatusCode::MULTIPLE_CHOICES;
        self.op(&ops::VERSIONS).accept(accept).call(|context, parts, body| {
            decode::json::<Answer>(context, parts, body).map(|answer| answer.versions)
        })
    }

    /// Reads what a reference leads to, such as the `href` of a message or of a link. An empty answer is `null`.
    ///
    /// References begin with the version and are joined to the client's URL, prefix included: services behind a prefix
    /// do not know it.
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for what does not begin with a version of the API.
    /// # Source
    /// Zaqar reference 1.1 and 14.6.
    pub fn follow(&self, reference: &str) -> Call<Value> {
        let (path, query) =
            reference.split_once('?').map_or((reference, None), |(path, query)| (path, Some(query)));
        let bare = path.trim_start_matches('/');
        let draft = self.op(&ops::FOLLOW).check(versioned(bare)).arg("reference", bare);
        match query {
            Some(query) => draft.raw_query(query).call(decode::value),
            None => draft.call(decode::value),
        }
    }
}

fn versioned(path: &str) -> Result<()> {
    let label = path.split('/').next().unwrap_or_default();
    match ["v1", "v1.1", "v2"].contains(&label) {
        true => Ok(()),
        false => Err(Error::invalid("reference", "must begin with /v1/, /v1.1/ or /v2/")),
    }
}

fn well(answer: Result<()>) -> Result<bool> {
    match answer {
        Ok(()) => Ok(true),
        Err(error) if error.status() == Some(StatusCode::SERVICE_UNAVAILABLE) => Ok(false),
        Err(error) => Err(error),
    }
}
