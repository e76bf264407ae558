//! Secrets at rest.

use std::os::unix::fs::PermissionsExt;

use pentad_store::{Durability, Engine, StoreErrorKind};

use crate::backend::{Bench, everywhere};

#[test]
fn sealed_value_opens_for_its_purpose_only_and_only_unaltered() {
    everywhere(async |bench| {
        let engine = bench.engine();
        let vault = engine.vault();
        let sealed = vault.seal("ams.user.token", b"s3cret").unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"s3cret"));
        assert_ne!(sealed, vault.seal("ams.user.token", b"s3cret").unwrap());
        assert_eq!(*vault.open("ams.user.token", &sealed).unwrap(), b"s3cret");
        assert_eq!(vault.open("other", &sealed).unwrap_err().kind(), StoreErrorKind::Decode);
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(vault.open("ams.user.token", &altered).is_err(), "byte {place}");
        }
        assert!(vault.open("ams.user.token", &[]).is_err());
        engine.close().await;
        if bench.persists() {
            let engine = bench.engine();
            assert_eq!(*engine.vault().open("ams.user.token", &sealed).unwrap(), b"s3cret");
            engine.close().await;
        }
    });
}

#[test]
fn chosen_passwords_are_hashed_with_salt_random_ones_without_and_both_verified() {
    let bench = Bench::sqlite(Durability::Buffered);
    let engine = bench.engine();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let vault = engine.vault();
        let hash = vault.hash_password("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert_ne!(hash, vault.hash_password("correct horse").await.unwrap());
        assert!(vault.verify_password("correct horse", &hash).await.unwrap());
        assert!(!vault.verify_password("battery staple", &hash).await.unwrap());
        let error = vault.verify_password("x", "not a hash").await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Decode);
    });
    runtime.block_on(async {
        let vault = engine.vault();
        let hash = vault.hash_random("0f1e2d3c");
        assert!(!hash.contains("0f1e2d3c"));
        assert!(vault.verify_password("0f1e2d3c", &hash).await.unwrap());
        assert!(!vault.verify_password("0f1e2d3d", &hash).await.unwrap());
    });
    let digest = engine.vault().digest(b"abc");
    assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
}

#[test]
fn key_is_private_and_a_key_others_may_read_is_refused() {
    let bench = Bench::sqlite(Durability::Durable);
    drop(bench.engine());
    let key = bench.path().join("key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o640)).unwrap();
    let error = Engine::open(bench.options.clone(), bench.clock.clone()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config);
    assert!(error.message().contains("chmod 600"), "{error}");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::write(&key, b"short").unwrap();
    let error = Engine::open(bench.options.clone(), bench.clock.clone()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config);
}

#[test]
fn data_sealed_under_another_key_is_refused() {
    everywhere(async |bench| {
        if !bench.persists() {
            return;
        }
        let (engine, _) = crate::backend::open(&bench);
        engine.close().await;
        std::fs::remove_file(bench.path().join("key")).unwrap();
        let engine = bench.engine();
        let error = engine.service("shop", crate::backend::SCHEMA).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config);
        assert!(error.message().contains("another key"), "{error}");
        engine.close().await;
    });
}
