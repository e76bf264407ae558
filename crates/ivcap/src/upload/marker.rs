//! The original's marker beside an uploaded file: `.ivcap-NAME.txt` with `MD5|ARTIFACT` (IVCAP reference 9.6).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pentad_core::{Error, ErrorKind, Result};

use crate::digest::md5_of;

/// The artifact of a file whose content is still that of its marker.
pub(super) async fn read(path: &Path) -> Result<Option<String>> {
    let path = path.to_owned();
    blocking(move || {
        let Some(marker) = beside(&path) else { return Ok(None) };
        let text = match fs::read_to_string(&marker) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some((sum, artifact)) = text.trim().split_once('|') else { return Ok(None) };
        Ok((md5_of(&path)? == sum && !artifact.is_empty()).then(|| artifact.to_owned()))
    })
    .await
}

/// Writes the marker of a file that was uploaded.
pub(super) async fn write(path: &Path, artifact: &str) -> Result<()> {
    let (path, artifact) = (path.to_owned(), artifact.to_owned());
    blocking(move || match beside(&path) {
        Some(marker) => fs::write(marker, format!("{}|{artifact}\n", md5_of(&path)?)),
        None => Ok(()),
    })
    .await
}

fn beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    Some(path.with_file_name(format!(".ivcap-{name}.txt")))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let failed =
        |error| Error::new(ErrorKind::Config, "the marker beside the file cannot be used").with_source(error);
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(failed),
        Err(stopped) => Err(Error::new(ErrorKind::Unexpected, "reading was stopped").with_source(stopped)),
    }
}
