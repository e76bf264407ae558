//! Uploads that are interrupted, and what reaches the platform in the end.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use pentad_core::ErrorKind;
use pentad_ivcap::upload::PIECE;
use pentad_ivcap::{Client, Dialect, Source, TarMember, Upload};
use pentad_testkit::{ManualClock, run};
use proptest::prelude::*;

use super::platform::{ID, Platform, Trouble};

fn client(platform: &Platform, dialect: Dialect) -> Client {
    let builder = Client::new("http://ivcap.test:8088").dialect(dialect).token("t".to_owned());
    builder.transport(platform.shared()).clock(ManualClock::auto().shared()).build().unwrap()
}

fn text(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

fn options() -> Upload {
    Upload::new().content_type("text/plain").retries(3)
}

/// A source that can be read only once, in pieces of this size.
fn once(content: &[u8], piece: usize) -> Source {
    let pieces: Vec<_> =
        content.chunks(piece.max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    Source::stream(futures_util::stream::iter(pieces).boxed())
}

#[test]
fn after_a_failure_the_platform_is_asked_how_much_it_holds() {
    let platform = Platform::new().with(&[Trouble::Fail(300)]);
    let upload = Upload::original().content_type("text/plain").chunk_size(1024).retries(1);
    let content = text(2500);
    let done = run(client(&platform, Dialect::L28).upload(Source::bytes(content.clone()), upload)).unwrap();
    assert_eq!((done.bytes, done.artifact.id.as_str()), (2500, ID));
    assert_eq!(platform.content(), content);
    assert_eq!(
        platform.log(),
        [
            "POST /1/artifacts",
            "PATCH /1/artifacts/ID/blob @0",
            "HEAD /1/artifacts/ID/blob",
            "PATCH /1/artifacts/ID/blob @300",
            "PATCH /1/artifacts/ID/blob @1324",
            "PATCH /1/artifacts/ID/blob @2348",
            "GET /1/artifacts/ID",
        ]
    );
    let part = &platform.headers()[1];
    assert_eq!(part["tus-resumable"], "1.0.0");
    assert_eq!(part["content-type"], "application/offset+octet-stream");
    assert_eq!(part["authorization"], "Bearer t");
    assert!(part.get("upload-length").is_none());
}

#[test]
fn an_empty_content_is_ready_at_once_and_nothing_is_sent() {
    let platform = Platform::new();
    let done =
        run(client(&platform, Dialect::Modern).upload(Source::bytes(Bytes::new()), options())).unwrap();
    assert_eq!(done.bytes, 0);
    assert_eq!(platform.log(), ["POST /1/artifacts", "GET /1/artifacts/ID"]);
    assert_eq!(platform.headers()[0]["x-content-length"], "0");
}

#[test]
fn a_size_that_is_not_known_is_told_with_the_last_part_where_the_dialect_can() {
    let content = text(2500);
    let platform = Platform::new();
    let upload = options().chunk_size(1000);
    let done = run(client(&platform, Dialect::Modern).upload(once(&content, 333), upload.clone())).unwrap();
    assert_eq!((done.bytes, platform.content()), (2500, content.clone()));
    let headers = platform.headers();
    assert_eq!(headers[0]["x-content-length"], "-1");
    assert_eq!(headers[1]["upload-defer-length"], "1");
    let told: Vec<_> = headers.iter().filter_map(|headers| headers.get("upload-length")).collect();
    assert_eq!(told, ["2500"]);
    assert_eq!(platform.log().len(), 6, "{:?}", platform.log());

    let old = Platform::new();
    run(client(&old, Dialect::L28).upload(once(&content, 333), upload.clone())).unwrap();
    assert_eq!(old.content(), content);
    assert!(old.headers().iter().all(|headers| headers.get("upload-length").is_none()));

    let empty = Platform::new();
    let done = run(client(&empty, Dialect::Modern).upload(once(&[], 1), upload)).unwrap();
    assert_eq!(done.bytes, 0);
    assert_eq!(empty.headers()[2]["upload-length"], "0");
}

#[test]
fn retries_are_counted_anew_when_something_arrives_and_the_last_failure_is_told() {
    let stuck = Platform::new().with(&[Trouble::Break(0); 4]);
    let error = run(client(&stuck, Dialect::Modern).upload(Source::bytes(text(10)), options())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    let slow = Platform::new().with(&[Trouble::Break(1); 8]);
    run(client(&slow, Dialect::Modern).upload(Source::bytes(text(10)), options())).unwrap();
    assert_eq!(slow.content(), text(10));
    let never = Platform::new().with(&[Trouble::Break(1)]);
    let upload = Upload::original().content_type("text/plain");
    assert!(run(client(&never, Dialect::Modern).upload(Source::bytes(text(10)), upload)).is_err());
}

#[test]
fn a_source_of_another_size_or_sum_than_promised_is_refused() {
    let platform = Platform::new();
    let client = client(&platform, Dialect::Modern);
    for (size, found) in [(9, "10"), (11, "10")] {
        let error = run(client.upload(once(&text(10), 3), options().content_size(size))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(found), "{error}");
    }
    assert!(platform.log().iter().all(|line| !line.starts_with("PATCH")));
    let error = run(client.upload(Source::bytes(text(10)), options().content_size(9))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    for source in [Source::bytes(text(10)), once(&text(10), 3)] {
        let error = run(client.upload(source, options().sha256("00"))).unwrap_err();
        assert!(error.to_string().contains("sha256"), "{error}");
    }
    assert!(platform.content().is_empty());
}

#[test]
fn what_cannot_be_right_is_refused_before_anything_is_sent() {
    let platform = Platform::new();
    let modern = client(&platform, Dialect::Modern);
    let refused = |client: &Client, upload: Upload| {
        run(client.upload(Source::bytes(text(1)), upload)).unwrap_err().to_string()
    };
    assert!(refused(&modern, Upload::new()).contains("content type"));
    assert!(refused(&modern, options().chunk_size(0)).contains("chunk size"));
    assert!(refused(&modern, options().policy("open")).contains("policy"));
    let old = client(&platform, Dialect::L23);
    assert!(refused(&old, options().collection("urn:a:b")).contains("dialect"));
    assert!(refused(&old, options().name("Täler")).contains("x-name"));
    let missing = run(modern.upload(Source::path("/nowhere/at all"), options())).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Invalid);
    assert!(platform.log().is_empty());
}

#[test]
fn names_are_sent_as_the_dialect_wants_them() {
    for (dialect, name, sent) in
        [(Dialect::L23, "map", "map"), (Dialect::L28, "Täler", "VMOkbGVy"), (Dialect::Modern, "map", "bWFw")]
    {
        let platform = Platform::new();
        let upload = options().name(name);
        run(client(&platform, dialect).upload(Source::bytes(text(3)), upload)).unwrap();
        assert_eq!(platform.headers()[0]["x-name"], sent, "{dialect}");
    }
}

#[test]
fn checksums_are_sent_where_they_are_checked_and_refused_elsewhere() {
    let platform = Platform::new().with_checksums();
    let upload = options().checksum(true).chunk_size(4);
    run(client(&platform, Dialect::Modern).upload(Source::bytes(text(6)), upload.clone())).unwrap();
    let sums: Vec<_> = platform.headers().iter().filter_map(|h| h.get("upload-checksum").cloned()).collect();
    assert_eq!(sums.len(), 2);
    assert!(sums[0].to_str().unwrap().starts_with("sha256 "));
    let without = Platform::new();
    let error = run(client(&without, Dialect::Modern).upload(Source::bytes(text(6)), upload)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn of_a_source_that_is_read_once_a_piece_at_a_time_is_in_memory() {
    let platform = Platform::new().with(&[Trouble::Break(100)]);
    let content = text(3 * PIECE as usize + 5);
    run(client(&platform, Dialect::Modern).upload(once(&content, 100_000), options())).unwrap();
    assert_eq!(platform.content(), content);
    assert_eq!(platform.largest() as u64, PIECE);
}

#[tokio::test]
async fn another_process_goes_on_with_the_same_file_and_not_with_a_changed_one() {
    let folder = tempfile::tempdir().unwrap();
    let (file, state) = (folder.path().join("data.txt"), folder.path().join("state"));
    std::fs::write(&file, text(5000)).unwrap();
    let upload = Upload::new().retries(0).resumable(&state);
    let platform = Platform::new().with(&[Trouble::Break(1234)]);
    let cut = client(&platform, Dialect::Modern).upload(file.as_path(), upload.clone()).await;
    assert!(cut.is_err());
    let kept: Vec<_> = std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!kept.is_empty());
    #[cfg(unix)]
    for path in &kept {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let done = client(&platform, Dialect::Modern).upload(file.as_path(), upload.clone()).await.unwrap();
    assert_eq!((done.resumed_at, platform.made()), (1234, 1));
    assert_eq!(platform.content(), text(5000));
    assert_eq!(std::fs::read_dir(&state).unwrap().count(), 0, "what is finished is forgotten");

    platform.trouble(Trouble::Break(10));
    assert!(client(&platform, Dialect::Modern).upload(file.as_path(), upload.clone()).await.is_err());
    std::fs::write(&file, text(4000)).unwrap();
    let done = client(&platform, Dialect::Modern).upload(file.as_path(), upload).await.unwrap();
    assert_eq!((done.resumed_at, platform.made()), (0, 3));
    assert_eq!(platform.content(), text(4000));
}

#[tokio::test]
async fn a_file_with_the_originals_marker_is_not_sent_again_unless_forced_or_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.txt");
    std::fs::write(&file, text(50)).unwrap();
    let platform = Platform::new();
    let client = client(&platform, Dialect::Modern);
    let upload = Upload::new().marker(true);
    assert!(!client.upload(file.as_path(), upload.clone()).await.unwrap().reused);
    let marker = std::fs::read_to_string(folder.path().join(".ivcap-data.txt.txt")).unwrap();
    assert!(marker.trim().ends_with(&format!("|{ID}")) && marker.len() > 33, "{marker}");
    assert!(client.upload(file.as_path(), upload.clone()).await.unwrap().reused);
    assert!(!client.upload(file.as_path(), upload.clone().force(true)).await.unwrap().reused);
    std::fs::write(&file, text(51)).unwrap();
    assert!(!client.upload(file.as_path(), upload).await.unwrap().reused);
    assert_eq!(platform.made(), 3);
}

#[tokio::test]
async fn progress_of_a_file_is_told_in_bytes_up_to_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.txt");
    std::fs::write(&file, text(1_500_000)).unwrap();
    let platform = Platform::new();
    let mut progress = client(&platform, Dialect::Modern).upload(file.as_path(), Upload::new()).progress();
    let mut done = Vec::new();
    while let Some(event) = progress.next().await {
        assert_eq!(event.total, Some(1_500_000));
        done.extend(event.done);
    }
    progress.finish().await.unwrap();
    assert!(done.is_sorted() && done.len() >= 4, "{done:?}");
    assert_eq!(done.last(), Some(&1_500_000));
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        (0usize..700).prop_map(Trouble::Break),
        (0usize..700).prop_map(Trouble::Fail),
        Just(Trouble::Lose),
        Just(Trouble::Conflict),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_interrupted_anywhere_arrives_as_it_was(
        size in 0usize..3000,
        chunk in 1u64..900,
        piece in 1usize..500,
        troubles in prop::collection::vec(trouble(), 0..6),
        dialect in prop::sample::select(Dialect::ALL.to_vec()),
        kind in 0u8..3,
    ) {
        let content = text(size);
        let platform = Platform::new().with(&troubles);
        let upload = options().chunk_size(chunk).retries(8).retry_delay(Duration::from_millis(1));
        let (source, upload) = match kind {
            0 => (Source::bytes(content.clone()), upload),
            1 => (once(&content, piece), upload.content_size(size as u64)),
            _ => (once(&content, piece), upload),
        };
        let done = run(client(&platform, dialect).upload(source, upload)).unwrap();
        prop_assert_eq!(done.bytes, size as u64);
        prop_assert_eq!(platform.content(), content);
        prop_assert_eq!(platform.made(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_is_packed_while_it_is_sent_and_unpacked_while_it_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.bin");
    std::fs::write(&file, text(300_000)).unwrap();
    let platform = Platform::new();
    let sender = client(&platform, Dialect::Modern);
    let members = vec![
        TarMember::from_file(&file, Some("deep/a.bin")).unwrap(),
        TarMember::from_bytes(&b"hello"[..], "hello.txt", 0, 0o644),
    ];
    let made = sender.upload_tar_artifact(members, Upload::new().chunk_size(1000)).await.unwrap();
    assert_eq!(platform.headers()[0]["x-content-type"], "application/gzip");
    assert_eq!(platform.headers()[0]["x-content-length"], "-1");
    let out = folder.path().join("out");
    assert_eq!(sender.artifact(made.id).untar(&out).await.unwrap(), 2);
    assert_eq!(std::fs::read(out.join("deep/a.bin")).unwrap(), text(300_000));
    assert_eq!(std::fs::read(out.join("hello.txt")).unwrap(), b"hello");
    let plain = Platform::new().holding(b"this is no archive at all, and short");
    let wrong = client(&plain, Dialect::Modern).artifact(ID).untar(&out).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn many_are_sent_at_a_time_and_one_that_fails_stops_no_other() {
    let platform = Platform::new();
    let sources = [Ok(Bytes::from_static(b"x")), Err(()), Ok(Bytes::new())].map(|source| match source {
        Ok(bytes) => (Source::bytes(bytes), options()),
        Err(()) => (Source::path("/nowhere/at all"), options()),
    });
    let done: Vec<_> = client(&platform, Dialect::Modern).upload_many(sources, 1).collect().await;
    let fine: Vec<_> = done.iter().map(|(place, result)| (*place, result.is_ok())).collect();
    assert_eq!(fine, [(0, true), (1, false), (2, true)]);
}
