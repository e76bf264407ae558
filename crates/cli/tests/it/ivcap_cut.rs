//! IVCAP contents over connections that break anywhere, and by processes that are killed anywhere.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fastrand::Rng;
use futures_util::StreamExt;
use pentad_core::retry::Schedule;
use pentad_ivcap::{Client, Dialect, Download, Source, Upload};
use serde_json::json;

use crate::house::{House, Served};

fn text(served: &Served, pointer: &str) -> String {
    served.announcement.pointer(pointer).unwrap().as_str().unwrap().to_owned()
}

fn authority(served: &Served) -> String {
    text(served, "/endpoints/ivcap").trim_start_matches("http://").trim_end_matches('/').to_owned()
}

fn content(rng: &mut Rng, most: usize) -> Vec<u8> {
    let mut content = vec![0; rng.usize(1..most)];
    rng.fill(&mut content);
    content
}

/// Where a connection breaks: after so many bytes to the server, or from it.
#[derive(Clone, Copy)]
struct Cut {
    up: bool,
    after: usize,
}

/// A way to a server that breaks each connection at its cut, while there are cuts.
struct Cutter {
    address: String,
    cuts: Arc<Mutex<Vec<Cut>>>,
}

impl Cutter {
    fn new(server: &str, cuts: Vec<Cut>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cuts = Arc::new(Mutex::new(cuts));
        let (server, left) = (server.to_owned(), Arc::clone(&cuts));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let server = TcpStream::connect(&server).unwrap();
                let cut = left.lock().unwrap().pop();
                let (up, down) = match cut {
                    Some(Cut { up: true, after }) => (after, usize::MAX),
                    Some(Cut { up: false, after }) => (usize::MAX, after),
                    None => (usize::MAX, usize::MAX),
                };
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || until(client, server, up));
                std::thread::spawn(move || until(back.0, back.1, down));
            }
        });
        Self { address, cuts }
    }
}

/// Lets so many bytes through, then both sides see the connection end.
fn until(mut from: TcpStream, mut to: TcpStream, mut left: usize) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read) = from.read(&mut buffer) {
        let through = read.min(left);
        if read == 0 || to.write_all(&buffer[..through]).is_err() {
            break;
        }
        left -= through;
        if left == 0 {
            break;
        }
    }
    for side in [from, to] {
        let _ = side.shutdown(Shutdown::Both);
    }
}

/// Cuts that leave the record alone: who makes one and does not hear of it cannot know that there is one.
fn cuts(rng: &mut Rng, size: usize) -> Vec<Cut> {
    let cut = |rng: &mut Rng| Cut { up: rng.u8(..4) > 0, after: rng.usize(6_000..size + 8_000) };
    (0..rng.usize(1..6)).map(|_| cut(rng)).collect()
}

async fn there_and_back(server: &str, token: &str, rng: &mut Rng) {
    let content = content(rng, 1_500_000);
    let way = Cutter::new(server, cuts(rng, content.len()));
    let dialect = if rng.bool() { Dialect::Modern } else { Dialect::L28 };
    let prefix = if dialect == Dialect::L28 { "/ivcap/l28" } else { "" };
    let client =
        Client::new(&format!("http://{}{prefix}", way.address)).dialect(dialect).token(token.to_owned());
    let client = client.build().unwrap();
    let upload =
        Upload::new().content_type("application/octet-stream").retries(20).retry_delay(Duration::ZERO);
    let upload = upload.chunk_size(rng.u64(50_000..2_000_000));
    let source = if rng.bool() {
        Source::bytes(content.clone())
    } else {
        Source::reader(std::io::Cursor::new(content.clone()))
    };
    let sent = client.upload(source, upload).await.unwrap();
    assert_eq!((sent.bytes, sent.artifact.size), (content.len() as u64, Some(content.len() as u64)));
    let more: Vec<_> = cuts(rng, content.len()).into_iter().map(|cut| Cut { up: false, ..cut }).collect();
    *way.cuts.lock().unwrap() = more;
    // A new client, so that the connections are new.
    let again = client.with(|session| session.transport(Arc::new(transport())));
    let download = Download::new().retries(20).retry_schedule(Schedule::Fixed(Duration::ZERO));
    let mut back = again.artifact(&sent.artifact.id).content(download).await.unwrap().stream;
    let mut whole = Vec::new();
    while let Some(piece) = back.next().await {
        whole.extend_from_slice(&piece.unwrap());
    }
    assert!(whole == content, "bit by bit");
}

fn transport() -> pentad_transport::HyperTransport {
    pentad_transport::HyperTransport::builder().build().unwrap()
}

#[test]
fn a_content_goes_up_and_down_whole_wherever_its_connections_break() {
    let house = House::new();
    let served = house.serve(&[]);
    let (server, token) = (authority(&served), text(&served, "/credentials/ivcap/jwt"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for _ in 0..8 {
        let seed = fastrand::u64(..);
        let outcome = runtime.block_on(async {
            let (server, token) = (server.clone(), token.clone());
            tokio::spawn(async move { there_and_back(&server, &token, &mut Rng::with_seed(seed)).await })
                .await
        });
        assert!(outcome.is_ok(), "seed {seed}: {outcome:?}");
    }
}

/// A way to a server that lets only so many bytes through, then holds everything up.
struct Dam {
    address: String,
    left: Arc<AtomicI64>,
    reached: Arc<(Mutex<bool>, Condvar)>,
}

impl Dam {
    fn new(server: &str, bytes: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (left, reached) =
            (Arc::new(AtomicI64::new(bytes)), Arc::new((Mutex::new(false), Condvar::new())));
        let (server, budget, full) = (server.to_owned(), Arc::clone(&left), Arc::clone(&reached));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let server = TcpStream::connect(&server).unwrap();
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (budget, full) = (Arc::clone(&budget), Arc::clone(&full));
                std::thread::spawn(move || pour(client, server, Some((&budget, &full))));
                std::thread::spawn(move || pour(back.0, back.1, None));
            }
        });
        Self { address, left, reached }
    }

    fn wait(&self) {
        let reached = self.reached.0.lock().unwrap();
        drop(self.reached.1.wait_while(reached, |reached| !*reached).unwrap());
    }

    fn open(&self) {
        self.left.store(i64::MAX, Ordering::SeqCst);
    }
}

type Limit<'a> = (&'a AtomicI64, &'a (Mutex<bool>, Condvar));

fn pour(mut from: TcpStream, mut to: TcpStream, limit: Option<Limit<'_>>) {
    let mut buffer = [0; 4096];
    loop {
        let Ok(read) = from.read(&mut buffer) else { return };
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
        let Some((left, full)) = limit else { continue };
        if left.fetch_sub(i64::try_from(read).unwrap(), Ordering::SeqCst) < 0 {
            *full.0.lock().unwrap() = true;
            full.1.notify_all();
            // What comes later is never read: the sender waits until it is killed.
            let (_kept, (_sender, never)) = (from, std::sync::mpsc::channel::<()>());
            let _ = never.recv_timeout(Duration::from_secs(60));
            return;
        }
    }
}

#[test]
fn an_upload_that_was_killed_anywhere_goes_on_with_the_same_command() {
    let house = House::new();
    let served = house.serve(&[]);
    let (server, token) = (authority(&served), text(&served, "/credentials/ivcap/jwt"));
    for _ in 0..4 {
        let seed = fastrand::u64(..);
        let mut rng = Rng::with_seed(seed);
        let mut content = vec![0; 8_000_000];
        rng.fill(&mut content);
        let file = house.path().join(format!("{seed}.bin"));
        std::fs::write(&file, &content).unwrap();
        let dam = Dam::new(&server, rng.i64(20_000..3_000_000));
        let user = House::new().env("IVCAP_URL", &format!("http://{}", dam.address)).env("IVCAP_JWT", &token);
        let words = ["ivcap", "artifact", "upload", file.to_str().unwrap(), "-o", "json"];
        let mut first = user.command(&words).spawn().unwrap();
        dam.wait();
        first.kill().unwrap();
        first.wait().unwrap();
        dam.open();
        let second = user.ok(&words);
        assert!(second.err.contains("went on at byte"), "seed {seed}: {}", second.err);
        let artifact = second.json();
        assert_eq!(
            (&artifact["status"], &artifact["size"]),
            (&json!("ready"), &json!(content.len())),
            "seed {seed}"
        );
        user.ok(&["ivcap", "artifact", "download", artifact["id"].as_str().unwrap(), "back.bin"]);
        assert!(std::fs::read(user.path().join("back.bin")).unwrap() == content, "seed {seed}: bit by bit");
    }
    let user = House::new().env("IVCAP_URL", &text(&served, "/endpoints/ivcap")).env("IVCAP_JWT", &token);
    let all = user.ok(&["ivcap", "artifact", "list", "-o", "json"]).json();
    assert_eq!(all.as_array().unwrap().len(), 4, "nothing was begun anew");
}
