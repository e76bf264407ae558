//! Any service of the catalog, by paths.

use std::time::Duration;

use http::Method;
use pentad_core::{Api, Call, Draft, Op, Session, decode};
use serde_json::Value;

use crate::manager::{Manager, Object};

/// The ways to say a path: something below the endpoint, or the endpoint itself.
const BELOW: Api = Api("below");
const ITSELF: Api = Api("itself");

macro_rules! verbs {
    ($($name:ident = $id:literal $method:ident $idempotent:literal;)*) => {$(
        static $name: Op = Op {
            id: $id,
            routes: &[(BELOW, Method::$method, "/{=path}"), (ITSELF, Method::$method, "/")],
            idempotent: $idempotent,
            patience: Duration::ZERO,
            source: "OpenStack reference A11",
        };
    )*};
}

verbs! {
    HEAD = "openstack.raw.head" HEAD true;
    GET = "openstack.raw.get" GET true;
    POST = "openstack.raw.post" POST false;
    PUT = "openstack.raw.put" PUT true;
    PATCH = "openstack.raw.patch" PATCH false;
    DELETE = "openstack.raw.delete" DELETE true;
}

/// The verbs of HTTP that services use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Head,
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    pub(crate) const fn op(self) -> &'static Op {
        match self {
            Self::Head => &HEAD,
            Self::Get => &GET,
            Self::Post => &POST,
            Self::Put => &PUT,
            Self::Patch => &PATCH,
            Self::Delete => &DELETE,
        }
    }
}

/// A service by paths below its endpoint. A path is escaped already and may have a query: `/servers?limit=5`. Slashes
/// at its ends do not count, as in the original.
#[derive(Clone, Debug)]
pub struct RawService {
    session: Session,
}

impl RawService {
    /// A raw client over a session.
    pub const fn new(session: Session) -> Self {
        Self { session }
    }

    /// The session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The things of a collection: `manager("server", "/servers")` for answers such as `{"servers": [..]}` and
    /// `{"server": {..}}`.
    ///
    /// # Source
    /// OpenStack reference A16.
    pub fn manager(&self, key: &str, path: &str) -> Manager<Object> {
        Manager::at_path(self, key, path)
    }

    /// Asks whether a thing is there; its headers are in [`with_response`](Call::with_response).
    pub fn head(&self, url: &str) -> Call<()> {
        self.draft(Verb::Head, url).call(decode::empty)
    }

    /// Reads a JSON document; an empty answer is `null`.
    pub fn get(&self, url: &str) -> Call<Value> {
        self.draft(Verb::Get, url).call(decode::value)
    }

    /// Sends a JSON document, or nothing.
    pub fn post(&self, url: &str, body: Option<&Value>) -> Call<Value> {
        with(self.draft(Verb::Post, url), body).call(decode::value)
    }

    /// Sends a JSON document, or nothing.
    pub fn put(&self, url: &str, body: Option<&Value>) -> Call<Value> {
        with(self.draft(Verb::Put, url), body).call(decode::value)
    }

    /// Sends a JSON document, or nothing.
    pub fn patch(&self, url: &str, body: Option<&Value>) -> Call<Value> {
        with(self.draft(Verb::Patch, url), body).call(decode::value)
    }

    /// Removes a thing.
    pub fn delete(&self, url: &str) -> Call<Value> {
        self.draft(Verb::Delete, url).call(decode::value)
    }

    pub(crate) fn draft(&self, verb: Verb, url: &str) -> Draft {
        let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
        let path = path.trim_matches('/');
        let api = if path.is_empty() { ITSELF } else { BELOW };
        let draft = self.session.with(|session| session.api(api)).op(verb.op());
        let draft = if path.is_empty() { draft } else { draft.arg("path", path) };
        match query {
            Some(query) => draft.raw_query(query.trim_end_matches('/')),
            None => draft,
        }
    }
}

fn with(draft: Draft, body: Option<&Value>) -> Draft {
    match body {
        Some(body) => draft.json(body),
        None => draft,
    }
}
