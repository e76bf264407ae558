//! What holds for any input: paths keep their shape, secrets stay hidden, links stay at home.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Uri};
use pentad_core::auth::StaticHeader;
use pentad_core::redact;
use pentad_core::retry::Schedule;
use pentad_core::{Api, Call, Cursor, Op, Page, Secret, decode};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{GET, LIST, builder, session};

static FILE: Op = Op {
    id: "sample.file",
    routes: &[(Api("v1"), Method::PUT, "/files/{+path}/at/{token}")],
    idempotent: true,
    patience: Duration::ZERO,
    source: "test",
};

const CANARY: &str = "canary";

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A secret's name in one of its spellings.
fn secret_name() -> impl Strategy<Value = String> {
    let base = prop_oneof![
        Just("token".to_owned()),
        Just("api-key".to_owned()),
        Just("Client_Secret".to_owned()),
        Just("adminPass".to_owned()),
        Just("credentials".to_owned()),
        Just("URL-Signature".to_owned()),
        "[a-z]{0,6}[-_]?(password|secret|signature|passphrase)",
        "(X-)?[A-Z][a-z]{0,6}-(Token|TOKEN|token)",
    ];
    let listed = base.prop_filter("places in a listing are no secrets", |name| redact::is_secret(name));
    listed.boxed()
}

/// A document in which each secret is a canary and all else is not; or one without secrets.
fn document(secrets: bool) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z ]{0,8}x".prop_map(Value::from),
        Just(Value::Null),
    ];
    let secret = prop_oneof![
        "[a-z]{0,3}".prop_map(|tail| json!(format!("{CANARY}{tail}"))),
        Just(json!([CANARY, [CANARY]])),
        Just(json!([{"password": CANARY}])),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let hidden = (secret_name(), prop_oneof![secret.clone(), inner.clone()]);
        let open = ("[a-z]{1,4}x", inner.clone());
        let url = Just(("linkx".to_owned(), json!(format!("https://u:{CANARY}@h.test/p?a=1&sig={CANARY}"))));
        let property = Just(("propx".to_owned(), json!({"name": "password", "value": CANARY})));
        let member = if secrets { prop_oneof![hidden, open, url, property].boxed() } else { open.boxed() };
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            prop::collection::vec(member, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn shown(call: &Call<()>) -> String {
    format!("{} {call:?} {:?}", call.curl().unwrap(), call.request())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_path_keeps_its_shape_whatever_its_arguments(value in "\\PC{1,20}", tail in "\\PC{1,20}") {
        let path = format!("{value}/{tail}");
        let session = session(&ScriptedTransport::new(), &ManualClock::new());
        let request = session.op(&FILE).arg("path", path.as_str()).arg("token", tail.as_str()).request();
        let Ok(request) = request else {
            // Only what a server could take for another path is refused.
            let segments = || path.trim_matches('/').split('/').chain([tail.as_str()]);
            prop_assert!(segments().any(|segment| matches!(segment, "" | "." | "..")));
            return Ok(());
        };
        let uri: Uri = request.uri().unwrap();
        let given: Vec<String> = uri.path().split('/').skip(3).map(decoded).collect();
        let mut wanted: Vec<&str> = path.trim_matches('/').split('/').collect();
        wanted.extend(["at", tail.as_str()]);
        prop_assert_eq!(given, wanted);
        prop_assert_eq!(uri.query(), None);
    }

    #[test]
    fn a_query_is_read_as_it_was_given(pairs in prop::collection::vec(("\\PC{0,9}", "\\PC{0,9}"), 0..5)) {
        let session = session(&ScriptedTransport::new(), &ManualClock::new());
        let draft = session.op(&LIST);
        let draft = pairs.iter().fold(draft, |draft, (name, value)| draft.query(name.clone(), value.clone()));
        let uri = draft.request().unwrap().uri().unwrap();
        let query = uri.query().unwrap_or_default();
        let given: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        prop_assert_eq!(given, pairs);
    }

    #[test]
    fn no_secret_of_a_document_is_shown(document in document(true)) {
        let mut hidden = document.clone();
        redact::json(&mut hidden);
        let text = hidden.to_string();
        prop_assert!(!text.contains(CANARY), "{}", text);
        let mut again = hidden.clone();
        redact::json(&mut again);
        prop_assert_eq!(again, hidden);
    }

    #[test]
    fn a_document_without_secrets_is_shown_as_it_is(document in document(false)) {
        let mut shown = document.clone();
        redact::json(&mut shown);
        prop_assert_eq!(shown, document);
    }

    #[test]
    fn no_part_of_a_request_shows_a_secret(name in secret_name(), body in document(true), form in any::<bool>()) {
        let header = HeaderName::from_bytes(format!("x-{name}").as_bytes()).unwrap();
        let key = StaticHeader::new(HeaderName::from_static("x-anything"), Secret::new(CANARY));
        let session = builder(&ScriptedTransport::new(), &ManualClock::new()).authorize(Arc::new(key)).build();
        let draft = session
            .op(&FILE)
            .arg("path", "a/b")
            .arg("token", CANARY)
            .query(name.clone(), CANARY)
            .raw_query(format!("a=1;{name}={CANARY}"))
            .header(header, HeaderValue::from_static(CANARY));
        let draft = if form {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            draft
                .header(http::header::CONTENT_TYPE, kind)
                .body(pentad_core::Body::Bytes(format!("{name}={CANARY}&b=2").into()))
        } else {
            draft.json(&body)
        };
        let debug = format!("{draft:?}");
        let call = draft.call(decode::empty);
        let text = shown(&call) + &debug;
        prop_assert!(!text.contains(CANARY), "{}", text);
        prop_assert!(call.curl_with_secrets().unwrap().contains(CANARY));
    }

    #[test]
    fn text_of_any_kind_is_redacted_without_a_panic(text in "\\PC{0,60}", template in "[/{}+a-z]{0,30}") {
        let _ = redact::url(&text);
        let _ = redact::raw_query(&text);
        let _ = redact::path(&text, Some(&template));
        let _ = redact::path(&text, None);
        let _ = redact::body(Some("application/x-www-form-urlencoded"), text.as_bytes());
        let _ = redact::is_secret(&text);
    }

    #[test]
    fn a_user_in_a_url_is_never_shown(user in "[!-~&&[^/?#@]]{0,8}", path in "[a-z/]{0,8}") {
        let url = redact::url(&format!("https://{user}:{CANARY}@h.test/{path}"));
        prop_assert!(!url.contains(CANARY), "{}", url);
        prop_assert!(url.ends_with(&format!("@h.test/{path}")), "{}", url);
    }

    #[test]
    fn no_link_leads_a_listing_away(
        link in prop_oneof![
            "\\PC{0,40}",
            "(https?:)?//[a-z@:.]{0,20}(service\\.test|evil\\.test)[@:./a-z0-9]{0,12}",
            "[a-z]{1,5}:[/\\\\]{0,3}evil\\.test/?",
        ],
    ) {
        let first = json!({"items": [1], "next": link});
        let transport = ScriptedTransport::new()
            .answer(200, first.to_string())
            .answer(200, r#"{"items":[2]}"#);
        let key = StaticHeader::new(HeaderName::from_static("x-api-key"), Secret::new(CANARY));
        let session = builder(&transport, &ManualClock::auto()).authorize(Arc::new(key)).build();
        let list = session.op(&LIST).list(
            |cursor, request| {
                if let Cursor::Link(link) = cursor {
                    request.follow(&link.to_string()).unwrap();
                }
            },
            |context, _, body| {
                let document: Value = decode::from_json(context.op(), &body)?;
                let next = document["next"].as_str().map(|next| context.link(next)).transpose()?;
                Ok(Page::new(vec![1]).next(next))
            },
        );
        let _ = run(list.all());
        for request in transport.requests() {
            prop_assert_eq!(request.uri.authority().map(|at| at.as_str()), Some("service.test"));
            prop_assert_eq!(request.uri.scheme_str(), Some("http"));
        }
    }

    #[test]
    fn a_pause_never_exceeds_its_cap(
        first in 0u64..100_000,
        factor in any::<f64>(),
        cap in 0u64..100_000,
        retry in any::<u32>(),
        random in 0.0..1.0f64,
        jitter in any::<bool>(),
    ) {
        let (first, cap) = (Duration::from_millis(first), Duration::from_millis(cap));
        let schedule = Schedule::Exponential { first, factor, cap, jitter };
        prop_assert!(schedule.pause(retry, random) <= cap);
    }

    #[test]
    fn any_pause_that_a_service_asks_for_is_read_or_left_alone(text in "[ -~]{0,30}", seconds in any::<u64>()) {
        let asked = |value: &str| {
            let transport = ScriptedTransport::new().answer_with(403, ("retry-after", value), "");
            let session = session(&transport, &ManualClock::new());
            run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err().retry_after()
        };
        let _ = asked(&text);
        prop_assert_eq!(asked(&seconds.to_string()), Some(Duration::from_secs(seconds)));
    }
}
