//! Links of listings: resolved against what was asked, never followed elsewhere.

use std::sync::Arc;

use bytes::Bytes;
use http::response::Parts;
use pentad_core::auth::{Exchange, Stamp, sensitive};
use pentad_core::{
    Authorize, BoxFuture, Context, Cursor, ErrorKind, List, Page, Request, Result, Session, Target, decode,
};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::Value;

use crate::support::{GET, LIST, builder};

/// Resolves every service to one address and shows a credential there.
#[derive(Debug)]
struct Catalog;

impl Authorize for Catalog {
    fn authorize<'a>(&'a self, _: &'a Exchange, request: &'a mut Request) -> BoxFuture<'a, Result<Stamp>> {
        if let Target::Service { .. } = request.target {
            request.target = Target::parse("https://db.test:8779/v1.0/p1").unwrap();
        }
        request.headers.insert("x-auth-token", sensitive("canary").unwrap());
        Box::pin(std::future::ready(Ok(Stamp::default())))
    }

    fn renew<'a>(&'a self, _: &'a Exchange, _: Stamp) -> BoxFuture<'a, Result<bool>> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

fn session(transport: &ScriptedTransport) -> Session {
    let service = Target::Service {
        service_type: "database".into(),
        interface: "public".into(),
        region: None,
        version: None,
    };
    builder(transport, &ManualClock::auto()).target(service).authorize(Arc::new(Catalog)).build()
}

fn place(cursor: &Cursor, request: &mut Request) {
    if let Cursor::Link(link) = cursor {
        request.follow(&link.to_string()).unwrap();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of page readers")]
fn page(context: &Context, _: &Parts, body: Bytes) -> Result<Page<u64>> {
    let document: Value = decode::from_json(context.op(), &body)?;
    let items = document["items"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    let next = document["next"].as_str().map(|next| context.link(next)).transpose()?;
    Ok(Page::new(items).next(next))
}

fn list(transport: &ScriptedTransport) -> List<u64> {
    session(transport).op(&LIST).query("limit", "2").list(place, page)
}

fn linked(next: &str) -> ScriptedTransport {
    ScriptedTransport::new()
        .answer(200, format!(r#"{{"items":[1],"next":"{next}"}}"#))
        .answer(200, r#"{"items":[2]}"#)
}

#[test]
fn the_answer_tells_the_address_that_the_catalog_gave() {
    let transport = ScriptedTransport::new().answer(200, "");
    let uri = session(&transport)
        .op(&GET)
        .arg("thing", "x")
        .call(|context, _, _| Ok(context.uri().unwrap().to_string()));
    assert_eq!(run(uri).unwrap(), "https://db.test:8779/v1.0/p1");
}

#[test]
fn links_of_all_forms_lead_to_the_next_page_with_the_credential() {
    for next in [
        "https://db.test:8779/v1.0/p1/things?limit=2&marker=a",
        "//db.test:8779/v1.0/p1/things?limit=2&marker=a",
        "/v1.0/p1/things?limit=2&marker=a",
        "things?limit=2&marker=a",
        "?limit=2&marker=a",
    ] {
        let transport = linked(next);
        assert_eq!(run(list(&transport).all()).unwrap(), [1, 2], "{next}");
        let second = &transport.requests()[1];
        assert_eq!(second.uri.to_string(), "https://db.test:8779/v1.0/p1/things?limit=2&marker=a", "{next}");
        assert_eq!(second.header("x-auth-token"), "canary");
    }
}

#[test]
fn a_link_to_another_origin_is_refused_and_nothing_is_sent_there() {
    for next in [
        "https://evil.test/v1.0/p1/things",
        "http://db.test:8779/v1.0/p1/things",
        "https://db.test/v1.0/p1/things",
        "//evil.test/things",
        "https://db.test:8779@evil.test/things",
        "https://db.test:8779.evil.test/things",
        "https://user@db.test:8779/v1.0/p1/things",
    ] {
        let transport = linked(next);
        let error = run(list(&transport).all()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unexpected | ErrorKind::Decode), "{next}: {error}");
        assert_eq!(transport.requests().len(), 1, "{next}");
    }
}

#[test]
fn a_service_that_makes_its_own_links_is_held_to_the_same_origin() {
    #[expect(clippy::needless_pass_by_value, reason = "the shape of page readers")]
    fn careless(context: &Context, _: &Parts, body: Bytes) -> Result<Page<u64>> {
        let document: Value = decode::from_json(context.op(), &body)?;
        let next = document["next"].as_str().map(|next| Cursor::Link(next.parse().unwrap()));
        Ok(Page::new(vec![1]).next(next))
    }
    let transport = linked("https://evil.test/things");
    let list = session(&transport).op(&LIST).list(place, careless);
    assert_eq!(run(list.all()).unwrap_err().kind(), ErrorKind::Unexpected);
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn a_redirected_page_does_not_move_the_listing_to_another_origin() {
    let transport = ScriptedTransport::new()
        .answer_with(302, ("location", "https://mirror.test/things"), "")
        .answer(200, r#"{"items":[1],"next":"https://mirror.test/things?page=2"}"#);
    let list = session(&transport)
        .op(&LIST)
        .redirect(pentad_core::Redirect::AnyWithoutCredentials)
        .list(place, page);
    assert_eq!(run(list.all()).unwrap_err().kind(), ErrorKind::Unexpected);
    let requests = transport.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].header("x-auth-token"), "");
}
