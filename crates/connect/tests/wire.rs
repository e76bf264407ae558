//! The URL vectors of the reference (section 10): what each expression sends, beside what the original's blocking
//! client sends for it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use pentad_connect::{Client, Collection, Configure, R, ResourceSet, field};
use pentad_core::{Body, BoxFuture, Request, Response, Result, Transport};
use pentad_testkit::{ManualClock, run};
use serde_json::{Value, json};

/// A service with 250 resources in every collection; keeps what it was asked as the vectors write it.
#[derive(Clone, Debug, Default)]
struct Service(Arc<Mutex<Vec<String>>>);

impl Transport for Service {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let uri = request.uri().unwrap();
        let target = uri.path_and_query().unwrap().as_str().strip_prefix("/public/v1").unwrap();
        let body = match &request.body {
            Body::Bytes(bytes) => format!(" {}", String::from_utf8_lossy(bytes)),
            _ => String::new(),
        };
        self.0.lock().unwrap().push(format!("{} {target}{body}", request.method));
        let number =
            |name: &str| -> Option<u64> { request.query.iter().find(|pair| pair.0 == name)?.1.parse().ok() };
        let listed = |limit: u64, offset: u64| {
            let end = 250.min(offset + limit);
            let ids: Vec<Value> = (offset..end).map(|id| json!({ "id": id })).collect();
            let mut response = Response::new(StatusCode::OK, serde_json::to_vec(&ids).unwrap());
            let last = if end > offset { end - 1 } else { offset };
            let range = format!("items {offset}-{last}/250");
            response.headers.insert(CONTENT_RANGE, HeaderValue::from_str(&range).unwrap());
            response
        };
        let list = target.contains("offset=") || request.body.len() != Some(0);
        let mut response = match (number("limit"), number("offset")) {
            (Some(limit), Some(offset)) => listed(limit, offset),
            _ if list && body.starts_with(" [") => Response::new(StatusCode::OK, "[]"),
            _ => Response::new(StatusCode::OK, "{}"),
        };
        response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn client(service: &Service) -> Client {
    let builder = Client::new("ApiKey SU-000-000-000:key".to_owned()).endpoint("http://e.test/public/v1");
    builder.transport(Arc::new(service.clone())).clock(ManualClock::auto().shared()).build().unwrap()
}

/// What an expression sends, or why nothing is sent.
fn sent(expression: fn(&Client) -> Result<()>) -> String {
    let service = Service::default();
    match expression(&client(&service)) {
        Err(error) => format!("refused: {}", error.message()),
        Ok(()) => service.0.lock().unwrap().join(" ; "),
    }
}

fn products(client: &Client) -> Collection {
    client.collection("products")
}

fn first(set: &ResourceSet) -> Result<()> {
    run(set.first()).map(drop)
}

/// The first one of those for which a condition holds.
fn found(client: &Client, condition: R) -> Result<()> {
    first(&products(client).filter(condition))
}

fn collect(set: &ResourceSet) -> Result<()> {
    run(set.collect()).map(drop)
}

type Vector = (u32, &'static str, fn(&Client) -> Result<()>);

#[rustfmt::skip]
const VECTORS: &[Vector] = &[
    (1, "GET /products?limit=1&offset=0", |c| first(&products(c).all())),
    (2, "GET /products?limit=1&offset=4", |c| run(products(c).all().nth(4)).map(drop)),
    (3, "GET /products?limit=10&offset=10", |c| collect(&products(c).all().slice(10..20))),
    (4, "GET /products?limit=50&offset=100 ; GET /products?limit=25&offset=150", |c| collect(&products(c).all().limit(50).slice(100..175))),
    (5, "GET /products?limit=0&offset=0", |c| run(products(c).all().count()).map(drop)),
    (6, "GET /products?eq(status,draft)&limit=0&offset=0", |c| run(products(c).filter(field("status").eq("draft")).count()).map(drop)),
    (7, "GET /products?eq(status,draft)&limit=1&offset=0", |c| found(c, R::lookup("status", "draft"))),
    (8, "GET /products?in(status,(draft,pub))&limit=1&offset=0", |c| found(c, R::lookup_list("status__in", ["draft", "pub"]))),
    (9, "GET /products?ilike(name,*two%20words*)&limit=1&offset=0", |c| found(c, R::lookup("name__ilike", "*two words*"))),
    (10, "GET /products?ilike(name,%22*a,b*%22)&limit=1&offset=0", |c| found(c, R::lookup("name__ilike", "*a,b*"))),
    (11, "GET /products?eq(name,it's)&limit=1&offset=0", |c| found(c, R::lookup("name", "it's"))),
    (12, "GET /products?eq(name,caf%C3%A9)&limit=1&offset=0", |c| found(c, R::lookup("name", "café"))),
    (13, "GET /products?eq(name,50%25)&limit=1&offset=0", |c| found(c, R::lookup("name", "50%"))),
    (14, "GET /products?eq(name,50%25)&limit=1&offset=0", |c| found(c, R::lookup("name", "50%25"))),
    (15, "GET /products?eq(name,a+b)&limit=1&offset=0", |c| found(c, R::lookup("name", "a+b"))),
    (16, "GET /products?eq(name,a&limit=1&offset=0", |c| found(c, R::lookup("name", "a#b"))),
    (17, "GET /products?eq(name,a&b)&limit=1&offset=0", |c| found(c, R::lookup("name", "a&b"))),
    (18, "GET /products?eq(name,a%7Cb)&limit=1&offset=0", |c| found(c, R::lookup("name", "a|b"))),
    (19, "GET /products?eq(name,%5Bx%5D)&limit=1&offset=0", |c| found(c, R::lookup("name", "[x]"))),
    (20, "GET /products?eq(name,a%5Cb)&limit=1&offset=0", |c| found(c, R::lookup("name", "a\\b"))),
    (21, "GET /products?eq(name,%3Cx%3E)&limit=1&offset=0", |c| found(c, R::lookup("name", "<x>"))),
    (22, "GET /products?ge(created,2024-01-02T03:04:05+00:00)&limit=1&offset=0", |c| found(c, R::lookup("created__ge", jiff::Timestamp::from_second(1_704_164_645).unwrap()))),
    (23, "GET /products?eq(a,1)&eq(b,2)&limit=1&offset=0", |c| first(&products(c).filter("eq(a,1)&eq(b,2)"))),
    (24, "GET /products?or(eq(a.b,true),not(eq(c,null())))&limit=1&offset=0", |c| found(c, field("a").n("b").eq(true) | !R::lookup("c__null", true))),
    (25, "GET /products?ordering(name,-created)&limit=1&offset=0", |c| first(&products(c).all().order_by(["name", "-created"]))),
    (26, "GET /products?ordering(+name)&limit=1&offset=0", |c| first(&products(c).all().order_by(["+name"]))),
    (27, "GET /products?ordering(name,-created)&limit=1&offset=0", |c| first(&products(c).all().order_by(["name"]).order_by(["-created"]))),
    (28, "GET /products?select(name,-items)&limit=1&offset=0", |c| first(&products(c).all().select(["name", "-items"]))),
    (29, "GET /products?limit=1&offset=0&search=term", |c| first(&products(c).all().search("term"))),
    (30, "GET /products?limit=1&offset=0&search=two+words", |c| first(&products(c).all().search("two words"))),
    (31, "GET /products?limit=1&offset=0&search=a%26b", |c| first(&products(c).all().search("a&b"))),
    (32, "GET /products?limit=1&offset=0&search=a%2Bb", |c| first(&products(c).all().search("a+b"))),
    (33, "GET /products?limit=1&offset=0&search=%22x%2Cy%22", |c| first(&products(c).all().search("\"x,y\""))),
    (34, "GET /products?limit=1&offset=0&search=caf%C3%A9", |c| first(&products(c).all().search("café"))),
    (35, "GET /products?select(-items)&eq(status,draft)&ordering(-id)&limit=1&offset=0&search=zz", |c| first(&products(c).filter(R::lookup("status", "draft")).select(["-items"]).order_by(["-id"]).search("zz").limit(7))),
    (36, "GET /products?select(a)&eq(b,1)&ordering(-id)&limit=1&offset=0", |c| first(&products(c).all().order_by(["-id"]).select(["a"]).filter(R::lookup("b", 1)))),
    (37, "GET /products?x=1&limit=1&offset=0", |c| first(&products(c).all().configure(Configure::new().param("x", "1")))),
    (38, "GET /products?x=a+b&limit=1&offset=0", |c| first(&products(c).all().configure(Configure::new().param("x", "a b").param("limit", "9")))),
    (39, "GET /products/PRD-1", |c| run(products(c).resource("PRD-1").get()).map(drop)),
    (40, "GET /products/7", |c| run(products(c).resource(7).get()).map(drop)),
    (41, "GET /products/PRD-1?select=a", |c| run(products(c).resource("PRD-1").get().query("select", "a")).map(drop)),
    (42, "GET /products/a/b", |c| run(products(c).resource("a/b").get()).map(drop)),
    (43, "GET /products/a%20b", |c| run(products(c).resource("a b").get()).map(drop)),
    (44, "GET /products/a?b", |c| run(products(c).resource("a?b").get()).map(drop)),
    (45, "GET /products/PRD-1/items?limit=1&offset=0", |c| first(&products(c).resource("PRD-1").collection("items").all())),
    (46, "GET /products/PRD-1/item-groups/IG-1", |c| run(products(c).resource("PRD-1").collection("item-groups").resource("IG-1").get()).map(drop)),
    (47, "GET /subscriptions/assets?eq(id,AS-1)&limit=1&offset=0", |c| first(&c.ns("subscriptions").collection("assets").filter(R::lookup("id", "AS-1")))),
    (48, "POST /a/b/c/d/e-f/g", |c| run(c.ns("a").ns("b").collection("c").resource("d").collection("e-f").action("g").post(())).map(drop)),
    (49, "GET /my-collection?limit=1&offset=0", |c| first(&c.collection("my-collection").all())),
    (50, "GET /my_collection?limit=1&offset=0", |c| first(&c.collection("my_collection").all())),
    (51, "GET /my_ns/my-col?limit=1&offset=0", |c| first(&c.ns("my_ns").collection("my-col").all())),
    (52, "POST /products/PRD-1/end_sale", |c| run(products(c).resource("PRD-1").action("end_sale").post(())).map(drop)),
    (53, "GET /products/export", |c| run(products(c).action("export").get()).map(drop)),
    (54, "GET /products?eq(a,1)&limit=5", |c| run(c.get("products?eq(a,1)").query("limit", "5")).map(drop)),
    (55, "GET /products", |c| run(c.get("products")).map(drop)),
    (56, "GET //products", |c| run(c.get("/products")).map(drop)),
    (57, "GET /https://other.example/x", |c| run(c.get("https://other.example/x")).map(drop)),
    (58, "POST /products [{\"a\": 1}]", |c| run(products(c).bulk_create(&[json!({"a": 1})])).map(drop)),
    (59, "PUT /products [{\"id\": 1}]", |c| run(products(c).bulk_update(&[json!({"id": 1})])).map(drop)),
    (60, "DELETE /products [{\"id\": 1}]", |c| run(products(c).bulk_delete(&[json!({"id": 1})])).map(drop)),
    (61, "DELETE /products", |c| run(products(c).bulk_delete(&[] as &[Value])).map(drop)),
    (62, "POST /products", |c| run(products(c).create(json!({}))).map(drop)),
    (63, "POST /products {\"n\": \"\\u00e9\"}", |c| run(products(c).create(json!({"n": "é"}))).map(drop)),
    (64, "PUT /products/P {\"n\": 1.0}", |c| run(products(c).resource("P").update(json!({"n": 1.0}))).map(drop)),
];

/// Where ours differs on purpose: number, what ours sends, why (defect rows are those of section 15).
#[rustfmt::skip]
const DEVIATIONS: &[(u32, &str, &str)] = &[
    (11, "GET /products?eq(name,%22it's%22)&limit=1&offset=0", "row 4: quoted, else the service cannot read it"),
    (13, "GET /products?eq(name,%2250%25%22)&limit=1&offset=0", "row 4: quoted, else the service cannot read it"),
    (14, "GET /products?eq(name,%2250%2525%22)&limit=1&offset=0", "2.9: each value is encoded once, so `50%25` arrives as it was given"),
    (16, "GET /products?eq(name,%22a%23b%22)&limit=1&offset=0", "2.9: nothing is cut off"),
    (17, "GET /products?eq(name,%22a%26b%22)&limit=1&offset=0", "row 4, 2.9: quoted, and `&` within a value escaped"),
    (18, "GET /products?eq(name,%22a%7Cb%22)&limit=1&offset=0", "row 4: quoted, else the service cannot read it"),
    (19, "GET /products?eq(name,%22%5Bx%5D%22)&limit=1&offset=0", "row 4: quoted, else the service cannot read it"),
    (21, "GET /products?eq(name,%22%3Cx%3E%22)&limit=1&offset=0", "row 4: quoted, else the service cannot read it"),
    (30, "GET /products?limit=1&offset=0&search=two%20words", "2.9: a blank is `%20`, as the async client sends it; a `+` is one for the service"),
    (38, "GET /products?x=a%20b&limit=1&offset=0", "2.9: a blank is `%20`, as the async client sends it"),
    (42, "GET /products/a%2Fb", "row 16: an identifier is one segment"),
    (44, "GET /products/a%3Fb", "row 16: an identifier is one segment"),
    (56, "GET /products", "2.1: a slash in front makes no other path"),
    (57, "refused: path: must be relative to the endpoint", "2.1: an absolute URL is refused, not appended"),
    (58, "POST /products [{\"a\":1}]", "2.3: JSON as the async client writes it"),
    (59, "PUT /products [{\"id\":1}]", "2.3: JSON as the async client writes it"),
    (60, "DELETE /products [{\"id\":1}]", "2.3: JSON as the async client writes it"),
    (61, "refused: payload: must not be empty", "row 14: never a bulk delete without a list"),
    (62, "POST /products {}", "row 15: an object that is given is sent"),
    (63, "POST /products {\"n\":\"é\"}", "2.3: JSON as the async client writes it"),
    (64, "PUT /products/P {\"n\":1.0}", "2.3: JSON as the async client writes it"),
];

#[test]
fn every_url_vector_is_sent_as_the_original_sends_it_or_deviates_for_a_named_reason() {
    assert_eq!(VECTORS.len(), 64);
    let deviations: BTreeMap<u32, &str> =
        DEVIATIONS.iter().map(|(number, ours, _)| (*number, *ours)).collect();
    let mut wrong = Vec::new();
    for (number, original, expression) in VECTORS {
        let expected = deviations.get(number).unwrap_or(original);
        let got = sent(*expression);
        if got != *expected {
            wrong.push(format!("{number}: expected {expected}\n      got      {got}"));
        }
        assert!(deviations.get(number) != Some(original), "{number} does not deviate");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Values that the raw door sends as the original does; the two it cannot are those where text would be lost.
#[test]
fn the_raw_door_sends_values_as_the_original_does() {
    for (value, escaped) in [
        ("\"*a,b*\"", "%22*a,b*%22"),
        ("it's", "it's"),
        ("50%", "50%25"),
        ("a&b", "a&b"),
        ("a|b", "a%7Cb"),
        ("[x]", "%5Bx%5D"),
        ("a\\b", "a%5Cb"),
        ("<x>", "%3Cx%3E"),
        ("a#b", "a%23b"),
        ("50%25", "50%2525"),
    ] {
        let service = Service::default();
        run(products(&client(&service)).filter(R::lookup_raw("name", value)).first()).unwrap();
        let expected = format!("GET /products?eq(name,{escaped})&limit=1&offset=0");
        assert_eq!(service.0.lock().unwrap()[0], expected);
    }
}

/// The slices of section 8.5, on a service with 250 resources instead of 7.
#[test]
fn slices_ask_for_what_they_hold() {
    let asked = |make: fn(&Client) -> ResourceSet| {
        let service = Service::default();
        let ids: Vec<u64> = run(make(&client(&service)).collect())
            .unwrap()
            .iter()
            .map(|item| item["id"].as_u64().unwrap())
            .collect();
        let places: Vec<String> =
            service.0.lock().unwrap().iter().map(|line| line[14..].to_owned()).collect();
        (places.join(" "), ids.first().copied().zip(ids.last().copied()))
    };
    let all = |client: &Client| products(client).all();
    assert_eq!(asked(|c| products(c).all().slice(2..5)), ("limit=3&offset=2".into(), Some((2, 4))));
    let (places, ends) = asked(|c| products(c).all().limit(2).slice(1..6));
    assert_eq!(places, "limit=2&offset=1 limit=2&offset=3 limit=1&offset=5");
    assert_eq!(ends, Some((1, 5)));
    assert_eq!(asked(|c| products(c).all().slice(300..310)), ("limit=10&offset=300".into(), None));
    assert_eq!(asked(|c| products(c).all().slice(100..).limit(100).slice(..3)).0, "limit=3&offset=100");
    assert_eq!(asked(|c| products(c).all().slice(3..3)), (String::new(), None));
    assert_eq!(
        asked(|c| products(c).all().slice(200..).limit(30)).0,
        "limit=30&offset=200 limit=30&offset=230"
    );

    let service = Service::default();
    let client = client(&service);
    assert_eq!(run(all(&client).slice(2..6).count()).unwrap(), 4);
    assert_eq!(run(all(&client).slice(248..).count()).unwrap(), 2);
    assert_eq!(run(all(&client).slice(10..20).first()).unwrap().unwrap()["id"], 10);
    assert_eq!(run(all(&client).slice(10..20).nth(3)).unwrap().unwrap()["id"], 13);
    assert_eq!(run(all(&client).slice(10..20).slice(2..4).first()).unwrap().unwrap()["id"], 12);
    assert_eq!(run(all(&client).nth(999)).unwrap(), None);
    #[expect(clippy::reversed_empty_ranges, reason = "the wrong argument is the test")]
    let backwards = all(&client).slice(5..3);
    for refused in [all(&client).limit(0), backwards] {
        assert_eq!(run(refused.collect()).unwrap_err().kind(), pentad_core::ErrorKind::Invalid);
    }
    assert!(run(all(&client).slice(0..2).nth(2)).is_err());
}
