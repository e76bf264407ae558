//! IVCAP when the server is killed: what it answered is there afterwards, and nothing that it started lives on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use pentad_server::clock::Stopwatch;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::house::{House, Served};

const TOKEN: &str = "token-of-alice";
const LONG: Duration = Duration::from_secs(60);

/// The data directory of one server after another.
struct Site {
    house: House,
}

impl Site {
    fn new() -> Self {
        let script = |name: &str, script: &str| json!({"name": name, "command": ["/bin/sh", "-c", script]});
        let seed = json!({"ivcap": {
            "accounts": [{"id": "00000000-0000-4000-8000-00000000000a"}],
            "users": [{"name": "alice", "token": TOKEN}],
            "options": {"orders": {"parallel": 1}},
            "services": [
                script("wait", "echo $$; exec sleep 1000"),
                script("echo", "echo done; printf abc > \"$IVCAP_OUT_DIR/a.txt\""),
            ],
        }});
        let house = House::new();
        house.file("seed.json", &seed.to_string(), 0o600);
        Self { house }
    }

    fn serve(&self) -> Server {
        let served = self.house.serve(&["--data", "data", "--seed", "seed.json"]);
        let url = served.announcement["endpoints"]["ivcap"].as_str().unwrap();
        let addr = url.trim_start_matches("http://").to_owned();
        Server { served, addr }
    }
}

struct Server {
    served: Served,
    addr: String,
}

impl Server {
    /// The head and the body of an answer; `None` if the server went away.
    fn ask(&self, line: &str, fields: &str, body: &[u8]) -> Option<(String, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.addr).ok()?;
        stream.set_read_timeout(Some(LONG)).unwrap();
        let (addr, length) = (&self.addr, body.len());
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {addr}\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {length}\r\n\
             connection: close\r\n{fields}\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(body).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        Some((head, answer.split_off(end + 4)))
    }

    fn json(&self, line: &str, body: &str) -> Value {
        let (head, body) = self.ask(line, "content-type: application/json\r\n", body.as_bytes()).unwrap();
        serde_json::from_slice(&body).unwrap_or_else(|e| panic!("{e}: {head}"))
    }

    fn order(&self, service: &str) -> String {
        let found = self.json(&format!("GET /1/services2?filter=name%3D%27{service}%27"), "");
        let body = json!({"service": found["items"][0]["id"], "parameters": []});
        self.json("POST /1/orders", &body.to_string())["id"].as_str().unwrap().to_owned()
    }

    fn until(&self, order: &str, states: &[&str]) -> Value {
        let begun = Stopwatch::start();
        loop {
            let found = self.json(&format!("GET /1/orders/{order}"), "");
            if states.iter().any(|state| found["status"] == *state) {
                return found;
            }
            assert!(begun.elapsed() < LONG, "{found}");
        }
    }

    fn kill(self) {
        self.served.stop_by(Signal::KILL);
    }
}

fn field<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

#[test]
#[cfg(target_os = "linux")]
fn orders_outlive_a_killed_server_and_their_processes_do_not() {
    let site = Site::new();
    let first = site.serve();
    let done = first.order("echo");
    let product = first.until(&done, &["succeeded"])["products"]["items"][0]["id"].clone();
    let (running, waiting) = (first.order("wait"), first.order("echo"));
    let begun = Stopwatch::start();
    let pid = loop {
        let (_, log) = first.ask(&format!("GET /1/orders/{running}/logs"), "", b"").unwrap();
        let log = String::from_utf8_lossy(&log).into_owned();
        // The log is sent in chunks: the number is on a line of its own.
        if let Some(pid) = log.lines().find(|line| line.len() > 2 && line.parse::<u32>().is_ok()) {
            break pid.to_owned();
        }
        assert!(begun.elapsed() < LONG, "{log}");
    };
    assert!(Path::new("/proc").join(&pid).exists());
    first.kill();
    let begun = Stopwatch::start();
    while Path::new("/proc").join(&pid).exists() {
        assert!(begun.elapsed() < LONG, "process {pid} stayed");
    }
    let second = site.serve();
    assert_eq!(second.until(&running, &["error"])["status"], "error");
    assert_eq!(second.until(&waiting, &["succeeded"])["products"]["items"].as_array().unwrap().len(), 1);
    assert_eq!(second.until(&done, &["succeeded"])["products"]["items"][0]["id"], product);
    let (_, content) =
        second.ask(&format!("GET /1/artifacts/{}/blob", product.as_str().unwrap()), "", b"").unwrap();
    assert_eq!(content, b"abc");
    second.served.stop();
}

#[test]
fn an_upload_goes_on_after_its_server_was_killed_and_has_what_was_answered() {
    let site = Site::new();
    let mut server = site.serve();
    let content: Vec<u8> =
        (0..3_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let created =
        server.ask("POST /1/artifacts", &format!("x-content-length: {}\r\n", content.len()), b"").unwrap();
    let created: Value = serde_json::from_slice(&created.1).unwrap();
    let blob = format!("/1/artifacts/{}/blob", created["id"].as_str().unwrap());
    let part = |server: &Server, from: usize, to: usize| {
        let fields = format!(
            "tus-resumable: 1.0.0\r\nupload-offset: {from}\r\ncontent-type: application/offset+octet-stream\r\n"
        );
        server.ask(&format!("PATCH {blob}"), &fields, &content[from..to])
    };
    let mut offset = 0;
    for round in 0..3 {
        for _ in 0..4 {
            let to = offset + 150_000;
            let (head, _) = part(&server, offset, to).unwrap();
            assert_eq!(field(&head, "upload-offset"), to.to_string(), "{head}");
            offset = to;
        }
        // Killed while a part is on its way.
        let killed = std::thread::scope(|scope| {
            let sending = scope.spawn(|| part(&server, offset, content.len()));
            // In one of the rounds the answer comes first.
            while round == 1 && !sending.is_finished() {
                std::thread::yield_now();
            }
            server.served.signal(Signal::KILL);
            sending.join().unwrap()
        });
        let answered = killed.map(|(head, _)| field(&head, "upload-offset").parse().unwrap_or(offset));
        server.kill();
        server = site.serve();
        let (head, _) = server.ask(&format!("HEAD {blob}"), "", b"").unwrap();
        let there: usize = field(&head, "upload-offset").parse().unwrap();
        assert!(
            there >= answered.unwrap_or(offset) && there <= content.len(),
            "{there} {answered:?} {offset}"
        );
        offset = there;
        if offset == content.len() {
            break;
        }
    }
    if offset < content.len() {
        part(&server, offset, content.len()).unwrap();
    }
    let (_, whole) = server.ask(&format!("GET {blob}"), "", b"").unwrap();
    assert!(whole == content, "{} bytes", whole.len());
    let record = server.json(&format!("GET {}", blob.trim_end_matches("/blob")), "");
    assert_eq!(record["status"], "ready");
    server.served.stop();
}
