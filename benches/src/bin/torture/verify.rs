//! The audit after a restart: what is stored against what was answered.

use std::collections::{BTreeMap, HashMap};

use http::Method;
use pentad_benches::Result;
use pentad_benches::bare::Bare;
use serde_json::{Value, json};

use crate::ledger::{Entries, Ledger};
use crate::load::{CONSUMERS, auditor, subscription};

/// Messages read back per call.
const PAGE: &str = "1000";

/// Compares and returns the first contradiction, if any; `Err` means that the audit itself failed.
pub(crate) async fn audit(http: &Bare, ledger: &Ledger, from: i64) -> Result<Option<String>> {
    let (stored, end) = match read_back(http, from).await? {
        Ok(read) => read,
        Err(fault) => return Ok(Some(fault)),
    };
    let positions = positions(http).await?;
    let entries = ledger.entries();
    Ok(entries
        .contradiction
        .clone()
        .or_else(|| published(&entries, &stored, from, end))
        .or_else(|| acknowledged(&entries, &positions)))
}

/// The end of the topic.
pub(crate) async fn end(http: &Bare) -> Result<i64> {
    let offsets = http.call(Method::GET, &format!("{}:offsets", auditor()), &Value::Null).await?;
    offsets["max"].as_i64().ok_or_else(|| "the offsets have no max".into())
}

type Stored = BTreeMap<i64, String>;

/// Reads all messages from a position on; the inner error is a gap or a wrong order.
async fn read_back(http: &Bare, from: i64) -> Result<std::result::Result<(Stored, i64), String>> {
    let end = end(http).await?;
    if from > end {
        return Ok(Err(format!("the topic shrank from {from} to {end}")));
    }
    let path = auditor();
    http.call(Method::POST, &format!("{path}:modifyOffset"), &json!({"offset": from})).await?;
    let mut stored = Stored::new();
    let mut next = from;
    while next < end {
        let asked = json!({"maxMessages": PAGE, "returnImmediately": "true"});
        let answer = http.call(Method::POST, &format!("{path}:pull"), &asked).await?;
        let received = answer["receivedMessages"].as_array().ok_or("a pull without messages")?;
        let Some(last) = received.last() else {
            return Ok(Err(format!("nothing can be read at {next} although the topic ends at {end}")));
        };
        for item in received {
            let id: i64 = item["message"]["messageId"].as_str().ok_or("no messageId")?.parse()?;
            if id != next {
                return Ok(Err(format!("position {next} holds a message that says {id}")));
            }
            stored.insert(id, item["message"]["data"].as_str().ok_or("no data")?.to_owned());
            next += 1;
        }
        let ids = json!({"ackIds": [last["ackId"]]});
        http.call(Method::POST, &format!("{path}:acknowledge"), &ids).await?;
    }
    Ok(Ok((stored, end)))
}

async fn positions(http: &Bare) -> Result<Vec<i64>> {
    let mut positions = Vec::new();
    for index in 0..CONSUMERS {
        let path = format!("{}:offsets", subscription(index));
        let offsets = http.call(Method::GET, &path, &Value::Null).await?;
        positions.push(offsets["current"].as_i64().ok_or("the offsets have no current")?);
    }
    Ok(positions)
}

fn published(entries: &Entries, stored: &Stored, from: i64, end: i64) -> Option<String> {
    for (id, content) in entries.answered.range(from..) {
        match stored.get(id) {
            None => {
                return Some(format!("answered message {id} ({content}) is lost; the topic ends at {end}"));
            }
            Some(other) if other != content => {
                return Some(format!("answered message {id} was {content} and is now {other}"));
            }
            Some(_) => {}
        }
    }
    let mut seen: HashMap<&str, i64> = HashMap::new();
    for (id, content) in stored {
        if let Some(first) = seen.insert(content, *id) {
            return Some(format!("message {content} is there twice: at {first} and {id}"));
        }
    }
    None
}

fn acknowledged(entries: &Entries, positions: &[i64]) -> Option<String> {
    positions.iter().enumerate().find_map(|(index, &current)| {
        let answered = entries.acknowledged.get(&index).copied().unwrap_or_default();
        let tried = entries.tried.get(&index).copied().unwrap_or_default();
        if current < answered {
            Some(format!("subscription {index} is at {current} although {answered} was acknowledged"))
        } else if current > tried {
            Some(format!("subscription {index} is at {current} although nobody acknowledged beyond {tried}"))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(contents: &[&str]) -> Stored {
        (0..).zip(contents.iter().map(|&content| content.to_owned())).collect()
    }

    fn entries(answered: &[(i64, &str)]) -> Entries {
        let answered = answered.iter().map(|&(id, content)| (id, content.to_owned())).collect();
        Entries { answered, ..Entries::default() }
    }

    #[test]
    fn unanswered_messages_may_be_there_or_not() {
        assert_eq!(published(&entries(&[(1, "b")]), &stored(&["a", "b", "c"]), 0, 3), None);
    }

    #[test]
    fn lost_changed_and_doubled_messages_are_seen() {
        assert!(published(&entries(&[(2, "c")]), &stored(&["a", "b"]), 0, 2).is_some());
        assert!(published(&entries(&[(1, "c")]), &stored(&["a", "b"]), 0, 2).is_some());
        assert!(published(&entries(&[]), &stored(&["a", "a"]), 0, 2).is_some());
    }

    #[test]
    fn an_acknowledgement_that_went_back_is_seen() {
        let books = Entries {
            acknowledged: BTreeMap::from([(0, 5)]),
            tried: BTreeMap::from([(0, 7)]),
            ..Entries::default()
        };
        assert!(acknowledged(&books, &[4]).is_some());
        assert_eq!(acknowledged(&books, &[5]), None);
        assert_eq!(acknowledged(&books, &[7]), None);
        assert!(acknowledged(&books, &[8]).is_some());
    }
}
