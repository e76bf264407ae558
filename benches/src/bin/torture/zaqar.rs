//! Zaqar under the kill: posts, claims, deletions and releases, and what is there of them afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Method;
use pentad_benches::Result;
use pentad_benches::bare::Bare;
use pentad_benches::server::Server;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::kill::Subject;

const PRODUCERS: usize = 8;
const CONSUMERS: usize = 6;
const QUEUE: &str = "/v2/queues/torture";
/// Seconds of a claim: longer than any run.
const LEASE: u32 = 43_200;
/// Messages read back per call, which the seed allows.
const PAGE: usize = 1000;

/// The books of the load, kept over all kills.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zaqar(Arc<Mutex<Books>>);

#[derive(Debug, Default)]
struct Books {
    /// Body of each answered message by its id.
    posted: BTreeMap<String, String>,
    posts: u64,
    /// Messages whose deletion was answered.
    deleted: BTreeSet<String>,
    /// Messages whose deletion was sent.
    tried: BTreeSet<String>,
    /// Messages of answered claims that nobody gave back or began to delete.
    held: BTreeSet<String>,
    claims: u64,
    /// The first contradiction that needs no restart to be seen.
    contradiction: Option<String>,
}

impl Books {
    fn claimed(&mut self, ids: &[String]) {
        self.claims += 1;
        for id in ids {
            let fault = if self.deleted.contains(id) {
                Some(format!("message {id} was claimed after its deletion was answered"))
            } else if !self.held.insert(id.clone()) {
                Some(format!("message {id} is in two live claims"))
            } else {
                None
            };
            if let Some(fault) = fault {
                self.contradiction.get_or_insert(fault);
            }
        }
    }

    fn compare(&self, stored: &BTreeMap<String, String>) -> Option<String> {
        if let Some(said) = &self.contradiction {
            return Some(said.clone());
        }
        for (id, body) in &self.posted {
            match stored.get(id) {
                Some(other) if other != body => {
                    return Some(format!("answered message {id} was {body} and is now {other}"));
                }
                Some(_) if self.deleted.contains(id) => {
                    return Some(format!("message {id} is there although its deletion was answered"));
                }
                None if !self.tried.contains(id) => {
                    return Some(format!("answered message {id} ({body}) is lost"));
                }
                _ => {}
            }
        }
        let mut seen = BTreeSet::new();
        let twice = stored.values().find(|body| !seen.insert(body.as_str()));
        twice.map(|body| format!("message {body} is there twice"))
    }
}

impl Zaqar {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(server: &Server) -> Result<Bare> {
        let base = server.announced("/endpoints/zaqar")?;
        Ok(Bare::project(base, "torture", "5b0f6c1e4f0a4d0e9a550c1d2e3f4a5b"))
    }

    async fn produce(self, http: Bare, writer: String) -> Result<()> {
        for sequence in 0_u64.. {
            let count = if fastrand::u8(..4) == 0 { fastrand::usize(2..12) } else { 1 };
            let bodies: Vec<String> = (0..count).map(|part| format!("{writer}-{sequence}-{part}")).collect();
            let messages: Vec<Value> = bodies.iter().map(|body| json!({ "body": body })).collect();
            let path = format!("{QUEUE}/messages");
            let answer = http.call(Method::POST, &path, &json!({ "messages": messages })).await?;
            let hrefs = answer["resources"].as_array().ok_or("a post was answered without resources")?;
            let mut books = self.books();
            books.posts += 1;
            for (href, body) in hrefs.iter().zip(bodies) {
                let id = last_part(href.as_str().unwrap_or_default());
                if let Some(other) = books.posted.insert(id.clone(), body.clone()) {
                    let said = format!("id {id} was given to {body} and to {other}");
                    books.contradiction.get_or_insert(said);
                }
            }
        }
        Ok(())
    }

    async fn consume(self, http: Bare) -> Result<()> {
        loop {
            let path = format!("{QUEUE}/claims?limit={}", fastrand::u8(1..=20));
            let answer = http.call(Method::POST, &path, &json!({"ttl": LEASE, "grace": 60})).await?;
            let Some(messages) = answer["messages"].as_array() else {
                tokio::task::yield_now().await;
                continue;
            };
            let hrefs: Vec<&str> = messages.iter().filter_map(|message| message["href"].as_str()).collect();
            let ids: Vec<String> = hrefs.iter().map(|href| last_part(href)).collect();
            self.books().claimed(&ids);
            match fastrand::u8(..8) {
                // Let go without a word: what an answered claim holds stays held.
                0 => {}
                1 => {
                    let claim = hrefs.first().and_then(|href| href.split_once('=')).unwrap_or_default().1;
                    self.books().held.retain(|id| !ids.contains(id));
                    http.call(Method::DELETE, &format!("{QUEUE}/claims/{claim}"), &Value::Null).await?;
                }
                _ => {
                    for (href, id) in hrefs.into_iter().zip(ids) {
                        self.books().tried.insert(id.clone());
                        http.call(Method::DELETE, href, &Value::Null).await?;
                        let mut books = self.books();
                        books.held.remove(&id);
                        books.deleted.insert(id);
                    }
                }
            }
        }
    }
}

/// The id at the end of an href.
fn last_part(href: &str) -> String {
    let path = href.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

async fn read_back(http: &Bare) -> Result<BTreeMap<String, String>> {
    let mut stored = BTreeMap::new();
    let mut path = format!("{QUEUE}/messages?limit={PAGE}&echo=true&include_claimed=true");
    loop {
        let page = http.call(Method::GET, &path, &Value::Null).await?;
        let messages = page["messages"].as_array().ok_or("a list without messages")?;
        for message in messages {
            let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
            stored.insert(text("id"), text("body"));
        }
        match page["links"][0]["href"].as_str().filter(|_| messages.len() == PAGE) {
            Some(next) => path = next.to_owned(),
            None => return Ok(stored),
        }
    }
}

impl Subject for Zaqar {
    const NAME: &'static str = "zaqar";

    fn seed(&self, home: &Path) -> Result<Vec<String>> {
        let file = home.join("seed.yaml");
        std::fs::write(
            &file,
            format!("zaqar: {{options: {{auth: none, max_messages_per_page: {PAGE}}}}}\n"),
        )?;
        Ok(vec!["--seed".to_owned(), file.display().to_string()])
    }

    async fn prepare(&mut self, server: &Server) -> Result<()> {
        Self::client(server)?.call(Method::PUT, QUEUE, &Value::Null).await?;
        Ok(())
    }

    async fn begin(&mut self, server: &Server, round: u32) -> Result<JoinSet<String>> {
        let mut tasks = JoinSet::new();
        let why = |outcome: Result<()>| outcome.err().map(|error| error.to_string()).unwrap_or_default();
        for index in 0..PRODUCERS {
            let (own, http) = (self.clone(), Self::client(server)?);
            let writer = format!("{round}-{index}");
            tasks.spawn(async move { why(own.produce(http, writer).await) });
        }
        for _ in 0..CONSUMERS {
            let (own, http) = (self.clone(), Self::client(server)?);
            tasks.spawn(async move { why(own.consume(http).await) });
        }
        Ok(tasks)
    }

    async fn audit(&mut self, server: &Server, _whole: bool) -> Result<Option<String>> {
        let stored = read_back(&Self::client(server)?).await?;
        Ok(self.books().compare(&stored))
    }

    fn summary(&self) -> String {
        let books = self.books();
        format!(
            "{} posts with {} messages, {} claims, {} deletions; nothing lost, doubled, undone or in two claims",
            books.posts,
            books.posted.len(),
            books.claims,
            books.deleted.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(posted: &[(&str, &str)]) -> Books {
        let posted = posted.iter().map(|(id, body)| ((*id).to_owned(), (*body).to_owned())).collect();
        Books { posted, ..Books::default() }
    }

    fn stored(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        books(all).posted
    }

    #[test]
    fn lost_changed_undone_and_doubled_messages_are_seen() {
        let mut own = books(&[("1", "a"), ("2", "b")]);
        assert_eq!(own.compare(&stored(&[("1", "a"), ("2", "b"), ("3", "unanswered")])), None);
        assert!(own.compare(&stored(&[("1", "a")])).is_some());
        assert!(own.compare(&stored(&[("1", "x"), ("2", "b")])).is_some());
        assert!(own.compare(&stored(&[("1", "a"), ("2", "b"), ("3", "b")])).is_some());
        own.tried.insert("2".to_owned());
        assert_eq!(own.compare(&stored(&[("1", "a")])), None);
        own.deleted.insert("2".to_owned());
        assert!(own.compare(&stored(&[("1", "a"), ("2", "b")])).is_some());
    }

    #[test]
    fn a_message_in_two_claims_is_seen() {
        let mut own = Books::default();
        own.claimed(&["1".to_owned()]);
        assert_eq!(own.contradiction, None);
        own.claimed(&["1".to_owned()]);
        assert!(own.contradiction.is_some());
    }
}
