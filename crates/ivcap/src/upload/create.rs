//! From a source and what is wanted of it to an artifact.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use pentad_core::work::{Event, Scope};
use pentad_core::{Draft, Error, ErrorKind, Result, Sent, decode};

use super::feeder::Feeder;
use super::source::{Kind, Source};
use super::state::{self, Fingerprint, Kept, Store};
use super::tus::{self, Transfer};
use super::{Upload, Uploaded, marker, unreadable};
use crate::artifact::Blob;
use crate::blocking::blocking;
use crate::client::Client;
use crate::dialect::Dialect;
use crate::model::{self, ArtifactStatus};
use crate::urn::check_policy;
use crate::{digest, ops};

const X_CONTENT_TYPE: HeaderName = HeaderName::from_static("x-content-type");
const X_CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-content-length");
const X_NAME: HeaderName = HeaderName::from_static("x-name");
const X_COLLECTION: HeaderName = HeaderName::from_static("x-collection");
const X_POLICY: HeaderName = HeaderName::from_static("x-policy");

/// An upload that was checked and not begun.
pub(crate) struct Plan {
    /// The file, if it is one.
    path: Option<PathBuf>,
    upload: Upload,
    content_type: String,
    size: Option<u64>,
    fingerprint: Option<Fingerprint>,
}

/// Checks what can be checked before anything is sent.
pub(super) fn plan(client: &Client, source: Source, upload: Upload) -> Result<(Plan, Kind)> {
    check_policy(upload.policy.as_deref())?;
    if upload.chunk_size == Some(0) {
        return Err(Error::invalid("chunk size", "must not be 0"));
    }
    if client.dialect() == Dialect::L23 && (upload.policy.is_some() || upload.collection.is_some()) {
        let message = "artifacts have neither policy nor collection in this dialect";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let found = match &source.0 {
        // A look at its record only: what has to be read is read when the upload runs.
        Kind::Path(path) => Some(state::size_of(path).map_err(|error| unreadable(path, error))?),
        Kind::Bytes(bytes) => Some(bytes.len() as u64),
        Kind::Stream(_) => None,
    };
    let size = settled(found, &upload)?;
    let content_type = content_type(&source, &upload)?;
    let path = match &source.0 {
        Kind::Path(path) => Some(path.clone()),
        Kind::Bytes(bytes) => {
            if let Some(promised) = &upload.sha256 {
                same_sum(promised, &digest::Sha256::of(bytes))?;
            }
            None
        }
        Kind::Stream(_) => None,
    };
    Ok((Plan { path, upload, content_type, size, fingerprint: None }, source.0))
}

/// The size of a source, which must be the one that was promised.
fn settled(found: Option<u64>, upload: &Upload) -> Result<Option<u64>> {
    match (found, upload.content_size) {
        (Some(found), Some(said)) if found != said => {
            Err(Error::invalid("content size", format!("the source has {found} bytes, not {said}")))
        }
        (found, said) => Ok(found.or(said)),
    }
}

/// Looks into a file: what tells it from a changed one.
async fn inspect(plan: &mut Plan) -> Result<()> {
    let Some(path) = plan.path.clone() else { return Ok(()) };
    let found = blocking(move || Fingerprint::of(&path).map_err(|error| unreadable(&path, error))).await??;
    plan.size = settled(Some(found.size), &plan.upload)?;
    plan.fingerprint = Some(found);
    Ok(())
}

fn content_type(source: &Source, upload: &Upload) -> Result<String> {
    if let Some(given) = &upload.content_type {
        return Ok(given.clone());
    }
    let name = match &source.0 {
        Kind::Path(path) => path.file_name().and_then(|name| name.to_str()),
        _ => upload.name.as_deref(),
    };
    name.and_then(guess).ok_or_else(|| {
        Error::invalid("content type", "is not given and the name does not tell")
            .with_hint("give one, such as application/octet-stream")
    })
}

/// The type that the ending of a name tells. Where the original's table differs from the common one it wins.
pub(crate) fn guess(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let special = [
        (".tar.gz", "application/x-tar"),
        (".tgz", "application/x-tar"),
        (".nc", "application/x-netcdf"),
        (".geojson", "application/geo+json"),
        (".md", "text/markdown"),
    ];
    let known = special.iter().find(|(ending, _)| lower.ends_with(ending)).map(|known| known.1.to_owned());
    known.or_else(|| mime_guess::from_path(Path::new(&lower)).first_raw().map(str::to_owned))
}

/// The request that makes the record (IVCAP reference 7.5).
pub(super) fn draft(client: &Client, plan: &Plan) -> Draft {
    let size = plan.size.map_or_else(|| "-1".to_owned(), |size| size.to_string());
    let mut draft = client
        .op(&ops::ARTIFACT_CREATE)
        .header_text(X_CONTENT_TYPE, &plan.content_type)
        .header_text(X_CONTENT_LENGTH, &size)
        .header(tus::RESUMABLE, tus::VERSION);
    if let Some(name) = &plan.upload.name {
        // The oldest dialect takes the text itself, which must fit into a header.
        let written = match client.dialect() {
            Dialect::L23 => name.clone(),
            _ => STANDARD.encode(name),
        };
        if !written.is_ascii() {
            draft = draft.refuse(Error::invalid("x-name", "must be ASCII in this dialect"));
        }
        draft = draft.header_text(X_NAME, &written);
    }
    if let Some(collection) = &plan.upload.collection {
        draft = draft.header_text(X_COLLECTION, collection);
    }
    if let Some(policy) = &plan.upload.policy {
        draft = draft.header_text(X_POLICY, policy);
    }
    draft
}

/// Uploads from the beginning, or from where an earlier process was cut off.
pub(super) async fn run(client: Client, mut plan: Plan, kind: Kind, scope: Scope) -> Result<Uploaded> {
    inspect(&mut plan).await?;
    if let Some(found) = marked(&client, &plan, &scope).await? {
        return Ok(found);
    }
    verify_file(&plan).await?;
    let store = store(&client, &plan).await?;
    let (artifact, blob, resumed_at) = match resume(&client, &plan, store.as_ref(), &scope).await? {
        Some(Resumed::Done(artifact)) => {
            return finished(&plan, store, artifact, plan.size.unwrap_or_default()).await;
        }
        Some(Resumed::At(artifact, blob, offset)) => (artifact, blob, offset),
        None => {
            let record: model::Artifact = scope.run(draft(&client, &plan).call(decode::json)).await?;
            let blob = Blob::of(&client, &record)?;
            if let (Some(store), Some(fingerprint)) = (&store, &plan.fingerprint) {
                let kept = Kept::new(&record.id, record.blob(), fingerprint.clone());
                let store = Arc::clone(store);
                blocking(move || store.save(&kept)).await??;
            }
            (record, blob, 0)
        }
    };
    scope.progress(begun(&plan, resumed_at, &artifact));
    let feeder = Feeder::new(kind, plan.size, plan.upload.sha256.is_some());
    let transfer = Transfer { client: &client, scope: &scope, upload: &plan.upload, size: plan.size };
    let bytes = transfer.run(blob, feeder, resumed_at).await?;
    unchanged(&plan).await?;
    let record = scope.run(client.artifact(&artifact.id).get()).await?;
    verify(&record, bytes)?;
    let uploaded = finished(&plan, store, record, bytes).await?;
    Ok(Uploaded { resumed_at, reused: false, ..uploaded })
}

/// A file that changed meanwhile was not uploaded as it is, nor as it was.
async fn unchanged(plan: &Plan) -> Result<()> {
    let (Some(path), Some(before)) = (plan.path.clone(), &plan.fingerprint) else { return Ok(()) };
    if blocking(move || Fingerprint::of(&path).ok()).await?.as_ref() == Some(before) {
        return Ok(());
    }
    let message = "the file changed while it was uploaded; the artifact holds a mixture";
    Err(Error::new(ErrorKind::Conflict, message).with_sent(Sent::Answered))
}

fn begun(plan: &Plan, at: u64, artifact: &model::Artifact) -> Event {
    let event = Event::new("uploading").done(at).detail(serde_json::Value::from(artifact.id.as_str()));
    plan.size.into_iter().fold(event, Event::total)
}

/// The artifact of a marker, if the file still has its sum.
async fn marked(client: &Client, plan: &Plan, scope: &Scope) -> Result<Option<Uploaded>> {
    let Some(path) = &plan.path else { return Ok(None) };
    if !plan.upload.marker || plan.upload.force {
        return Ok(None);
    }
    let Some(id) = marker::read(path).await? else { return Ok(None) };
    let record = scope.run(client.artifact(&id).get().optional()).await?;
    let bytes = plan.size.unwrap_or_default();
    Ok(record.map(|artifact| Uploaded { artifact, bytes, resumed_at: 0, reused: true }))
}

/// A file with another sum than was promised is refused before anything is sent.
async fn verify_file(plan: &Plan) -> Result<()> {
    let (Some(promised), Some(path)) = (&plan.upload.sha256, plan.path.clone()) else { return Ok(()) };
    let sum = blocking(move || {
        let sum = fs::File::open(&path).and_then(|mut file| digest::sha256_of(&mut file, u64::MAX));
        sum.map(digest::Sha256::finish).map_err(|error| unreadable(&path, error))
    });
    same_sum(promised, &sum.await??)
}

pub(crate) fn same_sum(promised: &str, found: &str) -> Result<()> {
    if promised == found {
        return Ok(());
    }
    Err(Error::invalid("sha256", format!("the source has {found}, not {promised}")))
}

async fn store(client: &Client, plan: &Plan) -> Result<Option<Arc<Store>>> {
    let (Some(folder), Some(path)) = (plan.upload.state.clone(), plan.path.clone()) else { return Ok(None) };
    let upload = &plan.upload;
    let said = serde_json::json!([plan.content_type, upload.name, upload.collection, upload.policy]);
    let (place, dialect) = (client.place(), client.dialect());
    blocking(move || {
        let path = fs::canonicalize(&path).map_err(|error| unreadable(&path, error))?;
        let identity = format!("{place}\n{dialect}\n{}\n{said}", path.display());
        Store::open(&folder, &identity).map(|store| Some(Arc::new(store)))
    })
    .await?
}

enum Resumed {
    /// All of it had arrived.
    Done(model::Artifact),
    At(model::Artifact, Blob, u64),
}

/// Where an earlier upload of the same file stands, if the platform still has it.
async fn resume(
    client: &Client,
    plan: &Plan,
    store: Option<&Arc<Store>>,
    scope: &Scope,
) -> Result<Option<Resumed>> {
    let (Some(store), Some(fingerprint)) = (store, &plan.fingerprint) else { return Ok(None) };
    let store = Arc::clone(store);
    let kept = blocking(move || store.load()).await?;
    let Some(kept) = kept.filter(|kept| kept.fits(fingerprint) && !plan.upload.force) else {
        return Ok(None);
    };
    let Some(mut record) = scope.run(client.artifact(kept.artifact()).get().optional()).await? else {
        return Ok(None);
    };
    if record.status == ArtifactStatus::Ready {
        let whole = record.size == Some(fingerprint.size);
        return Ok(whole.then_some(Resumed::Done(record)));
    }
    if record.blob().is_none() {
        kept.restore(&mut record);
    }
    let blob = Blob::of(client, &record)?;
    let offset = match scope.run(tus::offset(client, &blob)).await {
        Ok(offset) => offset,
        // The platform no longer has what had arrived.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok((offset <= fingerprint.size).then_some(Resumed::At(record, blob, offset)))
}

/// All has arrived: what is kept beside the file says so from now on.
async fn finished(
    plan: &Plan,
    store: Option<Arc<Store>>,
    artifact: model::Artifact,
    bytes: u64,
) -> Result<Uploaded> {
    if let (Some(path), true) = (&plan.path, plan.upload.marker) {
        marker::write(path, &artifact.id).await?;
    }
    if let Some(store) = store {
        blocking(move || store.forget()).await??;
    }
    let resumed_at = plan.size.unwrap_or_default();
    Ok(Uploaded { artifact, bytes, resumed_at, reused: true })
}

/// The platform must hold what was sent.
fn verify(record: &model::Artifact, bytes: u64) -> Result<()> {
    let wrong = |message: String| Err(Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered));
    match (&record.status, record.size) {
        (_, Some(size)) if size != bytes => {
            wrong(format!("the platform says that the artifact has {size} bytes; {bytes} were sent"))
        }
        (ArtifactStatus::Error, _) => wrong("the platform says that the artifact is lost".to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_guessed_as_the_original_guesses_them() {
        for (name, mime) in [
            ("a.json", "application/json"),
            ("a.CSV", "text/csv"),
            ("a.nc", "application/x-netcdf"),
            ("a.tar.gz", "application/x-tar"),
            ("README.md", "text/markdown"),
            ("a.geojson", "application/geo+json"),
            ("a.tiff", "image/tiff"),
        ] {
            assert_eq!(guess(name).as_deref(), Some(mime), "{name}");
        }
        assert_eq!(guess("data"), None);
    }
}
