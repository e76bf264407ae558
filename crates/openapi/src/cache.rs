//! Parsed documents on disk.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::document::{Document, source};
use crate::error::{Error, Result};
use crate::tree::{Limits, Tree};

/// Changes with the form of the block; other versions are not read.
const FORMAT: u32 = 1;
const MAGIC: &[u8; 8] = b"pentadOA";
/// Magic, format, root, sum over the block, digest of the source.
const HEAD: usize = 8 + 4 + 4 + 4 + 32;

/// What a source is known by: its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a source.
    pub fn of(source: &[u8]) -> Self {
        Self(Sha256::digest(source).into())
    }

    /// Sixty-four hexadecimal digits.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A directory of parsed documents, found by what was parsed.
///
/// Entries are written whole or not at all, and never changed. One that is damaged or of another version is written anew.
/// Nothing is removed: the directory is the caller's, and so is its size.
#[derive(Debug, Clone)]
pub struct Cache {
    directory: PathBuf,
    limits: Limits,
}

impl Cache {
    /// Keeps parsed documents in the directory; it is created when it is needed.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), limits: Limits::default() }
    }

    /// Sets what is refused.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The document of a file, from the cache if its content was parsed before.
    ///
    /// # Errors
    /// As [`Document::read`]. A cache that cannot be written to is no error: the next call parses again.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Document> {
        self.parse(&source(path.as_ref())?)
    }

    /// The document of a source, from the cache if it was parsed before.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse(&self, source: &[u8]) -> Result<Document> {
        let digest = Digest::of(source);
        if let Some(document) = self.find(&digest) {
            return Ok(document);
        }
        let document = Document::parse_within(source, self.limits)?;
        // The document is there; that it could not be kept costs the next caller time and nothing else.
        let _ = self.keep(&digest, &document);
        Ok(document)
    }

    /// The document of a source that was parsed before, without the source: for those who remember what an address gave.
    pub fn find(&self, digest: &Digest) -> Option<Document> {
        let bytes = std::fs::read(self.file(digest)).ok()?;
        Document::of(unpack(bytes, digest)?).ok()
    }

    /// Writes a document that was parsed from the source with the digest.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn keep(&self, digest: &Digest, document: &Document) -> Result<()> {
        let file = self.file(digest);
        let tree = &document.0.tree;
        self.write(&file, [&head(tree, digest), &tree.data])
            .map_err(|error| Error::io(format!("cannot write `{}`", file.display()), error))
    }

    fn write(&self, file: &Path, parts: [&[u8]; 2]) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.directory)?;
        let mut fresh = tempfile::NamedTempFile::new_in(&self.directory)?;
        for part in parts {
            fresh.write_all(part)?;
        }
        fresh.as_file().sync_all()?;
        fresh.persist(file)?;
        Ok(())
    }

    fn file(&self, digest: &Digest) -> PathBuf {
        self.directory.join(format!("{}.v{FORMAT}.openapi", digest.to_hex()))
    }
}

fn head(tree: &Tree, digest: &Digest) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD);
    head.extend(MAGIC);
    head.extend(FORMAT.to_le_bytes());
    head.extend(tree.root.to_le_bytes());
    head.extend(sum(tree.root, &tree.data).to_le_bytes());
    head.extend(digest.0);
    head
}

/// The checksum of all that the digest does not vouch for.
fn sum(root: u32, data: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&root.to_le_bytes());
    hasher.update(data);
    hasher.finalize()
}

/// None if the entry is damaged, of another version or of another source.
fn unpack(mut bytes: Vec<u8>, digest: &Digest) -> Option<Tree> {
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (format, root, expected) = (word(8)?, word(12)?, word(16)?);
    let sound = bytes.starts_with(MAGIC) && format == FORMAT && bytes.get(20..HEAD)? == digest.0;
    if !sound || sum(root, bytes.get(HEAD..)?) != expected {
        return None;
    }
    bytes.drain(..HEAD);
    Some(Tree { data: bytes, root })
}
