//! Downloads that are interrupted.

use futures_util::StreamExt;
use pentad_core::ErrorKind;
use pentad_ivcap::{Cache, Client, Dialect, Download};
use pentad_testkit::{ManualClock, run};
use proptest::prelude::*;

use super::platform::{ID, Platform, Trouble};

fn client(platform: &Platform) -> Client {
    let builder = Client::new("http://ivcap.test:8088").dialect(Dialect::Modern).token("t".to_owned());
    builder.transport(platform.shared()).clock(ManualClock::auto().shared()).build().unwrap()
}

fn text(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

#[test]
fn a_part_is_asked_for_as_a_range() {
    let platform = Platform::new().holding(&text(100));
    let content = run(client(&platform).artifact(ID).content(Download::new().range(10..20))).unwrap();
    assert_eq!(content.size, Some(10));
    let pieces = run(content.stream.map(Result::unwrap).collect::<Vec<_>>());
    assert_eq!(pieces.concat(), text(100)[10..20]);
    assert_eq!(platform.log()[1], "GET /1/artifacts/ID/blob bytes=10-19");
    let beyond = run(client(&platform).artifact(ID).content(Download::new().from(101)));
    assert!(beyond.is_err() || beyond.unwrap().size == Some(0));
}

#[test]
fn a_platform_without_ranges_sends_all_again_and_the_beginning_is_dropped() {
    let platform = Platform::new().holding(&text(100)).without_ranges().with(&[Trouble::Break(40)]);
    assert_eq!(run(client(&platform).artifact(ID).bytes()).unwrap(), text(100));
}

#[test]
fn a_content_that_is_not_there_yet_is_not_read() {
    let platform = Platform::new();
    platform.clone().holding(&text(10));
    let artifact = client(&platform).artifact(ID);
    assert!(run(artifact.bytes()).is_ok());
    let waiting = pentad_testkit::ScriptedTransport::new()
        .answer(200, format!(r#"{{"id": "{ID}", "status": "partial", "links": []}}"#));
    let error = run(super::client(&waiting, Dialect::Modern).artifact(ID).bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Precondition);
}

#[tokio::test]
async fn a_file_appears_when_it_is_whole_and_another_process_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.tiff");
    let platform = Platform::new().holding(&text(1000)).with(&[Trouble::Break(300)]);
    let artifact = client(&platform).artifact(ID);
    assert!(artifact.save(&path, Download::new().retries(0)).await.is_err());
    assert!(!path.exists());
    let saved = artifact.save(&path, Download::new()).await.unwrap();
    assert_eq!((saved.bytes, saved.resumed_at), (1000, 300));
    assert_eq!(std::fs::read(&path).unwrap(), text(1000));
    assert_eq!(platform.log().last().unwrap(), "GET /1/artifacts/ID/blob bytes=300-");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    let kept = artifact.save(&path, Download::new().overwrite(false)).await.unwrap_err();
    assert_eq!(kept.kind(), ErrorKind::Conflict);
    assert_eq!(saved.sha256, None, "a sum costs, and nobody asked");
    let summed = artifact.save(&path, Download::new().digest(true)).await.unwrap().sha256.unwrap();
    let again = artifact.save(&path, Download::new().sha256(summed.clone())).await.unwrap();
    assert_eq!(again.sha256, Some(summed));
}

#[tokio::test]
async fn a_file_with_another_sum_than_promised_does_not_appear() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.tiff");
    let platform = Platform::new().holding(&text(1000));
    let error = client(&platform).artifact(ID).save(&path, Download::new().sha256("00")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_interrupted_anywhere_is_read_as_it_is(
        size in 0usize..3000,
        breaks in prop::collection::vec(1usize..900, 0..5),
        ranges in any::<bool>(),
    ) {
        let troubles: Vec<_> = breaks.into_iter().map(Trouble::Break).collect();
        let platform = Platform::new().holding(&text(size)).with(&troubles);
        let platform = if ranges { platform } else { platform.without_ranges() };
        let artifact = client(&platform).artifact(ID);
        let content = run(artifact.content(Download::new().retries(5))).unwrap();
        let pieces = run(content.stream.map(Result::unwrap).collect::<Vec<_>>());
        prop_assert_eq!(pieces.concat(), text(size));
    }
}

#[tokio::test]
async fn the_cache_asks_once_and_notices_a_content_that_changed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::new(folder.path());
    let platform = Platform::new().holding(&text(1000)).with(&[Trouble::Break(10)]);
    let artifact = client(&platform).artifact(ID);
    assert!(cache.find(&artifact).is_none());
    assert!(cache.fetch(&artifact, Download::new().retries(0)).await.is_err());
    let path = cache.fetch(&artifact, Download::new()).await.unwrap();
    assert!(platform.log().last().unwrap().ends_with("bytes=10-"), "what had arrived is kept");
    assert_eq!(std::fs::read(&path).unwrap(), text(1000));
    let asked = platform.log().len();
    assert_eq!(cache.fetch(&artifact, Download::new()).await.unwrap(), path);
    assert_eq!((platform.log().len(), cache.verify(&path).unwrap()), (asked, true));
    assert_eq!(cache.prune(1000).unwrap(), 0);
    assert_eq!(cache.prune(999).unwrap(), 1000);
    assert!(cache.find(&artifact).is_none());
}

#[tokio::test]
async fn a_file_that_another_process_downloads_is_a_conflict_and_a_long_name_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Platform::new().holding(&text(100)).with(&[Trouble::Break(10)]);
    let artifact = client(&platform).artifact(ID);
    let long = folder.path().join("n".repeat(250));
    assert!(artifact.save(&long, Download::new().retries(0)).await.is_err());
    let part = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let held = std::fs::File::open(part).unwrap();
    held.lock().unwrap();
    assert_eq!(artifact.save(&long, Download::new()).await.unwrap_err().kind(), ErrorKind::Conflict);
    drop(held);
    assert_eq!(artifact.save(&long, Download::new()).await.unwrap().resumed_at, 10);
}

#[test]
fn the_options_of_a_work_go_with_every_exchange_in_it() {
    let platform = Platform::new().holding(&text(100));
    let mark = http::HeaderName::from_static("x-mark");
    let work = client(&platform).artifact(ID).bytes();
    run(work.header(mark, http::HeaderValue::from_static("1"))).unwrap();
    let marked = platform.headers().iter().filter(|headers| headers.contains_key("x-mark")).count();
    assert_eq!((marked, platform.log().len()), (2, 2));
}
