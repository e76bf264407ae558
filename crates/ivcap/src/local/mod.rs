//! Without a platform: files and inline content as artifacts (IVCAP reference 9.6 and 9.10).

mod folder;
mod work;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use pentad_core::{Error, ErrorKind, Result, Work};
use percent_encoding::percent_decode_str;

pub use self::folder::LocalPlatform;
use self::work::{nowhere, work};
use crate::model::{self, ArtifactStatus};
use crate::ops;
use crate::upload::guess_type;

/// A file of this machine as an artifact; it is never copied or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    path: PathBuf,
    /// What was said of it when it was made.
    mime_type: Option<String>,
}

impl LocalFile {
    /// A file.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it does not exist or is no regular file.
    pub fn new(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let wrong = |why: &str| Error::invalid("file", format!("{} {why}", path.display()));
        let path = fs::canonicalize(path).map_err(|error| wrong("does not exist").with_source(error))?;
        if path.is_file() {
            Ok(Self { path, mime_type: None })
        } else {
            Err(Error::invalid("file", format!("{} is no file", path.display())))
        }
    }

    /// A file by its name: `file://…`, `urn:file://…`, also the original's `urn:$file://…`.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for another name, or a file that does not exist.
    pub fn parse(id: &str) -> Result<Self> {
        let bare = id.strip_prefix("urn:").unwrap_or(id);
        let bare = bare.strip_prefix('$').unwrap_or(bare);
        let path = bare
            .strip_prefix("file://")
            .ok_or_else(|| Error::invalid("file", "does not begin with file://"))?;
        // A name may be escaped; a file of exactly this name comes first.
        if Path::new(path).is_file() {
            return Self::new(path);
        }
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        Self::new(Path::new(&*decoded))
    }

    /// The name: `urn:file://` and the absolute path.
    pub fn id(&self) -> String {
        format!("urn:file://{}", self.path.display())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The record that the platform would have.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if the file is gone.
    pub fn get(&self) -> Result<model::Artifact> {
        let facts = fs::metadata(&self.path).map_err(|error| gone(&self.path, error))?;
        let name = self.path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let when =
            |at: io::Result<std::time::SystemTime>| at.ok().and_then(|at| Timestamp::try_from(at).ok());
        let mime_type = self.mime_type.clone().or_else(|| name.as_deref().and_then(guess_type));
        let mut record = record(self.id(), name, mime_type, facts.len());
        record.created_at = when(facts.created());
        record.last_modified_at = when(facts.modified());
        Ok(record)
    }

    /// The whole content in memory.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if the file cannot be read.
    pub fn bytes(&self) -> Work<Bytes> {
        let path = self.path.clone();
        work(&nowhere(), &ops::ARTIFACT_GET, &self.id(), move |_| {
            fs::read(&path).map(Bytes::from).map_err(|error| gone(&path, error))
        })
    }

    /// Where the content is already.
    pub(crate) fn own_path(&self) -> Work<PathBuf> {
        let path = self.path.clone();
        work(&nowhere(), &ops::ARTIFACT_GET, &self.id(), move |_| Ok(path))
    }
}

fn gone(path: &Path, error: io::Error) -> Error {
    Error::invalid("file", format!("{} cannot be read: {}", path.display(), error.kind())).with_source(error)
}

fn record(id: String, name: Option<String>, mime_type: Option<String>, size: u64) -> model::Artifact {
    model::Artifact {
        id,
        name,
        status: ArtifactStatus::Ready,
        mime_type,
        size: Some(size),
        created_at: None,
        last_modified_at: None,
        account: None,
        policy: None,
        etag: None,
        cache_of: None,
        data_href: None,
        data: None,
        other: serde_json::Map::new(),
    }
}

/// Content in a name: `data:TYPE;base64,…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    mime_type: String,
    content: Bytes,
}

/// The largest content that the original puts into a name.
pub const INLINE: usize = 512;

impl Inline {
    /// Content to be put into a name.
    ///
    /// # Errors
    /// [`TooLarge`](ErrorKind::TooLarge) beyond `most` bytes; the original's limit is [`INLINE`].
    pub fn new(mime_type: impl Into<String>, content: impl Into<Bytes>, most: usize) -> Result<Self> {
        let content = content.into();
        if content.len() > most {
            let message = format!("{} bytes do not go into a name: at most {most}", content.len());
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        Ok(Self { mime_type: mime_type.into(), content })
    }

    /// Reads a name: `data:…` or `urn:data:…`.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for another form.
    pub fn parse(id: &str) -> Result<Self> {
        let wrong = || Error::invalid("data", "is not of the form data:TYPE;base64,CONTENT");
        let bare = id.strip_prefix("urn:").unwrap_or(id);
        let (head, content) =
            bare.strip_prefix("data:").and_then(|rest| rest.split_once(',')).ok_or_else(wrong)?;
        let (mime_type, encoded) = match head.strip_suffix(";base64") {
            Some(mime_type) => (mime_type, true),
            None => (head, false),
        };
        let plain: Vec<u8> = percent_decode_str(content).collect();
        let content = if encoded { STANDARD.decode(&plain).map_err(|_| wrong())? } else { plain };
        let mime_type = if mime_type.is_empty() { "text/plain;charset=US-ASCII" } else { mime_type };
        Ok(Self { mime_type: mime_type.to_owned(), content: content.into() })
    }

    /// The name.
    pub fn id(&self) -> String {
        format!("urn:data:{};base64,{}", self.mime_type, STANDARD.encode(&self.content))
    }

    /// Type of the content.
    pub fn mime_type(&self) -> &str {
        &self.mime_type
    }

    /// The content.
    pub fn bytes(&self) -> Bytes {
        self.content.clone()
    }

    pub(crate) fn content(&self) -> Work<Bytes> {
        let content = self.content.clone();
        work(&nowhere(), &ops::ARTIFACT_GET, &self.id(), move |_| Ok(content))
    }

    /// Writes the content into a file.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the file cannot be written.
    pub fn save(&self, path: &Path) -> Work<PathBuf> {
        let (content, path) = (self.content.clone(), path.to_owned());
        work(&nowhere(), &ops::ARTIFACT_GET, &self.id(), move |_| {
            fs::write(&path, &content).map_err(|error| unwritable(&path, error))?;
            Ok(path)
        })
    }
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("{} cannot be written", path.display())).with_source(error)
}
