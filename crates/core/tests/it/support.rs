//! A sample service and sessions over scripted transports.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use pentad_core::{Api, Error, ErrorKind, Op, Sent, Session, SessionBuilder, Target};
use pentad_testkit::{ManualClock, ScriptedTransport};

pub(crate) const V1: Api = Api("v1");

pub(crate) static GET: Op = Op {
    id: "sample.get",
    routes: &[(V1, Method::GET, "/things/{thing}")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "test",
};

pub(crate) static POST: Op = Op {
    id: "sample.post",
    routes: &[(V1, Method::POST, "/things/{thing}:do")],
    idempotent: false,
    patience: Duration::ZERO,
    source: "test",
};

pub(crate) static PULL: Op = Op {
    id: "sample.pull",
    routes: &[(V1, Method::GET, "/pull")],
    idempotent: true,
    patience: Duration::from_secs(300),
    source: "test",
};

pub(crate) static LIST: Op = Op {
    id: "sample.list",
    routes: &[(V1, Method::GET, "/things")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "test",
};

pub(crate) fn builder(transport: &ScriptedTransport, clock: &ManualClock) -> SessionBuilder {
    Session::builder(transport.shared(), clock.shared(), Target::parse("http://service.test/api/").unwrap())
}

pub(crate) fn session(transport: &ScriptedTransport, clock: &ManualClock) -> Session {
    builder(transport, clock).build()
}

pub(crate) fn refused() -> Error {
    Error::new(ErrorKind::Connection, "connection refused").with_sent(Sent::No)
}

pub(crate) fn reset() -> Error {
    Error::new(ErrorKind::Connection, "connection reset").with_sent(Sent::Maybe)
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) type Shared<T> = Arc<std::sync::Mutex<T>>;
