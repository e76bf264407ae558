//! What lists of things whose states change by themselves answer "at t" is what they answered at t.

use pentad_store::{Backend, StoreOptions};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::world::{World, delete, get, part, post, put};

#[derive(Debug, Clone)]
enum Step {
    Order(u8),
    Job(u8),
    Create(u8),
    Update(u8),
    Delete(u8),
    Artifact(u8),
    Part(u8),
    Drop(u8),
    Wait,
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any::<u8>().prop_map(Step::Order),
        2 => any::<u8>().prop_map(Step::Job),
        1 => any::<u8>().prop_map(Step::Create),
        1 => any::<u8>().prop_map(Step::Update),
        1 => any::<u8>().prop_map(Step::Delete),
        2 => any::<u8>().prop_map(Step::Artifact),
        3 => any::<u8>().prop_map(Step::Part),
        1 => any::<u8>().prop_map(Step::Drop),
        1 => Just(Step::Wait),
        3 => Just(Step::Look),
    ]
}

/// Lists whose records change their states; `{service}` and `{order}` stand for those of the history.
const LISTS: [&str; 12] = [
    "/1/services2?limit=3",
    "/1/services?limit=50",
    "/l28/1/services?limit=50",
    "/l23/1/services?order-by=name",
    "/1/services2?search=a",
    "/1/orders?limit=50",
    "/l28/1/orders?filter=status~=e",
    "/l23/1/orders?limit=50&order-by=status",
    "/1/services2/{service}/jobs?limit=50",
    "/1/artifacts?limit=50",
    "/1/orders/{order}/products?limit=50",
    "/1/orders/{order}/metadata?limit=50",
];
const RULES: &str = "query(I, S) :- ivcap_job(I, S, _).";

#[derive(Default)]
struct Known {
    services: Vec<String>,
    blobs: Vec<String>,
    order: Option<String>,
    /// List, time, and what it answered.
    seen: Vec<(String, String, Value)>,
}

async fn act(world: &World, known: &mut Known, step: &Step) {
    let made = known.services.first().cloned().unwrap_or_default();
    let service = |name: &str| {
        json!({
            "id": "urn:ivcap:service:00000000-0000-4000-8000-0000000000".to_owned() + name, "name": format!("a {name}"),
            "description": "x", "parameters": [], "controller": {"$schema": "x"}, "controller-schema": "urn:s:x",
        })
    };
    match step {
        Step::Order(number) => {
            let order = world.order(if number % 2 == 0 { "make" } else { "fail" }, json!([])).await;
            known.order.get_or_insert(order);
        }
        Step::Job(number) => {
            let body = json!({"n": number});
            post(&format!("/1/services2/{made}/jobs")).json(&body).on(world).await;
        }
        Step::Create(number) => {
            post("/1/services2").json(&service(&format!("{number:02x}"))).on(world).await;
        }
        Step::Update(number) => {
            let body = service(&format!("{number:02x}"));
            let path = format!("/1/services2/{}?force-create=true", body["id"].as_str().unwrap());
            put(&path).json(&body).on(world).await;
        }
        Step::Delete(number) => {
            let body = service(&format!("{number:02x}"));
            delete(&format!("/1/services2/{}", body["id"].as_str().unwrap())).on(world).await;
        }
        Step::Artifact(number) => {
            known.blobs.push(world.artifact(i64::from(*number % 4) * 3 - 1).await);
        }
        Step::Part(number) => {
            if let Some(blob) = known.blobs.get(usize::from(*number) % known.blobs.len().max(1)) {
                let at =
                    super::world::head(blob).on(world).await.header("upload-offset").parse().unwrap_or(0);
                part(blob, at, "ab").on(world).await;
            }
        }
        Step::Drop(number) => {
            if let Some(blob) = known.blobs.get(usize::from(*number) % known.blobs.len().max(1)) {
                delete(super::world::record(blob)).on(world).await;
            }
        }
        Step::Wait => pentad_server::clock::real_sleep(std::time::Duration::from_millis(20)).await,
        Step::Look => {
            let now = get("/1/orders?limit=1").on(world).await.is(200);
            let now = now["at-time"].as_str().unwrap();
            for list in LISTS {
                let Some(order) = &known.order else { continue };
                let list = list.replace("{service}", &made).replace("{order}", order);
                let answer = look(world, &list, now).await;
                known.seen.push((list, now.to_owned(), answer));
            }
            known.seen.push(("search".to_owned(), now.to_owned(), look(world, "search", now).await));
        }
    }
}

/// What a list shows of a time; its first page is enough, its pages hold together elsewhere.
async fn look(world: &World, list: &str, at: &str) -> Value {
    let page = if list == "search" {
        let ask = post(&format!("/1/search?limit=50&at-time={at}"))
            .header("content-type", "application/datalog+mangle");
        ask.body(RULES).on(world).await.is(200)
    } else {
        get(&format!("{list}&at-time={at}")).on(world).await.is(200)
    };
    let key = ["items", "services", "orders"].into_iter().find(|key| page.get(key).is_some());
    page[key.unwrap_or_else(|| panic!("{list}: {page}"))].clone()
}

#[test]
fn every_list_of_what_changes_by_itself_answers_for_a_time_what_it_answered_then() {
    histories(5, StoreOptions::memory);
}

#[test]
fn every_list_of_what_changes_by_itself_answers_so_on_postgresql() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        return eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
    };
    histories(2, || {
        let dir = tempfile::tempdir().unwrap().keep();
        let prefix = format!("ivcap_{:x}_{:x}", std::process::id(), fastrand::u32(..));
        StoreOptions {
            backend: Backend::Postgres { url: url.clone(), dir, prefix },
            ..StoreOptions::memory()
        }
    });
}

fn histories(cases: u32, store: impl Fn() -> StoreOptions) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let histories = proptest::collection::vec(step(), 20..50);
    let outcome = runner.run(&histories, |steps| {
        runtime.block_on(async {
            let scripts = [
                ("make", "echo 1 > $IVCAP_OUT_DIR/a.txt; echo 2 > $IVCAP_OUT_DIR/b.txt"),
                ("fail", "exit 3"),
            ];
            let world = World::stored(store(), &scripts).await;
            let mut known = Known { services: vec![world.service("make").await], ..Known::default() };
            for step in &steps {
                act(&world, &mut known, step).await;
            }
            if let Some(order) = &known.order {
                world.ended(order).await;
            }
            for (list, time, items) in &known.seen {
                prop_assert_eq!(&look(&world, list, time).await, items, "{} at {}", list, time);
            }
            world.stop().await;
            Ok(())
        })
    });
    outcome.unwrap();
}
