//! Works without a platform.

use std::sync::Arc;

use http::Uri;
use pentad_core::{
    BoxFuture, Error, ErrorKind, Op, Request, Response, Result, Session, Target, Transport, Work,
};
use pentad_transport::Wiring;

use crate::blocking::blocking;
use crate::dialect::Dialect;

/// Leads nowhere: what works on files sends nothing.
#[derive(Debug)]
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async { Err(Error::new(ErrorKind::Unsupported, "there is no platform behind files")) })
    }
}

/// A session without a platform: it has a clock and limits.
pub(super) fn nowhere() -> Session {
    let target = Target::Url(Uri::from_static("http://localhost"));
    Wiring::new().start(Arc::new(Nowhere), target).api(Dialect::Modern.api()).build()
}

/// Work with files, done where waiting holds nobody up. Its preview is what a platform would be asked.
pub(super) fn work<T: Send + 'static>(
    session: &Session,
    op: &'static Op,
    about: &str,
    run: impl FnOnce(&Session) -> Result<T> + Send + 'static,
) -> Work<T> {
    Work::new(session, op, preview(session, op, about), move |scope| {
        Box::pin(async move {
            let session = scope.session().clone();
            blocking(move || run(&session)).await?
        })
    })
}

/// The request of which the work takes the place.
pub(super) fn preview(session: &Session, op: &'static Op, about: &str) -> Result<Request> {
    let draft = session.op(op);
    let draft = if about.is_empty() { draft } else { draft.arg("id", about) };
    draft.request()
}
