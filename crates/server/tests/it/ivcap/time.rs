//! What a list answers "at t" is what it answered at t.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::world::World;

/// One change of a random history.
#[derive(Debug, Clone)]
enum Step {
    Add(u8, u8, u8),
    Update(u8, u8, u8),
    Retract(u8),
    Queue(u8),
    DropQueue(u8),
    Project(u8),
    Rename(u8, u8),
    Member(u8, u8),
    DropProject(u8),
    Wait(u8),
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u8..3, 0_u8..3, any::<u8>()).prop_map(|(e, s, n)| Step::Add(e, s, n)),
        2 => (0_u8..3, 0_u8..3, any::<u8>()).prop_map(|(e, s, n)| Step::Update(e, s, n)),
        2 => any::<u8>().prop_map(Step::Retract),
        1 => any::<u8>().prop_map(Step::Queue),
        1 => any::<u8>().prop_map(Step::DropQueue),
        1 => any::<u8>().prop_map(Step::Project),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(p, n)| Step::Rename(p, n)),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(p, n)| Step::Member(p, n)),
        1 => any::<u8>().prop_map(Step::DropProject),
        2 => (0_u8..5).prop_map(Step::Wait),
        2 => Just(Step::Look),
    ]
}

/// Every list, with what narrows and orders it.
const LISTS: [(&str, &str); 13] = [
    ("/1/aspects?include-content=true", "items"),
    ("/1/aspects?include-content=true&order-direction=ASC", "items"),
    ("/1/aspects?entity=urn:e:1", "items"),
    ("/1/aspects?schema=urn:s:", "items"),
    ("/1/aspects?filter=n%3E100&order-by=schema,content", "items"),
    ("/1/aspects?content-path=$%20?%20(@.n%20%3C%20100)", "items"),
    ("/1/metadata?entity-id=urn:e:2", "items"),
    ("/l28/1/metadata?schema=urn:s:1", "records"),
    ("/l23/1/metadata?order-by=entity&order-desc=true", "records"),
    ("/1/queues", "items"),
    ("/1/queues?order-by=name&order-desc=false", "items"),
    ("/1/project", "projects"),
    ("/1/project?filter=name~=5", "projects"),
];

#[derive(Default)]
struct Known {
    aspects: Vec<String>,
    queues: Vec<String>,
    projects: Vec<String>,
    /// List, time, and what it answered.
    seen: Vec<(String, String, Value)>,
}

fn pick(list: &[String], number: u8) -> Option<String> {
    list.get(usize::from(number) % list.len().max(1)).cloned()
}

async fn act(world: &World, known: &mut Known, step: &Step) {
    match step {
        Step::Add(e, s, n) => {
            known
                .aspects
                .push(world.aspect(&format!("urn:e:{e}"), &format!("urn:s:{s}"), &json!({"n": n})).await);
        }
        Step::Update(e, s, n) => {
            let path = format!("/1/aspects?entity=urn:e:{e}&schema=urn:s:{s}");
            let done = world.put(&path, &json!({"n": n})).await;
            if done.status == 200 {
                known.aspects.push(done.json()["id"].as_str().unwrap().to_owned());
            }
        }
        Step::Retract(number) => {
            if let Some(id) = pick(&known.aspects, *number) {
                world.delete(&format!("/1/aspects/{id}")).await.with(204);
            }
        }
        Step::Queue(number) => {
            let made = world.post("/1/queues", &json!({"name": format!("q{number}")})).await;
            if made.status == 201 {
                known.queues.push(made.json()["id"].as_str().unwrap().to_owned());
            }
        }
        Step::DropQueue(number) => {
            if let Some(id) = pick(&known.queues, *number) {
                world.delete(&format!("/1/queues/{id}")).await;
            }
        }
        Step::Project(number) => {
            let made =
                world.post("/1/project", &json!({"name": format!("project {number}")})).await.with(200);
            known.projects.push(made["urn"].as_str().unwrap().to_owned());
        }
        Step::Rename(number, name) => {
            if let Some(urn) = pick(&known.projects, *number) {
                world.put(&format!("/1/project/{urn}"), &json!({"name": format!("renamed {name}")})).await;
            }
        }
        Step::Member(number, user) => {
            if let Some(urn) = pick(&known.projects, *number) {
                let path = format!("/1/project/{urn}/memberships/urn:ivcap:user:u{}", user % 6);
                if user % 4 == 3 {
                    world.delete(&path).await;
                } else {
                    world.put(&path, &json!({"role": if user % 2 == 0 { "viewer" } else { "editor" }})).await;
                }
            }
        }
        Step::DropProject(number) => {
            if let Some(urn) = pick(&known.projects, *number) {
                world.delete(&format!("/1/project/{urn}")).await;
            }
        }
        Step::Wait(millis) => world.pass(i64::from(*millis)),
        Step::Look => {
            for (path, key) in LISTS {
                known.seen.push(look(world, path, key, None).await);
            }
            for urn in &known.projects {
                // One that is gone shows its members of before, and none of now.
                let members = format!("/1/project/{urn}/members");
                if world.get(&members).await.status == 200 {
                    known.seen.push(look(world, &members, "members", None).await);
                }
            }
        }
    }
}

/// A whole list, read in pages of three, with the time that it was answered for.
async fn look(world: &World, path: &str, key: &str, at: Option<&str>) -> (String, String, Value) {
    let joint = if path.contains('?') { '&' } else { '?' };
    let asked = at.map_or_else(|| path.to_owned(), |at| format!("{path}{joint}at-time={at}"));
    let joint = if asked.contains('?') { '&' } else { '?' };
    let mut page = world.get(&format!("{asked}{joint}limit=3")).await.with(200);
    let time = page["at-time"].as_str().unwrap().to_owned();
    let mut items = Vec::new();
    loop {
        items.extend(page[key].as_array().unwrap().clone());
        let cursor = match page.get("page") {
            Some(cursor) => cursor.as_str().filter(|cursor| !cursor.is_empty()).map(str::to_owned),
            None => super::world::next(&page),
        };
        let Some(cursor) = cursor else { return (path.to_owned(), time, json!(items)) };
        let bare = path.split('?').next().unwrap();
        page = world.get(&format!("{bare}?limit=3&page={cursor}")).await.with(200);
    }
}

#[test]
fn every_list_answers_for_a_time_what_it_answered_at_that_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let histories = proptest::collection::vec(step(), 20..60);
    let outcome = runner.run(&histories, |steps| {
        runtime.block_on(async {
            let world = World::new().await;
            let mut known = Known::default();
            for step in &steps {
                act(&world, &mut known, step).await;
            }
            world.pass(10);
            for (path, time, items) in &known.seen {
                let key = LISTS.iter().find(|(list, _)| list == path).map_or("members", |(_, key)| *key);
                let (_, again, now) = look(&world, path, key, Some(time)).await;
                prop_assert_eq!(&again, time);
                prop_assert_eq!(&now, items, "{} at {}", path, time);
            }
            Ok(())
        })
    });
    outcome.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_once_answered_for_never_changes_while_others_write() {
    several_write(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_once_answered_for_never_changes_on_postgresql() {
    if let Some(world) = World::on_postgres().await {
        several_write(world).await;
    }
}

/// Several write and see at once what they wrote, while others read pages of times.
async fn several_write(world: World) {
    let world = std::sync::Arc::new(world);
    world.time.reset();
    let writers: Vec<_> =
        (0..8).map(|number| tokio::spawn(write(std::sync::Arc::clone(&world), number))).collect();
    let mut seen = Vec::new();
    while writers.iter().any(|writer| !writer.is_finished()) {
        seen.push(look(&world, "/1/aspects", "items", None).await);
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(seen.len() > 1);
    for (path, time, items) in &seen {
        let (_, _, now) = look(&world, path, "items", Some(time)).await;
        assert_eq!(&now, items, "at {time}");
    }
}

async fn write(world: std::sync::Arc<World>, writer: u32) {
    let entity = format!("urn:e:{writer}");
    for number in 0..20 {
        let path = format!("/1/aspects?entity={entity}&schema=urn:s:1");
        let written = world.put(&path, &json!({"n": number})).await.with(200);
        let page = world.get(&format!("/1/aspects?entity={entity}&limit=1")).await.with(200);
        assert_eq!(page["items"][0]["id"], written["id"], "who has an answer sees its effect");
    }
}
