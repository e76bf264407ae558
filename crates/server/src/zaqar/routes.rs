//! The routes of the three versions (Zaqar reference 5).
//!
//! A variable `{*queue}` may be empty: such a path is a known one, and its name is then refused.

use futures_util::future::BoxFuture;
use http::Method;

use super::Zaqar;
use super::context::{Call, Version};
use super::error::Failure;
use super::handlers::{
    claims, flavors, health, home, messages, notify, ping, pools, post, purge, queue_list, queues, signed,
    stats, subscriptions, topics,
};
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
    (@add $rows:ident V1 $($row:tt)*) => { $rows.extend([rows!(@one V1 "/v1" $($row)*)]) };
    (@add $rows:ident V1_1 $($row:tt)*) => { $rows.extend([rows!(@one V1_1 "/v1.1" $($row)*)]) };
    (@add $rows:ident V2 $($row:tt)*) => { $rows.extend([rows!(@one V2 "/v2" $($row)*)]) };
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
    let mut rows = queue_rows();
    rows.extend(message_rows());
    rows.extend(admin_rows());
    rows.extend(subscription_rows());
    rows.extend(topic_rows());
    rows.extend(rows! {
        All GET "/" "home:get" Any Always => home::home;
        V1 GET "/health" "health:simple" Any Always => health::simple;
        V1 HEAD "/health" "health:head" Any Always => health::simple;
        New GET "/ping" "ping:get" Any Always => ping::get;
        New HEAD "/ping" "ping:head" Any Always => ping::get;
    });
    let (gate, when) = (Gate::Open, When::Always);
    let run: Handler = |zaqar, call| Box::pin(home::versions(zaqar, call));
    let versions = Endpoint { version: Version::V2, gate, when, run };
    rows.push(Route::new(Method::GET, "/", "versions:get", versions));
    let run: Handler = |zaqar, call| Box::pin(notify::notify(zaqar, call));
    let notify = Endpoint { version: Version::V2, gate, when, run };
    rows.push(Route::new(Method::POST, "/ws/{connection}", "websocket:notify", notify));
    RouteTable::new(Decoding::Segments, rows)
}

fn subscription_rows() -> Vec<Row> {
    rows! {
        V2 GET "/queues/{*queue}/subscriptions" "subscription:get_all" Any Always => subscriptions::list;
        V2 POST "/queues/{*queue}/subscriptions" "subscription:create" Any Always => subscriptions::create;
        V2 GET "/queues/{*queue}/subscriptions/{*subscription}" "subscription:get" Any Always => subscriptions::get;
        V2 PATCH "/queues/{*queue}/subscriptions/{*subscription}" "subscription:update" Any Always => subscriptions::update;
        V2 DELETE "/queues/{*queue}/subscriptions/{*subscription}" "subscription:delete" Any Always => subscriptions::delete;
        V2 PUT "/queues/{*queue}/subscriptions/{*subscription}/confirm" "subscription:confirm" Any Always => subscriptions::confirm;
    }
}

/// A topic stands where a queue does, and its name is one of a queue.
fn topic_rows() -> Vec<Row> {
    rows! {
        V2 GET "/topics" "topics:get_all" Any Always => topics::list;
        V2 GET "/topics/{*queue}" "topics:get" Any Always => topics::show;
        V2 PUT "/topics/{*queue}" "topics:create" Any Always => topics::create;
        V2 PATCH "/topics/{*queue}" "topics:update" Any Always => topics::update;
        V2 DELETE "/topics/{*queue}" "topics:delete" Any Always => topics::delete;
        V2 GET "/topics/{*queue}/stats" "topics:stats" Any Always => topics::stats;
        V2 POST "/topics/{*queue}/purge" "topics:purge" Any Always => topics::purge;
    }
}

fn admin_rows() -> Vec<Row> {
    rows! {
        New GET "/health" "health:get" Admin AdminMode => health::detailed;
        All GET "/pools" "pools:get_all" Admin Pooling => pools::list;
        All GET "/pools/{*pool}" "pools:get" Admin Pooling => pools::get;
        All PUT "/pools/{*pool}" "pools:create" Admin Pooling => pools::create;
        All PATCH "/pools/{*pool}" "pools:update" Admin Pooling => pools::update;
        All DELETE "/pools/{*pool}" "pools:delete" Admin Pooling => pools::delete;
        New GET "/flavors" "flavors:get_all" Any Pooling => flavors::list;
        New GET "/flavors/{*flavor}" "flavors:get" Any Pooling => flavors::get;
        New PUT "/flavors/{*flavor}" "flavors:create" Admin Pooling => flavors::create;
        New PATCH "/flavors/{*flavor}" "flavors:update" Admin Pooling => flavors::update;
        New DELETE "/flavors/{*flavor}" "flavors:delete" Admin Pooling => flavors::delete;
    }
}

fn queue_rows() -> Vec<Row> {
    rows! {
        All GET "/queues" "queues:get_all" Any Always => queue_list::list;
        V1 GET "/queues/{*queue}" "queues:exists" Any Always => queues::exists;
        V1 HEAD "/queues/{*queue}" "queues:exists" Any Always => queues::exists;
        New GET "/queues/{*queue}" "queues:get" Any Always => queues::show;
        All PUT "/queues/{*queue}" "queues:create" Any Always => queues::create;
        V2 PATCH "/queues/{*queue}" "queues:update" Any Always => queues::update;
        All DELETE "/queues/{*queue}" "queues:delete" Any Always => queues::delete;
        V1 GET "/queues/{*queue}/metadata" "queues:metadata" Any Always => queues::show_metadata;
        V1 PUT "/queues/{*queue}/metadata" "queues:setMetadata" Any Always => queues::replace_metadata;
        All GET "/queues/{*queue}/stats" "queues:stats" Any Always => stats::show;
        V2 POST "/queues/{*queue}/purge" "queues:purge" Any Always => purge::post;
        V2 POST "/queues/{*queue}/share" "queues:share" Any Always => signed::share;
    }
}

fn message_rows() -> Vec<Row> {
    rows! {
        All GET "/queues/{*queue}/messages" "messages:get_all" Any Always => messages::list;
        All POST "/queues/{*queue}/messages" "messages:create" Any Always => post::post;
        All DELETE "/queues/{*queue}/messages" "messages:delete_all" Any Always => messages::delete_many;
        All GET "/queues/{*queue}/messages/{*message}" "messages:get" Any Always => messages::get;
        All DELETE "/queues/{*queue}/messages/{*message}" "messages:delete" Any Always => messages::delete;
        All POST "/queues/{*queue}/claims" "claims:create" Any Always => claims::create;
        All GET "/queues/{*queue}/claims/{*claim}" "claims:get" Any Always => claims::get;
        All PATCH "/queues/{*queue}/claims/{*claim}" "claims:update" Any Always => claims::update;
        All DELETE "/queues/{*queue}/claims/{*claim}" "claims:delete" Any Always => claims::delete;
    }
}
