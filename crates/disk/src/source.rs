//! Reading.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use crate::buffer::Buffer;
use crate::{is_aligned, past};

/// So much of a file is read in one way before it is looked at again.
const STRETCH: u64 = 16 * 1024 * 1024;

/// A file that is read in order. What is in memory is taken from there; long stretches that are not are read past the page
/// cache. Of each stretch one page tells for all: a wrong guess costs time alone.
#[derive(Debug)]
pub struct Source {
    plain: File,
    /// The same file without the page cache.
    direct: Option<File>,
    size: u64,
    /// The stretch that was looked at, and whether it is not in memory.
    looked: Option<(u64, bool)>,
}

impl Source {
    /// Opens a file.
    ///
    /// # Errors
    /// Those of opening it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let plain = File::open(path)?;
        let size = plain.metadata()?.len();
        let direct = match size >= STRETCH {
            true => File::open(path).ok().filter(|file| past::set(file, true)),
            false => None,
        };
        past::expect_order(&plain);
        Ok(Self { plain, direct, size, looked: None })
    }

    /// The size of the file when it was opened.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Reads up to `most` bytes from an offset into the beginning of a buffer; fewer only at the end of the file or of the
    /// buffer. What follows them in the buffer may change, too.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read_at(&mut self, buffer: &mut Buffer, offset: u64, most: usize) -> io::Result<usize> {
        let most = most.min(buffer.size());
        let mut filled = 0;
        if self.is_cold(offset)
            && let Some(direct) = &mut self.direct
        {
            match read(direct, offset, buffer.bytes_mut()) {
                // The rest of a file that ends within a block is left to the other way.
                Ok(read) => filled = read.min(most),
                Err(error) if error.kind() == ErrorKind::InvalidInput => self.direct = None,
                Err(error) => return Err(error),
            }
        }
        if filled < most {
            filled += read(&mut self.plain, offset + filled as u64, &mut buffer.bytes_mut()[filled..most])?;
        }
        Ok(filled)
    }

    /// Whether what follows an offset is to be read from the disk.
    fn is_cold(&mut self, offset: u64) -> bool {
        if self.direct.is_none() || !is_aligned(offset) {
            return false;
        }
        let stretch = offset / STRETCH;
        if let Some((looked, is_cold)) = self.looked
            && looked == stretch
        {
            return is_cold;
        }
        let end = self.size.min((stretch + 1) * STRETCH);
        // Not always the same page: looking at it brings it into memory.
        let is_cold = offset < end && !past::is_in_memory(&self.plain, fastrand::u64(offset..end));
        self.looked = Some((stretch, is_cold));
        is_cold
    }
}

/// Fills `bytes` from an offset on unless the file ends, or can no longer be read in this way, before.
fn read(file: &mut File, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(offset))?;
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::InvalidInput && filled > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ALIGN;

    fn content(size: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(7);
        std::iter::repeat_with(|| random.u8(..)).take(size).collect()
    }

    fn all(source: &mut Source, from: u64, piece: usize) -> Vec<u8> {
        let mut buffer = Buffer::new(64 * 1024);
        let mut read = Vec::new();
        loop {
            let at = from + read.len() as u64;
            let count = source.read_at(&mut buffer, at, piece).unwrap();
            if count == 0 {
                return read;
            }
            read.extend_from_slice(&buffer.bytes()[..count]);
        }
    }

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        // Not below /tmp, which may be memory.
        let file = tempfile::NamedTempFile::new_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    #[test]
    fn both_ways_read_the_same_up_to_the_last_odd_byte() {
        let content = content(17 * 1024 * 1024 + 4_321);
        let file = file(&content);
        for cold in [false, true] {
            for (from, piece) in [(0, 64 * 1024), (5, 10_000), (4_096, ALIGN), (16 * 1024 * 1024 - 7, 65_536)]
            {
                let mut source = Source::open(file.path()).unwrap();
                source.looked = Some((from / STRETCH, cold));
                let read = all(&mut source, from, piece);
                assert!(read == content[from as usize..], "from {from} in pieces of {piece}, cold: {cold}");
            }
        }
    }

    #[test]
    fn what_was_just_written_is_taken_from_memory_and_a_small_file_has_one_way() {
        let file = file(&content(17 * 1024 * 1024));
        let mut source = Source::open(file.path()).unwrap();
        assert!(!source.is_cold(0));
        std::fs::write(file.path(), b"small").unwrap();
        let mut source = Source::open(file.path()).unwrap();
        assert!(source.direct.is_none());
        assert_eq!(all(&mut source, 1, 100), b"mall");
        assert_eq!(all(&mut source, 9, 100), b"");
    }
}
