//! Many transfers at a time, with bounded memory: each has a few pieces in hand, whatever its size.

use std::path::PathBuf;

use futures_util::stream::{BoxStream, StreamExt};
use pentad_core::Result;

use crate::client::Client;
use crate::download::{Download, Saved};
use crate::upload::{Source, Upload, Uploaded};

impl Client {
    /// Uploads many sources, `at_once` at a time. What is done is given in the order in which it is done, with its place
    /// among the sources; one that fails does not stop the others. Dropping the stream stops all.
    ///
    /// # Errors
    /// Each result those of [`upload`](Self::upload).
    pub fn upload_many(
        &self,
        sources: impl IntoIterator<Item = (Source, Upload), IntoIter: Send + 'static>,
        at_once: usize,
    ) -> BoxStream<'static, (usize, Result<Uploaded>)> {
        let client = self.clone();
        let works = sources.into_iter().enumerate().map(move |(place, (source, upload))| {
            let work = client.upload(source, upload);
            async move { (place, work.await) }
        });
        futures_util::stream::iter(works).buffer_unordered(at_once.max(1)).boxed()
    }

    /// Saves many artifacts, `at_once` at a time, as [`upload_many`](Self::upload_many) uploads them.
    ///
    /// # Errors
    /// Each result those of [`Artifact::save`](crate::Artifact::save).
    pub fn save_many(
        &self,
        artifacts: impl IntoIterator<Item = (String, PathBuf), IntoIter: Send + 'static>,
        download: Download,
        at_once: usize,
    ) -> BoxStream<'static, (usize, Result<Saved>)> {
        let client = self.clone();
        let works = artifacts.into_iter().enumerate().map(move |(place, (id, path))| {
            let work = client.artifact(id).save(path, download.clone());
            async move { (place, work.await) }
        });
        futures_util::stream::iter(works).buffer_unordered(at_once.max(1)).boxed()
    }
}
