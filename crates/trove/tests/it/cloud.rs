//! The other services of the cloud: login and catalog, logs in the object store, schedules in the workflow service.

use http::{HeaderValue, StatusCode};
use pentad_core::{ErrorKind, Response, Secret};
use pentad_openstack::auth::{Domain, Keystone, Scope, User};
use pentad_openstack::{CloudAuth, HttpClient};
use pentad_testkit::{ManualClock, ScriptedTransport, run};
use pentad_trove::{Client, LogChange, NewSchedule};
use serde_json::json;

use super::client;

fn issued() -> Response {
    let endpoint =
        |url: &str| json!([{"id": "e", "interface": "public", "region": "R", "region_id": "R", "url": url}]);
    let body = json!({"token": {"methods": ["password"], "user": {"id": "u", "name": "demo", "domain": {"id": "default", "name": "Default"}},
        "issued_at": "2026-01-01T00:00:00.000000Z", "expires_at": "2026-01-01T01:00:00.000000Z",
        "project": {"id": "9f2c", "name": "shop", "domain": {"id": "default", "name": "Default"}}, "roles": [],
        "catalog": [
            {"id": "1", "type": "database", "name": "trove", "endpoints": endpoint("http://db.test:8779/v1.0/9f2c")},
            {"id": "2", "type": "object-store", "name": "swift", "endpoints": endpoint("http://store.test/v1/AUTH_9f2c")},
            {"id": "3", "type": "workflowv2", "name": "mistral", "endpoints": endpoint("http://flow.test/v2")}]}});
    let mut response = Response::new(StatusCode::CREATED, body.to_string());
    response.headers.insert("x-subject-token", HeaderValue::from_static("tok"));
    response
}

fn login() -> Keystone {
    let user = User::name("demo").of(Domain::id("default"));
    let scope = Scope::project("shop", Domain::id("default"));
    Keystone::password("http://id.test:5000/v3", user, Secret::new("pw")).unwrap().scope(scope)
}

const LOG: &str = r#"{"log": {"name": "general", "type": "USER", "status": "Partial", "published": 12, "pending": 3, "container": "database_logs", "prefix": "i/mysql-general/", "metafile": "i/mysql-general_metafile"}}"#;

fn parts() -> String {
    json!([
        {"name": "i/mysql-general/log-2", "bytes": 4, "last_modified": "2030-01-01T12:02:00.000000"},
        {"name": "i/mysql-general/log-1", "bytes": 4, "last_modified": "2030-01-01T12:01:00.000000"}])
    .to_string()
}

fn lines(count: &'static str) -> Response {
    let mut response = Response::new(StatusCode::OK, "");
    response.headers.insert("x-object-meta-lines", HeaderValue::from_static(count));
    response
}

#[test]
fn one_token_serves_the_database_its_logs_and_its_schedules() {
    let transport = ScriptedTransport::new()
        .reply(issued())
        .answer(200, LOG)
        .answer(200, parts())
        .answer(200, "[]")
        .answer(200, "a\nb\n")
        .answer(200, "c\nd\n")
        .answer(200, r#"{"cron_triggers": []}"#);
    let http = HttpClient::builder(CloudAuth::new(login()));
    let http = http.transport(transport.shared()).clock(ManualClock::auto().shared()).build().unwrap();
    let client: Client = http.service();
    assert_eq!(run(client.instance("i").log("general").content(None)).unwrap(), "a\nb\nc\nd\n");
    assert!(run(client.schedules("i")).unwrap().is_empty());
    let sent: Vec<_> = transport.requests().iter().skip(1).map(|sent| sent.uri.to_string()).collect();
    assert_eq!(sent[0], "http://db.test:8779/v1.0/9f2c/instances/i/log");
    assert_eq!(
        sent[1],
        "http://store.test/v1/AUTH_9f2c/database_logs?format=json&prefix=i%2Fmysql-general%2F"
    );
    assert_eq!(sent[3], "http://store.test/v1/AUTH_9f2c/database_logs/i/mysql-general/log-1");
    assert_eq!(sent[5], "http://flow.test/v2/cron_triggers");
    assert!(transport.requests().iter().skip(1).all(|sent| sent.header("x-auth-token") == "tok"));
}

#[test]
fn the_last_lines_of_a_log_need_the_newest_parts_only() {
    let page = || ScriptedTransport::new().answer(200, LOG).answer(200, parts()).answer(200, "[]");
    let transport = page().reply(lines("2")).answer(200, "c\nd\n");
    assert_eq!(run(client(&transport).instance("i").log("general").content(Some(1))).unwrap(), "d\n");
    assert_eq!(transport.left(), 0);
    let transport = page().reply(lines("2")).reply(lines("2")).answer(200, "a\nb\n").answer(200, "c\nd\n");
    assert_eq!(run(client(&transport).instance("i").log("general").content(Some(3))).unwrap(), "b\nc\nd\n");
    let transport = page().reply(lines("2")).reply(lines("2")).answer(200, "a\nb\n").answer(200, "c\nd\n");
    assert_eq!(
        run(client(&transport).instance("i").log("general").content(Some(9))).unwrap(),
        "a\nb\nc\nd\n"
    );
}

#[test]
fn a_log_that_was_never_published_is_not_found() {
    let unpublished = r#"{"log": {"name": "general", "type": "USER", "status": "Disabled", "published": 0, "pending": 0, "container": null, "prefix": null, "metafile": null}}"#;
    let transport = ScriptedTransport::new().answer(200, unpublished).answer(200, LOG).answer(200, "[]");
    let log = client(&transport).instance("i").log("general");
    assert_eq!(run(log.content(None)).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(run(log.content(None)).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn schedules_are_those_of_the_instance_and_runs_those_of_the_schedule() {
    let trigger = |name: &str, instance: &str| {
        json!({"name": name, "pattern": "0 3 * * *", "workflow_name": "trove.backup_create",
        "workflow_input": json!({"instance": instance, "name": "nightly"}).to_string(), "next_execution_time": "2030-01-01 03:00:00"})
    };
    let all = json!({"cron_triggers": [trigger("s1", "i"), trigger("s2", "other")]});
    let run_of = |id: &str, instance: &str| {
        json!({"id": id, "workflow_name": "trove.backup_create", "state": "SUCCESS",
        "input": json!({"instance": instance, "name": "nightly", "description": null}).to_string()})
    };
    let transport = ScriptedTransport::new()
        .answer(201, trigger("s1", "i").to_string())
        .answer(200, all.to_string())
        .answer(200, trigger("s1", "i").to_string())
        .answer(200, json!({"executions": [run_of("e2", "i"), run_of("e1", "other")]}).to_string())
        .answer(200, r#"{"executions": []}"#);
    let client = client(&transport);
    let made = run(client.create_schedule("s1", &NewSchedule::new("i", "0 3 * * *", "nightly"))).unwrap();
    assert_eq!((made.backup_name(), made.instance_id()), (Some("nightly"), Some("i")));
    let found = run(client.schedules("i")).unwrap();
    assert_eq!(found.iter().map(|found| found.id.as_str()).collect::<Vec<_>>(), ["s1"]);
    let runs = run(client.executions("s1")).unwrap();
    assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), ["e2"]);
    assert_eq!(transport.requests()[4].path(), "/v2/executions?sort_dirs=desc&limit=50&marker=e1");
}

#[test]
fn versions_are_asked_at_the_host_of_the_endpoint_that_the_catalog_tells() {
    let versions = r#"{"versions": [{"id": "v1.0", "status": "CURRENT", "updated": "2012-08-01T00:00:00Z", "links": []}]}"#;
    let transport = ScriptedTransport::new().reply(issued()).answer(300, versions).answer(200, versions);
    let client = Client::new("").keystone(login()).transport(transport.shared());
    let client = client.clock(ManualClock::auto().shared()).build().unwrap();
    let listed = run(client.versions()).or_else(|_| run(client.versions())).unwrap();
    assert_eq!(listed.items[0].id, "v1.0");
    let asked = transport.requests().pop().unwrap();
    assert_eq!(
        (asked.uri.to_string().as_str(), asked.header("x-auth-token")),
        ("http://db.test:8779/", "tok")
    );
}

#[test]
fn a_log_is_copied_part_by_part_after_it_was_published_and_a_full_disk_ends_it() {
    for full in [false, true] {
        let transport = ScriptedTransport::new()
            .reply(issued())
            .answer(200, LOG)
            .answer(200, parts())
            .answer(200, "[]")
            .answer(200, "a\nb\n")
            .answer(200, "c\nd\n");
        let client = Client::new("").keystone(login()).transport(transport.shared());
        let client = client.clock(ManualClock::auto().shared()).build().unwrap();
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let pieces = std::sync::Arc::clone(&seen);
        let write = move |piece: &[u8]| {
            if full {
                return Err(pentad_core::Error::new(ErrorKind::Config, "no space left"));
            }
            pieces.lock().unwrap().push(String::from_utf8_lossy(piece).into_owned());
            Ok(())
        };
        let log = client.instance("44b277eb-39be-4921-be31-3d61b43651d7").log("general");
        let copied = run(log.copy(LogChange::new().publish(), None, write));
        assert_eq!(copied.is_err(), full);
        assert!(String::from_utf8_lossy(&transport.requests()[1].body).contains("publish"));
        let expected: &[&str] = if full { &[] } else { &["a\nb\n", "c\nd\n"] };
        assert_eq!(*seen.lock().unwrap(), expected);
        assert_eq!(transport.left(), usize::from(full));
    }
}
