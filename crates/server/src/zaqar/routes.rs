//! The routes of the three versions (Zaqar reference 5).
//!
//! A variable `{*queue}` may be empty: such a path is a known one, and its name is then refused.

use futures_util::future::BoxFuture;
use http::Method;

use super::Zaqar;
use super::context::{Call, Version};
use super::error::Failure;
use super::handlers::ping;
use super::settings::Settings;
use crate::http::Reply;
use crate::route::{Decoding, Route, RouteTable};

/// What answers a route.
pub(crate) type Handler = for<'a> fn(&'a Zaqar, &'a mut Call) -> BoxFuture<'a, Result<Reply, Failure>>;

/// What a caller needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Nothing: neither client id nor project.
    Open,
    /// Client id and project.
    Any,
    /// These, and in v2 the role `admin`.
    Admin,
}

/// When a route exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Always.
    Always,
    /// With the option `admin_mode`.
    AdminMode,
    /// With the options `admin_mode` and `pooling`.
    Pooling,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) version: Version,
    pub(crate) gate: Gate,
    pub(crate) when: When,
    pub(crate) run: Handler,
}

impl Endpoint {
    /// Whether the options let the route exist.
    pub(crate) fn exists(&self, settings: &Settings) -> bool {
        let served = |label: &str| settings.enable_deprecated_api_versions.iter().any(|own| own == label);
        let version = match self.version {
            Version::V1 => served("1"),
            Version::V1_1 => served("1.1"),
            Version::V2 => true,
        };
        version
            && match self.when {
                When::Always => true,
                When::AdminMode => settings.admin_mode,
                When::Pooling => settings.admin_mode && settings.pooling,
            }
    }
}

type Row = Route<Endpoint>;

/// Rows: `VERSIONS METHOD "path after the version" "name" gate when => handler;` where VERSIONS is one of `All`, `New`
/// (v1.1 and v2), `Old` (v1 and v1.1), `V1`, `V1_1`, `V2`.
macro_rules! rows {
    (@one $version:ident $prefix:literal $method:ident $path:literal $name:literal $gate:ident $when:ident $run:path) => {
        Route::new(
            Method::$method,
            concat!($prefix, $path),
            $name,
            Endpoint {
                version: Version::$version,
                gate: Gate::$gate,
                when: When::$when,
                run: |zaqar, call| Box::pin($run(zaqar, call)),
            },
        )
    };
    (@add $rows:ident V1 $($row:tt)*) => { $rows.push(rows!(@one V1 "/v1" $($row)*)) };
    (@add $rows:ident V1_1 $($row:tt)*) => { $rows.push(rows!(@one V1_1 "/v1.1" $($row)*)) };
    (@add $rows:ident V2 $($row:tt)*) => { $rows.push(rows!(@one V2 "/v2" $($row)*)) };
    (@add $rows:ident New $($row:tt)*) => { rows!(@add $rows V1_1 $($row)*); rows!(@add $rows V2 $($row)*) };
    (@add $rows:ident Old $($row:tt)*) => { rows!(@add $rows V1 $($row)*); rows!(@add $rows V1_1 $($row)*) };
    (@add $rows:ident All $($row:tt)*) => { rows!(@add $rows Old $($row)*); rows!(@add $rows V2 $($row)*) };
    ($($versions:ident $method:ident $path:literal $name:literal $gate:ident $when:ident => $run:path;)*) => {{
        let mut rows: Vec<Row> = Vec::new();
        $( rows!(@add rows $versions $method $path $name $gate $when $run); )*
        rows
    }};
}

/// Compiles the table.
pub(crate) fn table() -> RouteTable<Endpoint> {
    let rows = rows! {
        New GET "/ping" "ping:get" Any Always => ping::get;
        New HEAD "/ping" "ping:head" Any Always => ping::get;
    };
    RouteTable::new(Decoding::Segments, rows)
}
