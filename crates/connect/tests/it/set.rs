//! Resource sets as lists (reference 8).

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use pentad_connect::{Configure, field};
use pentad_core::ErrorKind;
use pentad_testkit::{ScriptedTransport, run};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::support::{client, is_decode, json as answer, pages, paths};

fn ids(items: &[Value]) -> Vec<i64> {
    items.iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

#[test]
fn a_set_walks_to_the_end_that_content_range_tells() {
    let script = pages(&[
        ("items 0-1/5", r#"[{"id":0},{"id":1}]"#),
        ("items 2-3/5", r#"[{"id":2},{"id":3}]"#),
        ("items 4-4/5", r#"[{"id":4}]"#),
    ]);
    let all = run(client(&script).collection("p").all().limit(2).collect()).unwrap();
    assert_eq!(ids(&all), [0, 1, 2, 3, 4]);
    assert_eq!(paths(&script), ["/p?limit=2&offset=0", "/p?limit=2&offset=2", "/p?limit=2&offset=4"]);
}

#[test]
fn a_set_asks_anew_each_time_and_may_be_left_in_the_middle() {
    let script = pages(&[
        ("items 0-1/3", r#"[{"id":0},{"id":1}]"#),
        ("items 0-1/3", r#"[{"id":0},{"id":1}]"#),
        ("items 2-2/3", r#"[{"id":2}]"#),
    ]);
    let set = client(&script).collection("p").all().limit(2);
    let mut items = set.items();
    assert_eq!(run(items.next()).unwrap().unwrap()["id"], 0);
    drop(items);
    assert_eq!(ids(&run(set.collect()).unwrap()), [0, 1, 2]);
}

#[test]
fn without_content_range_there_is_one_page_and_an_empty_page_ends() {
    let script = ScriptedTransport::new().answer(200, r#"[{"id":0},{"id":1}]"#);
    assert_eq!(run(client(&script).collection("p").all().limit(2).collect()).unwrap().len(), 2);
    assert_eq!(script.requests().len(), 1);
    let script = pages(&[("items 0-1/9", r#"[{"id":0},{"id":1}]"#), ("items 2-2/9", "[]")]);
    assert_eq!(run(client(&script).collection("p").all().limit(2).collect()).unwrap().len(), 2);
    let script = ScriptedTransport::new().answer(204, "");
    assert_eq!(run(client(&script).collection("p").all().collect()).unwrap().len(), 0);
}

#[test]
fn pages_tell_the_total_and_keep_what_came() {
    let script = pages(&[("items 0-1/5", r#"[{"id":0},{"id":1}]"#)]);
    let page = run(client(&script).collection("p").all().limit(2).list()).unwrap();
    assert_eq!((page.items.len(), page.total), (2, Some(5)));
    assert_eq!(page.raw, r#"[{"id":0},{"id":1}]"#);
}

#[test]
fn several_pages_are_in_flight_and_come_in_order() {
    let script = pages(&[
        ("items 0-1/8", r#"[{"id":0},{"id":1}]"#),
        ("items 2-3/8", r#"[{"id":2},{"id":3}]"#),
        ("items 4-5/8", r#"[{"id":4},{"id":5}]"#),
        ("items 6-7/8", r#"[{"id":6},{"id":7}]"#),
    ]);
    let mut items = client(&script).collection("p").all().limit(2).concurrency(3).items();
    assert!(run(items.next()).unwrap().is_ok());
    assert_eq!(script.requests().len(), 1);
    assert!(run(items.next()).unwrap().is_ok());
    assert_eq!(script.requests().len(), 4);
    let mut rest = Vec::new();
    while let Some(item) = run(items.next()) {
        rest.push(item.unwrap());
    }
    assert_eq!(ids(&rest), [2, 3, 4, 5, 6, 7]);
}

#[test]
fn first_and_nth_are_one_request_and_give_nothing_where_nothing_is() {
    let script =
        pages(&[("items 0-0/9", r#"[{"id":0}]"#), ("items 4-4/9", r#"[{"id":4}]"#), ("items 99-99/9", "[]")]);
    let set = client(&script).collection("p").all();
    assert_eq!(run(set.first()).unwrap().unwrap()["id"], 0);
    assert_eq!(run(set.nth(4)).unwrap().unwrap()["id"], 4);
    assert_eq!(run(set.nth(99)).unwrap(), None);
    assert_eq!(paths(&script), ["/p?limit=1&offset=0", "/p?limit=1&offset=4", "/p?limit=1&offset=99"]);
}

#[test]
fn a_set_is_read_as_a_type_or_as_text() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Product {
        id: u32,
        name: Option<String>,
    }
    let body = r#"[{"id":1,"name":"a","more":[]},{"id":2}]"#;
    let script = pages(&[("items 0-1/2", body), ("items 0-1/2", body)]);
    let products = client(&script).collection("p").typed::<Product>();
    let all = run(products.all().collect()).unwrap();
    assert_eq!(all, [Product { id: 1, name: Some("a".into()) }, Product { id: 2, name: None }]);
    let raw = run(client(&script).collection("p").all().typed::<Box<RawValue>>().collect()).unwrap();
    assert_eq!(raw[0].get(), r#"{"id":1,"name":"a","more":[]}"#);
}

#[test]
fn what_is_no_array_is_a_typed_error() {
    for body in [r#"{"a":1}"#, "null", "12", "<html>"] {
        let script = ScriptedTransport::new().answer(200, body);
        let error = run(client(&script).collection("p").all().collect()).unwrap_err();
        assert!(is_decode(error.kind()), "{body}: {error}");
    }
}

#[test]
fn values_list_gives_chosen_fields_every_time() {
    let body = r#"[{"id":1,"a":{"b":[1]},"c":2}]"#;
    let script = pages(&[("items 0-0/1", body), ("items 0-0/1", body), ("items 0-0/1", body)]);
    let set = client(&script).collection("p").all();
    let chosen = json!([{"id": 1, "a.b": [1], "a.b.c": null}]);
    let fields = ["id", "a.b", "a.b.c"];
    assert_eq!(json!(run(set.values_list(fields).all()).unwrap()), chosen);
    assert_eq!(json!([run(set.values_list(fields).first()).unwrap().unwrap()]), chosen);
    let whole = run(set.values_list::<String>([]).all()).unwrap();
    assert_eq!(json!(whole), serde_json::from_str::<Value>(body).unwrap());
}

#[test]
fn values_of_a_resource_keep_the_order_that_was_asked() {
    let script = answer(200, r#"{"id":1,"owner":{"name":"x"}}"#);
    let values =
        run(client(&script).collection("p").resource(1).values(["owner.name", "none", "id"])).unwrap();
    assert_eq!(serde_json::to_string(&values).unwrap(), r#"{"owner.name":"x","none":null,"id":1}"#);
}

#[test]
fn every_page_carries_what_a_set_was_configured_with_and_the_last_configuration_counts() {
    let script = pages(&[("items 0-0/2", "[1]"), ("items 1-1/2", "[2]")]);
    let once = Configure::new()
        .param("lost", "1")
        .header(HeaderName::from_static("x-lost"), HeaderValue::from_static("1"));
    let then = Configure::new()
        .param("search", "kept")
        .param("limit", "9")
        .param("x", "a&b")
        .header(HeaderName::from_static("x-a"), HeaderValue::from_static("1"))
        .timeout(Duration::from_secs(5));
    let set = client(&script).collection("p").all().limit(1).configure(once).configure(then);
    run(set.collect()).unwrap();
    assert_eq!(
        paths(&script),
        ["/p?search=kept&limit=1&x=a%26b&offset=0", "/p?search=kept&limit=1&x=a%26b&offset=1"]
    );
    for request in script.requests() {
        assert_eq!((request.header("x-a"), request.header("x-lost")), ("1", ""));
    }
}

#[test]
fn counting_asks_for_no_resources() {
    let script = pages(&[("items 0-0/42", "[]")]);
    let set = client(&script).collection("p").filter(field("a").eq(1));
    assert_eq!(run(set.count()).unwrap(), 42);
    assert_eq!(paths(&script), ["/p?eq(a,1)&limit=0&offset=0"]);
}

#[test]
fn a_bad_condition_is_said_before_anything_is_sent() {
    let script = ScriptedTransport::new();
    let set = client(&script).collection("p").filter(field("a").eq("both ' and \""));
    let error = run(set.collect()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().starts_with("filter: "), "{error}");
    assert!(script.requests().is_empty());
}

#[test]
fn every_way_to_ask_keeps_the_time_limit_and_the_retries_of_the_configuration() {
    let failing = || (0..9).fold(ScriptedTransport::new(), |script, _| script.answer(500, "{}"));
    let options = Configure::new().timeout(Duration::from_secs(5)).retry(pentad_core::RetryPolicy::none());
    let set = |script: &ScriptedTransport| client(script).collection("p").all().configure(options.clone());
    type Way = fn(pentad_connect::ResourceSet) -> pentad_core::Result<()>;
    let ways: [(&str, Way); 7] = [
        ("count", |set| run(set.count()).map(drop)),
        ("first", |set| run(set.first()).map(drop)),
        ("nth", |set| run(set.nth(3)).map(drop)),
        ("list", |set| run(set.list()).map(drop)),
        ("collect", |set| run(set.collect()).map(drop)),
        ("items", |set| run(set.items().next()).unwrap().map(drop)),
        ("values_list", |set| run(set.values_list(["a"]).all()).map(drop)),
    ];
    for (way, ask) in ways {
        let script = failing();
        assert!(ask(set(&script)).is_err(), "{way}");
        assert_eq!(script.requests().len(), 1, "{way}");
    }
    let total = |request: &pentad_core::Request| request.limits.total;
    let set = set(&ScriptedTransport::new());
    for limit in [
        total(set.count().request().unwrap()),
        total(set.first().request().unwrap()),
        total(&set.list().request().unwrap()),
    ] {
        assert_eq!(limit, Duration::from_secs(5));
    }
}

/// A page as its items, with the thread on which it was read.
#[derive(Debug)]
struct Read(u64, std::thread::ThreadId);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Item {
            id: u64,
        }
        let item = Item::deserialize(deserializer)?;
        assert_ne!(item.id, 77, "a type that cannot be read");
        Ok(Self(item.id, std::thread::current().id()))
    }
}

fn thousand(mock: &pentad_connect::mock::Mock, ids: std::ops::Range<u64>) {
    mock.collection("p").all().list(ids.map(|id| json!({ "id": id })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn pages_in_flight_are_read_on_other_threads_and_still_come_in_order() {
    let mock = pentad_connect::mock::Mock::new();
    thousand(&mock, 1_000..2_000);
    let set = mock.client().collection("p").typed::<Read>().all().limit(10).concurrency(8);
    let here = std::thread::current().id();
    let all = set.collect().await.unwrap();
    assert!(all.iter().map(|read| read.0).eq(1_000..2_000));
    assert!(all.iter().filter(|read| read.1 != here).count() > 500);
    mock.verify().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_breaks_its_reader_is_an_error_and_the_end() {
    let mock = pentad_connect::mock::Mock::new();
    thousand(&mock, 0..100);
    let mut pages = mock.client().collection("p").typed::<Read>().all().limit(10).concurrency(4).pages();
    let mut read = 0;
    let error = loop {
        match pages.next().await.unwrap() {
            Ok(page) => read += page.items.len(),
            Err(error) => break error,
        }
    };
    assert_eq!((read, error.kind()), (70, ErrorKind::Unexpected), "{error}");
    assert!(pages.next().await.is_none());
}
