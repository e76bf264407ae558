//! Tokens in files that only their owner can read.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::future::ready;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use futures_core::future::BoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Token, TokenStore};
use crate::error::{Error, ErrorKind, Result};

/// Keeps each token in a file of its own below a folder: mode 0600 in a folder of mode 0700.
///
/// A file is written beside the old one and then takes its place, so that readers in other processes see the old token
/// or the new one, never a part, and the last writer wins. A file that others may read or write is not trusted. Files
/// are small and rarely touched; they are read and written without handing over to another thread.
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    folder: PathBuf,
}

/// Larger files are none of ours.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Longest part of a key that stands in a file's name.
const NAME: usize = 120;

impl FileTokenStore {
    /// Keeps tokens below this folder, which is made when the first is saved.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn path(&self, key: &str) -> PathBuf {
        let mut name: String = utf8_percent_encode(key, NON_ALPHANUMERIC).collect();
        if name.len() > NAME {
            name.truncate(NAME);
            let _ = write!(name, "-{:016x}", fingerprint(key));
        }
        self.folder.join(name + ".json")
    }

    fn read(&self, key: &str) -> Result<Option<Token>> {
        let path = self.path(key);
        let text = match contents(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path, error)),
        };
        // A damaged file is as good as none; the next login replaces it.
        Ok(serde_json::from_slice(&text)
            .ok()
            .and_then(|document: Value| Token::from_document(&document, key)))
    }

    fn write(&self, key: &str, token: &Token) -> Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = self.path(key);
        let text = Zeroizing::new(token.to_document(key).to_string());
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let draft = path.with_extension(format!("{}-{count}.tmp", std::process::id()));
        let written = folder(&self.folder)
            .and_then(|()| create(&draft))
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&draft, &path));
        written.map_err(|error| {
            // What cannot be removed was not made; the first failure is the one to tell.
            let _ = fs::remove_file(&draft);
            failed("write", &path, error)
        })
    }

    fn remove(&self, key: &str) -> Result<()> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &path, error)),
            _ => Ok(()),
        }
    }
}

impl TokenStore for FileTokenStore {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Token>>> {
        Box::pin(ready(self.read(key)))
    }

    fn save<'a>(&'a self, key: &'a str, token: &'a Token) -> BoxFuture<'a, Result<()>> {
        Box::pin(ready(self.write(key, token)))
    }

    fn forget<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(ready(self.remove(key)))
    }
}

fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("cannot {what} the saved token {}", path.display()))
        .with_source(error)
}

/// Different for keys that differ only beyond the part in the name; the key in the file decides in the end.
fn fingerprint(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn contents(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    private(&file)?;
    let mut text = Zeroizing::new(Vec::new());
    Read::by_ref(&mut file).take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(unix)]
fn private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "others may read or write this file"))
}

#[cfg(not(unix))]
fn private(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
