//! A client over a script.

use pentad_connect::{Client, ClientBuilder};
use pentad_core::ErrorKind;
use pentad_testkit::{ManualClock, ScriptedTransport};

pub(crate) const KEY: &str = "ApiKey SU-000-000-000:canary";

pub(crate) fn builder(transport: &ScriptedTransport) -> ClientBuilder {
    let builder = Client::new(KEY.to_owned()).endpoint("http://e.test/public/v1");
    builder.transport(transport.shared()).clock(ManualClock::auto().shared())
}

pub(crate) fn client(transport: &ScriptedTransport) -> Client {
    builder(transport).build().unwrap()
}

/// A script with one JSON answer.
pub(crate) fn json(status: u16, body: &str) -> ScriptedTransport {
    ScriptedTransport::new().answer_with(status, ("content-type", "application/json"), body.to_owned())
}

/// A script with pages, each with its `Content-Range`.
pub(crate) fn pages(pages: &[(&str, &str)]) -> ScriptedTransport {
    pages.iter().fold(ScriptedTransport::new(), |script, (range, body)| {
        script.answer_with(200, ("content-range", range), (*body).to_owned())
    })
}

pub(crate) fn paths(transport: &ScriptedTransport) -> Vec<String> {
    transport
        .requests()
        .iter()
        .map(|request| request.path().strip_prefix("/public/v1").unwrap_or(request.path()).to_owned())
        .collect()
}

pub(crate) const fn is_decode(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Decode)
}
