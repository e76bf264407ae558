//! `pentad connect export` and `import`: whole collections, whatever happens on the way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use http::StatusCode;
use pentad_connect::field;
use pentad_connect::mock::{Mock, MockServer};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::house::{House, Run};

/// A mock behind a port, and a house whose commands go there.
struct Stage {
    mock: Mock,
    server: MockServer,
    house: House,
    _serving: Runtime,
}

impl Stage {
    fn new() -> Self {
        let serving =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mock = Mock::new();
        let server = serving.block_on(mock.serve()).unwrap();
        Self { mock, server, house: house(), _serving: serving }
    }

    fn run(&self, words: &[&str]) -> Run {
        self.house.run(&[&["connect"], words, &["--endpoint", &self.server.endpoint()]].concat())
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.house.path().join(name)).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.house.path().join(name).exists()
    }

    fn queries(&self) -> Vec<String> {
        self.mock.requests().into_iter().map(|request| request.query).collect()
    }
}

fn house() -> House {
    House::new().env("PENTAD_CONNECT_API_KEY", "ApiKey SU-1:mine")
}

fn items(ids: std::ops::Range<u32>) -> Vec<Value> {
    ids.map(|n| json!({"id": format!("I-{n:02}"), "n": n})).collect()
}

/// A listing that is refused after the first four.
fn fails_after_four(mock: &Mock) {
    let set = mock.collection("things").all().order_by(["-n"]);
    set.clone().slice(..4).list(items(0..10));
    set.refuse(StatusCode::FORBIDDEN);
}

/// The same in the order of ids, where each page begins behind the last id.
fn fails_after_four_ids(mock: &Mock) {
    let set = mock.collection("things").all().order_by(["id"]);
    let behind = |id: &str| mock.collection("things").filter(field("id").gt(id)).order_by(["id"]);
    set.slice(..2).list(items(0..10));
    behind("I-01").slice(..2).list(items(2..10));
    behind("I-03").refuse(StatusCode::FORBIDDEN);
}

#[test]
fn an_export_that_cannot_begin_leaves_the_file_of_yesterday() {
    let stage = Stage::new();
    stage.mock.collection("things").all().order_by(["id"]).refuse(StatusCode::UNAUTHORIZED);
    std::fs::write(stage.house.path().join("out.ndjson"), "yesterday").unwrap();
    assert_ne!(stage.run(&["export", "things", "out.ndjson"]).code, 0);
    assert_eq!(stage.read("out.ndjson"), "yesterday");
    assert!(!stage.has("out.ndjson.part"));
    let nowhere = stage.run(&["export", "things", "no/such/folder/out.ndjson"]);
    assert_ne!(nowhere.code, 0);
}

#[test]
fn an_export_goes_on_behind_the_last_id_whatever_was_removed_meanwhile() {
    let stage = Stage::new();
    fails_after_four_ids(&stage.mock);
    let export = ["export", "things", "out.ndjson", "--page-size", "2", "--concurrency", "1"];
    std::fs::write(stage.house.path().join("out.ndjson"), "yesterday").unwrap();
    let stopped = stage.run(&export);
    assert!(
        stopped.code == 4 && stopped.err.contains("4 are in out.ndjson.part; --resume goes on"),
        "{}",
        stopped.err
    );
    assert_eq!(stage.read("out.ndjson"), "yesterday");
    // The first one is gone by now, and a line is cut off as a kill would leave it.
    let part = stage.house.path().join("out.ndjson.part");
    let text = std::fs::read_to_string(&part).unwrap() + "{\"id\":\"I-0";
    std::fs::write(&part, text).unwrap();
    stage.mock.reset();
    let other = stage.run(&[&export[..], &["--resume", "-f", "n=1"]].concat());
    assert!(other.code == 2 && other.err.contains("another"), "{}", other.err);
    for (last, first) in [("I-03", 4), ("I-05", 6), ("I-07", 8)] {
        let rest = stage.mock.collection("things").filter(field("id").gt(last)).order_by(["id"]);
        rest.slice(..2).list(items(first..10));
    }
    let done = stage.run(&[&export[..], &["--resume"]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    stage.mock.verify().unwrap();
    let lines: Vec<Value> =
        stage.read("out.ndjson").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, items(0..10));
    assert!(!stage.has("out.ndjson.part") && !stage.has("out.ndjson.part.query"));
}

#[test]
fn an_export_in_another_order_goes_on_by_position_and_says_what_that_means() {
    let stage = Stage::new();
    fails_after_four(&stage.mock);
    let export = ["export", "things", "out.csv", "--page-size", "2", "--concurrency", "1", "--order-by=-n"];
    assert_ne!(stage.run(&export).code, 0);
    assert_eq!(stage.read("out.csv.part"), "id,n\nI-00,0\nI-01,1\nI-02,2\nI-03,3\n");
    stage.mock.reset();
    stage.mock.collection("things").all().order_by(["-n"]).slice(4..).list(items(0..10));
    let done = stage.run(&[&export[..], &["--resume"]].concat());
    assert!(done.code == 0 && done.err.contains("going on by position"), "{}", done.err);
    assert_eq!(stage.read("out.csv").lines().count(), 11);
    assert!(
        stage.queries().iter().all(|query| query.contains("offset=4")
            || query.contains("offset=6")
            || query.contains("offset=8"))
    );
}

#[test]
fn nothing_is_missing_or_twice_whatever_is_created_and_removed_meanwhile() {
    let (slow, house) = (Slow::new(), house());
    let child = begun(&house, &["export", "things", "out.ndjson", "--page-size", "2"], &slow.endpoint);
    let page = |ids: &[u32], total: usize| {
        let found: Vec<Value> = ids.iter().map(|n| json!({"id": format!("I-{n:02}"), "n": n})).collect();
        let range = format!("content-range: items 0-{}/{total}\r\n", found.len() - 1);
        slow.answer(&range, &json!(found).to_string());
    };
    assert!(slow.asked.recv().unwrap().contains("/things?ordering(id)&limit=2&offset=0"));
    page(&[1, 2], 5);
    // Both are gone by now, and another came before them: by position two would be missed.
    assert!(slow.asked.recv().unwrap().contains("gt(id,I-02)&ordering(id)&limit=2&offset=0"));
    page(&[3, 4], 3);
    assert!(slow.asked.recv().unwrap().contains("gt(id,I-04)"));
    page(&[5], 1);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(std::fs::read_to_string(house.path().join("out.ndjson")).unwrap().lines().count(), 5);
}

#[test]
fn an_export_goes_into_a_pipe_as_well() {
    let stage = Stage::new();
    stage.mock.collection("things").store(items(0..300));
    let out = stage.run(&["export", "things", "-"]);
    assert_eq!((out.code, out.lines().len()), (0, 300), "{}", out.err);
    assert_eq!(stage.run(&["export", "things", "/dev/stdout"]).lines().len(), 300);
    let endpoint = stage.server.endpoint();
    let mut child = begun(&stage.house, &["export", "things", "/dev/stdout"], &endpoint);
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(stage.run(&["export", "things", "-", "--resume"]).code, 2);
    assert_eq!(
        stage
            .house
            .path()
            .read_dir()
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name() == "-")
            .count(),
        0
    );
}

#[test]
fn without_anything_left_a_resumed_export_begins_anew() {
    let stage = Stage::new();
    stage.mock.collection("things").store(items(0..3));
    assert_eq!(stage.run(&["export", "things", "out.ndjson", "--resume"]).code, 0);
    assert_eq!(stage.run(&["export", "things", "out.ndjson", "--resume"]).code, 0);
    assert_eq!(stage.read("out.ndjson").lines().count(), 3);
}

#[test]
fn a_table_keeps_the_types_of_its_values_and_tells_what_has_no_column() {
    let house = House::new();
    let things = [
        json!({"id": "A", "text": "10", "number": 10, "flag": true, "word": "true", "none": null, "empty": ""}),
        json!({"id": "B", "text": "1e5", "list": [1, "1"], "object": {"a.b": "x\ny"}, "x.y": "\"quoted\""}),
    ];
    let lines = things.iter().map(|item| format!("{item}\n")).collect::<String>();
    let file = house.file("things.ndjson", &lines, 0o600);
    house.ok(&["connect", "import", "things", file.to_str().unwrap()]);
    let chosen = "id,text,number,flag,word,none,empty,list,object,\"x.y\"";
    house.ok(&["connect", "export", "things", "out.csv", "--values", chosen]);
    house.ok(&["connect", "import", "copies", "out.csv"]);
    let all = |path: &str| {
        house.ok(&["connect", "list", path, "--select=-events", "--order-by", "id", "-o", "json"]).json()
    };
    assert_eq!(all("copies"), all("things"));
    assert_eq!(all("things"), json!(things));
    let told =
        house.ok(&["connect", "export", "things", "first.csv", "--page-size", "1", "--concurrency", "1"]);
    assert!(told.err.contains("list, object, x.y"), "{}", told.err);
}

#[test]
fn an_import_stops_at_a_broken_line_and_says_how_to_go_on() {
    let house = House::new();
    let lines = house.file("rows.ndjson", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{broken\n", 0o600);
    let file = lines.display().to_string();
    let stopped = house.run(&["connect", "import", "rows", &file, "--batch", "2"]);
    assert!(
        stopped.code != 0 && stopped.err.contains("line 4") && stopped.err.contains("--skip 2"),
        "{}",
        stopped.err
    );
    assert_eq!(house.ok(&["connect", "count", "rows", "-o", "json"]).json(), json!(2));
}

#[test]
fn an_import_says_which_batch_may_be_there_already() {
    let stage = Stage::new();
    let lines = items(0..6).iter().map(|item| format!("{item}\n")).collect::<String>();
    stage.house.file("rows.ndjson", &lines, 0o600);
    let create = || stage.mock.collection("rows").bulk_create();
    create().then().break_connection();
    let import = ["import", "rows", "rows.ndjson", "--batch", "2"];
    let broken = stage.run(&import);
    for part in ["2 are done", "3 to 4", "--skip 4", "--skip 2", "pentad connect count rows"] {
        assert!(broken.err.contains(part), "{part}: {}", broken.err);
    }
    stage.mock.reset();
    create().reply_bytes("text/html", "<html>");
    let unread = stage.run(&import);
    assert!(unread.err.contains("1 to 2") && unread.err.contains("not known"), "{}", unread.err);
    stage.mock.reset();
    create().fail(StatusCode::BAD_REQUEST, "VAL_001", &["n: bad"]);
    let refused = stage.run(&import);
    assert!(
        refused.err.contains("0 are done; --skip 0 goes on") && !refused.err.contains("not known"),
        "{}",
        refused.err
    );
    stage.mock.reset();
    stage.mock.collection("rows").bulk_update().break_connection().at_least(1);
    let changed = stage.run(&[&import[..], &["--update"]].concat());
    assert!(changed.err.contains("0 are done; --skip 0 goes on"), "{}", changed.err);
}

/// A server that hands each request to the test and answers when it is told to.
struct Slow {
    endpoint: String,
    asked: Receiver<String>,
    answers: Sender<String>,
    _served: JoinHandle<()>,
}

impl Slow {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/public/v1", listener.local_addr().unwrap());
        let ((tell, asked), (answers, take)) = (channel(), channel());
        let served = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = talk(&stream.unwrap(), &tell, &take);
            }
        });
        Self { endpoint, asked, answers, _served: served }
    }

    fn answer(&self, head: &str, body: &str) {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{head}\r\n{body}"
        );
        self.answers.send(text).unwrap();
    }
}

fn talk(mut stream: &TcpStream, tell: &Sender<String>, take: &Receiver<String>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut header = String::new();
        while reader.read_line(&mut header)? > 2 {
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            header.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if tell.send(format!("{line}{}", String::from_utf8_lossy(&body))).is_err() {
            return Ok(());
        }
        let Ok(answer) = take.recv() else { return Ok(()) };
        stream.write_all(answer.as_bytes())?;
    }
}

fn interrupt(child: &Child) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}

fn begun(house: &House, words: &[&str], endpoint: &str) -> Child {
    house.command(&[&["connect"], words, &["--endpoint", endpoint]].concat()).spawn().unwrap()
}

#[test]
fn an_interrupted_export_can_be_gone_on_with_and_says_so() {
    let (slow, house) = (Slow::new(), house());
    let export = ["export", "things", "out.ndjson", "--page-size", "2", "--concurrency", "1"];
    let child = begun(&house, &export, &slow.endpoint);
    slow.asked.recv().unwrap();
    slow.answer("content-range: items 0-1/10\r\n", &json!(items(0..2)).to_string());
    // The second page never comes.
    slow.asked.recv().unwrap();
    interrupt(&child);
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!(run.code, 130, "{}", run.err);
    assert!(run.err.contains("stopped: 2 are in out.ndjson.part; --resume goes on"), "{}", run.err);
    let part: PathBuf = house.path().join("out.ndjson.part");
    assert_eq!(std::fs::read_to_string(part).unwrap().lines().count(), 2);
}

#[test]
fn an_interrupted_import_finishes_the_batch_on_its_way_and_says_how_to_go_on() {
    let (slow, house) = (Slow::new(), house());
    house.file("rows.ndjson", &items(0..6).iter().map(|item| format!("{item}\n")).collect::<String>(), 0o600);
    let mut child = begun(&house, &["import", "rows", "rows.ndjson", "--batch", "2"], &slow.endpoint);
    assert!(slow.asked.recv().unwrap().contains("I-00"));
    interrupt(&child);
    // It says that it heard, and waits for the answer.
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("stopping after the batch"), "{line}");
    slow.answer("", "[{},{}]");
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest.contains("stopped: 2 are done; --skip 2 goes on"), "{rest}");
    assert!(slow.asked.try_recv().is_err());
}
