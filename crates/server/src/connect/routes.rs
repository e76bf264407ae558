//! The route table. What a path is depends on data and declarations, so all verbs lead to one place.

use http::Method;

use crate::route::{Decoding, Route, RouteTable};

/// What answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Whatever is at the path.
    Any,
}

/// All routes.
pub(crate) fn table() -> RouteTable<Endpoint> {
    let row = |method, name| Route::new(method, "/public/v1/{+path}", name, Endpoint::Any);
    RouteTable::new(
        Decoding::Segments,
        vec![
            row(Method::GET, "connect:get"),
            row(Method::HEAD, "connect:head"),
            row(Method::POST, "connect:create"),
            row(Method::PUT, "connect:update"),
            row(Method::PATCH, "connect:patch"),
            row(Method::DELETE, "connect:delete"),
        ],
    )
}
