//! Filters, order, selection, pages.

use pentad_server::Mode;
use serde_json::{Value, json};

use super::world::World;

async fn filled() -> World {
    let w = World::new().await;
    let all = json!([
        {"id": "a", "n": 1, "name": "Two words", "owner": {"id": "U1"}, "tags": ["x", "y"]},
        {"id": "b", "n": 10, "name": "two, commas", "owner": {"id": "U2"}, "tags": []},
        {"id": "c", "n": 2, "name": "it's", "owner": null},
        {"id": "d", "n": 1, "name": "50%", "created": "2024-01-02T03:04:05+00:00"},
        {"id": "e", "n": -1, "name": "a+b"},
        {"id": "f", "n": 2.5, "name": "ÉCOLE"},
    ]);
    w.post("things", all).await.with(201);
    w
}

#[tokio::test]
async fn filters_find_what_the_language_says() {
    let w = filled().await;
    for (query, ids) in [
        ("eq(id,a)", "a"),
        ("n=1", "ad"),
        ("gt(n,1)", "bcf"),
        ("and(ge(n,1),lt(n,2.5))", "acd"),
        ("or(eq(n,1),eq(n,10))", "abd"),
        ("not(eq(n,1))", "bcef"),
        ("ne(n,1)&limit=100&offset=0", "bcef"),
        ("in(id,(a,c,zz))", "ac"),
        ("out(id,(a,c))", "bdef"),
        ("ilike(name,*two%20words*)", "a"),
        ("ilike(name,%22*two,*%22)", "b"),
        ("eq(name,%22it's%22)", "c"),
        ("eq(name,%2250%%22)", "d"),
        ("eq(name,a+b)", "e"),
        ("ilike(name,éc*)", "f"),
        ("like(name,%C3%A9c*)", ""),
        ("owner.id=U1", "a"),
        ("eq(owner.id,null())", "cdef"),
        ("eq(owner,t(id=U2))", "b"),
        ("tags=x", "a"),
        ("ge(created,2024-01-02T03:04:05+00:00)", "d"),
        ("search=two", "ab"),
        ("limit=5&search=two+words", "a"),
        ("search=two%20words&limit=5", "a"),
        ("search=a%2Bb", "e"),
        ("", "abcdef"),
    ] {
        assert_eq!(w.get(&format!("things?{query}")).await.ids().concat(), ids, "{query}");
    }
}

#[tokio::test]
async fn order_selection_and_pages_go_together() {
    let w = filled().await;
    let ids = async |query: &str| w.get(&format!("things?{query}")).await.ids().concat();
    assert_eq!(ids("ordering(n)").await, "eadcfb");
    assert_eq!(ids("ordering(-n,id)").await, "bfcade");
    assert_eq!(ids("ordering(+n)&limit=2&offset=1").await, "ad");
    assert_eq!(ids("ordering(owner.id,-id)").await, "fedcab");
    let page = w.get("things?select(-events,-owner.id)&eq(id,a)&limit=1&offset=0").await.with(200);
    assert_eq!(page, json!([{"id": "a", "n": 1, "name": "Two words", "owner": {}, "tags": ["x", "y"]}]));
    let one = w.get("things/a?select(-events,-tags,-owner)").await.with(200);
    assert_eq!(one, json!({"id": "a", "n": 1, "name": "Two words"}));
    assert_eq!(w.get("things/a?select=a").await.with(200)["n"], 1);
}

#[tokio::test]
async fn content_range_counts_matches_before_paging() {
    let w = filled().await;
    for (query, range, count) in [
        ("limit=2&offset=4", "items 4-5/6", 2),
        ("limit=2&offset=6", "items 6-6/6", 0),
        ("limit=0&offset=5", "items 0-0/6", 0),
        ("eq(id,none)", "items 0-0/0", 0),
        ("limit=-2&offset=1", "items 1-5/6", 5),
        ("n=1&limit=1", "items 0-0/2", 1),
        (
            "limit=18446744073709551615&offset=18446744073709551615",
            "items 18446744073709551615-18446744073709551615/6",
            0,
        ),
    ] {
        let answer = w.get(&format!("things?{query}")).await;
        assert_eq!(answer.range.as_deref(), Some(range), "{query}");
        assert_eq!(answer.kind.as_deref(), Some("application/json"));
        assert_eq!(answer.ids().len(), count, "{query}");
    }
}

#[tokio::test]
async fn pages_hold_100_unless_asked_and_1000_at_most() {
    let w = World::new().await;
    let many: Vec<Value> = (0..1050).map(|n| json!({"n": n})).collect();
    w.post("things", json!(many)).await.with(201);
    for (query, count) in [("", 100), ("limit=1000", 1000), ("limit=5000", 1000), ("ge(n,1000)", 50)] {
        assert_eq!(w.get(&format!("things?{query}")).await.ids().len(), count, "{query}");
    }
}

#[tokio::test]
async fn wrong_queries_are_refused_in_the_words_of_the_service() {
    let w = filled().await;
    for (query, text) in [
        ("eq(a", "Bad filter query."),
        ("eq(name,a&b)", "Bad filter query."),
        ("ordering(a)&ordering(b)", "Bad ordering filter: query can contain only one ordering operation."),
        ("ordering(a,b,c,d,e,f)", "Bad ordering filter: max allowed number is 5."),
        ("select(a,-a)", "Bad select filter: incompatible properties."),
        ("select(a)&select(b)", "Bad select filter: query can contain only one select operation."),
        ("limit=1&limit=2", "Limit and offset are set incorrectly."),
        ("ge(limit,1)", "Limit and offset are set incorrectly."),
    ] {
        let (status, code, texts) = w.get(&format!("things?{query}")).await.error();
        assert_eq!((status, code.as_str(), texts), (400, "VAL_001", vec![text.to_owned()]), "{query}");
    }
}

#[tokio::test]
async fn logic_within_not_is_understood_unless_strict() {
    let w = filled().await;
    assert_eq!(w.get("things?not(and(eq(n,1),eq(id,a)))").await.ids().concat(), "bcdef");
    let strict = World::with(Mode::Strict, Value::Null, Value::Null).await;
    strict.post("things", json!({"id": "a"})).await.with(201);
    assert_eq!(strict.get("things?not(and(eq(n,1),eq(id,a)))").await.status, 400);
}

#[tokio::test]
async fn declared_fields_have_their_types() {
    let w = World::seeded(json!({"collections": [{
        "path": "orders",
        "fields": {
            "status": {"type": "choice", "members": ["draft", "done"], "search": true},
            "price": {"type": "decimal", "scale": 2, "nullable": true},
            "on": "date", "at": "datetime", "open": "boolean",
            "notes": {"type": "text", "search": true, "sort": false}, "secret": {"type": "text", "hidden": true},
        },
        "closed": true, "indexes": ["status"],
        "resources": [
            {"id": "1", "status": "draft", "price": 1.5, "on": "2024-01-02", "at": "2024-01-02T00:00:00Z",
             "open": true, "notes": "red", "secret": "s"},
            {"id": "2", "status": "done", "price": null, "on": "2024-02-02", "at": "2024-01-02T01:00:00+01:00",
             "open": false, "notes": "draft"},
        ],
    }]})).await;
    let ids = async |query: &str| w.get(&format!("orders?{query}")).await.ids().concat();
    assert_eq!(ids("eq(price,1.509)").await, "1", "digits beyond the scale are cut");
    assert_eq!(ids("eq(price,null())").await, "2");
    assert_eq!(ids("at=2024-01-02").await, "12", "the same instant");
    assert_eq!(ids("gt(on,2024-01-15)").await, "2");
    assert_eq!(ids("search=draft").await, "12");
    assert_eq!(ids("unknown=1").await, "12", "no such field: no condition");
    assert_eq!(ids("ordering(-status)").await, "12");
    for query in [
        "gt(status,a)",
        "status=other",
        "price=x",
        "open=True",
        "eq(on,null())",
        "ordering(notes)",
        "select(nothing)",
    ] {
        assert_eq!(w.get(&format!("orders?{query}")).await.status, 400, "{query}");
    }
    let wrong = w.get("orders?gt(status,a)").await.json();
    assert_eq!(wrong["params"], json!({"filter": "status", "lookup": "gt", "value": "a"}));
    let shown = w.get("orders?select(secret)").await.with(200);
    assert_eq!(shown[0]["secret"], "s");
    assert_eq!(w.get("orders").await.with(200)[0].get("secret"), None);
}

#[tokio::test]
async fn ids_that_look_like_dates_are_listed_once() {
    let w = World::new().await;
    let ids = ["2024-01-01", "2024-01-02", "2024-01-01T00:00:00Z", "b"];
    w.post("days", json!(ids.map(|id| json!({"id": id})))).await.with(201);
    let listed = w.get("days?ordering(id)&limit=100").await;
    assert_eq!(listed.range.as_deref(), Some("items 0-3/4"));
    assert_eq!(listed.ids(), ["2024-01-01", "2024-01-01T00:00:00Z", "2024-01-02", "b"]);
    assert_eq!(w.get("days?ordering(-id)&limit=1&offset=1").await.ids(), ["2024-01-02"]);
}

#[tokio::test]
async fn a_value_with_an_open_parenthesis_leaves_the_parameters_alone() {
    let w = World::new().await;
    w.post("things", json!([{"id": "a", "name": "x(y", "note": "b&c"}, {"id": "b"}])).await.with(201);
    assert_eq!(w.get("things?eq(name,%22x(y%22)&search=b%26c").await.ids(), ["a"]);
    assert_eq!(w.get("things?eq(name,'x(y')&limit=0").await.range.as_deref(), Some("items 0-0/1"));
    assert_eq!(w.get("things?search=b*c").await.ids(), ["a"]);
    assert_eq!(w.get("things?search=y*c").await.ids(), Vec::<String>::new(), "each text for itself");
}
