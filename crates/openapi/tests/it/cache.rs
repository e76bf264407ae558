use std::fs;

use pentad_openapi::{Cache, Digest, Document};
use pentad_testkit::document;

const SMALL: &[u8] = b"openapi: 3.0.0\ninfo: {title: Small, version: 1}\npaths: {/a: {get: {}}}\n";

#[test]
fn a_document_from_the_cache_is_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let cache = Cache::new(scratch.path().join("below"));
    let source = document::published_scale();
    let parsed = cache.parse(source.as_bytes()).unwrap();
    let found = cache.find(&Digest::of(source.as_bytes())).unwrap();
    assert_eq!(parsed.root().to_value(), found.root().to_value());
    assert_eq!(found.operations().count(), 861);
}

#[test]
fn another_source_is_another_entry() {
    let scratch = tempfile::tempdir().unwrap();
    let cache = Cache::new(scratch.path());
    assert!(cache.find(&Digest::of(SMALL)).is_none());
    cache.parse(SMALL).unwrap();
    let other = String::from_utf8(SMALL.to_vec()).unwrap().replace("Small", "Other");
    assert_eq!(cache.parse(other.as_bytes()).unwrap().title().as_deref(), Some("Other"));
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2);
}

#[test]
fn a_damaged_entry_is_written_anew() {
    let scratch = tempfile::tempdir().unwrap();
    let cache = Cache::new(scratch.path());
    cache.parse(SMALL).unwrap();
    let file = fs::read_dir(scratch.path()).unwrap().next().unwrap().unwrap().path();
    let sound = fs::read(&file).unwrap();
    for place in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[place] ^= 0x55;
        fs::write(&file, &damaged).unwrap();
        let read = cache.find(&Digest::of(SMALL));
        assert!(read.is_none(), "byte {place}");
        fs::write(&file, &damaged[..place]).unwrap();
        assert!(cache.find(&Digest::of(SMALL)).is_none());
    }
    assert_eq!(cache.parse(SMALL).unwrap().title().as_deref(), Some("Small"));
    assert_eq!(fs::read(&file).unwrap(), sound);
}

#[test]
fn a_cache_that_cannot_be_written_costs_only_time() {
    let scratch = tempfile::tempdir().unwrap();
    let blocked = scratch.path().join("file");
    fs::write(&blocked, "x").unwrap();
    let cache = Cache::new(blocked.join("below"));
    assert!(cache.parse(SMALL).is_ok());
    assert!(cache.keep(&Digest::of(SMALL), &Document::parse(SMALL).unwrap()).is_err());
}

#[test]
fn what_does_not_parse_is_not_kept() {
    let scratch = tempfile::tempdir().unwrap();
    let cache = Cache::new(scratch.path());
    assert!(cache.parse(b"swagger: '2.0'").is_err());
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}
