//! Without a platform.

use pentad_core::{Clock, ErrorKind};
use pentad_ivcap::{
    AnyArtifact, Client, INLINE, Inline, LocalFile, LocalPlatform, NewRecord, Source, Upload,
};
use pentad_testkit::ManualClock;
use serde_json::json;

fn client() -> Client {
    Client::new("http://ivcap.test").build().unwrap()
}

#[tokio::test]
async fn files_and_inline_contents_are_artifacts_by_their_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b.json");
    std::fs::write(&path, "{}").unwrap();
    let file = LocalFile::new(&path).unwrap();
    let record = file.get().unwrap();
    assert_eq!((record.size, record.mime_type.as_deref()), (Some(2), Some("application/json")));
    let plain = file.id();
    let escaped = plain.replace(' ', "%20");
    for id in [plain.as_str(), &escaped, plain.strip_prefix("urn:").unwrap(), &plain.replace("urn:", "urn:$")]
    {
        let found = LocalFile::parse(id).unwrap();
        assert_eq!(found, file, "{id}");
    }
    let AnyArtifact::File(found) = client().any_artifact(&plain).unwrap() else { panic!("a file") };
    assert_eq!(found.bytes().await.unwrap(), "{}");
    assert!(client().any_artifact("urn:file:///nowhere/at/all").is_err());
    let inline = Inline::new("text/plain", "hi", INLINE).unwrap();
    assert_eq!(inline.id(), "urn:data:text/plain;base64,aGk=");
    for id in ["data:text/plain;base64,aGk=", "urn:data:text/plain,h%69"] {
        assert_eq!(client().any_artifact(id).unwrap().bytes().await.unwrap(), "hi");
    }
    assert!(client().any_artifact("data:text/plain;base64,%%%").is_err());
    assert_eq!(Inline::new("a/b", vec![0; INLINE + 1], INLINE).unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(matches!(client().any_artifact("urn:ivcap:artifact:9a").unwrap(), AnyArtifact::Remote(_)));
}

#[tokio::test]
async fn a_folder_takes_the_place_of_a_platform() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalPlatform::new(folder.path().join("there"));
    assert!(local.url().starts_with("file:///"));
    let named = local.upload(Source::bytes("x"), Upload::new().name("a.txt")).await.unwrap();
    assert!(named.path().ends_with("artifacts/a.txt"));
    assert_eq!(local.artifact(&named.id()).unwrap().bytes().await.unwrap(), "x");
    let random = local.upload(named.path(), Upload::new()).await.unwrap();
    assert!(random.path().extension().is_some_and(|ending| ending == "txt"));
    let deep = local
        .upload(Source::bytes("x"), Upload::new().name("a/b/c.bin").content_type("text/x"))
        .await
        .unwrap();
    assert!(deep.path().ends_with("artifacts/a/b/c.bin"));
    assert_eq!(deep.get().unwrap().mime_type.as_deref(), Some("text/x"));
    for wrong in [Upload::new().sha256("00"), Upload::new().content_size(2)] {
        let refused = local.upload(Source::bytes("x"), wrong.name("refused")).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Invalid);
    }
    assert!(!folder.path().join("there/artifacts/refused").exists());
    for other in [Upload::new().policy("urn:p:1"), Upload::new().collection("urn:c:1")] {
        let refused = local.upload(Source::bytes("x"), other).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
    }
    for hostile in ["../x", "/etc/x", "..", "", "a/../../x"] {
        assert!(local.upload(Source::bytes("x"), Upload::new().name(hostile)).await.is_err(), "{hostile}");
    }
    let early = ManualClock::new();
    let then = local
        .with(|session| session.clock(early.shared()))
        .add_aspect(NewRecord::new("urn:e:0", json!({"$schema": "urn:s:0"})));
    assert_eq!(then.await.unwrap().valid_from, Some(early.wall()));
    let said = NewRecord::new("urn:e:1", json!({"$schema": "urn:s:1", "a": 1}));
    let first = local.add_aspect(said.clone()).await.unwrap();
    local.update_aspect(said.schema("urn:s:2")).await.unwrap();
    assert_eq!(local.aspects(Some("urn:e:1"), None, 10).await.unwrap().len(), 2);
    let of_first = local.aspects(None, Some("urn:s:1"), 10).await.unwrap();
    assert_eq!(of_first, std::slice::from_ref(&first));
    assert_eq!(local.aspects(None, None, 1).await.unwrap().len(), 1);
    let bare = first.id.rsplit(':').next().unwrap();
    for id in [first.id.as_str(), bare] {
        assert_eq!(local.aspect(id).await.unwrap(), first);
    }
    for missing in ["urn:ivcap:aspect:../../x", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(local.aspect(missing).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
    assert!(local.add_aspect(NewRecord::new("urn:e:1", json!({}))).await.is_err());
}
