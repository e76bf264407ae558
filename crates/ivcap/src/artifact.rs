//! Artifacts: records and where their content is.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::Uri;
use pentad_core::{Call, Draft, Error, ErrorKind, List, Op, Request, Result, Target, Work, decode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::client::Client;
use crate::download::{Content, Download, Saved};
use crate::list::listing;
use crate::local::{Inline, LocalFile};
use crate::metadata::NewRecord;
use crate::query::{ListQuery, RecordQuery};
use crate::{download, model, ops, upload};

/// A handle on one artifact of the platform. Making one sends nothing.
#[derive(Clone, Debug)]
pub struct Artifact {
    pub(crate) client: Client,
    pub(crate) id: String,
}

/// An artifact wherever it is, as the original's `get_artifact` finds it by the form of its name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyArtifact {
    /// On the platform.
    Remote(Artifact),
    /// A file of this machine: `file://…`, `urn:file://…`.
    File(LocalFile),
    /// Content in the name itself: `data:…`, `urn:data:…`.
    Inline(Inline),
}

impl Client {
    /// The artifacts.
    ///
    /// # Source
    /// IVCAP reference 7.5.
    pub fn artifacts(&self, query: ListQuery) -> List<model::Artifact> {
        listing(query.apply(self.op(&ops::ARTIFACT_LIST)), self.dialect())
    }

    /// An artifact of the platform by its name; nothing is sent.
    pub fn artifact(&self, id: impl Into<String>) -> Artifact {
        Artifact { client: self.clone(), id: id.into() }
    }

    /// An artifact by its name, wherever it is; nothing is sent.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a local file that does not exist, or inline content that cannot be read.
    /// # Source
    /// IVCAP reference 9.1, `get_artifact`.
    pub fn any_artifact(&self, id: &str) -> Result<AnyArtifact> {
        let bare = id.strip_prefix("urn:").unwrap_or(id);
        if bare.starts_with("file://") {
            return LocalFile::parse(id).map(AnyArtifact::File);
        }
        if bare.starts_with("data:") {
            return Inline::parse(id).map(AnyArtifact::Inline);
        }
        Ok(AnyArtifact::Remote(self.artifact(id)))
    }
}

impl AnyArtifact {
    /// The whole content in memory.
    ///
    /// # Errors
    /// Those of reading or downloading it.
    pub fn bytes(&self) -> Work<Bytes> {
        match self {
            Self::Remote(artifact) => artifact.bytes(),
            Self::File(file) => file.bytes(),
            Self::Inline(inline) => inline.content(),
        }
    }

    /// The content in a file; a local file is not copied, its own path is given.
    ///
    /// # Errors
    /// Those of reading, downloading or writing it.
    pub fn save(&self, path: &Path, download: Download) -> Work<PathBuf> {
        match self {
            Self::Remote(artifact) => artifact.save(path, download).map(|saved| saved.path),
            Self::File(file) => file.own_path(),
            Self::Inline(inline) => inline.save(path),
        }
    }
}

impl Artifact {
    /// The name in the platform.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Reads the record: state, type, size.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// IVCAP reference 7.5; the original's `Artifact.status`.
    pub fn get(&self) -> Call<model::Artifact> {
        self.client.id_op(&ops::ARTIFACT_GET, "id", &self.id).call(decode::json)
    }

    /// Ends the artifact: it is in no list any more. Its content stays for who looks back in time.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound); [`Unsupported`](ErrorKind::Unsupported) or `NotFound` where the platform has no such call.
    /// # Source
    /// No API document has it; the local server does.
    pub fn delete(&self) -> Call<()> {
        self.client.id_op(&ops::ARTIFACT_DELETE, "id", &self.id).call(decode::empty)
    }

    /// Ends the artifact and removes what has come of its content: an upload that is under way is cut short.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound); [`Unsupported`](ErrorKind::Unsupported) where the platform does not speak the extension
    /// `termination` of the protocol.
    /// # Source
    /// IVCAP reference 7.6, TUS 1.0.0; no Python client does it.
    pub fn terminate(&self) -> Work<()> {
        let artifact = self.clone();
        Work::new(self.client.session(), &ops::BLOB_TERMINATE, self.get_request(), move |scope| {
            Box::pin(async move {
                let blob = Blob::of(&artifact.client, &scope.run(artifact.get()).await?)?;
                let draft = blob.draft(&artifact.client, &ops::BLOB_TERMINATE);
                scope.run(draft.header(upload::RESUMABLE, upload::VERSION).call(decode::empty)).await
            })
        })
    }

    /// What is said about the artifact.
    ///
    /// # Source
    /// IVCAP reference 8.6.
    pub fn metadata(&self) -> List<model::Record> {
        self.client.metadata(RecordQuery::new().entity(&self.id))
    }

    /// Says something about the artifact.
    ///
    /// # Errors
    /// As [`Client::add_metadata`].
    pub fn add_metadata(&self, aspect: Value) -> Call<model::Record> {
        self.client.add_metadata(NewRecord::new(&self.id, aspect))
    }

    /// The content while it arrives. A connection that breaks is opened again where it broke.
    ///
    /// # Errors
    /// [`Precondition`](ErrorKind::Precondition) if the content is not there yet; [`NotFound`](ErrorKind::NotFound).
    /// # Source
    /// IVCAP reference 7.5 and 9.6.
    pub fn content(&self, download: Download) -> Work<Content> {
        download::content(self, download)
    }

    /// The whole content in memory.
    ///
    /// # Errors
    /// As [`content`](Self::content).
    pub fn bytes(&self) -> Work<Bytes> {
        download::bytes(self)
    }

    /// The content in a file, which appears only when all of it is there. What an earlier process had of it is kept.
    ///
    /// # Errors
    /// As [`content`](Self::content); [`Config`](ErrorKind::Config) if the file cannot be written;
    /// [`Unexpected`](ErrorKind::Unexpected) if size or sum are not those that were promised.
    /// # Source
    /// IVCAP reference 9.6.
    pub fn save(&self, path: impl AsRef<Path>, download: Download) -> Work<Saved> {
        download::save(self, path.as_ref(), download)
    }

    /// Gives an artifact without content all of it by one request, for contents of up to 16 MB.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if there is content already: contents do not change; those of the platform.
    /// # Retry
    /// Sent again after an answer that was lost; that the content is there then, with its size, is a success.
    /// # Source
    /// IVCAP reference 7.5; no Python client does it.
    pub fn put(&self, content: Bytes, content_type: &str) -> Work<()> {
        let (artifact, content_type) = (self.clone(), content_type.to_owned());
        Work::new(self.client.session(), &ops::BLOB_PUT, self.get_request(), move |scope| {
            Box::pin(async move {
                let blob = Blob::of(&artifact.client, &scope.run(artifact.get()).await?)?;
                let draft = blob.draft(&artifact.client, &ops::BLOB_PUT);
                let draft = draft.header_text(http::header::CONTENT_TYPE, &content_type);
                let size = content.len() as u64;
                let sent = scope.run(draft.body(pentad_core::Body::Bytes(content)).call(decode::empty)).await;
                match sent {
                    Err(error) if error.kind() == ErrorKind::Conflict && error.may_have_applied() => {
                        let record = scope.run(artifact.get()).await?;
                        let whole =
                            record.status == model::ArtifactStatus::Ready && record.size == Some(size);
                        if whole { Ok(()) } else { Err(error) }
                    }
                    sent => sent,
                }
            })
        })
    }

    pub(crate) fn get_request(&self) -> Result<Request> {
        self.client.id_op(&ops::ARTIFACT_GET, "id", &self.id).request()
    }
}

/// Where a content is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Blob {
    /// The platform without or with its prefix.
    target: Target,
    /// Escaped path below it, without the leading `/`.
    path: String,
}

impl Blob {
    /// The address that a record says, or the documented one (IVCAP reference 1). The old dialects are asked at exactly this
    /// address. In the modern one only its path counts, below the client's own URL, as the original reads it; a path that has
    /// the URL's prefix already keeps it.
    pub(crate) fn of(client: &Client, record: &model::Artifact) -> Result<Self> {
        let Target::Url(base) = client.session().target() else {
            return Err(Error::new(ErrorKind::Config, "the platform's URL is not known"));
        };
        let Some(href) = record.blob() else {
            let target = Target::Url(base.clone());
            let id = percent_encoding::utf8_percent_encode(&record.id, percent_encoding::NON_ALPHANUMERIC);
            return Ok(Self { target, path: format!("1/artifacts/{id}/blob") });
        };
        if client.dialect().is_old() {
            return Self::at(base, href);
        }
        let path = match href.parse::<Uri>() {
            Ok(url) if url.authority().is_some() => url.path().to_owned(),
            _ => href.to_owned(),
        };
        let prefix = base.path().trim_end_matches('/');
        if !prefix.is_empty() && path.starts_with(&format!("{prefix}/")) {
            return Self::at(base, &path);
        }
        Self { target: Target::Url(base.clone()), path: String::new() }.with_path(&path)
    }

    /// An address, absolute or a path of the same host. The credential goes nowhere else.
    fn at(base: &Uri, href: &str) -> Result<Self> {
        let origin = format!(
            "{}://{}",
            base.scheme_str().unwrap_or("http"),
            base.authority().map_or("", |a| a.as_str())
        );
        let target = Target::parse(&origin)?;
        let path = match href.parse::<Uri>() {
            Ok(url) if url.authority().is_some() => {
                if !target.is_origin_of(&url) {
                    return Err(elsewhere());
                }
                url.path().to_owned()
            }
            _ => href.to_owned(),
        };
        Self { target, path: String::new() }.with_path(&path)
    }

    /// Where the platform moved an upload: a URL, or a path of the same host.
    pub(crate) fn moved(&self, place: &str) -> Result<Self> {
        match &self.target {
            Target::Url(base) => Self::at(base, place),
            _ => Err(elsewhere()),
        }
    }

    fn with_path(mut self, path: &str) -> Result<Self> {
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
        if path.is_empty() || percent_decode_str(path).decode_utf8().is_err() {
            return Err(Error::new(
                ErrorKind::Decode,
                "the artifact's record has no usable address of its content",
            ));
        }
        path.clone_into(&mut self.path);
        Ok(self)
    }

    pub(crate) fn draft(&self, client: &Client, op: &'static Op) -> Draft {
        client.op(op).target(self.target.clone()).arg("path", self.path.as_str())
    }
}

fn elsewhere() -> Error {
    Error::new(ErrorKind::Unexpected, "the address of the content is on another host")
        .with_hint("the credential would go there; check the platform's public address")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use serde_json::json;

    fn path(url: &str, dialect: Dialect, record: Value) -> Result<String> {
        let client = Client::new(url).dialect(dialect).build().unwrap();
        let blob = Blob::of(&client, &serde_json::from_value(record).unwrap())?;
        let request = blob.draft(&client, &ops::BLOB_READ).request()?;
        request.uri().map(|uri| uri.to_string())
    }

    #[test]
    fn old_dialects_read_at_exactly_the_address_and_nowhere_else() {
        let record = |url: &str| json!({"id": "urn:ivcap:artifact:9a", "data": {"self": url}});
        let at = "http://h:8088/l28/1/artifacts/urn:ivcap:artifact:9a/blob";
        assert_eq!(path("http://h:8088/l28", Dialect::L28, record(at)).unwrap(), at);
        let error = path("http://h:8088/l28", Dialect::L28, record("http://evil/1/blob")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        assert!(path("http://h", Dialect::L23, record("http://user@h/1/blob")).is_err());
    }

    #[test]
    fn the_modern_dialect_reads_the_path_below_its_own_url() {
        let record = |href: &str| json!({"id": "urn:ivcap:artifact:9a", "data-href": href});
        let whole = "http://h:1/m/1/artifacts/urn:ivcap:artifact:9a/blob";
        for href in [
            "http://elsewhere/1/artifacts/urn:ivcap:artifact:9a/blob",
            "/1/artifacts/urn:ivcap:artifact:9a/blob",
            "http://h:1/m/1/artifacts/urn:ivcap:artifact:9a/blob",
        ] {
            assert_eq!(path("http://h:1/m", Dialect::Modern, record(href)).unwrap(), whole, "{href}");
        }
        assert!(path("http://h:1", Dialect::Modern, record("/1/../../x")).is_err());
        assert!(path("http://h:1", Dialect::Modern, record("http://h:1")).is_err());
    }

    #[test]
    fn a_record_without_an_address_has_the_documented_one() {
        let found = path("http://h:1/m", Dialect::Modern, json!({"id": "urn:ivcap:artifact:9a"})).unwrap();
        assert_eq!(found, "http://h:1/m/1/artifacts/urn%3Aivcap%3Aartifact%3A9a/blob");
    }
}
