//! A folder in place of a platform (IVCAP reference 9.10).

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use futures_util::StreamExt;
use pentad_core::work::{Event, Scope};
use pentad_core::{Error, ErrorKind, Result, Session, SessionBuilder, Work};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::work::{nowhere, preview, work};
use super::{LocalFile, gone, unwritable};
use crate::blocking::blocking;
use crate::digest::Sha256;
use crate::metadata::NewRecord;
use crate::upload::{Source, Upload, same_sum};
use crate::{model, ops};

/// A folder in place of a platform: artifacts and aspects as files, for trying things out.
#[derive(Clone, Debug)]
pub struct LocalPlatform {
    folder: PathBuf,
    session: Session,
}

impl LocalPlatform {
    /// Works in this folder, which is made when the first thing is put into it.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), session: nowhere() }
    }

    /// The same folder with changed settings, such as another clock.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Self {
        Self { folder: self.folder.clone(), session: self.session.with(change) }
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

    /// Copies a source into the folder, under a name that may have folders in it. Without one it gets a random name that
    /// keeps the ending of a file's name. The type of the content is that which is given, for the handle that comes back;
    /// later the file's name tells it. What is said about pieces, retries and going on later means nothing here.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a source that cannot be read, one of another size or SHA-256 than was promised,
    /// or a name that leads out of the folder; [`Unsupported`](ErrorKind::Unsupported) for a collection or policy;
    /// [`Config`](ErrorKind::Config) if the folder cannot be written.
    pub fn upload(&self, source: impl Into<Source>, upload: Upload) -> Work<LocalFile> {
        let (source, folder) = (source.into(), self.folder.join("artifacts"));
        let preview = preview(&self.session, &ops::ARTIFACT_CREATE, "");
        Work::new(&self.session, &ops::ARTIFACT_CREATE, preview, move |scope| {
            Box::pin(async move {
                let mime_type = upload.content_type.clone();
                let path = place(&folder, &source, &upload)?;
                let part = path.with_file_name(format!(".{}.part", Uuid::new_v4()));
                let made = folder_of(&path).to_owned();
                blocking(move || fs::create_dir_all(&made).map_err(|error| unwritable(&made, error)))
                    .await??;
                let copied = copy(source, &part, &upload, &scope).await;
                blocking(move || {
                    let put = copied
                        .and_then(|()| fs::rename(&part, &path).map_err(|error| unwritable(&path, error)));
                    if put.is_err() {
                        // The first failure is the one to tell.
                        let _ = fs::remove_file(&part);
                    }
                    put.and_then(|()| LocalFile::new(&path)).map(|file| LocalFile { mime_type, ..file })
                })
                .await?
            })
        })
        .unlimited()
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
    pub fn add_aspect(&self, record: NewRecord) -> Work<model::Record> {
        let folder = self.folder.join("aspects");
        work(&self.session, &ops::ASPECT_CREATE, "", move |session| {
            let (entity, schema, content) = record.parts()?;
            let id = Uuid::new_v4();
            let stored = json!({"id": format!("urn:ivcap:aspect:{id}"), "entity": entity, "schema": schema,
                "content": content, "valid_from": session.clock().wall().to_string(), "valid_to": null});
            fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, error))?;
            let path = folder.join(format!("{id}.json"));
            fs::write(&path, stored.to_string()).map_err(|error| unwritable(&path, error))?;
            read_aspect(&path)
        })
    }

    /// As [`add_aspect`](Self::add_aspect): the original's local mode replaces nothing.
    ///
    /// # Errors
    /// As [`add_aspect`](Self::add_aspect).
    pub fn update_aspect(&self, record: NewRecord) -> Work<model::Record> {
        self.add_aspect(record)
    }

    /// An aspect by its UUID or URN.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none.
    pub fn aspect(&self, id: &str) -> Work<model::Record> {
        let (folder, id) = (self.folder.join("aspects"), id.to_owned());
        work(&self.session, &ops::ASPECT_GET, &id.clone(), move |_| {
            let bare = id.strip_prefix("urn:ivcap:aspect:").unwrap_or(&id);
            let missing = || Error::new(ErrorKind::NotFound, format!("there is no aspect {id:?}"));
            let uuid = Uuid::parse_str(bare).map_err(|_| missing())?;
            let path = folder.join(format!("{uuid}.json"));
            if path.is_file() { read_aspect(&path) } else { Err(missing()) }
        })
    }

    /// The aspects of exactly this entity and schema, where they are given; oldest first, at most `most`.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the folder cannot be read.
    pub fn aspects(
        &self,
        entity: Option<&str>,
        schema: Option<&str>,
        most: usize,
    ) -> Work<Vec<model::Record>> {
        let folder = self.folder.join("aspects");
        let (entity, schema) = (entity.map(str::to_owned), schema.map(str::to_owned));
        work(&self.session, &ops::ASPECT_LIST, "", move |_| {
            let files = match fs::read_dir(&folder) {
                Ok(files) => files,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(unwritable(&folder, error)),
            };
            let mut found = Vec::new();
            for file in files {
                let file = file.map_err(|error| unwritable(&folder, error))?;
                let Ok(record) = read_aspect(&file.path()) else { continue };
                let fits = entity.as_ref().is_none_or(|urn| record.entity == *urn)
                    && schema.as_ref().is_none_or(|urn| record.schema == *urn);
                if fits {
                    found.push(record);
                }
            }
            found.sort_by(|a, b| (a.valid_from, &a.id).cmp(&(b.valid_from, &b.id)));
            found.truncate(most);
            Ok(found)
        })
    }
}

/// Where an upload goes; what a folder cannot keep is refused.
fn place(folder: &Path, source: &Source, upload: &Upload) -> Result<PathBuf> {
    if upload.collection.is_some() || upload.policy.is_some() {
        let message = "files in a folder have neither collection nor policy";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let ending = source.ending().map(|ending| format!(".{ending}")).unwrap_or_default();
    let name = upload.name.clone().unwrap_or_else(|| format!("{}{ending}", Uuid::new_v4()));
    let mut parts = Path::new(&name).components();
    let stays = parts.all(|part| matches!(part, Component::Normal(_)));
    if !stays || name.is_empty() || name.contains(['\\', '\0']) {
        return Err(Error::invalid("name", "must not lead out of the folder"));
    }
    Ok(folder.join(name))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// Copies a source and checks what was promised of it.
async fn copy(source: Source, path: &Path, upload: &Upload, scope: &Scope) -> Result<()> {
    let failed = |error| unwritable(path, error);
    let mut file = tokio::fs::File::create(path).await.map_err(failed)?;
    let mut pieces = source.into_stream().await?;
    let mut sum = upload.sha256.is_some().then(Sha256::new);
    let mut size = 0;
    while let Some(piece) = pieces.next().await.transpose()? {
        if let Some(sum) = &mut sum {
            sum.update(&piece);
        }
        size += piece.len() as u64;
        file.write_all(&piece).await.map_err(failed)?;
        scope.progress(upload.content_size.into_iter().fold(Event::new("copying").done(size), Event::total));
    }
    if let Some(said) = upload.content_size.filter(|said| *said != size) {
        return Err(Error::invalid("content size", format!("the source has {size} bytes, not {said}")));
    }
    if let (Some(promised), Some(sum)) = (&upload.sha256, sum) {
        same_sum(promised, &sum.finish())?;
    }
    file.sync_all().await.map_err(failed)
}

fn read_aspect(path: &Path) -> Result<model::Record> {
    let text = fs::read(path).map_err(|error| gone(path, error))?;
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
