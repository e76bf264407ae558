//! Contents and their records.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use pentad_core::{ErrorKind, Result, message::ByteStream};
use pentad_ivcap::model::ArtifactStatus;
use pentad_ivcap::{Dialect, Download, ListQuery, Source, Upload};
use serde_json::json;

use super::Stage;

fn text(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from(at % 251).unwrap_or_default()).collect()
}

fn options() -> Upload {
    Upload::new().content_type("application/x-cases")
}

fn once(content: &[u8], piece: usize) -> ByteStream {
    let pieces: Vec<_> = content.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures_util::stream::iter(pieces).boxed()
}

pub(super) async fn contents(stage: Stage) -> Result<()> {
    let client = &stage.client;
    for (size, chunk) in [(0, 10), (1, 10), (10, 10), (1000, 7 * 13), (300_000, 65_536)] {
        let content = text(size);
        let upload = options().name("täglich").chunk_size(chunk);
        let upload = if stage.dialect() == Dialect::L23 { upload.name("daily") } else { upload };
        let made = client.upload_artifact(Source::bytes(content.clone()), upload).await?;
        assert_eq!((made.status.clone(), made.size), (ArtifactStatus::Ready, Some(size as u64)));
        assert_eq!(made.mime_type.as_deref(), Some("application/x-cases"));
        assert_eq!(
            made.name.as_deref(),
            Some(if stage.dialect() == Dialect::L23 { "daily" } else { "täglich" })
        );
        assert_eq!(client.artifact(&made.id).bytes().await?, content);
    }
    Ok(())
}

pub(super) async fn unknown(stage: Stage) -> Result<()> {
    let client = &stage.client;
    for size in [0, 999, 3000] {
        let content = text(size);
        let upload = options().chunk_size(1000);
        let made = client.upload(Source::stream(once(&content, 333)), upload).await?;
        assert_eq!(made.bytes, size as u64);
        if size > 0 || !stage.dialect().is_old() {
            assert_eq!(made.artifact.status, ArtifactStatus::Ready, "{size}");
            assert_eq!(client.artifact(&made.artifact.id).bytes().await?, content);
        }
    }
    Ok(())
}

pub(super) async fn ranges(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let content = text(5000);
    let made = client.upload_artifact(Source::bytes(content.clone()), options()).await?;
    let artifact = client.artifact(&made.id);
    for range in [0..1, 100..4000, 4999..5000] {
        let part = artifact.content(Download::new().range(range.start as u64..range.end as u64)).await?;
        let part: Vec<u8> = part.stream.map_ok(|piece| piece.to_vec()).try_concat().await?;
        assert_eq!(part, content[range]);
    }
    Ok(())
}

pub(super) async fn checksums(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let content = text(5000);
    let upload = options().checksum(true).chunk_size(2048);
    let made = client.upload_artifact(Source::bytes(content.clone()), upload).await?;
    assert_eq!(client.artifact(&made.id).bytes().await?, content);
    Ok(())
}

pub(super) async fn listed(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let made = client.upload_artifact(Source::bytes("x"), options()).await?;
    let artifact = client.artifact(&made.id);
    let all = client.artifacts(ListQuery::new()).all().await?;
    assert!(all.iter().any(|item| item.id == made.id));
    artifact.add_metadata(json!({"$schema": "urn:cases:schema:about.1", "about": "x"})).await?;
    let said = artifact.metadata().all().await?;
    let found = said.iter().find(|record| record.schema == "urn:cases:schema:about.1").unwrap();
    assert_eq!(found.content.as_ref().unwrap()["about"], "x");
    Ok(())
}

pub(super) async fn ended(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let is_listed = async |id: &str| {
        let all = client.artifacts(ListQuery::new()).all().await?;
        Ok::<_, pentad_core::Error>(all.iter().any(|item| item.id == id))
    };
    let made = client.upload_artifact(Source::bytes("kept"), options()).await?;
    let artifact = client.artifact(&made.id);
    artifact.delete().await?;
    assert!(!is_listed(&made.id).await?);
    assert_eq!(artifact.bytes().await?, "kept", "who looks back finds it");
    assert_eq!(artifact.delete().await.unwrap_err().kind(), ErrorKind::NotFound);

    let made = client.upload_artifact(Source::bytes("gone"), options()).await?;
    let artifact = client.artifact(&made.id);
    artifact.terminate().await?;
    assert!(!is_listed(&made.id).await?);
    assert_eq!(artifact.bytes().await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(artifact.terminate().await.unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}
