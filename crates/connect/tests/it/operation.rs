//! Namespaces, collections, resources, actions (reference 4 to 7): what each sends and what it makes of the answer.

use futures_util::StreamExt;
use http::Method;
use pentad_connect::{Answer, Client};
use pentad_core::{Call, ErrorKind, Result};
use pentad_testkit::{ScriptedTransport, run};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{client, is_decode, json as answer};

/// The request of a call as `METHOD /path body`.
fn sent<T>(call: &Call<T>) -> String {
    let request = call.request().unwrap();
    let body = match &request.body {
        pentad_core::Body::Bytes(bytes) => format!(" {}", String::from_utf8_lossy(bytes)),
        _ => String::new(),
    };
    format!("{} {}{body}", request.method, request.path_and_query())
}

#[test]
fn namespaces_collections_resources_and_actions_nest_to_any_depth() {
    let client = client(&ScriptedTransport::new());
    let service = client.ns("devops").collection("services").resource("SRVC-1");
    let variables = service.collection("environments").resource("ENV-1").collection("variables");
    assert_eq!(
        sent(&variables.resource(7).get()),
        "GET /devops/services/SRVC-1/environments/ENV-1/variables/7"
    );
    let stop = service.action("stop");
    assert_eq!(
        (service.path(), stop.path()),
        ("devops/services/SRVC-1".into(), "devops/services/SRVC-1/stop".into())
    );
    let nested = client.ns("offers").ns("more").collection("things").action("export");
    assert_eq!(sent(&nested.get()), "GET /offers/more/things/export");
}

#[test]
fn every_verb_of_an_action_sends_its_method_and_body() {
    let client = client(&ScriptedTransport::new());
    let action = client.collection("products").resource("PRD-1").action("endsale");
    let path = "/products/PRD-1/endsale";
    let calls: [(Call<Answer>, String); 7] = [
        (action.get(), format!("GET {path}")),
        (action.post(json!({"a": 1})), format!("POST {path} {{\"a\":1}}")),
        (action.post(()), format!("POST {path}")),
        (action.put(json!([1])), format!("PUT {path} [1]")),
        (action.put(()), format!("PUT {path}")),
        (action.delete(()), format!("DELETE {path}")),
        (action.delete(json!("why")), format!("DELETE {path} \"why\"")),
    ];
    for (call, expected) in calls {
        assert_eq!(sent(&call), expected);
    }
}

#[test]
fn an_action_s_answer_of_any_size_is_read_while_it_arrives() {
    let script = ScriptedTransport::new()
        .answer_with(200, ("content-type", "application/vnd.ms-excel"), vec![7_u8; 300_000])
        .answer(404, "{\"error_code\":\"RES_001\",\"errors\":[\"gone\"]}");
    let action = client(&script).collection("products").action("export");
    let length = run(async {
        let mut pieces = action.download().await?;
        let mut length = 0;
        while let Some(piece) = pieces.next().await {
            length += piece?.len();
        }
        Ok::<_, pentad_core::Error>(length)
    });
    assert_eq!(length.unwrap(), 300_000);
    let error = run(action.download()).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_resource_is_read_changed_and_removed() {
    let script = ScriptedTransport::new()
        .answer(200, "{\"id\":\"P\",\"n\":1}")
        .answer(200, "{\"id\":\"P\",\"n\":2}")
        .answer(204, "")
        .answer(200, "{\"gone\":true}");
    let resource = client(&script).collection("p").resource("P");
    assert_eq!(run(resource.get()).unwrap(), json!({"id": "P", "n": 1}));
    assert_eq!(run(resource.update(json!({"n": 2}))).unwrap()["n"], 2);
    assert_eq!(run(resource.delete()).unwrap(), Value::Null);
    assert_eq!(run(resource.delete_with(json!({"reason": "old"}))).unwrap(), json!({"gone": true}));
    let requests = script.requests();
    let told: Vec<_> = requests.iter().map(|r| (r.method.as_str(), r.body.as_ref())).collect();
    let expected: [(&str, &[u8]); 4] =
        [("GET", b""), ("PUT", b"{\"n\":2}"), ("DELETE", b""), ("DELETE", b"{\"reason\":\"old\"}")];
    assert_eq!(told, expected);
    assert!(requests.iter().all(|request| request.path() == "/public/v1/p/P"));
}

#[test]
fn bulk_requests_send_their_list_and_take_a_list_nothing_or_one_document() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Item {
        id: u32,
    }
    type Bulk = fn(&Client) -> Call<Vec<Value>>;
    let bulk: [(Method, Bulk); 2] = [
        (Method::POST, |client| client.collection("p").bulk_create(&[json!({"id": 1})])),
        (Method::PUT, |client| client.collection("p").bulk_update(&[json!({"id": 1})])),
    ];
    for (method, call) in bulk {
        for (status, body, expected) in [
            (200, "[{\"id\":1},{\"id\":2}]", vec![json!({"id": 1}), json!({"id": 2})]),
            (204, "", vec![]),
            (200, " \n", vec![]),
            (206, " {\"results\":[]}", vec![json!({"results": []})]),
        ] {
            let script = answer(status, body);
            assert_eq!(run(call(&client(&script))).unwrap(), expected, "{method} {body}");
            let request = &script.requests()[0];
            assert_eq!((&request.method, request.body.as_ref()), (&method, &b"[{\"id\":1}]"[..]));
        }
    }
    let typed = |body: &str| -> Result<Vec<Item>> {
        run(client(&answer(200, body)).collection("p").typed::<Item>().bulk_update(&[json!({"id": 1})]))
    };
    assert_eq!(typed("[{\"id\":1}]").unwrap(), [Item { id: 1 }]);
    assert_eq!(typed("{\"id\":1}").unwrap(), [Item { id: 1 }]);
    assert!(is_decode(typed("{\"results\":[]}").unwrap_err().kind()));
    let script = answer(204, "");
    assert!(run(client(&script).collection("p").bulk_delete(&[json!({"id": 1})])).unwrap().is_empty());
    assert_eq!(
        (script.requests()[0].method.as_str(), script.requests()[0].body.as_ref()),
        ("DELETE", &b"[{\"id\":1}]"[..])
    );
}

#[test]
fn a_place_named_by_one_text_has_all_verbs() {
    let client = client(&ScriptedTransport::new());
    let (things, thing, act) = (client.at("a/things"), client.at("a/things/T"), client.at("a/things/T/act"));
    let one = [json!({"id": 1})];
    for (request, expected) in [
        (sent(&things.create(json!({}))), "POST /a/things {}"),
        (sent(&things.bulk_create(&one)), "POST /a/things [{\"id\":1}]"),
        (sent(&things.bulk_update(&one)), "PUT /a/things [{\"id\":1}]"),
        (sent(&things.bulk_delete(&one)), "DELETE /a/things [{\"id\":1}]"),
        (sent(&things.all().count()), "GET /a/things?limit=0&offset=0"),
        (sent(&thing.get()), "GET /a/things/T"),
        (sent(&thing.values(["id"])), "GET /a/things/T"),
        (sent(&thing.exists()), "GET /a/things/T"),
        (sent(&thing.update(json!({}))), "PUT /a/things/T {}"),
        (sent(&thing.delete()), "DELETE /a/things/T"),
        (sent(&act.post(())), "POST /a/things/T/act"),
        (sent(&act.put(json!(1))), "PUT /a/things/T/act 1"),
    ] {
        assert_eq!(request, expected);
    }
}

#[test]
fn raw_verbs_send_what_they_are_given_and_take_any_answer() {
    let client = client(&ScriptedTransport::new());
    let calls = [
        (client.get("a/b?eq(x,1)"), "GET /a/b?eq(x,1)"),
        (client.create("a", json!([])), "POST /a []"),
        (client.update("a/1", json!({})), "PUT /a/1 {}"),
        (client.delete("a/1", ()), "DELETE /a/1"),
        (client.execute(&Method::PATCH, "a/1", json!(1)), "PATCH /a/1 1"),
        (client.execute(&Method::HEAD, "a", ()), "HEAD /a"),
        (client.execute(&Method::OPTIONS, "a", ()), "OPTIONS /a"),
    ];
    for (call, expected) in calls {
        assert_eq!(sent(&call), expected);
    }
}
