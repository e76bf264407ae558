//! Waiting, on the injected clock.

use std::time::Duration;

use pentad_core::work::Polling;
use pentad_core::{Error, ErrorKind};
use pentad_testkit::{ScriptedTransport, run};
use serde_json::json;

use super::{ID, client};

fn instance(status: &str, operating: &str) -> String {
    json!({"instance": {"id": ID, "name": "db1", "status": status, "operating_status": operating,
        "fault": {"message": "no valid host"}}})
    .to_string()
}

fn every_second() -> Polling {
    Polling::every(Duration::from_secs(1))
}

#[test]
fn an_instance_is_active_when_both_words_say_so_and_each_state_is_shown_once() {
    let transport = ScriptedTransport::new()
        .answer(200, instance("BUILD", ""))
        .answer(200, instance("BUILD", ""))
        .answer(200, instance("ACTIVE", "NEW"))
        .fail(Error::new(ErrorKind::Connection, "a moment of silence"))
        .answer(200, instance("ACTIVE", "HEALTHY"));
    let mut progress = client(&transport).instance(ID).wait_active(every_second()).progress();
    let steps = run(async {
        let mut steps = Vec::new();
        while let Some(event) = progress.next().await {
            steps.push(event.step.into_owned());
        }
        steps
    });
    assert!(run(progress.finish()).unwrap().is_active());
    assert_eq!(steps, ["BUILD", "ACTIVE/NEW"]);
}

#[test]
fn a_state_that_leads_nowhere_ends_the_wait_at_once() {
    for (status, operating, kind, says) in [
        ("ERROR", "", ErrorKind::Failed, "no valid host"),
        ("ACTIVE", "FAILED", ErrorKind::Failed, "no valid host"),
        ("SHUTDOWN", "", ErrorKind::Conflict, "is being removed"),
        ("RESTART_REQUIRED", "", ErrorKind::Conflict, "must be restarted"),
    ] {
        let transport = ScriptedTransport::new().answer(200, instance(status, operating));
        let error = run(client(&transport).instance(ID).wait_active(every_second())).unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let transport = ScriptedTransport::new().answer(404, r#"{"itemNotFound": {"message": "gone"}}"#);
    let error = run(client(&transport).instance(ID).wait_active(every_second())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_removal_ends_with_the_instance_gone_or_failed() {
    let gone = r#"{"itemNotFound": {"message": "gone"}}"#;
    let transport = ScriptedTransport::new().answer(200, instance("SHUTDOWN", "")).answer(404, gone);
    run(client(&transport).instance(ID).wait_gone(every_second())).unwrap();
    let transport = ScriptedTransport::new().answer(200, instance("ERROR", ""));
    let error = run(client(&transport).instance(ID).wait_gone(every_second())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
}

#[test]
fn a_wait_ends_with_its_limit_and_names_the_last_state() {
    let script =
        (0..5).fold(ScriptedTransport::new(), |script, _| script.answer(200, instance("RESIZE", "")));
    let polling = every_second().limit(Some(Duration::from_millis(2500)));
    let error = run(client(&script).instance(ID).wait_active(polling)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("RESIZE"), "{error}");
}

#[test]
fn backups_and_clusters_are_waited_for() {
    let backup = |status: &str| json!({"backup": {"id": "b", "name": "b", "status": status}}).to_string();
    let transport = ScriptedTransport::new()
        .answer(200, backup("BUILDING"))
        .answer(200, backup("COMPLETED"))
        .answer(200, backup("FAILED"));
    let b = client(&transport).backup("b");
    assert!(run(b.wait_completed(every_second())).unwrap().status.is_usable());
    assert_eq!(run(b.wait_completed(every_second())).unwrap_err().kind(), ErrorKind::Failed);
    let cluster = |task: &str, member: &str| {
        json!({"cluster": {"id": "c", "name": "c", "task": {"id": 1, "name": task, "description": ""},
            "instances": [{"id": "i", "name": "m", "status": member}]}})
        .to_string()
    };
    let transport = ScriptedTransport::new()
        .answer(200, cluster("BUILDING", "BUILD"))
        .answer(200, cluster("NONE", "ACTIVE"))
        .answer(200, cluster("BUILDING", "ERROR"))
        .answer(200, cluster("DELETING", "SHUTDOWN"))
        .answer(404, r#"{"itemNotFound": {"message": "Cluster 'c' cannot be found."}}"#);
    let c = client(&transport).cluster("c");
    assert_eq!(run(c.wait_ready(every_second())).unwrap().name, "c");
    assert_eq!(run(c.wait_ready(every_second())).unwrap_err().kind(), ErrorKind::Failed);
    run(c.wait_gone(every_second())).unwrap();
}
