//! Listings: order, prefetch, bounds, and cursors that lie.

use bytes::Bytes;
use futures_util::StreamExt;
use http::response::Parts;
use http::{HeaderName, HeaderValue};
use pentad_core::work::Event;
use pentad_core::{
    Context, Cursor, ErrorKind, List, Page, Request, Result, RetryPolicy, Session, Target, Work, decode,
};
use pentad_testkit::{ManualClock, ScriptedTransport, Task, run};

use crate::support::{LIST, secs, session};

#[derive(serde::Deserialize)]
struct Body {
    items: Vec<u64>,
    next: Option<String>,
    offset: Option<u64>,
    total: Option<u64>,
    link: Option<String>,
}

fn place(cursor: &Cursor, request: &mut Request) {
    match cursor {
        Cursor::Token(token) => request.set_query("token", token.clone()),
        Cursor::Offset(offset) => request.set_query("offset", offset.to_string()),
        Cursor::Link(link) => request.follow(&link.to_string()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn page(context: &Context, _: &Parts, body: Bytes) -> Result<Page<u64>> {
    let Body { items, next, offset, total, link } = decode::from_json(context.op(), &body)?;
    let next = next.map(Cursor::Token).or(offset.map(Cursor::Offset));
    let next = next.or_else(|| link.map(|link| Cursor::Link(link.parse().unwrap())));
    Ok(Page::new(items).next(next).total(total).raw(body))
}

fn list(transport: &ScriptedTransport) -> List<u64> {
    session(transport, &ManualClock::auto()).op(&LIST).list(place, page).size_query("size")
}

fn three_pages() -> ScriptedTransport {
    ScriptedTransport::new()
        .answer(200, r#"{"items":[1,2],"next":"b"}"#)
        .answer(200, r#"{"items":[3,4],"next":"c"}"#)
        .answer(200, r#"{"items":[5]}"#)
}

fn paths(transport: &ScriptedTransport) -> Vec<String> {
    transport.requests().iter().map(|request| request.path().to_owned()).collect()
}

#[test]
fn awaiting_gives_the_first_page_with_its_raw_answer() {
    let transport = three_pages();
    let page = run(list(&transport).page_size(2)).unwrap();
    assert_eq!((page.items, page.next), (vec![1, 2], Some(Cursor::Token("b".into()))));
    assert_eq!(page.raw, r#"{"items":[1,2],"next":"b"}"#);
    assert_eq!(paths(&transport), ["/api/things?size=2"]);
}

#[test]
fn all_walks_to_the_end() {
    let transport = three_pages();
    assert_eq!(run(list(&transport).all()).unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(paths(&transport), ["/api/things", "/api/things?token=b", "/api/things?token=c"]);
}

#[test]
fn the_next_page_is_asked_for_beyond_a_pages_first_item() {
    let transport = three_pages();
    let mut items = list(&transport).items();
    assert_eq!(run(items.next()).unwrap().unwrap(), 1);
    assert_eq!(transport.requests().len(), 1);
    assert_eq!(run(items.next()).unwrap().unwrap(), 2);
    assert_eq!(transport.requests().len(), 2);
}

#[test]
fn no_page_beyond_max_items_is_asked_for() {
    let transport = three_pages();
    let items: Vec<u64> = run(list(&transport).max_items(2).items().map(Result::unwrap).collect::<Vec<_>>());
    assert_eq!((items, transport.requests().len()), (vec![1, 2], 1));
    let transport = three_pages();
    assert_eq!(run(list(&transport).max_items(3).all()).unwrap(), [1, 2, 3]);
    assert_eq!(transport.requests().len(), 2);
    assert_eq!(run(list(&three_pages()).max_items(0).all()).unwrap(), Vec::<u64>::new());
}

#[test]
fn first_is_one_request_for_one_item() {
    let transport = three_pages();
    assert_eq!(run(list(&transport).first()).unwrap(), Some(1));
    assert_eq!(paths(&transport), ["/api/things?size=1"]);
}

#[test]
fn a_listing_resumes_where_it_was_left() {
    let transport = ScriptedTransport::new().answer(200, r#"{"items":[5]}"#);
    assert_eq!(run(list(&transport).start_at(Cursor::Token("c".into())).all()).unwrap(), [5]);
    assert_eq!(paths(&transport), ["/api/things?token=c"]);
}

#[test]
fn an_empty_page_ends_the_listing() {
    let transport = ScriptedTransport::new().answer(200, r#"{"items":[],"next":"b"}"#);
    assert!(run(list(&transport).all()).unwrap().is_empty());
}

#[test]
fn a_cursor_that_does_not_advance_is_an_error_and_the_stream_ends() {
    let same = r#"{"items":[1],"next":"b"}"#;
    let transport = ScriptedTransport::new().answer(200, same).answer(200, same);
    let mut items = list(&transport).items();
    assert_eq!(run(items.next()).unwrap().unwrap(), 1);
    let error = run(items.next()).unwrap().unwrap_err();
    assert!(error.message().contains("does not advance"), "{error}");
    assert!(run(items.next()).is_none());
}

#[test]
fn a_cycle_of_cursors_is_found() {
    let transport = (0..100).fold(ScriptedTransport::new(), |script, index| {
        script.answer(200, format!(r#"{{"items":[1],"next":"{}"}}"#, ["a", "b", "c"][index % 3]))
    });
    assert!(run(list(&transport).all()).unwrap_err().message().contains("does not advance"));
}

#[test]
fn a_link_to_another_origin_is_refused() {
    for link in ["http://evil.test/api/things?p=2", "https://service.test/api/things?p=2"] {
        let transport = ScriptedTransport::new().answer(200, format!(r#"{{"items":[1],"link":"{link}"}}"#));
        let error = run(list(&transport).all()).unwrap_err();
        assert!(error.message().contains("another origin"), "{error}");
        assert_eq!(transport.requests().len(), 1);
    }
    let link = r#"{"items":[1],"link":"http://SERVICE.test:80/api/things?p=2"}"#;
    let transport = ScriptedTransport::new().answer(200, link).answer(200, r#"{"items":[2]}"#);
    assert_eq!(run(list(&transport).all()).unwrap(), [1, 2]);
    assert_eq!(paths(&transport)[1], "/api/things?p=2");
}

#[test]
fn no_host_is_followed_while_the_service_is_not_resolved() {
    let target = Target::Service {
        service_type: "database".into(),
        interface: "public".into(),
        region: None,
        version: None,
    };
    let transport = ScriptedTransport::new();
    let session = Session::builder(transport.shared(), ManualClock::auto().shared(), target).build();
    let elsewhere = Cursor::Link("http://evil.test/api/things?p=2".parse().unwrap());
    let error = run(session.op(&LIST).list(place, page).start_at(elsewhere).all()).unwrap_err();
    assert!(error.message().contains("another origin"), "{error}");
    assert_eq!(transport.requests().len(), 0);
}

#[test]
fn an_error_ends_the_pages() {
    let transport = ScriptedTransport::new().answer(200, r#"{"items":[1],"next":"b"}"#).answer(404, "");
    let mut pages = list(&transport).pages();
    assert!(run(pages.next()).unwrap().is_ok());
    assert_eq!(run(pages.next()).unwrap().unwrap_err().kind(), ErrorKind::NotFound);
    assert!(run(pages.next()).is_none());
}

fn offsets(count: u64, total: u64) -> ScriptedTransport {
    (0..count).fold(ScriptedTransport::new(), |script, index| {
        let (a, b) = (2 * index, 2 * index + 1);
        let next = if b + 1 < total { format!(r#","offset":{}"#, b + 1) } else { String::new() };
        script.answer(200, format!(r#"{{"items":[{a},{b}],"total":{total}{next}}}"#))
    })
}

#[test]
fn pages_in_flight_keep_the_order_of_items() {
    let transport = offsets(5, 10);
    let mut items = list(&transport).concurrency(3).items();
    assert_eq!(run(items.next()).unwrap().unwrap(), 0);
    assert_eq!(transport.requests().len(), 1);
    assert_eq!(run(items.next()).unwrap().unwrap(), 1);
    assert_eq!(transport.requests().len(), 4);
    let rest: Vec<u64> = run(items.map(Result::unwrap).collect::<Vec<_>>());
    assert_eq!(rest, (2..10).collect::<Vec<_>>());
    assert_eq!(transport.requests().len(), 5);
}

#[test]
fn pages_in_flight_respect_max_items() {
    let transport = offsets(5, 10);
    assert_eq!(run(list(&transport).concurrency(4).max_items(5).all()).unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(transport.requests().len(), 3);
}

#[test]
fn a_short_page_among_those_in_flight_loses_nothing() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"items":[0,1],"total":6,"offset":2}"#)
        .answer(200, r#"{"items":[2],"total":6,"offset":3}"#)
        .answer(200, r#"{"items":[4,5],"total":6}"#)
        .answer(200, r#"{"items":[3,4],"total":6,"offset":5}"#)
        .answer(200, r#"{"items":[5],"total":6}"#);
    assert_eq!(run(list(&transport).concurrency(2).all()).unwrap(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn the_last_page_by_offset_asks_for_no_more_than_is_wanted() {
    let transport = ScriptedTransport::new()
        .answer(200, r#"{"items":[10,11],"offset":12,"total":90}"#)
        .answer(200, r#"{"items":[12],"offset":13,"total":90}"#);
    let list = list(&transport).page_size(2).max_items(3).start_at(Cursor::Offset(10));
    assert_eq!(run(list.all()).unwrap(), [10, 11, 12]);
    assert_eq!(paths(&transport), ["/api/things?size=2&offset=10", "/api/things?size=1&offset=12"]);
}

#[test]
fn a_changed_list_gives_changed_things_page_by_page() {
    let transport = three_pages();
    let words = list(&transport).map(|number| format!("#{number}"));
    assert_eq!(run(words.all()).unwrap(), ["#1", "#2", "#3", "#4", "#5"]);
}

/// A work of listings: all of one, the first page of another, and a work within it.
fn inventory(transport: &ScriptedTransport) -> Work<usize> {
    let inner = transport.clone();
    let session = session(transport, &ManualClock::auto());
    Work::new(&session, &LIST, list(transport).request(), move |scope| {
        Box::pin(async move {
            let all = scope.all(list(&inner)).await?.len();
            let first = scope.page(list(&inner)).await?.items.len();
            let mut pages = scope.pages(list(&inner));
            let mut walked = 0;
            while let Some(page) = pages.next().await {
                walked += page?.items.len();
            }
            Ok(all + first + walked)
        })
    })
}

#[test]
fn listings_within_a_work_carry_the_callers_options_on_every_page() {
    let transport = three_pages()
        .answer(503, "")
        .answer(200, r#"{"items":[1]}"#)
        .answer(200, r#"{"items":[7],"next":"z"}"#)
        .answer(200, r#"{"items":[8]}"#);
    let inner = transport.clone();
    let outer_session = session(&transport, &ManualClock::auto());
    let outer = Work::new(&outer_session, &LIST, list(&transport).request(), move |scope| {
        Box::pin(async move {
            scope.progress(Event::new("outer"));
            scope.nested(inventory(&inner)).await
        })
    });
    let one_attempt = RetryPolicy::none();
    let marked = HeaderName::from_static("x-mark");
    let work = outer.header(marked, HeaderValue::from_static("1")).query("k", "v").retry(one_attempt);
    // The caller wants no second attempt: the fault of the fourth request ends it.
    assert_eq!(run(work).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(
        paths(&transport),
        ["/api/things?k=v", "/api/things?k=v&token=b", "/api/things?k=v&token=c", "/api/things?k=v"]
    );
    assert!(transport.requests().iter().all(|request| request.header("x-mark") == "1"));
    assert_eq!(run(inventory(&transport)).unwrap(), 3);
}

#[test]
fn a_listing_within_a_work_ends_at_the_works_limit() {
    let transport = ScriptedTransport::new().answer(200, r#"{"items":[1],"next":"b"}"#).hang();
    let clock = ManualClock::new();
    let (session, inner) = (session(&transport, &clock), session(&transport, &clock));
    let all = inner.op(&LIST).list(place, page);
    let preview = all.request();
    let work = Work::new(&session, &LIST, preview, move |scope| {
        Box::pin(async move {
            let mut items = scope.items(all);
            items.next().await.transpose()?;
            items.next().await.transpose()
        })
    });
    let mut task = Task::new(work.timeout(secs(5)));
    assert!(task.poll().is_none());
    clock.advance(secs(5));
    assert_eq!(task.poll().unwrap().unwrap_err().kind(), ErrorKind::Timeout);
}
