//! The original's marker beside an uploaded file: `.ivcap-NAME.txt` with `MD5|ARTIFACT` (IVCAP reference 9.6).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pentad_core::{Error, ErrorKind, Result};

use crate::blocking::blocking;
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
    .await?
    .map_err(failed)
}

/// Writes the marker of a file that was uploaded.
pub(super) async fn write(path: &Path, artifact: &str) -> Result<()> {
    let (path, artifact) = (path.to_owned(), artifact.to_owned());
    blocking(move || match beside(&path) {
        Some(marker) => fs::write(marker, format!("{}|{artifact}\n", md5_of(&path)?)),
        None => Ok(()),
    })
    .await?
    .map_err(failed)
}

fn beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    Some(path.with_file_name(format!(".ivcap-{name}.txt")))
}

fn failed(error: io::Error) -> Error {
    Error::new(ErrorKind::Config, "the marker beside the file cannot be used").with_source(error)
}
