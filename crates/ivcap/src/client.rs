//! The client: where all handles come from.

use std::sync::Arc;

use http::StatusCode;
use pentad_core::{Draft, Error, ErrorKind, Op, Session, Target, Work, decode};
use serde_json::Value;

use crate::connect::ClientBuilder;
use crate::dialect::Dialect;
use crate::ops;

/// A client of one platform, speaking one dialect of its API. A clone is one reference count.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Clone, Debug)]
pub(crate) struct Inner {
    pub(crate) session: Session,
    pub(crate) account: Option<String>,
}

impl Client {
    /// Starts a client for the platform at `url`, without `/1` in it: `https://api.ivcap.net`.
    #[expect(clippy::new_ret_no_self, reason = "credential and options come first: the builder takes them")]
    pub fn new(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The dialect of the API that this client speaks.
    pub fn dialect(&self) -> Dialect {
        Dialect::of(self.0.session.api())
    }

    /// The account that orders are placed for; the modern dialect takes it from the token.
    pub fn account(&self) -> Option<&str> {
        self.0.account.as_deref()
    }

    /// What all calls share: transport, retry policy, limits, clock, timings.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// A client with changed settings; it shares connections, credential and retry budget unless they are replaced.
    #[must_use]
    pub fn with(
        &self,
        change: impl FnOnce(pentad_core::SessionBuilder) -> pentad_core::SessionBuilder,
    ) -> Self {
        Self(Arc::new(Inner { session: self.0.session.with(change), ..Inner::clone(&self.0) }))
    }

    /// The same client speaking another dialect.
    #[must_use]
    pub fn in_dialect(&self, dialect: Dialect) -> Self {
        self.with(|session| session.api(dialect.api()))
    }

    /// The platform's API as a document. Needs no credential.
    ///
    /// # Source
    /// IVCAP reference 2.3.
    pub fn api_document(&self) -> pentad_core::Call<Value> {
        self.op(&ops::API_DOCUMENT).call(decode::json)
    }

    /// Finds out which dialect the platform speaks, and gives a client that speaks it.
    ///
    /// The level in the platform's API document decides. Where there is none, the shape of a listing tells the modern
    /// dialect from the old ones, which are then taken for [`L28`](Dialect::L28).
    ///
    /// # Errors
    /// Those of the two calls; [`Unsupported`](ErrorKind::Unsupported) if neither tells, or for a level that no
    /// dialect has (0.30 to 0.43).
    /// # Source
    /// IVCAP reference 1.
    pub fn detect(&self) -> Work<Self> {
        let client = self.clone();
        let preview = self.op(&ops::API_DOCUMENT).request();
        Work::new(&self.0.session, &ops::API_DOCUMENT, preview, move |scope| {
            Box::pin(async move {
                if let Some(document) = scope.run(client.api_document().optional()).await?
                    && let Some(level) = document.pointer("/info/version").and_then(Value::as_str)
                {
                    let message = format!("the platform speaks API {level}, which is no known dialect");
                    return Dialect::of_level(level).map(|dialect| client.in_dialect(dialect)).ok_or_else(
                        || {
                            Error::new(ErrorKind::Unsupported, message).with_hint(
                                "there are l23 (0.23 to 0.25), l28 (0.26 to 0.29) and modern (from 0.44)",
                            )
                        },
                    );
                }
                let list = client.op(&ops::ORDER_LIST).query("limit", "1").call(decode::json::<Value>);
                let page = scope.run(list).await?;
                let has = |name: &str| page.get(name).is_some();
                match (has("items"), has("orders")) {
                    (true, _) => Ok(client.in_dialect(Dialect::Modern)),
                    (_, true) => Ok(client.in_dialect(old_dialect(&page["orders"]))),
                    _ => Err(Error::new(ErrorKind::Unsupported, "the platform speaks no known dialect")
                        .with_hint("choose one of l23, l28 and modern")),
                }
            })
        })
    }

    /// The platform's URL, for names of what is kept of it on disk.
    pub(crate) fn place(&self) -> String {
        match self.0.session.target() {
            Target::Url(url) => url.to_string(),
            _ => String::new(),
        }
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        self.0.session.op(op)
    }

    /// A call about one thing, its name checked.
    pub(crate) fn id_op(&self, op: &'static Op, field: &'static str, id: &str) -> Draft {
        self.op(op).check(crate::urn::check(field, id)).arg(field, id)
    }
}

/// The spelling of dates tells the two old dialects apart.
fn old_dialect(orders: &Value) -> Dialect {
    let written = |name: &str| orders.get(0).is_some_and(|order| order.get(name).is_some());
    if written("ordered_at") || written("account_id") { Dialect::L23 } else { Dialect::L28 }
}

/// Whether the platform says that there is nothing yet.
pub(crate) fn is_no_content(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT
}
