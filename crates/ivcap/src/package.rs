//! Container images and dashboards. Modern dialect.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use pentad_core::decode::Decode;
use pentad_core::message::ByteStream;
use pentad_core::work::Event;
use pentad_core::{Body, Call, List, Work, decode};
use serde::{Deserialize, Serialize};

use crate::blocking::blocking;
use crate::client::Client;
use crate::digest::sha256_of;
use crate::list::listing;
use crate::upload::unreadable;
use crate::{model, ops};

/// Bytes of a file that are sent at a time.
const PIECE: u64 = 8 * 1024 * 1024;

/// SHA-256 and size of a file.
fn measured(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let sum = sha256_of(&mut file, u64::MAX)?.finish();
    Ok((sum, file.stream_position()?))
}

fn piece(path: &Path, start: u64) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut piece = Vec::new();
    file.take(PIECE).read_to_end(&mut piece)?;
    Ok(piece.into())
}

/// A part of a container image to be stored. Up to API 0.44.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackagePart {
    /// The image.
    pub tag: String,
    /// `manifest`, `config` or `layer`.
    pub kind: String,
    /// Its digest.
    pub digest: String,
    /// Bytes of the whole of which this is a part.
    pub total: u64,
    /// Where this part begins.
    pub start: u64,
    /// The part.
    pub content: Bytes,
    /// Stores it although it is there.
    pub force: bool,
}

/// What came of storing a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pushed {
    /// Its digest.
    #[serde(default)]
    pub digest: Option<String>,
    /// Whether it was there already.
    #[serde(default)]
    pub exists: Option<bool>,
}

/// How far a push is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PushStatus {
    /// Its state, in the platform's words.
    #[serde(default)]
    pub status: String,
    /// Why.
    #[serde(default)]
    pub message: Option<String>,
}

impl Client {
    /// The container images, or those whose tag begins like this.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn packages(&self, tag: Option<&str>) -> List<String> {
        listing(self.op(&ops::PACKAGE_LIST).query_opt("tag", tag), self.dialect())
    }

    /// Removes a container image.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn remove_package(&self, tag: &str) -> Call<()> {
        let draft = self.op(&ops::PACKAGE_REMOVE).check(crate::urn::check("tag", tag));
        draft.query("tag", tag).call(decode::empty)
    }

    /// A part of a container image from an offset on. Up to API 0.44; later images are in a registry.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn pull_package(&self, reference: &str, kind: &str, offset: u64) -> Call<ByteStream> {
        self.op(&ops::PACKAGE_PULL)
            .query("ref", reference)
            .query("type", kind)
            .query("offset", offset.to_string())
            .call_with(Decode::Streaming(decode::stream))
    }

    /// Stores a part of a container image. Up to API 0.44.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn push_package(&self, part: PackagePart) -> Call<Pushed> {
        let end = part.start.saturating_add(part.content.len() as u64);
        self.op(&ops::PACKAGE_PUSH)
            .query("tag", part.tag)
            .query("force", part.force.to_string())
            .query("type", part.kind)
            .query("digest", part.digest)
            .query("total", part.total.to_string())
            .query("start", part.start.to_string())
            .query("end", end.to_string())
            .body(Body::Bytes(part.content))
            .call(decode::json)
    }

    /// Stores a part of a container image from a file, in pieces and under the file's own SHA-256; what is there already is
    /// not sent again. The manifest comes last. Up to API 0.44.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for a file that cannot be read; those of [`push_package`](Self::push_package).
    /// # Source
    /// IVCAP reference 7.13.
    pub fn push_package_file(
        &self,
        tag: &str,
        kind: &str,
        path: impl Into<PathBuf>,
        force: bool,
    ) -> Work<Pushed> {
        let (client, path) = (self.clone(), path.into());
        let (tag, kind) = (tag.to_owned(), kind.to_owned());
        let preview = self.op(&ops::PACKAGE_PUSH).query("tag", tag.as_str()).query("type", kind.as_str());
        Work::new(self.session(), &ops::PACKAGE_PUSH, preview.request(), move |scope| {
            Box::pin(async move {
                let own = path.clone();
                let (sum, total) =
                    blocking(move || measured(&own).map_err(|error| unreadable(&own, error))).await??;
                let mut start = 0;
                loop {
                    let own = path.clone();
                    let content =
                        blocking(move || piece(&own, start).map_err(|error| unreadable(&own, error)))
                            .await??;
                    let sent = content.len() as u64;
                    let part = PackagePart {
                        tag: tag.clone(),
                        kind: kind.clone(),
                        digest: format!("sha256:{sum}"),
                        total,
                        start,
                        content,
                        force,
                    };
                    let pushed = scope.run(client.push_package(part)).await?;
                    start += sent;
                    scope.progress(Event::new("pushing").done(start).total(total));
                    if start >= total || sent == 0 || pushed.exists == Some(true) {
                        return Ok(pushed);
                    }
                }
            })
        })
        .unlimited()
    }

    /// How far a push is. Up to API 0.44.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn package_status(&self, tag: &str, digest: &str) -> Call<PushStatus> {
        self.op(&ops::PACKAGE_STATUS).query("tag", tag).query("digest", digest).call(decode::json)
    }

    /// The dashboards. One page.
    ///
    /// # Source
    /// IVCAP reference 7.13.
    pub fn dashboards(&self) -> Call<Vec<model::Dashboard>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            items: Option<Vec<model::Dashboard>>,
        }
        let draft = self.op(&ops::DASHBOARD_LIST);
        draft.call(decode::json::<Answer>).map(|answer| answer.items.unwrap_or_default())
    }
}
