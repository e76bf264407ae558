//! IVCAP under the kill: uploads in parts, orders and metadata, and what is there of them afterwards.
#![expect(clippy::disallowed_methods, reason = "an order takes real time to come to its end")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Method, StatusCode};
use pentad_benches::Result;
use pentad_benches::bare::{Bare, REFUSED};
use pentad_benches::server::Server;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::kill::Subject;

const UPLOADERS: u64 = 6;
const ORDERERS: u64 = 2;
const ADDERS: u64 = 4;
/// Bytes of the largest content.
const LARGEST: u64 = 3_000_000;
/// How often an order is asked for its end, and how long between.
const LOOKS: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// The books of the load, kept over all kills.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ivcap(Arc<Mutex<Books>>);

#[derive(Debug, Default)]
struct Books {
    numbers: u64,
    /// Contents by artifact.
    uploads: BTreeMap<String, Upload>,
    parts: u64,
    /// Whom each order greets, and the end that it was seen to have.
    orders: BTreeMap<String, Order>,
    /// The number in each answered record.
    records: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Default)]
struct Upload {
    number: u64,
    length: u64,
    /// So much was answered.
    answered: u64,
    /// So much was sent.
    sent: u64,
    audited: bool,
}

#[derive(Debug, Clone, Default)]
struct Order {
    name: String,
    end: Option<String>,
    audited: bool,
}

impl Upload {
    fn content(&self) -> Bytes {
        let mut random = fastrand::Rng::with_seed(self.number);
        std::iter::repeat_with(|| random.u8(..)).take(usize::try_from(self.length).unwrap_or(0)).collect()
    }

    /// What an offset after a restart contradicts.
    fn contradicts(&self, id: &str, stored: u64) -> Option<String> {
        let Self { answered, sent, .. } = self;
        (stored < *answered || stored > *sent).then(|| {
            format!("artifact {id} holds {stored} bytes; {answered} were answered and {sent} were sent")
        })
    }
}

/// Calls of one server.
#[derive(Debug, Clone)]
struct Site {
    http: Bare,
    own: Ivcap,
}

impl Site {
    fn new(own: &Ivcap, server: &Server) -> Result<Self> {
        let (base, token) =
            (server.announced("/endpoints/ivcap")?, server.announced("/credentials/ivcap/jwt")?);
        let http = Bare::new(base, "").authorization(&format!("Bearer {token}"));
        Ok(Self { http: http.and(HeaderName::from_static("tus-resumable"), "1.0.0"), own: own.clone() })
    }

    async fn get(&self, path: &str) -> Result<Value> {
        self.http.call(Method::GET, path, &Value::Null).await
    }

    /// Makes records and sends their contents in parts, each until it is whole.
    async fn upload(self) -> Result<()> {
        loop {
            let number = self.own.number();
            let length = fastrand::u64(1..=LARGEST);
            let name = HeaderName::from_static;
            let http = self.http.clone().and(name("x-content-type"), "application/octet-stream");
            let http = http.and(name("x-content-length"), &length.to_string());
            let made = http.call(Method::POST, "/1/artifacts", &Value::Null).await?;
            let id = text(&made["id"]);
            let upload = Upload { number, length, ..Upload::default() };
            self.own.books().uploads.insert(id.clone(), upload.clone());
            self.finish(&id, &upload, 0).await?;
        }
    }

    /// Sends a content from an offset on.
    async fn finish(&self, id: &str, upload: &Upload, mut at: u64) -> Result<()> {
        let content = upload.content();
        while at < upload.length {
            let end = upload.length.min(at + fastrand::u64(1..=LARGEST / 2));
            self.note(id, |upload| upload.sent = upload.sent.max(end));
            let part = content.slice(usize::try_from(at)?..usize::try_from(end)?);
            let name = HeaderName::from_static;
            let http = self.http.clone().and(name("content-type"), "application/offset+octet-stream");
            let http = http.and(name("upload-offset"), &at.to_string());
            let path = format!("/1/artifacts/{id}/blob");
            let (status, said) = http.send(Method::PATCH, self.http.uri(&path)?, part).await?;
            if status != StatusCode::NO_CONTENT {
                return Err(format!("{REFUSED} {path}: {status}: {}", String::from_utf8_lossy(&said)).into());
            }
            self.note(id, |upload| upload.answered = upload.answered.max(end));
            self.own.books().parts += 1;
            at = end;
        }
        Ok(())
    }

    fn note(&self, id: &str, change: impl FnOnce(&mut Upload)) {
        self.own.books().uploads.get_mut(id).map(change);
    }

    /// Places orders and watches them to their ends.
    async fn order(self) -> Result<()> {
        let found = self.get("/1/services2?filter=name~='greeting'").await?;
        let service = text(&found["items"][0]["id"]);
        loop {
            let name = format!("caller {}", self.own.number());
            let order = json!({"service": service, "parameters": [{"name": "name", "value": name}]});
            let made = self.http.call(Method::POST, "/1/orders", &order).await?;
            let id = text(&made["id"]);
            self.own.books().orders.insert(id.clone(), Order { name, ..Order::default() });
            self.end(&id).await?;
        }
    }

    /// Waits for the end of an order, and notes it.
    async fn end(&self, id: &str) -> Result<Value> {
        for _ in 0..LOOKS {
            let order = self.get(&format!("/1/orders/{id}")).await?;
            let status = text(&order["status"]);
            if matches!(&*status, "succeeded" | "failed" | "error") {
                if let Some(order) = self.own.books().orders.get_mut(id) {
                    order.end.get_or_insert(status);
                }
                return Ok(order);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(format!("order {id} does not come to an end").into())
    }

    async fn add(self) -> Result<()> {
        loop {
            let number = self.own.number();
            let path = format!("/1/aspects?entity=urn:torture:{}&schema=urn:torture:schema:1", number % 100);
            let made = self.http.call(Method::POST, &path, &json!({"number": number})).await?;
            self.own.books().records.insert(text(&made["id"]), number);
        }
    }

    /// An upload must be where it was answered to be; it is finished then, and its content read.
    async fn audit_upload(&self, id: &str, upload: &Upload) -> Result<Option<String>> {
        let uri = self.http.uri(&format!("/1/artifacts/{id}/blob"))?;
        let (head, _) = self.http.exchange(Method::HEAD, uri.clone(), Bytes::new()).await?;
        let stored = head.headers.get("upload-offset").and_then(|value| value.to_str().ok()?.parse().ok());
        let Some(stored) = stored else { return Ok(Some(format!("artifact {id}: {}", head.status))) };
        if let Some(fault) = upload.contradicts(id, stored) {
            return Ok(Some(fault));
        }
        self.finish(id, upload, stored).await?;
        let (status, content) = self.http.send(Method::GET, uri, Bytes::new()).await?;
        let is_right = status.is_success() && content == upload.content();
        self.note(id, |upload| upload.audited = true);
        Ok((!is_right).then(|| format!("artifact {id} has another content: {status}")))
    }

    /// An order must be there, keep the end that it had, and come to one.
    async fn audit_order(&self, id: &str, placed: &Order) -> Result<Option<String>> {
        let order = self.end(id).await?;
        let status = text(&order["status"]);
        if placed.end.as_ref().is_some_and(|end| *end != status) {
            return Ok(Some(format!(
                "order {id} was {} and is now {status}",
                placed.end.as_deref().unwrap_or("")
            )));
        }
        if text(&order["parameters"][0]["value"]) != placed.name {
            return Ok(Some(format!("order {id} has other parameters")));
        }
        if status == "succeeded" {
            let product = text(&order["products"]["items"][0]["id"]);
            let uri = self.http.uri(&format!("/1/artifacts/{product}/blob"))?;
            let (status, greeting) = self.http.send(Method::GET, uri, Bytes::new()).await?;
            if greeting != format!("Hello, {}!\n", placed.name) {
                return Ok(Some(format!("order {id} succeeded without its product: {status}")));
            }
        }
        if let Some(order) = self.own.books().orders.get_mut(id) {
            order.audited = true;
        }
        Ok(None)
    }

    async fn audit_record(&self, id: &str, number: u64) -> Result<Option<String>> {
        let uri = self.http.uri(&format!("/1/aspects/{id}"))?;
        let (status, record) = self.http.send(Method::GET, uri, Bytes::new()).await?;
        let found =
            serde_json::from_slice::<Value>(&record).ok().map(|record| record["content"]["number"].clone());
        let is_right = status.is_success() && found == Some(Value::from(number));
        Ok((!is_right).then(|| format!("record {id} of number {number} is lost: {status}")))
    }
}

impl Ivcap {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that nothing else has.
    fn number(&self) -> u64 {
        let mut books = self.books();
        books.numbers += 1;
        books.numbers
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Subject for Ivcap {
    const NAME: &'static str = "ivcap";

    async fn prepare(&mut self, _: &Server) -> Result<()> {
        Ok(())
    }

    async fn begin(&mut self, server: &Server, _: u32) -> Result<JoinSet<String>> {
        let site = Site::new(self, server)?;
        let mut tasks = JoinSet::new();
        let why = |outcome: Result<()>| outcome.err().map(|error| error.to_string()).unwrap_or_default();
        for _ in 0..UPLOADERS {
            let own = site.clone();
            tasks.spawn(async move { why(own.upload().await) });
        }
        for _ in 0..ORDERERS {
            let own = site.clone();
            tasks.spawn(async move { why(own.order().await) });
        }
        for _ in 0..ADDERS {
            let own = site.clone();
            tasks.spawn(async move { why(own.add().await) });
        }
        Ok(tasks)
    }

    async fn audit(&mut self, server: &Server, whole: bool) -> Result<Option<String>> {
        let site = Site::new(self, server)?;
        let (uploads, orders, records) = {
            let books = self.books();
            (books.uploads.clone(), books.orders.clone(), books.records.clone())
        };
        for (id, upload) in uploads.iter().filter(|(_, upload)| whole || !upload.audited) {
            if let Some(fault) = site.audit_upload(id, upload).await? {
                return Ok(Some(fault));
            }
        }
        for (id, order) in orders.iter().filter(|(_, order)| whole || !order.audited) {
            if let Some(fault) = site.audit_order(id, order).await? {
                return Ok(Some(fault));
            }
        }
        for (id, number) in records {
            if let Some(fault) = site.audit_record(&id, number).await? {
                return Ok(Some(fault));
            }
        }
        Ok(None)
    }

    fn summary(&self) -> String {
        let books = self.books();
        let ended =
            |end: &str| books.orders.values().filter(|order| order.end.as_deref() == Some(end)).count();
        format!(
            "{} parts of {} uploads, {} orders ({} succeeded, {} failed or were marked), {} records; nothing lost, changed or \
             taken back",
            books.parts,
            books.uploads.len(),
            books.orders.len(),
            ended("succeeded"),
            ended("failed") + ended("error"),
            books.records.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_neither_behind_its_answers_nor_ahead_of_what_was_sent() {
        let upload = Upload { answered: 10, sent: 20, length: 30, ..Upload::default() };
        assert_eq!([10, 15, 20].map(|stored| upload.contradicts("a", stored)), [None, None, None]);
        assert!(upload.contradicts("a", 9).is_some());
        assert!(upload.contradicts("a", 21).is_some());
    }

    #[test]
    fn contents_differ_by_their_number() {
        let content = |number| Upload { number, length: 64, ..Upload::default() }.content();
        assert_eq!(content(1), content(1));
        assert_ne!(content(1), content(2));
        assert_eq!(content(1).len(), 64);
    }
}
