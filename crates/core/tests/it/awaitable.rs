//! What calls, works and feeds share: look before sending, options, wrong arguments, waiting.

use std::sync::Arc;

use futures_util::StreamExt;
use http::{HeaderName, HeaderValue};
use pentad_core::auth::StaticHeader;
use pentad_core::feed::Opened;
use pentad_core::work::Event;
use pentad_core::{BoxFuture, Error, ErrorKind, Feed, Result, Secret, Session, Target, Work, decode};
use pentad_testkit::{ManualClock, ScriptedTransport, Task, run};

use crate::support::{GET, LIST, POST, Shared, builder, secs, session};

#[test]
fn nothing_is_sent_before_it_is_awaited() {
    let transport = ScriptedTransport::new();
    let call = session(&transport, &ManualClock::new())
        .op(&POST)
        .arg("thing", "ä b")
        .query("q", "1 & 2")
        .json(&serde_json::json!({"a": 1}))
        .call(decode::empty);
    let request = call.request().unwrap();
    assert_eq!(request.uri().unwrap(), "http://service.test/api/things/%C3%A4%20b:do?q=1%20%26%202");
    assert_eq!(request.headers["content-type"], "application/json");
    drop(call);
    assert!(transport.requests().is_empty());
}

#[test]
fn the_first_wrong_argument_is_kept_and_nothing_is_sent() {
    let transport = ScriptedTransport::new();
    let call = session(&transport, &ManualClock::new())
        .op(&GET)
        .arg("think", "x")
        .refuse(Error::invalid("second", "too"))
        .call(decode::empty);
    assert_eq!(call.request().unwrap_err().kind(), ErrorKind::Invalid);
    let error = run(call).unwrap_err();
    assert_eq!(error.to_string(), "sample.get: invalid: think: is not an argument of this operation");
    assert!(transport.requests().is_empty());
}

#[test]
fn options_change_what_is_sent() {
    let transport = ScriptedTransport::new().answer(200, "5");
    let call = session(&transport, &ManualClock::new()).op(&GET).arg("thing", "x").call(decode::json::<u32>);
    let call = call.header(HeaderName::from_static("x-a"), HeaderValue::from_static("b")).query("k", "v");
    assert_eq!(run(call.map(|value| value + 1).optional()).unwrap(), Some(6));
    assert_eq!(transport.requests()[0].path(), "/api/things/x?k=v");
    assert_eq!(transport.requests()[0].header("x-a"), "b");
}

#[test]
fn optional_turns_not_found_into_none() {
    let transport = ScriptedTransport::new().answer(404, "").answer(403, "");
    let session = session(&transport, &ManualClock::new());
    let find = || session.op(&GET).arg("thing", "x").call(decode::json::<u32>).optional();
    assert_eq!(run(find()).unwrap(), None);
    assert_eq!(run(find()).unwrap_err().kind(), ErrorKind::Forbidden);
}

#[test]
fn decode_errors_name_the_place_and_never_the_content() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only decoding is of interest")]
    struct Thing {
        users: Vec<u32>,
    }
    let transport = ScriptedTransport::new().answer(200, r#"{"users":[1,"canary"]}"#).answer(200, "<canary>");
    let session = session(&transport, &ManualClock::new());
    let get = || run(session.op(&GET).arg("thing", "x").call(decode::json::<Thing>)).unwrap_err().to_string();
    let (wrong, page) = (get(), get());
    assert!(wrong.contains(".users[1]") && wrong.contains("Thing"), "{wrong}");
    assert!(page.contains("not JSON"), "{page}");
    assert!(!wrong.contains("canary") && !page.contains("canary"), "{wrong} {page}");
}

#[test]
fn curl_can_be_pasted_and_has_variables_for_secrets() {
    let key = StaticHeader::new(HeaderName::from_static("x-api-key"), Secret::new("canary"));
    let session = builder(&ScriptedTransport::new(), &ManualClock::new()).authorize(Arc::new(key)).build();
    let call = session
        .op(&POST)
        .arg("thing", "it's")
        .query("token", "canary")
        .query("size", "2")
        .json(&serde_json::json!({"user": "it's", "password": "canary"}))
        .call(decode::empty);
    assert_eq!(
        call.curl().unwrap(),
        concat!(
            r#"curl -X POST -H 'content-type: application/json' -H 'x-api-key: '"$X_API_KEY" "#,
            r#"--data-binary '{"password":"'"$PASSWORD"'","user":"it'\''s"}' "#,
            r#"'http://service.test/api/things/it%27s:do?token='"$TOKEN"'&size=2'"#
        )
        .replace(r#"{"password":"'"$PASSWORD"'","user":"it'\''s"}"#, &ordered())
    );
    let plain = call.curl_with_secrets().unwrap();
    assert_eq!(plain.matches("canary").count(), 3, "{plain}");
}

/// Members come sorted or as written, depending on what else is built with this crate.
fn ordered() -> String {
    let sample = serde_json::json!({"user": 1, "password": 1}).to_string();
    let (password, user) = (r#""password":"'"$PASSWORD"'""#, r#""user":"it'\''s""#);
    if sample.starts_with("{\"user") {
        format!("{{{user},{password}}}")
    } else {
        format!("{{{password},{user}}}")
    }
}

#[test]
fn an_unresolved_service_is_shown_as_a_variable_and_cannot_be_sent() {
    let target = Target::Service {
        service_type: "database".into(),
        interface: "public".into(),
        region: None,
        version: None,
    };
    let session =
        Session::builder(ScriptedTransport::new().shared(), ManualClock::new().shared(), target).build();
    let call = session.op(&GET).arg("thing", "x").call(decode::empty);
    assert_eq!(call.curl().unwrap(), r#"curl "$DATABASE_ENDPOINT"'/things/x'"#);
    assert_eq!(run(call).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn base_urls_that_could_leak_or_lie_are_refused() {
    for base in ["service", "/path", "ftp://h", "http://", "http://user:canary@h/", "http://h/?q=1"] {
        let error = Target::parse(base).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{base}");
        assert!(!error.to_string().contains("canary"));
    }
}

#[test]
fn timings_are_kept_until_reset() {
    let transport = ScriptedTransport::new().answer(503, "").answer(200, "1").answer(404, "");
    let clock = ManualClock::auto();
    let session = session(&transport, &clock);
    run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap();
    run(session.op(&GET).arg("thing", "x").call(decode::empty)).unwrap_err();
    let timings = session.timings();
    assert_eq!((timings[0].attempts, timings[0].elapsed, timings[0].failure), (2, clock.passed(), None));
    assert_eq!((timings[1].attempts, timings[1].failure), (1, Some(ErrorKind::NotFound)));
    session.reset_timings();
    assert!(session.timings().is_empty());
}

fn twice(session: &Session) -> Work<u32> {
    let inner = session.clone();
    let preview = session.op(&GET).arg("thing", "x").request();
    Work::new(session, &GET, preview, |scope| -> BoxFuture<'static, Result<u32>> {
        Box::pin(async move {
            let get = || inner.op(&GET).arg("thing", "x").call(decode::json::<u32>);
            scope.progress(Event::new("first").total(2));
            let first = scope.run(get()).await?;
            scope.progress(Event::new("second").done(1).total(2));
            scope.pause(secs(2)).await?;
            Ok(first + scope.run(get()).await?)
        })
    })
}

#[test]
fn a_work_runs_its_steps_with_the_callers_options() {
    let transport = ScriptedTransport::new().answer(200, "3").answer(200, "4");
    let work = twice(&session(&transport, &ManualClock::auto())).query("k", "v");
    assert_eq!(work.request().unwrap().path_and_query(), "/things/x?k=v");
    assert_eq!(run(work).unwrap(), 7);
    assert!(transport.requests().iter().all(|request| request.path() == "/api/things/x?k=v"));
}

#[test]
fn a_work_shows_its_steps_and_then_its_result() {
    let transport = ScriptedTransport::new().answer(200, "3").answer(200, "4");
    let mut progress = twice(&session(&transport, &ManualClock::auto())).progress();
    let mut steps = Vec::new();
    while let Some(event) = run(progress.next()) {
        steps.push(event.step.into_owned());
    }
    assert_eq!(steps, ["first", "second"]);
    assert_eq!(run(progress.finish()).unwrap(), 7);
}

#[test]
fn a_work_ends_at_its_limit_whatever_step_it_is_in() {
    let transport = ScriptedTransport::new().answer(200, "3").hang();
    let clock = ManualClock::new();
    let mut task = Task::new(twice(&session(&transport, &clock)).timeout(secs(10)));
    assert!(task.poll().is_none());
    clock.advance(secs(2));
    assert!(task.poll().is_none());
    assert_eq!(transport.requests().len(), 2);
    clock.advance(secs(8));
    let error = task.poll().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.op()), (ErrorKind::Timeout, Some("sample.get")));
}

#[test]
fn a_feed_begins_when_asked_ends_after_an_error_and_closes_in_order() {
    let seen: Shared<Vec<&str>> = Shared::default();
    let (opened, closed) = (Arc::clone(&seen), Arc::clone(&seen));
    let session = session(&ScriptedTransport::new(), &ManualClock::new());
    let mut feed = Feed::lazy(&session, &LIST, session.op(&LIST).request(), move |_| {
        opened.lock().unwrap().push("opened");
        let items = [Ok(1), Err(Error::new(ErrorKind::Connection, "gone")), Ok(2)];
        Opened::new(futures_util::stream::iter(items).boxed(), move || {
            closed.lock().unwrap().push("closed");
            Box::pin(std::future::ready(Ok(())))
        })
    });
    assert_eq!(feed.curl().unwrap(), "curl 'http://service.test/api/things'");
    assert!(seen.lock().unwrap().is_empty());
    assert_eq!(run(feed.next()).unwrap().unwrap(), 1);
    assert!(run(feed.next()).unwrap().is_err());
    assert!(run(feed.next()).is_none());
    run(feed.close()).unwrap();
    assert_eq!(*seen.lock().unwrap(), ["opened", "closed"]);
}

#[test]
fn waiting_needs_a_runtime_and_says_so() {
    let transport = ScriptedTransport::new().answer(200, "5");
    let session = session(&transport, &ManualClock::new());
    let get = || session.op(&GET).arg("thing", "x").call(decode::json::<u32>);
    let error = get().wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.hint().is_some_and(|hint| hint.contains("blocking")), "{error}");
    assert!(pentad_core::blocking::install(|future| {
        run(future);
        Ok(())
    }));
    assert_eq!(get().wait().unwrap(), 5);
}
