//! Input that nobody sends by accident.

use http::Method;
use pentad_server::Service;
use pentad_server::http::Inbound;
use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn bodies_that_are_no_objects_are_refused() {
    let w = World::new().await;
    for body in [
        "{",
        "5",
        "\"x\"",
        "null",
        "[[]]",
        "{\"a\": \"\\u0000\"}",
        "{\"a\\u0000\": 1}",
        "{\"a\": \"\\ud800\"}",
    ] {
        let refused = w.call(Method::POST, "things", body).await;
        assert_eq!((refused.status, refused.error().1.as_str()), (400, "VAL_001"), "{body:?}");
    }
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(w.call(Method::POST, "things", deep).await.status, 400);
    assert_eq!(w.get("things").await.with(200), json!([]));
}

#[tokio::test]
async fn bodies_of_other_forms_are_told_from_broken_json() {
    let w = World::new().await;
    w.post("things", json!({"id": "a"})).await.with(201);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/xml; charset=utf-8"] {
        for (method, path) in [(Method::POST, "things"), (Method::PUT, "things")] {
            let refused = w.send(Some(&w.key), kind, method, path, "a=1").await;
            assert_eq!((refused.status, refused.error().1.as_str()), (415, "HTTP_415"), "{kind}");
        }
        assert_eq!(
            w.send(Some(&w.key), kind, Method::POST, "empties", "").await.status,
            201,
            "no body is of no kind"
        );
    }
    for kind in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
        "text/json",
        "",
    ] {
        assert_eq!(w.send(Some(&w.key), kind, Method::POST, "things", "{}").await.status, 201, "{kind}");
    }
    assert_eq!(w.call(Method::POST, "marked", "\u{feff}{\"id\": \"a\"}").await.status, 201);
    let mut packed = Inbound::local(Method::POST, "/public/v1/things", "{}");
    for (name, value) in [("authorization", w.key.as_str()), ("content-encoding", "gzip")] {
        packed.headers.insert(name, value.parse().unwrap());
    }
    assert_eq!(w.connect.handle(packed).await.status, 415);
}

#[tokio::test]
async fn numbers_that_would_come_back_as_others_are_refused() {
    let w = World::new().await;
    for body in [
        r#"{"n": 123456789012345678901234567890}"#,
        r#"{"a": [{"n": 0.10000000000000000001}]}"#,
        r#"[{"id": "a"}, {"n": {"deep": [-9223372036854775809]}}]"#,
    ] {
        let refused = w.call(Method::POST, "things", body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.error().2[0].contains("more digits than are kept"), "{body}");
    }
    assert_eq!(w.get("things").await.with(200), json!([]));
    let kept = r#"{"id":"k","a":18446744073709551615,"b":-9223372036854775808,"c":0.30000000000000004,"d":"123456789012345678901"}"#;
    w.call(Method::POST, "things", kept).await.with(201);
    let text = w.get("things/k?select(-events)").await.text;
    assert_eq!(text, kept);
}

#[tokio::test]
async fn objects_of_too_many_values_are_refused_and_large_ones_are_not() {
    let w = World::new().await;
    let values = |count: i64| json!({"id": format!("v{count}"), "a": (0..count).collect::<Vec<i64>>()});
    w.post("things", values(15_000)).await.with(201);
    assert_eq!(w.get("things?a=14999").await.ids(), ["v15000"]);
    assert_eq!(w.post("things", values(30_000)).await.status, 400);
    let text = "long ".repeat(200_000);
    w.post("things", json!({"id": "text", "a": text})).await.with(201);
    assert_eq!(w.get("things?ilike(a,long*LONG )").await.status, 200);
}

#[tokio::test]
async fn pages_of_large_objects_come_whole_and_in_order() {
    let w = World::new().await;
    let text = "x".repeat(300_000);
    for n in 0..20 {
        w.post("things", json!({"id": format!("t{n:02}"), "n": n, "text": text})).await.with(201);
    }
    let page = w.get("things?limit=1000&ordering(-n)").await;
    assert_eq!(page.range.as_deref(), Some("items 0-19/20"));
    let ids: Vec<String> = (0..20).rev().map(|n| format!("t{n:02}")).collect();
    assert_eq!(page.ids(), ids);
    let short = w.get("things?limit=1000&select(-text)").await;
    assert_eq!(short.ids().len(), 20);
    let short = short.with(200);
    assert_eq!((&short[7]["n"], short[7].get("text")), (&json!(7), None));
}

#[tokio::test]
async fn queries_beyond_all_measure_are_refused() {
    let w = World::new().await;
    w.post("things", json!({"id": "a"})).await.with(201);
    let many: Vec<String> = (0..5000).map(|n| format!("eq(a,{n})")).collect();
    let long = "x".repeat(5000);
    for query in [
        format!("or({})", many.join(",")),
        format!("{}eq(a,1){}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("like(a,*{long}*)"),
        format!("eq({},1)", vec!["a"; 100].join(".")),
        "eq(a,%00)".to_owned(),
    ] {
        assert_eq!(w.get(&format!("things?{query}")).await.status, 400, "{:.40}", query);
    }
    let stars = "*a".repeat(500);
    w.post("things", json!({"id": "b", "a": "a".repeat(100_000)})).await.with(201);
    assert_eq!(w.get(&format!("things?like(a,{stars}b)")).await.ids(), Vec::<String>::new());
}

#[tokio::test]
async fn paths_of_any_bytes_are_answered() {
    let w = World::new().await;
    let long = "x".repeat(5000);
    for path in ["%ff", "%00", "..", ".", "a/../b", "{id}", "%2F", "", "?", "//", long.as_str()] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            let answer = w.call(method.clone(), path, "{}").await;
            assert!((200..500).contains(&answer.status), "{method} {path}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn objects_with_many_different_members_cost_no_more_than_their_size() {
    let w = World::new().await;
    let list: Vec<Value> = (0..9000).map(|n| json!({format!("m{n}"): n})).collect();
    w.post("things", json!({"id": "a", "list": list})).await.with(201);
    assert_eq!(w.get("things?list.m5=5").await.ids(), ["a"]);
    assert_eq!(w.get("things?eq(list.m5,null())").await.ids(), ["a"]);
}

#[tokio::test]
async fn a_foreign_key_is_let_in_nowhere_and_changes_nothing() {
    let w = World::new().await;
    w.post("products", json!({"id": "PRD-1", "n": 1})).await.with(201);
    let secret = w.key.rsplit_once(':').unwrap().0.to_owned();
    let keys = [
        None,
        Some(""),
        Some("ApiKey"),
        Some("ApiKey SU-999-999-999:stranger"),
        Some("Bearer x"),
        Some(secret.as_str()),
        Some(w.key.trim_start_matches("ApiKey ")),
    ];
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"];
    for key in keys {
        for method in methods {
            for path in
                ["products", "products/PRD-1", "products/PRD-1/items", "products/PRD-1/act", "none", ""]
            {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let answer = w.call_as(key, method.clone(), path, "[{\"id\": \"PRD-1\", \"n\": 2}]").await;
                assert_eq!(answer.status, 401, "{key:?} {method} {path}");
            }
        }
    }
    assert_eq!(w.get("products/PRD-1").await.with(200)["n"], 1);
}

#[tokio::test]
async fn huge_and_deep_filters_are_answered_or_refused_at_once() {
    let w = World::new().await;
    w.post("things", json!({"id": "a", "n": 7})).await.with(201);
    let list = |count: u32| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(w.get(&format!("things?in(n,({}))", list(4_000))).await.ids(), ["a"]);
    for query in [
        format!("in(n,({}))", list(50_000)),
        format!("{}eq(n,7){}", "not(".repeat(5_000), ")".repeat(5_000)),
        format!("eq({},1)", vec!["a"; 200].join(".")),
        format!("like(n,*{}*)", "x*".repeat(5_000)),
        format!("search={}", "x".repeat(10_000)),
        vec!["eq(n,7)"; 20_000].join("&"),
        format!("ordering({})", vec!["n"; 50].join(",")),
        format!("eq(n,{})", "t(eq(n,1))".repeat(900)),
    ] {
        let answer = w.get(&format!("things?{query}")).await;
        assert_eq!(answer.status, 400, "{}: {}", &query[..40], answer.text);
    }
}
