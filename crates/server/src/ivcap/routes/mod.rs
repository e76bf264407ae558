//! The route table (IVCAP reference 7.1): which handler answers, in which dialects, for which scope.

mod records;
mod work;

use futures_util::future::BoxFuture;
use http::Method;

use super::call::Call;
use super::error::Answer;
use crate::http::Reply;
use crate::route::{Decoding, Route, RouteTable};

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const DELETE: Method = Method::DELETE;

/// What answers a route.
pub(crate) type Handler = fn(Call) -> BoxFuture<'static, Answer<Reply>>;

/// What a caller needs before the handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// No token.
    Open,
    /// The scope `consumer:read`.
    Read,
    /// The scope `consumer:write`.
    Write,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) gate: Gate,
    /// Whether the old dialects lack it.
    pub(crate) modern: bool,
    pub(crate) run: Handler,
}

/// A handler as the table has it.
macro_rules! run {
    ($handler:path) => {
        |call| Box::pin($handler(call))
    };
}
use run;

type Row = Route<Endpoint>;

/// Compiles the table.
pub(crate) fn table() -> RouteTable<Endpoint> {
    let groups = [records::rows(), work::rows()];
    RouteTable::new(Decoding::Segments, groups.into_iter().flatten().collect())
}

/// A route of all dialects.
fn row(method: Method, template: &'static str, name: &'static str, gate: Gate, run: Handler) -> Row {
    Route::new(method, template, name, Endpoint { gate, modern: false, run })
}

/// A route that only the modern dialect has.
fn modern(method: Method, template: &'static str, name: &'static str, gate: Gate, run: Handler) -> Row {
    Route::new(method, template, name, Endpoint { gate, modern: true, run })
}
