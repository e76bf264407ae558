//! Mail to subscribers, through the sink that the options name.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::super::settings::Settings;
use crate::clock::real_limit;
use crate::reply::python;

/// How long the whole conversation may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest line of an answer, with those that go on.
const ANSWER: usize = 4096;
/// Longest line that goes as it is (RFC 5322 2.1.1).
const LINE: usize = 900;
/// Bytes of a header field in one encoded word, which may take 75 characters.
const WORD: usize = 42;
/// What stands as it is in the value of a link.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
/// The sender where a subscription names none.
const NOBODY: &str = "zaqar@localhost";

/// A letter.
#[derive(Debug)]
struct Letter {
    to: Vec<String>,
    from: String,
    subject: String,
    text: String,
}

/// Mails one document; `address` is what follows `mailto:`.
///
/// # Errors
/// Why it was not mailed.
pub(super) async fn deliver(
    settings: &Settings,
    address: &str,
    options: &Map<String, Value>,
    document: &Map<String, Value>,
) -> Result<(), String> {
    let sink = settings.smtp.as_deref().ok_or("there is no option `smtp`")?;
    let letter = letter(settings, address, options, document)?;
    let sent = real_limit(PATIENCE, send(sink, &letter)).await;
    sent.unwrap_or_else(|| Err(format!("{sink} takes too long")))
}

fn letter(
    settings: &Settings,
    address: &str,
    options: &Map<String, Value>,
    document: &Map<String, Value>,
) -> Result<Letter, String> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let to: Vec<String> = decoded.split(',').map(|one| one.trim().to_owned()).collect();
    let option = |name: &str| options.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let from = Some(option("from")).filter(|from| !from.is_empty()).unwrap_or_else(|| NOBODY.to_owned());
    if to.len() > 20 || to.iter().chain([&from]).any(|one| !is_address(one)) {
        return Err("an address cannot stand in a letter".to_owned());
    }
    let in_query = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("subject"))
        .map(|(_, subject)| subject.into_owned());
    let queue = document.get("queue_name").and_then(Value::as_str).unwrap_or_default();
    let (subject, text) = match document.get("Message_Type").and_then(Value::as_str) {
        Some("SubscriptionConfirmation") => {
            let link = link(settings, document, queue)?;
            let text = format!(
                "Somebody asked that messages of the queue {queue} go to this address.\nTo agree, open {link}\n"
            );
            ("Confirm your subscription".to_owned(), text)
        }
        Some("UnsubscribeConfirmation") => {
            let link = link(settings, document, queue)?;
            let text = format!(
                "Messages of the queue {queue} no longer go to this address.\nTo get them again, open {link}\n"
            );
            ("Your subscription has ended".to_owned(), text)
        }
        _ => {
            let text = String::from_utf8_lossy(&python::dumps(document)).into_owned();
            (in_query.unwrap_or_else(|| option("subject")), text)
        }
    };
    Ok(Letter { to, from, subject, text })
}

/// The page that a reader confirms on, with what it needs (Zaqar reference 10.6).
fn link(settings: &Settings, document: &Map<String, Value>, queue: &str) -> Result<String, String> {
    let page = settings.external_confirmation_url.as_deref();
    let page = page.ok_or("there is no option `external_confirmation_url`")?;
    let value = |name: &str| {
        let value = document.get(name).and_then(Value::as_str).unwrap_or_default();
        utf8_percent_encode(value, PLAIN)
    };
    Ok(format!(
        "{page}?Signature={}&Methods={}&Paths={}&Project={}&Expires={}&Url={}&Queue={queue}",
        value("URL-Signature"),
        value("URL-Methods"),
        value("URL-Paths"),
        value("X-Project-ID"),
        value("URL-Expires"),
        value("WSGISubscribeURL"),
    ))
}

/// Nothing that could end a command or a header field.
fn is_address(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b',' | b';');
    !text.is_empty() && text.len() <= 254 && text.bytes().all(plain)
}

/// A text of a header field as encoded words, each on a line of its own and with whole characters (RFC 2047 2).
fn encoded(text: &str) -> String {
    let mut words = vec![String::new()];
    for character in text.chars() {
        let is_full = words.last().is_some_and(|word| word.len() + character.len_utf8() > WORD);
        if is_full {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let words: Vec<String> =
        words.iter().map(|word| format!("=?utf-8?b?{}?=", STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

impl Letter {
    fn render(&self) -> String {
        let plain =
            self.subject.len() <= LINE && self.subject.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let subject = match plain {
            true => self.subject.clone(),
            false => encoded(&self.subject),
        };
        let mut out = format!(
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"utf-8\"\r\nFrom: {}\r\nTo: {}\r\nSubject: {subject}\r\n",
            self.from,
            self.to.join(", "),
        );
        let is_short = self.text.is_ascii() && self.text.lines().all(|line| line.len() <= LINE);
        if is_short {
            out.push_str("Content-Transfer-Encoding: 7bit\r\n\r\n");
            for line in self.text.lines() {
                // A line of one dot would end the letter.
                let dot = if line.starts_with('.') { "." } else { "" };
                let _ = write!(out, "{dot}{line}\r\n");
            }
            return out;
        }
        out.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
        let encoded = STANDARD.encode(&self.text);
        for line in encoded.as_bytes().chunks(76) {
            out.push_str(&String::from_utf8_lossy(line));
            out.push_str("\r\n");
        }
        out
    }
}

async fn send(sink: &str, letter: &Letter) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{sink}: {error}");
    let mut stream = BufReader::new(TcpStream::connect(sink).await.map_err(told)?);
    expect(&mut stream, sink, 2).await?;
    say(&mut stream, sink, "EHLO pentad.local", 2).await?;
    say(&mut stream, sink, &format!("MAIL FROM:<{}>", letter.from), 2).await?;
    for to in &letter.to {
        say(&mut stream, sink, &format!("RCPT TO:<{to}>"), 2).await?;
    }
    say(&mut stream, sink, "DATA", 3).await?;
    say(&mut stream, sink, &format!("{}.", letter.render()), 2).await?;
    say(&mut stream, sink, "QUIT", 2).await
}

async fn say(stream: &mut BufReader<TcpStream>, sink: &str, words: &str, class: u8) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{sink}: {error}");
    stream.get_mut().write_all(format!("{words}\r\n").as_bytes()).await.map_err(told)?;
    expect(stream, sink, class).await
}

/// Reads an answer of the given class; `250-` goes on with the next line.
async fn expect(stream: &mut BufReader<TcpStream>, sink: &str, class: u8) -> Result<(), String> {
    let mut read = 0;
    loop {
        let mut line = String::new();
        let mut limited = tokio::io::AsyncReadExt::take(&mut *stream, (ANSWER - read) as u64);
        read += limited.read_line(&mut line).await.map_err(|error| format!("{sink}: {error}"))?;
        if !line.starts_with(char::from(b'0' + class)) || !line.ends_with('\n') {
            return Err(format!("{sink} says {:?}", line.trim_end()));
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(());
        }
    }
}
