//! Jobs: requests, results, waiting, events.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{ACCOUNT, BOB, World, get, post};

const ECHO: (&str, &str) = ("echo", "cat > \"$IVCAP_RESULT\"");

async fn jobs(world: &World, service: &str) -> String {
    format!("/1/services2/{}/jobs", world.service(service).await)
}

#[tokio::test]
async fn a_job_answers_at_once_or_when_it_is_done() {
    let world = World::running(&[ECHO], json!({})).await;
    let jobs = jobs(&world, "echo").await;
    let later = post(&jobs).header("timeout", "0").json(&json!({"echo": "hi"})).on(&world).await;
    let location = later.header("location").to_owned();
    let later = later.is(202);
    assert_eq!((&later["retry-later"], later["location"].as_str()), (&json!(5), Some(&*location)));
    let id = later["job-id"].as_str().unwrap().to_owned();
    let done = world.until(&format!("{jobs}/{id}"), &["succeeded"]).await;
    assert_eq!((&done["result-content"], &done["account"]), (&json!({"echo": "hi"}), &json!(ACCOUNT)));
    assert_eq!((&done["order"], &done["request-content-type"]), (&json!(""), &json!("application/json")));
    assert_eq!(done["products"], json!({"items": [], "links": []}));
    assert!(done.get("request-content").is_none());
    for member in ["requested-at", "started-at", "finished-at", "policy", "service", "links"] {
        assert!(done.get(member).is_some(), "{member}");
    }
    let urn = done["result-content-urn"].as_str().unwrap();
    let aspect = get(&format!("/1/aspects/{urn}")).on(&world).await.is(200);
    assert_eq!(aspect["content"]["echo"], "hi");

    let with = get(&format!("{jobs}/{id}?with-request-content=true&with-result-content=false"))
        .on(&world)
        .await
        .is(200);
    assert_eq!((&with["request-content"], with.get("result-content")), (&json!({"echo": "hi"}), None));

    let waited = post(&jobs).header("timeout", "20.0").json(&json!([1, 2])).on(&world).await;
    assert_eq!((waited.status, waited.header("content-type")), (200, "application/json"));
    assert!(waited.header("ivcap-job-id").starts_with("urn:ivcap:job:"));
    assert_eq!(waited.json(), json!([1, 2]));
    let list = get(&format!("{jobs}?order-desc=false")).on(&world).await.is(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["id"]), (2, &json!(id)));
}

#[tokio::test]
async fn the_output_is_the_result_or_says_why_there_is_none() {
    let world = World::running(
        &[
            ECHO,
            ("silent", "true"),
            ("bad", "echo 'bad input' >&2; exit 1"),
            ("lost", "kill -KILL $$"),
            ("text", "printf 'no json' > \"$IVCAP_RESULT\""),
            ("slow", "sleep 1000"),
        ],
        json!({}),
    )
    .await;
    for (service, status) in [("echo", 200), ("silent", 204), ("bad", 400), ("lost", 500), ("text", 200)] {
        let jobs = jobs(&world, service).await;
        let id = post(&jobs).json(&json!({"a": 1})).on(&world).await.is(202)["job-id"]
            .as_str()
            .unwrap()
            .to_owned();
        world.until(&format!("{jobs}/{id}"), &["succeeded", "failed", "error"]).await;
        let output = get(&format!("{jobs}/{id}/output")).on(&world).await;
        assert_eq!(output.status, status, "{service}: {}", output.text());
        match service {
            "echo" => assert_eq!(output.json(), json!({"a": 1})),
            "text" => assert_eq!(
                (output.text().as_str(), output.header("content-type")),
                ("no json", "text/plain; charset=utf-8")
            ),
            "bad" => assert!(output.json()["message"].as_str().unwrap().contains("bad input")),
            _ => {}
        }
    }
    let jobs = jobs(&world, "slow").await;
    let id = post(&jobs).json(&json!({})).on(&world).await.is(202)["job-id"].as_str().unwrap().to_owned();
    assert_eq!(get(&format!("{jobs}/{id}/output")).on(&world).await.is(202)["retry-later"], 5);
    world.stop().await;
}

#[tokio::test]
async fn who_waits_too_long_is_told_to_come_back() {
    let world = World::running(&[("slow", "sleep 1000")], json!({})).await;
    let jobs = jobs(&world, "slow").await;
    let (answer, ()) = tokio::join!(post(&jobs).header("timeout", "30").json(&json!({})).on(&world), async {
        loop {
            let list = get(&jobs).on(&world).await.is(200);
            if list["items"][0]["status"] == "executing" {
                break world.time.advance(SignedDuration::from_secs(31));
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(answer.status, 202);
    world.stop().await;
}

#[tokio::test]
async fn the_events_of_a_job_are_told_as_they_happen_and_again_from_any_point() {
    let world = World::running(&[ECHO], json!({})).await;
    let jobs = jobs(&world, "echo").await;
    let id = post(&jobs).json(&json!({})).on(&world).await.is(202)["job-id"].as_str().unwrap().to_owned();
    let stream = get(&format!("{jobs}/{id}/events")).on(&world).await;
    assert_eq!((stream.status, stream.header("content-type")), (200, "text/event-stream"));
    let events = read(&stream.text());
    let states: Vec<&str> = events.iter().map(|event| event["data"]["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["scheduled", "executing", "succeeded"], "the stream ends with the job");
    assert!(events.iter().all(|event| event["type"] == "ivcap.job.status" && event["source"] == *id));
    let rest = get(&format!("{jobs}/{id}/events")).header("last-event-id", "2").on(&world).await;
    assert_eq!(read(&rest.text()).len(), 1);
    let one = get(&format!("{jobs}/{id}/events?max-messages=1")).on(&world).await;
    assert_eq!(read(&one.text()).len(), 1);
    assert_eq!(get(&format!("{jobs}/{id}/events")).header("last-event-id", "3").on(&world).await.status, 204);
    assert_eq!(get(&format!("{jobs}/{id}/events")).by(BOB).on(&world).await.status, 404);
}

fn read(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[tokio::test]
async fn silence_is_a_timeout_of_its_own() {
    let world = World::running(&[("slow", "sleep 1000")], json!({})).await;
    let jobs = jobs(&world, "slow").await;
    let id = post(&jobs).json(&json!({})).on(&world).await.is(202)["job-id"].as_str().unwrap().to_owned();
    world.until(&format!("{jobs}/{id}"), &["executing"]).await;
    let path = format!("{jobs}/{id}/events?max-wait-time=0");
    let silent = get(&path).header("last-event-id", "2").on(&world).await.is(504);
    for member in ["name", "id", "message", "temporary", "timeout", "fault"] {
        assert!(silent.get(member).is_some(), "{member}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_job_belongs_to_its_service_and_its_account() {
    let world = World::running(&[ECHO, ("other", "true")], json!({})).await;
    let own = jobs(&world, "echo").await;
    let id = post(&own).json(&json!({})).on(&world).await.is(202)["job-id"].as_str().unwrap().to_owned();
    let other = jobs(&world, "other").await;
    assert_eq!(get(&format!("{other}/{id}")).on(&world).await.status, 404);
    assert_eq!(get(&format!("{own}/{id}")).by(BOB).on(&world).await.status, 404);
    assert_eq!(get(&own).by(BOB).on(&world).await.is(200)["items"], json!([]));
    assert_eq!(post(&own).header("timeout", "soon").json(&json!({})).on(&world).await.status, 400);
    assert_eq!(post(&own).header("content-type", "application/json").body("{").on(&world).await.status, 400);
    let deep = "[".repeat(100_000);
    assert_eq!(post(&own).header("content-type", "application/json").body(deep).on(&world).await.status, 400);
}

#[tokio::test]
async fn the_state_of_a_job_is_a_record_that_is_replaced() {
    let world = World::running(&[ECHO], json!({})).await;
    let jobs = jobs(&world, "echo").await;
    let id = post(&jobs).json(&json!({})).on(&world).await.is(202)["job-id"].as_str().unwrap().to_owned();
    world.until(&format!("{jobs}/{id}"), &["succeeded"]).await;
    let path = format!("/1/aspects?entity={id}&schema=urn:ivcap:schema:job.2&include-content=true");
    let found = get(&path).on(&world).await.is(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let content = &found["items"][0]["content"];
    assert_eq!((&content["status"], &content["service-name"]), (&json!("succeeded"), &json!("echo")));
}
