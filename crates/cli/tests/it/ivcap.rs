//! `pentad ivcap` on the user's own data, and over TCP where a process is killed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use crate::house::House;

fn id(house: &House, words: &[&str]) -> String {
    house.ok(&[words, &["-o", "json"]].concat()).json()["id"].as_str().unwrap().to_owned()
}

fn service(house: &House, name: &str) -> String {
    id(house, &["ivcap", "service", "find", name])
}

#[test]
fn an_order_is_placed_waited_for_and_its_product_saved() {
    let house = House::new();
    let greeting = service(&house, "greeting");
    let listed = house.ok(&["ivcap", "service", "list"]);
    for column in ["ID", "NAME", "DESCRIPTION", "greeting"] {
        assert!(listed.out.to_uppercase().contains(&column.to_uppercase()), "{}", listed.out);
    }
    let order = house.ok(&[
        "ivcap",
        "order",
        "create",
        &greeting,
        "name=Ada",
        "times=2",
        "--wait",
        "--follow-logs",
        "-o",
        "json",
    ]);
    assert!(order.err.contains("wrote greeting.txt"), "{}", order.err);
    let order = order.json();
    assert_eq!(order["status"], "succeeded");
    let id = order["id"].as_str().unwrap();
    let products = house.ok(&["ivcap", "order", "products", id, "-o", "json"]).json();
    let product = products[0]["id"].as_str().unwrap();
    let piped = house.ok(&["ivcap", "artifact", "download", product, "-"]);
    assert_eq!(piped.out, "Hello, Ada!\nHello, Ada!\n");
    let part = house.ok(&["ivcap", "artifact", "download", product, "-", "--range", "7-9"]);
    assert_eq!(part.out, "Ada");
    house.ok(&["ivcap", "artifact", "download", product, "out.txt"]);
    assert_eq!(std::fs::read_to_string(house.path().join("out.txt")).unwrap(), piped.out);
    assert_eq!(house.run(&["ivcap", "artifact", "download", product, "out.txt"]).code, 5);
    let logs = house.ok(&["ivcap", "order", "logs", id]);
    assert!(logs.out.contains("wrote greeting.txt"), "{}", logs.out);
}

#[test]
fn an_order_that_fails_or_cannot_be_placed_is_a_failure() {
    let house = House::new();
    let greeting = service(&house, "greeting");
    let missing = house.run(&["ivcap", "order", "create", &greeting]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("name"), "{}", missing.err);
    let wrong = house.run(&["ivcap", "order", "create", &greeting, "name=Ada", "times=two"]);
    assert!(wrong.err.contains("times"), "{}", wrong.err);
    let failing = service(&house, "failing");
    let failed = house.run(&["ivcap", "order", "create", &failing, "--wait", "-o", "json"]);
    assert_eq!(failed.code, 1);
    assert_eq!(failed.json()["status"], "failed");
}

#[test]
fn contents_go_in_and_out_through_pipes_and_files() {
    let house = House::new();
    house.file("data.csv", "a,b\n1,2\n", 0o644);
    let file = house.ok(&["ivcap", "artifact", "upload", "data.csv", "-o", "json"]).json();
    assert_eq!(
        (&file["mime-type"], &file["name"], &file["size"]),
        (&json!("text/csv"), &json!("data.csv"), &json!(8))
    );
    let piped =
        house.feed(&["ivcap", "artifact", "upload", "-", "--name", "piped", "-o", "json"], "from a pipe");
    assert_eq!(piped.code, 0, "{}", piped.err);
    let piped = piped.json();
    assert_eq!((&piped["status"], &piped["size"]), (&json!("ready"), &json!(11)));
    let back = house.ok(&["ivcap", "artifact", "download", piped["id"].as_str().unwrap(), "-"]);
    assert_eq!(back.out, "from a pipe");
    for dialect in ["l23", "l28"] {
        let old =
            house.ok(&["ivcap", "--dialect", dialect, "artifact", "upload", "data.csv", "-o", "json"]).json();
        assert_eq!(old["status"], "ready", "{dialect}");
    }
    let list = house.ok(&["ivcap", "artifact", "list", "-o", "json"]).json();
    assert!(list.as_array().unwrap().len() >= 4);
}

#[test]
fn metadata_is_added_from_a_file_and_found_as_of_a_past_moment() {
    let house = House::new();
    house.file("label.json", r#"{"$schema": "urn:x:schema:label.1", "label": "cat"}"#, 0o644);
    let record = id(&house, &["ivcap", "metadata", "add", "urn:x:thing:1", "-f", "label.json"]);
    let then = house.ok(&["ivcap", "metadata", "get", &record, "-o", "json"]).json();
    let moment = then["valid-from"].as_str().unwrap().to_owned();
    house.ok(&["ivcap", "metadata", "retract", &record, "--yes"]);
    let found = |words: &[&str]| -> Vec<Value> {
        let all =
            [&["ivcap", "metadata", "search", "--entity", "urn:x:thing:1", "-o", "json"], words].concat();
        house.ok(&all).json().as_array().unwrap().clone()
    };
    assert!(found(&[]).is_empty());
    assert_eq!(found(&["--at", &moment])[0]["content"]["label"], "cat");
    assert!(found(&["--at", "2024-05-01"]).is_empty());
    let bad = house.run(&["ivcap", "metadata", "search", "--at", "last week"]);
    assert_eq!(bad.code, 2);
    let refused = house.run(&["ivcap", "metadata", "add", "urn:x:thing:1", "{}"]);
    assert!(refused.err.contains("schema"), "{}", refused.err);
    let shown = house.ok(&["ivcap", "metadata", "search", "--at", "2024-05-01", "--curl"]);
    assert!(shown.out.contains("at-time=2024-05-01T00%3A00%3A00Z"), "{}", shown.out);
    assert!(!shown.out.contains("eyJ"), "no token is printed");
}

#[test]
fn the_originals_variables_are_honoured() {
    let house = House::new();
    let served = house.serve(&[]);
    let announced = &served.announcement;
    let text = |pointer: &str| announced.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let user = House::new()
        .env("IVCAP_URL", &text("/endpoints/ivcap_l28"))
        .env("IVCAP_JWT", &text("/credentials/ivcap/jwt"))
        .env("IVCAP_ACCOUNT_ID", &text("/credentials/ivcap/account_id"));
    let found = user.ok(&["ivcap", "--dialect", "l28", "service", "list", "-o", "json"]).json();
    assert!(found.as_array().unwrap().len() >= 3);
    assert_eq!(user.ok(&["ivcap", "detect", "-o", "json"]).json()["dialect"], "l28");
    let stranger = House::new().env("IVCAP_URL", &text("/endpoints/ivcap")).env("IVCAP_JWT", "nonsense");
    assert_eq!(stranger.run(&["ivcap", "service", "list"]).code, 4);
}

#[test]
fn a_login_is_kept_between_commands_until_it_is_forgotten() {
    let house = House::new();
    let seed = house.file("seed.yaml", "ivcap:\n  options:\n    auto_approve: true\n", 0o600);
    let served = house.serve(&["--seed", seed.to_str().unwrap()]);
    let url = served.announcement.pointer("/endpoints/ivcap").unwrap().as_str().unwrap().to_owned();
    let user = House::new().env("PENTAD_IVCAP_ENDPOINT", &url);
    assert_eq!(user.run(&["ivcap", "service", "list"]).code, 4);
    let login = user.ok(&["ivcap", "login", "-o", "json"]);
    assert!(login.err.contains("enter"), "{}", login.err);
    user.ok(&["ivcap", "service", "list"]);
    user.ok(&["ivcap", "logout"]);
    assert_eq!(user.run(&["ivcap", "service", "list"]).code, 4);
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
            let _ = to.shutdown(std::net::Shutdown::Write);
            return;
        }
        let Some((left, full)) = limit else { continue };
        if left.fetch_sub(i64::try_from(read).unwrap(), Ordering::SeqCst) < 0 {
            *full.0.lock().unwrap() = true;
            full.1.notify_all();
            // What comes later is never read: the sender waits until it is killed.
            let (_kept, (_sender, never)) = (from, std::sync::mpsc::channel::<()>());
            let _ = never.recv_timeout(std::time::Duration::from_secs(60));
            return;
        }
    }
}

#[test]
fn an_upload_that_was_killed_goes_on_with_the_same_command() {
    let house = House::new();
    let served = house.serve(&[]);
    let text = |pointer: &str| served.announcement.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let server = text("/endpoints/ivcap").trim_start_matches("http://").trim_end_matches('/').to_owned();
    let content: Vec<u8> = (0..8_000_000_u32).map(|at| (at % 253) as u8).collect();
    std::fs::write(house.path().join("big.bin"), &content).unwrap();
    let dam = Dam::new(&server, 1_000_000);
    let url = format!("http://{}", dam.address);
    let user = House::new().env("IVCAP_URL", &url).env("IVCAP_JWT", &text("/credentials/ivcap/jwt"));
    let file = house.path().join("big.bin");
    let words = ["ivcap", "artifact", "upload", file.to_str().unwrap(), "-o", "json"];
    let mut first = user.command(&words).spawn().unwrap();
    dam.wait();
    first.kill().unwrap();
    first.wait().unwrap();
    dam.open();
    let second = user.ok(&words);
    assert!(second.err.contains("went on at byte"), "{}", second.err);
    let artifact = second.json();
    assert_eq!((&artifact["status"], &artifact["size"]), (&json!("ready"), &json!(content.len())));
    let id = artifact["id"].as_str().unwrap();
    user.ok(&["ivcap", "artifact", "download", id, "back.bin"]);
    assert!(std::fs::read(user.path().join("back.bin")).unwrap() == content, "bit by bit");
    let all = user.ok(&["ivcap", "artifact", "list", "-o", "json"]).json();
    assert_eq!(all.as_array().unwrap().len(), 1, "nothing was begun anew");
}
