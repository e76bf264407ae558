//! The seam to the HTTP stack.

use std::fmt::Debug;

use futures_core::future::BoxFuture;

use crate::error::Result;
use crate::message::{Request, Response};

/// Carries one exchange: no retry, no redirect, no authorization.
///
/// `request.target` is always [`Target::Url`](crate::Target::Url) here. Any answer is `Ok`, 4xx and 5xx too. A transport
/// keeps `limits.connect` and `limits.idle` (also between the chunks of a streamed answer); attempt and total limits are
/// kept above it by dropping the future.
///
/// # Errors
/// The error's kind says what failed ([`Connection`](crate::ErrorKind::Connection),
/// [`Timeout`](crate::ErrorKind::Timeout), [`Config`](crate::ErrorKind::Config) for certificates and settings) and its
/// [`Sent`](crate::Sent) how far the request got; retry reads nothing else.
pub trait Transport: Debug + Send + Sync + 'static {
    /// Sends the request and resolves when the head of the answer is there.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>>;
}
