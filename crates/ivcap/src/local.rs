//! Without a platform: files and inline content as artifacts, aspects in files (IVCAP reference 9.6 and 9.10).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use pentad_core::{Clock, Error, ErrorKind, Result};
use pentad_transport::SystemClock;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::metadata::NewRecord;
use crate::model::{self, ArtifactStatus};
use crate::upload::{Source, Upload, guess_type};

/// A file of this machine as an artifact; it is never copied or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    path: PathBuf,
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
            Ok(Self { path })
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
        let mut record = record(self.id(), name.clone(), name.as_deref().and_then(guess_type), facts.len());
        record.created_at = when(facts.created());
        record.last_modified_at = when(facts.modified());
        Ok(record)
    }

    /// The whole content in memory.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if the file cannot be read.
    pub async fn bytes(&self) -> Result<Bytes> {
        let content = tokio::fs::read(&self.path).await;
        content.map(Bytes::from).map_err(|error| gone(&self.path, error))
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

    /// Writes the content into a file.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the file cannot be written.
    pub async fn save(&self, path: &Path) -> Result<PathBuf> {
        tokio::fs::write(path, &self.content).await.map_err(|error| unwritable(path, error))?;
        Ok(path.to_owned())
    }
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("{} cannot be written", path.display())).with_source(error)
}

/// A folder in place of a platform: artifacts and aspects as files, for trying things out.
#[derive(Clone, Debug)]
pub struct LocalPlatform {
    folder: PathBuf,
}

impl LocalPlatform {
    /// Works in this folder, which is made when the first thing is put into it.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// `file://` and the absolute path of the folder.
    pub fn url(&self) -> String {
        let absolute = std::path::absolute(&self.folder);
        format!("file://{}", absolute.as_deref().unwrap_or(&self.folder).display())
    }

    async fn made(&self, below: &str) -> Result<PathBuf> {
        let folder = self.folder.join(below);
        tokio::fs::create_dir_all(&folder).await.map_err(|error| unwritable(&folder, error))?;
        Ok(folder)
    }

    /// Copies a source into the folder. Without a name it gets a random one that keeps the ending of a file's name.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a source that cannot be read or a name that is a path;
    /// [`Config`](ErrorKind::Config) if the folder cannot be written.
    pub async fn upload(&self, source: impl Into<Source>, upload: Upload) -> Result<LocalFile> {
        let source = source.into();
        let ending = source.ending().map(|ending| format!(".{ending}")).unwrap_or_default();
        let name = upload.name.unwrap_or_else(|| format!("{}{ending}", Uuid::new_v4()));
        if name.contains(['/', '\\', '\0']) || matches!(&*name, "" | "." | "..") {
            return Err(Error::invalid("name", "must be that of a file, not a path"));
        }
        let folder = self.made("artifacts").await?;
        let (part, path) = (folder.join(format!(".{}.part", Uuid::new_v4())), folder.join(name));
        let copied = copy(source, &part).await;
        let copied = match copied {
            Ok(()) => tokio::fs::rename(&part, &path).await.map_err(|error| unwritable(&path, error)),
            Err(error) => Err(error),
        };
        if copied.is_err() {
            // The first failure is the one to tell.
            let _ = tokio::fs::remove_file(&part).await;
        }
        copied?;
        LocalFile::new(&path)
    }

    /// An artifact by its name.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it does not exist.
    pub fn artifact(&self, id: &str) -> Result<LocalFile> {
        LocalFile::parse(id)
    }

    /// Says something about an entity, in a file of its own.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a missing schema; [`Config`](ErrorKind::Config) if the folder cannot be written.
    pub async fn add_aspect(&self, record: NewRecord) -> Result<model::Record> {
        let (entity, schema, content) = record.parts()?;
        let id = Uuid::new_v4();
        let now = SystemClock.wall();
        let stored = json!({"id": format!("urn:ivcap:aspect:{id}"), "entity": entity, "schema": schema,
            "content": content, "valid_from": now.to_string(), "valid_to": null});
        let path = self.made("aspects").await?.join(format!("{id}.json"));
        tokio::fs::write(&path, stored.to_string()).await.map_err(|error| unwritable(&path, error))?;
        read_aspect(&path).await
    }

    /// As [`add_aspect`](Self::add_aspect): the original's local mode replaces nothing.
    ///
    /// # Errors
    /// As [`add_aspect`](Self::add_aspect).
    pub async fn update_aspect(&self, record: NewRecord) -> Result<model::Record> {
        self.add_aspect(record).await
    }

    /// An aspect by its UUID or URN.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none.
    pub async fn aspect(&self, id: &str) -> Result<model::Record> {
        let bare = id.strip_prefix("urn:ivcap:aspect:").unwrap_or(id);
        let missing = || Error::new(ErrorKind::NotFound, format!("there is no aspect {id:?}"));
        let uuid = Uuid::parse_str(bare).map_err(|_| missing())?;
        let path = self.folder.join("aspects").join(format!("{uuid}.json"));
        if path.is_file() { read_aspect(&path).await } else { Err(missing()) }
    }

    /// The aspects of exactly this entity and schema, where they are given; oldest first, at most `most`.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the folder cannot be read.
    pub async fn aspects(
        &self,
        entity: Option<&str>,
        schema: Option<&str>,
        most: usize,
    ) -> Result<Vec<model::Record>> {
        let folder = self.folder.join("aspects");
        let mut found = Vec::new();
        let mut files = match tokio::fs::read_dir(&folder).await {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(unwritable(&folder, error)),
        };
        while let Some(file) = files.next_entry().await.map_err(|error| unwritable(&folder, error))? {
            let Ok(record) = read_aspect(&file.path()).await else { continue };
            let fits = entity.is_none_or(|urn| record.entity == urn)
                && schema.is_none_or(|urn| record.schema == urn);
            if fits {
                found.push(record);
            }
        }
        found.sort_by(|a, b| (a.valid_from, &a.id).cmp(&(b.valid_from, &b.id)));
        found.truncate(most);
        Ok(found)
    }
}

async fn copy(source: Source, path: &Path) -> Result<()> {
    use tokio::io::AsyncWriteExt;
    let failed = |error| unwritable(path, error);
    let mut file = tokio::fs::File::create(path).await.map_err(failed)?;
    let mut pieces = source.into_stream().await?;
    while let Some(piece) = pieces.next().await.transpose()? {
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.sync_all().await.map_err(failed)
}

async fn read_aspect(path: &Path) -> Result<model::Record> {
    let text = tokio::fs::read(path).await.map_err(|error| gone(path, error))?;
    let damaged =
        |error| Error::new(ErrorKind::Decode, format!("{} is no aspect", path.display())).with_source(error);
    let mut stored: Value = serde_json::from_slice(&text).map_err(damaged)?;
    for (own, wire) in [("valid_from", "valid-from"), ("valid_to", "valid-to")] {
        if let Some(value) = stored.as_object_mut().and_then(|object| object.remove(own)) {
            stored[wire] = value;
        }
    }
    serde_json::from_value(stored).map_err(damaged)
}
