//! Large bytes.

use bytes::Bytes;
use pentad_store::StoreErrorKind;

use crate::backend::everywhere;

#[test]
fn blob_grows_at_its_end_until_it_is_sealed() {
    everywhere(async |bench| {
        let engine = bench.engine();
        let blobs = engine.blobs("svc").unwrap();
        assert_eq!(blobs.len("up-1").await.unwrap(), None);
        assert_eq!(blobs.append("up-1", 0, Bytes::from_static(b"hello ")).await.unwrap(), 6);
        assert_eq!(blobs.append("up-1", 6, Bytes::from_static(b"world")).await.unwrap(), 11);
        assert_eq!(blobs.len("up-1").await.unwrap(), Some(11));
        assert_eq!(blobs.read("up-1", 4, 4).await.unwrap(), "o wo");
        assert_eq!(blobs.seal("up-1").await.unwrap(), 11);
        assert_eq!(blobs.seal("up-1").await.unwrap(), 11);
        assert_eq!(blobs.read("up-1", 6, 100).await.unwrap(), "world");
        assert_eq!(blobs.read("up-1", 50, 100).await.unwrap(), "");
        let late = blobs.append("up-1", 11, Bytes::from_static(b"!")).await.unwrap_err();
        assert_eq!((late.kind(), late.length()), (StoreErrorKind::Offset, Some(11)));
        engine.close().await;
        if bench.persists() {
            let engine = bench.engine();
            assert_eq!(engine.blobs("svc").unwrap().read("up-1", 0, 5).await.unwrap(), "hello");
            engine.close().await;
        }
    });
}

#[test]
fn a_blob_of_many_hundred_megabytes_is_written_and_read_as_a_small_one_whatever_the_alignment() {
    everywhere(async |bench| {
        if !bench.persists() {
            return;
        }
        let engine = bench.engine();
        let blobs = engine.blobs("svc").unwrap();
        blobs.append("large", 0, Bytes::from_static(b"x")).await.unwrap();
        // Zeros that take no room stand for what came before.
        let before = pentad_disk::LARGE;
        let part = bench.path().join("blobs/svc/large.part");
        std::fs::OpenOptions::new().write(true).open(part).unwrap().set_len(before).unwrap();
        let mut piece = pentad_disk::Buffer::new(1 << 20);
        piece.bytes_mut().iter_mut().enumerate().for_each(|(at, byte)| *byte = (at % 251) as u8);
        let piece = piece.into_bytes(1 << 20);
        let mut length = before;
        let mut expected = Vec::new();
        for part in
            [piece.clone(), piece.slice(..4096), piece.slice(1..8193), piece.slice(..77), piece.slice(..4096)]
        {
            length = blobs.append("large", length, part.clone()).await.unwrap();
            expected.extend_from_slice(&part);
        }
        for sealed in [false, true] {
            for (from, most) in [(0, 1 << 20), (0, 2 << 20), (4096, 4096), (1, 1 << 20), (1 << 20, 1 << 20)] {
                let read = blobs.read("large", before + from as u64, most).await.unwrap();
                assert!(
                    read == expected[from..(from + most).min(expected.len())],
                    "{most} from {from}, sealed: {sealed}"
                );
            }
            assert_eq!(blobs.seal("large").await.unwrap(), length);
        }
        engine.close().await;
    });
}

#[test]
fn append_elsewhere_than_at_the_end_says_where_the_end_is() {
    everywhere(async |bench| {
        let engine = bench.engine();
        let blobs = engine.blobs("svc").unwrap();
        blobs.append("b", 0, Bytes::from_static(b"abc")).await.unwrap();
        for offset in [0, 2, 4] {
            let error = blobs.append("b", offset, Bytes::from_static(b"x")).await.unwrap_err();
            assert_eq!((error.kind(), error.length()), (StoreErrorKind::Offset, Some(3)));
        }
        assert_eq!(blobs.read("b", 0, 10).await.unwrap(), "abc");
        engine.close().await;
    });
}

#[test]
fn deleted_and_absent_blobs_are_not_there() {
    everywhere(async |bench| {
        let engine = bench.engine();
        let blobs = engine.blobs("svc").unwrap();
        blobs.append("b", 0, Bytes::from_static(b"abc")).await.unwrap();
        assert!(blobs.delete("b").await.unwrap());
        assert!(!blobs.delete("b").await.unwrap());
        assert_eq!(blobs.read("b", 0, 1).await.unwrap_err().kind(), StoreErrorKind::NotFound);
        assert_eq!(blobs.seal("b").await.unwrap_err().kind(), StoreErrorKind::NotFound);
        for key in ["", "../b", ".b", "a/b"] {
            let error = blobs.append(key, 0, Bytes::new()).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Statement, "{key}");
        }
        engine.close().await;
    });
}

#[test]
fn services_have_their_blobs_apart_and_a_reset_takes_all() {
    everywhere(async |bench| {
        let engine = bench.engine();
        let (one, two) = (engine.blobs("one").unwrap(), engine.blobs("two").unwrap());
        one.append("b", 0, Bytes::from_static(b"one")).await.unwrap();
        two.append("b", 0, Bytes::from_static(b"second")).await.unwrap();
        assert_eq!(one.len("b").await.unwrap(), Some(3));
        one.seal("b").await.unwrap();
        one.append("growing", 0, Bytes::from_static(b"more")).await.unwrap();
        let mut keys = one.keys().await.unwrap();
        keys.sort();
        assert_eq!(keys, ["b", "growing"]);
        assert!(engine.blobs("three").unwrap().keys().await.unwrap().is_empty());
        one.clear().await.unwrap();
        assert_eq!((one.len("b").await.unwrap(), two.len("b").await.unwrap()), (None, Some(6)));
        engine.reset().await.unwrap();
        assert_eq!(two.len("b").await.unwrap(), None);
        for name in ["", "..", "a/b", "A"] {
            assert_eq!(engine.blobs(name).unwrap_err().kind(), StoreErrorKind::Config, "{name:?}");
        }
        engine.close().await;
    });
}
