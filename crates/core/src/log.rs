//! The request and response log: through `tracing`, redacted, built only when somebody listens.

use tracing::Level;

use crate::curl::{Reveal, curl};
use crate::message::{Request, Response};
use crate::op::Op;
use crate::redact;

/// The request as one line for a shell (target `pentad::request`).
pub(crate) fn sending(request: &Request, attempt: u32) {
    if !tracing::enabled!(target: "pentad::request", Level::DEBUG) {
        return;
    }
    match curl(request, Reveal::No) {
        Ok(line) => tracing::debug!(target: "pentad::request", op = request.op.id, attempt, "{line}"),
        Err(error) => {
            tracing::debug!(target: "pentad::request", op = request.op.id, attempt, "not shown: {error}")
        }
    }
}

/// Status and headers of the answer (target `pentad::response`).
pub(crate) fn answered(op: &Op, response: &Response, attempt: u32) {
    if !tracing::enabled!(target: "pentad::response", Level::DEBUG) {
        return;
    }
    let headers = redact::headers(&response.headers);
    tracing::debug!(target: "pentad::response", op = op.id, attempt, status = response.status.as_u16(), ?headers);
}
