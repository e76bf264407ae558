//! The client: where all handles come from.

use std::sync::Arc;

use pentad_core::{Draft, Error, Op, Result, Session};

use crate::connect::ClientBuilder;
use crate::message::Message;
use crate::name;
use crate::project::Project;
use crate::schema::Schema;
use crate::subscription::Subscription;
use crate::topic::Topic;
use crate::user::User;

/// A client of one messaging service, speaking for one project. A clone is one reference count.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    session: Session,
    project: String,
    record_limit: Option<usize>,
}

impl Client {
    /// Starts a client for `endpoint` and `project`.
    ///
    /// `host` and `host:port` mean `https://host:port/v1`, as in the Python client. A full URL is taken as it is, and
    /// `/v1` is added unless its path ends so: `http://127.0.0.1:7700/ams` becomes `http://127.0.0.1:7700/ams/v1`.
    #[expect(clippy::new_ret_no_self, reason = "a client needs a credential first: the builder takes it")]
    pub fn new(endpoint: &str, project: &str) -> ClientBuilder {
        ClientBuilder::new(endpoint, project)
    }

    pub(crate) fn from_session(session: Session, project: String, record_limit: Option<usize>) -> Self {
        Self(Arc::new(Inner { session, project, record_limit }))
    }

    /// The project that this client speaks for.
    pub fn project_name(&self) -> &str {
        &self.0.project
    }

    /// What all calls share: retry policy, limits, clock, timings.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// A client with changed settings; it shares connections, credential and retry budget unless they are replaced.
    #[must_use]
    pub fn with(
        &self,
        change: impl FnOnce(pentad_core::SessionBuilder) -> pentad_core::SessionBuilder,
    ) -> Self {
        let inner = Inner { session: self.0.session.with(change), ..Inner::clone(&self.0) };
        Self(Arc::new(inner))
    }

    /// A client with the same settings that speaks for another project.
    #[must_use]
    pub fn in_project(&self, project: impl Into<String>) -> Self {
        Self(Arc::new(Inner { project: project.into(), ..Inner::clone(&self.0) }))
    }

    /// A topic of the project; nothing is sent. A full name of the same project is accepted too.
    pub fn topic(&self, name: impl AsRef<str>) -> Topic {
        Topic::new(self.clone(), self.own(name.as_ref(), "topics"))
    }

    /// A subscription of the project; nothing is sent. A full name of the same project is accepted too.
    pub fn subscription(&self, name: impl AsRef<str>) -> Subscription {
        Subscription::new(self.clone(), self.own(name.as_ref(), "subscriptions"))
    }

    /// A schema of the project; nothing is sent. A full name of the same project is accepted too.
    pub fn schema(&self, name: impl AsRef<str>) -> Schema {
        Schema::new(self.clone(), self.own(name.as_ref(), "schemas"))
    }

    /// A user of the service; nothing is sent.
    pub fn user(&self, name: impl Into<String>) -> User {
        User::new(self.clone(), name.into())
    }

    /// A project of the service; nothing is sent.
    pub fn project(&self, name: impl Into<String>) -> Project {
        Project::new(self.clone(), name.into())
    }

    /// Cuts the project off a full name of this project and kind. Any other text stays, and its slash is refused later.
    fn own(&self, text: &str, kind: &str) -> String {
        let bare = text.strip_prefix('/').unwrap_or(text);
        let parts: Vec<&str> = bare.split('/').collect();
        match parts.as_slice() {
            ["projects", project, found, name] if *project == self.0.project && *found == kind => {
                (*name).to_owned()
            }
            _ => text.to_owned(),
        }
    }

    /// A call of an operation outside any project.
    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        self.0.session.op(op)
    }

    /// A call of an operation within the client's project.
    pub(crate) fn project_op(&self, op: &'static Op) -> Draft {
        named(self.0.session.op(op), "project", &self.0.project)
    }

    /// Refuses messages that the service would refuse, and warns of those that would block its subscriptions.
    pub(crate) fn check_messages(&self, messages: &[Message]) -> Result<()> {
        for (index, message) in messages.iter().enumerate() {
            message
                .check(self.0.record_limit)
                .map_err(|error| Error::new(error.kind(), format!("message {index}: {}", error.message())))?;
            if let Some(key) = message.hazardous_attribute() {
                tracing::warn!(
                    attribute = key,
                    "attributes with quotes, backslashes or control characters block subscriptions on releases 1.6 and 1.7"
                );
            }
        }
        Ok(())
    }
}

/// Fills a path position with a checked name.
pub(crate) fn named(draft: Draft, field: &'static str, value: &str) -> Draft {
    draft.check(name::check(field, value)).arg(field, value)
}
