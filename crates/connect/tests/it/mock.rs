//! The mock of the service.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use pentad_connect::mock::Mock;
use pentad_connect::{Client, Configure, ErrorExt, Multipart, Payload, R, field};
use pentad_core::ErrorKind;
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use serde_json::{Value, json};

fn client(mock: &Mock) -> Client {
    let client = mock.client();
    client.with(|session| session.clock(ManualClock::auto().shared()))
}

fn numbers(range: std::ops::Range<u32>) -> Vec<Value> {
    range.map(|id| json!({ "id": id })).collect()
}

#[test]
fn every_verb_is_expected_on_the_path_where_it_is_called() {
    let mock = Mock::new();
    mock.ns("ns").collection("c").create().body(json!({"a": 1})).reply(json!({"id": 1}));
    mock.collection("c").bulk_create().reply(json!([{"id": 1}]));
    mock.collection("c").bulk_update().reply(json!([]));
    mock.collection("c").bulk_delete().body(json!([{"id": 1}]));
    let resource = mock.collection("c").resource("R");
    resource.get().reply(json!({"x": {"y": 2}})).times(2);
    resource.update().body(json!({"b": 2})).reply(json!({"b": 2}));
    resource.delete();
    resource.action("act").get().reply_bytes("text/plain", "hello");
    resource.action("act").post();
    resource.action("act").put();
    resource.action("act").delete();
    mock.collection("c").resource("gone").exists(false);
    mock.execute(Method::PATCH, "any/path?x=1").reply(json!(7));

    let client = client(&mock);
    assert_eq!(run(client.ns("ns").collection("c").create(json!({"a": 1}))).unwrap()["id"], 1);
    run(client.collection("c").bulk_create(&[json!({})])).unwrap();
    run(client.collection("c").bulk_update(&[json!({})])).unwrap();
    run(client.collection("c").bulk_delete(&[json!({"id": 1})])).unwrap();
    let resource = client.collection("c").resource("R");
    run(resource.get()).unwrap();
    assert_eq!(run(resource.values(["x.y"])).unwrap()["x.y"], 2);
    run(resource.update(json!({"b": 2}))).unwrap();
    run(resource.delete()).unwrap();
    assert_eq!(run(resource.action("act").get()).unwrap().text(), "hello");
    run(resource.action("act").post(())).unwrap();
    run(resource.action("act").put(())).unwrap();
    run(resource.action("act").delete(())).unwrap();
    assert!(!run(client.collection("c").resource("gone").exists()).unwrap());
    assert_eq!(
        run(client.execute(&Method::PATCH, "any/path", ()).query("x", "1")).unwrap().value().unwrap(),
        7
    );
    mock.verify().unwrap();
    assert_eq!(mock.requests().len(), 14);
}

#[test]
fn queries_are_compared_by_meaning_and_listings_are_paged_as_asked() {
    let mock = Mock::new();
    let filter = || field("a").eq("x, y") & !field("b").in_([1, 2]);
    let set =
        mock.collection("c").filter(filter()).select(["id", "-x"]).order_by(["-id"]).search("two words");
    set.list(numbers(0..5));
    let client = client(&mock);
    let other_words = R::raw("and(out(b,(2,1)),eq(a,\"x, y\"))");
    let asked = client.collection("c").all().order_by(["-id"]).search("two words").filter(other_words);
    let found = run(asked.clone().select(["-x", "id"]).limit(2).collect()).unwrap();
    assert_eq!(found, numbers(0..5));
    mock.verify().unwrap();
    // The same once more was not expected, nor was another selection.
    assert!(run(asked.collect()).is_err());
    assert_eq!(mock.verify().unwrap_err().unexpected.len(), 1);
}

#[test]
fn slices_counts_and_positions_are_their_own_expectations() {
    let mock = Mock::new();
    let set = mock.collection("c").all();
    set.clone().slice(2..6).list(numbers(0..10));
    set.count(42);
    set.first(Some(json!({"id": "first"})));
    set.nth(7, Some(json!({"id": "seventh"})));
    set.nth(9, None);
    let asked = client(&mock).collection("c").all().limit(3);
    assert_eq!(run(asked.count()).unwrap(), 42);
    assert_eq!(run(asked.first()).unwrap().unwrap()["id"], "first");
    assert_eq!(run(asked.nth(7)).unwrap().unwrap()["id"], "seventh");
    assert_eq!(run(asked.nth(9)).unwrap(), None);
    assert_eq!(run(asked.slice(2..6).collect()).unwrap(), numbers(2..6));
    mock.verify().unwrap();
}

#[test]
fn the_report_names_what_was_not_met_and_what_was_not_expected() {
    let mock = Mock::new();
    mock.collection("c").resource("R").get().times(2);
    mock.collection("c").filter(field("a").eq(1)).list(numbers(0..4));
    mock.collection("d").create().any_times();
    let client = client(&mock);
    run(client.collection("c").resource("R").get()).unwrap();
    run(client.collection("c").filter(field("a").eq(1)).limit(2).list()).unwrap();
    let error = run(client.collection("c").filter(field("a").eq(2)).first()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert!(error.message().contains("GET c?eq(a,2)"), "{error}");
    let report = mock.verify().unwrap_err();
    assert_eq!(
        report.to_string(),
        "expected and not asked:\n  GET c/R: asked once, expected twice\n  GET c?eq(a,1) (all 4): not read to its end\n\
         asked and not expected:\n  GET c?eq(a,2)&limit=1&offset=0; nearest: GET c?eq(a,1) (all 4) (the query is eq(a,1))\n"
    );
    mock.reset();
    mock.verify().unwrap();
}

#[test]
fn answers_come_in_turn_and_errors_have_the_service_s_shape() {
    let mock = Mock::new();
    let resource = mock.collection("c").resource("R");
    let expectation = resource
        .get()
        .reply(json!({"n": 1}))
        .then()
        .fail(StatusCode::BAD_REQUEST, "VAL_001", &["a", "b"])
        .then()
        .break_connection();
    let client = client(&mock);
    assert_eq!(run(client.collection("c").resource("R").get()).unwrap()["n"], 1);
    let error = run(client.collection("c").resource("R").get()).unwrap_err();
    assert_eq!((error.error_code(), error.errors()), (Some("VAL_001"), vec!["a".to_owned(), "b".to_owned()]));
    let error = run(client.collection("c").resource("R").get()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert_eq!(expectation.count(), 3);
    mock.verify().unwrap();
}

#[test]
fn expectations_in_order_are_met_in_order() {
    let mock = Mock::new().in_order();
    mock.collection("a").create();
    mock.collection("b").create();
    let client = client(&mock);
    assert!(run(client.collection("b").create(json!({}))).is_err());
    run(client.collection("a").create(json!({}))).unwrap();
    run(client.collection("b").create(json!({}))).unwrap();
    let report = mock.verify().unwrap_err();
    assert!(report.unmet.is_empty() && report.unexpected[0].contains("not its turn"), "{report}");
}

#[test]
fn bodies_headers_and_parameters_are_demanded() {
    let mock = Mock::new();
    let (name, value) = (HeaderName::from_static("x-a"), HeaderValue::from_static("1"));
    mock.collection("c")
        .create()
        .body(json!({"a": 1}))
        .with_header(name.clone(), value.clone())
        .param("p", "q");
    let client = client(&mock);
    let wrong = run(client.collection("c").create(json!({"a": 2}))).unwrap_err();
    for part in ["the body is {\"a\":1}", "the header x-a is 1", "the parameters are p=q"] {
        assert!(wrong.message().contains(part), "{wrong}");
    }
    run(client.collection("c").create(json!({"a": 1})).header(name, value).query("p", "q")).unwrap();
}

#[test]
fn a_stored_collection_behaves() {
    let mock = Mock::new();
    let item = |id: &str, size: u32, name: &str| json!({"id": id, "size": size, "name": name, "events": {}});
    mock.collection("products").store([item("A", 3, "Disk"), item("B", 1, "Tape"), item("C", 2, "disk too")]);
    let client = client(&mock);
    let products = client.collection("products");
    let ids = |set: &pentad_connect::ResourceSet| -> Vec<String> {
        let all = run(set.collect()).unwrap();
        all.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&products.all().order_by(["size"]).limit(2)), ["B", "C", "A"]);
    assert_eq!(ids(&products.filter(field("name").ilike("disk*") & field("size").gt(2))), ["A"]);
    assert_eq!(ids(&products.all().search("tape")), ["B"]);
    assert!(run(products.all().select(["-events"]).first()).unwrap().unwrap().get("events").is_none());
    assert_eq!(run(products.all().count()).unwrap(), 3);
    let made = run(products.create(json!({"name": "New"}))).unwrap();
    let made = products.resource(made["id"].as_str().unwrap());
    run(made.update(json!({"size": 9}))).unwrap();
    assert_eq!(run(made.get()).unwrap()["size"], 9);
    run(made.delete()).unwrap();
    assert!(!run(made.exists()).unwrap());
    run(products.bulk_delete(&[json!({"id": "A"})])).unwrap();
    assert_eq!(run(products.all().count()).unwrap(), 2);
    mock.verify().unwrap();
}

#[test]
fn what_is_passed_goes_elsewhere() {
    let other = ScriptedTransport::new().answer(200, "{\"real\":true}");
    let mock = Mock::new().pass("real", other.shared());
    assert_eq!(run(client(&mock).at("real/thing").get()).unwrap()["real"], true);
    mock.verify().unwrap();
}

#[tokio::test]
async fn any_http_client_can_use_it_on_a_port() {
    let mock = Mock::new();
    mock.collection("c").filter(field("a").eq("x&y")).list(numbers(0..3));
    let server = mock.serve().await.unwrap();
    let client = Client::new("ApiKey SU-1:k".to_owned()).endpoint(server.endpoint());
    let client = client.retry(pentad_core::RetryPolicy::none()).build().unwrap();
    let set = client.collection("c").filter(field("a").eq("x&y")).limit(2);
    assert_eq!(set.collect().await.unwrap(), numbers(0..3));
    mock.verify().unwrap();
    let error = client.collection("nobody").resource(1).get().await.unwrap_err();
    assert_eq!((error.status(), error.error_code()), (Some(StatusCode::NOT_IMPLEMENTED), Some("MOCK_001")));
    assert_eq!(mock.verify().unwrap_err().unexpected, ["GET nobody/1"]);
    assert_eq!(mock.requests()[0].headers["authorization"], "ApiKey SU-1:k");
}

#[test]
fn what_is_not_json_is_answered_and_demanded_as_bytes_and_nothing_is_said_with_none() {
    let mock = Mock::new();
    let action = mock.collection("c").action("act");
    action.post().bytes("plain").reply_bytes("text/csv", "a,b");
    action.delete().body(None).reply(None);
    action.put().body(Value::Null).reply_bytes("application/json", " ").reply(None);
    let client = client(&mock);
    let action = client.collection("c").action("act");
    let answer = run(action.post(Payload::bytes("text/plain", "plain"))).unwrap();
    assert_eq!((answer.content_type(), answer.text()), (Some("text/csv"), "a,b".to_owned()));
    let refused = run(action.delete(Bytes::from_static(b"something"))).unwrap_err();
    assert!(refused.message().contains("there is no body"), "{refused}");
    assert!(run(action.delete(())).unwrap().is_empty());
    let answer = run(action.put(Value::Null)).unwrap();
    assert!(answer.is_empty() && answer.content_type().is_none());
    assert!(mock.verify().unwrap_err().unmet.is_empty());
}

#[test]
fn a_slice_of_a_slice_is_that_of_the_client() {
    let mock = Mock::new();
    let set = mock.collection("c").all();
    set.clone().slice(10..20).slice(2..4).list(numbers(0..30));
    set.clone().slice(10..20).nth(3, Some(json!({"id": 13})));
    set.slice(5..).slice(u64::MAX..).first(None);
    let asked = client(&mock).collection("c").all();
    assert_eq!(run(asked.clone().slice(10..20).slice(2..4).collect()).unwrap(), numbers(12..14));
    assert_eq!(run(asked.clone().slice(10..20).nth(3)).unwrap().unwrap()["id"], 13);
    assert_eq!(run(asked.slice(5..).slice(u64::MAX..).first()).unwrap(), None);
    mock.verify().unwrap();
}

#[test]
fn an_expectation_takes_all_that_a_set_takes() {
    let mock = Mock::new();
    let options = || {
        Configure::new()
            .param("x", "a&b")
            .param("search", "kept")
            .param("limit", "7")
            .header(HeaderName::from_static("x-a"), HeaderValue::from_static("1"))
    };
    let expected =
        mock.collection("c").filter(field("a").eq(1)).configure(Configure::new().param("lost", "1"));
    expected.configure(options()).limit(2).values_list(["id"]).list(numbers(0..3));
    let client = client(&mock);
    let bare = client.collection("c").filter(field("a").eq(1)).limit(2);
    let error = run(bare.first()).unwrap_err();
    for part in ["the parameters are x=a&b", "the search is kept", "the header x-a is 1"] {
        assert!(error.message().contains(part), "{error}");
    }
    let found = run(bare.configure(options()).values_list(["id"]).all()).unwrap();
    assert_eq!(json!(found), json!(numbers(0..3)));
}

#[test]
fn a_filter_with_any_value_meets_its_expectation() {
    let mut random = fastrand::Rng::with_seed(11);
    let pieces = [
        "(", ")", "\"", "'", "&", "=", "+", "%", "%26", ",", "a", " ", "*", "\\", "é", "limit=3", "#", "?",
        "|", ";",
    ];
    let mut met = 0;
    for _ in 0..2_000 {
        let text: String = (0..random.usize(1..6)).map(|_| pieces[random.usize(..pieces.len())]).collect();
        let filter = || field("name").eq(text.as_str()) & field("n").gt(1);
        // Both kinds of quotes in one value cannot be written.
        if filter().to_rql().is_err() {
            continue;
        }
        let mock = Mock::new();
        mock.collection("c").filter(filter()).search(&*text).list(numbers(0..3));
        let set = client(&mock).collection("c").filter(filter()).search(&*text).limit(2);
        assert_eq!(run(set.collect()).unwrap_or_else(|error| panic!("{text:?}: {error}")), numbers(0..3));
        mock.verify().unwrap();
        met += 1;
    }
    assert!(met > 1_000, "{met}");
}

#[test]
fn the_short_form_of_a_condition_is_one_on_both_sides() {
    let mock = Mock::new();
    mock.collection("c").filter("a=1").filter("b=gt=2").list(numbers(0..1));
    mock.collection("d").store([json!({"id": "x", "size": 5}), json!({"id": "y", "size": 7})]);
    let client = client(&mock);
    assert_eq!(run(client.collection("c").filter("b=gt=2").filter("a=1").collect()).unwrap(), numbers(0..1));
    for (filter, id) in [("size=5", "x"), ("size=gt=5", "y")] {
        let found = run(client.collection("d").filter(filter).collect()).unwrap();
        assert_eq!((found.len(), &found[0]["id"]), (1, &json!(id)), "{filter}");
    }
}

#[test]
fn a_page_of_its_own_can_be_demanded_of_any_method() {
    let mock = Mock::new();
    let page = mock.execute(Method::GET, "c?eq(a,1)&limit=2&offset=4&search=x");
    page.reply(json!([7]));
    let client = client(&mock);
    let wrong = run(client.get("c?eq(a,1)&limit=2&offset=2&search=x")).unwrap_err();
    assert!(wrong.message().contains("the parameters are limit=2&offset=4"), "{wrong}");
    assert_eq!(run(client.get("c?eq(a,1)&limit=2&offset=4&search=x")).unwrap().value().unwrap(), json!([7]));
}

#[test]
fn requests_of_any_kind_can_be_passed_on() {
    let other = ScriptedTransport::new().answer(200, "{\"real\":true}").answer(200, "{\"real\":true}");
    let mock = Mock::new().pass_if(
        |method, path| method == Method::GET && (path.starts_with("a/") || path.ends_with("-live")),
        other.shared(),
    );
    mock.at("a/thing").update().reply(json!({"real": false}));
    let client = client(&mock);
    assert_eq!(run(client.at("a/thing").get()).unwrap()["real"], true);
    assert_eq!(run(client.at("b-live").get()).unwrap()["real"], true);
    assert_eq!(run(client.at("a/thing").update(json!({}))).unwrap()["real"], false);
    mock.verify().unwrap();
}

#[test]
fn no_debug_of_a_request_shows_secrets() {
    let mock = Mock::new();
    mock.collection("c").create().any_query().reply(json!({}));
    let call = client(&mock).collection("c").create(json!({"password": "canary"}));
    run(call.query("token", "canary")).unwrap();
    let shown = format!("{:?}", mock.requests());
    assert!(!shown.contains("canary") && !shown.contains("SU-000-000-000:mock"), "{shown}");
    let form = Multipart::new().text("password", "canary").bytes("f", "n.txt", "text/plain", "canary");
    let shown =
        format!("{form:?} {:?} {:?}", Payload::from(json!("canary")), Payload::bytes("text/plain", "canary"));
    assert!(!shown.contains("canary") && shown.contains("n.txt"), "{shown}");
}
