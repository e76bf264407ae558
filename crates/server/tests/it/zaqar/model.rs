//! Claims against a model: any order of claims, renewals, releases, deletions and time.

use proptest::prelude::*;
use serde_json::json;

use super::world::World;

#[derive(Debug, Clone)]
enum Step {
    Post(u8),
    Claim { limit: u8, ttl: i64 },
    Renew { claim: usize, ttl: i64 },
    Release(usize),
    Finish { claim: usize, message: usize },
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..8_u8).prop_map(Step::Post),
        (1..6_u8, 60..300_i64).prop_map(|(limit, ttl)| Step::Claim { limit, ttl }),
        (0..8_usize, 60..300_i64).prop_map(|(claim, ttl)| Step::Renew { claim, ttl }),
        (0..8_usize).prop_map(Step::Release),
        (0..8_usize, 0..6_usize).prop_map(|(claim, message)| Step::Finish { claim, message }),
        (1..200_i64).prop_map(Step::Wait),
    ]
}

/// What must be true of a message.
#[derive(Debug, Clone)]
struct Known {
    id: String,
    finished: bool,
    held: Option<(String, i64)>,
}

#[derive(Default)]
struct Model {
    now: i64,
    messages: Vec<Known>,
    claims: Vec<String>,
}

impl Model {
    fn is_free(&self, message: &Known) -> bool {
        !message.finished && message.held.as_ref().is_none_or(|(_, until)| *until <= self.now)
    }

    fn held_by(&self, claim: &str) -> Vec<usize> {
        let held = |message: &Known| {
            !message.finished
                && message.held.as_ref().is_some_and(|(own, until)| own == claim && *until > self.now)
        };
        (0..self.messages.len()).filter(|index| held(&self.messages[*index])).collect()
    }

    fn claim(&self, number: usize) -> Option<String> {
        let index = number.checked_rem(self.claims.len())?;
        self.claims.get(index).cloned()
    }
}

async fn run(steps: Vec<Step>) {
    let (w, mut model) = (World::new().awake(), Model::default());
    for step in steps {
        apply(&w, &mut model, step).await;
    }
    let stats = w.get("/v2/queues/jobs/stats").await.ok();
    let left = model.messages.iter().filter(|message| !message.finished).count();
    let free = model.messages.iter().filter(|message| model.is_free(message)).count();
    assert_eq!(stats["messages"]["total"], left);
    assert_eq!(stats["messages"]["free"], free);
}

async fn apply(w: &World, model: &mut Model, step: Step) {
    match step {
        Step::Post(count) => {
            let bodies: Vec<_> = (0..count).map(|n| json!(n)).collect();
            let known = |id| Known { id, finished: false, held: None };
            model.messages.extend(w.fill(&bodies).await.into_iter().map(known));
        }
        Step::Claim { limit, ttl } => claim(w, model, usize::from(limit), ttl).await,
        Step::Renew { claim, ttl } => {
            let Some(claim) = model.claim(claim) else { return };
            let held = model.held_by(&claim);
            let path = format!("/v2/queues/jobs/claims/{claim}");
            let answer = w.patch(&path, json!({"ttl": ttl, "grace": 60})).await;
            assert_eq!(answer.status, if held.is_empty() { 404 } else { 204 });
            for index in held {
                model.messages[index].held = Some((claim.clone(), model.now + ttl));
            }
        }
        Step::Release(claim) => {
            let Some(claim) = model.claim(claim) else { return };
            w.delete(&format!("/v2/queues/jobs/claims/{claim}")).await.ok();
            for index in model.held_by(&claim) {
                model.messages[index].held = None;
            }
        }
        Step::Finish { claim, message } => {
            let Some(claim) = model.claim(claim) else { return };
            let held = model.held_by(&claim);
            let Some(index) = message.checked_rem(held.len()).map(|at| held[at]) else { return };
            let id = &model.messages[index].id;
            w.delete(&format!("/v2/queues/jobs/messages/{id}?claim_id={claim}")).await.ok();
            model.messages[index].finished = true;
        }
        Step::Wait(seconds) => {
            w.advance(seconds).await;
            model.now += seconds;
        }
    }
}

/// A claim takes exactly the oldest messages that are free.
async fn claim(w: &World, model: &mut Model, limit: usize, ttl: i64) {
    let free = (0..model.messages.len()).filter(|index| model.is_free(&model.messages[*index]));
    let expected: Vec<usize> = free.take(limit).collect();
    let body = json!({"ttl": ttl, "grace": 60});
    let answer = w.post(&format!("/v2/queues/jobs/claims?limit={limit}"), body).await;
    if expected.is_empty() {
        assert_eq!(answer.status, 204);
        return;
    }
    let claim = answer.location().rsplit('/').next().unwrap().to_owned();
    let taken = answer.ok();
    let taken: Vec<&str> =
        taken["messages"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
    let wanted: Vec<&str> = expected.iter().map(|index| model.messages[*index].id.as_str()).collect();
    assert_eq!(taken, wanted);
    for index in expected {
        model.messages[index].held = Some((claim.clone(), model.now + ttl));
    }
    model.claims.push(claim);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_claim_takes_exactly_the_oldest_free_messages(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
