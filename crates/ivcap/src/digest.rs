//! Sums of contents.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aws_lc_rs::digest::{self, Context, SHA256};
use md5::{Digest as _, Md5};

/// A running SHA-256.
#[derive(Clone)]
pub(crate) struct Sha256(Context);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The sum in hexadecimal.
    pub(crate) fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }

    pub(crate) fn of(text: &[u8]) -> String {
        hex(digest::digest(&SHA256, text).as_ref())
    }
}

/// How much is read at a time.
const PIECE: usize = 256 * 1024;

/// The SHA-256 of the first `most` bytes of a file, still running.
pub(crate) fn sha256_of(file: &mut File, most: u64) -> io::Result<Sha256> {
    let mut sum = Sha256::new();
    each_piece(file.take(most), |piece| sum.update(piece))?;
    Ok(sum)
}

/// The MD5 of a file, as the original's marker files have it.
pub(crate) fn md5_of(path: &Path) -> io::Result<String> {
    let mut sum = Md5::new();
    each_piece(File::open(path)?, |piece| sum.update(piece))?;
    Ok(hex(sum.finalize().as_ref()))
}

fn each_piece(mut source: impl Read, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(()),
            read => take(&buffer[..read]),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
