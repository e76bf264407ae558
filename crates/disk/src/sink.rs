//! Writing.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};

use crate::buffer::Buffer;
use crate::{ALIGN, LARGE, PIECE, is_aligned, past};

/// A file that is written in order. If it is [`LARGE`] it passes by the page cache, put together in whole blocks, so that
/// the last bytes given are not yet in the file.
#[derive(Debug)]
pub struct Sink {
    file: File,
    gathered: Option<Gathered>,
}

/// What waits for the rest of its blocks.
#[derive(Debug)]
struct Gathered {
    buffer: Buffer,
    filled: usize,
    /// How much may be in the buffer before it is written: less at first, from an odd offset on.
    until: usize,
    is_direct: bool,
    /// Whether the file system can do without the page cache, as far as that is known.
    can_be_direct: bool,
}

impl Sink {
    /// Writes from an offset on, where about `expected` bytes will come if that is known.
    ///
    /// # Errors
    /// Those of moving to the offset.
    pub fn new(mut file: File, offset: u64, expected: Option<u64>) -> io::Result<Self> {
        file.seek(SeekFrom::Start(offset))?;
        let gathered = expected.is_some_and(|expected| expected >= LARGE).then(|| {
            let odd = usize::try_from(offset % ALIGN as u64).unwrap_or_default();
            Gathered {
                buffer: Buffer::new(PIECE),
                filled: 0,
                until: PIECE - odd,
                is_direct: false,
                can_be_direct: true,
            }
        });
        Ok(Self { file, gathered })
    }

    /// Writes a piece, or keeps it until more comes.
    ///
    /// # Errors
    /// Those of writing. What had been written before stays.
    pub fn write(&mut self, mut piece: &[u8]) -> io::Result<()> {
        let Some(gathered) = &mut self.gathered else { return self.file.write_all(piece) };
        while !piece.is_empty() {
            let (now, later) = piece.split_at(piece.len().min(gathered.until - gathered.filled));
            gathered.buffer.bytes_mut()[gathered.filled..gathered.filled + now.len()].copy_from_slice(now);
            gathered.filled += now.len();
            piece = later;
            if gathered.filled == gathered.until {
                gathered.write(&mut self.file)?;
            }
        }
        Ok(())
    }

    /// Writes what was kept, and gives the file back, which is not synced yet.
    ///
    /// # Errors
    /// Those of writing.
    pub fn finish(mut self) -> io::Result<File> {
        if let Some(gathered) = &mut self.gathered {
            gathered.set_direct(&self.file, false);
            self.file.write_all(&gathered.buffer.bytes()[..gathered.filled])?;
        }
        Ok(self.file)
    }
}

impl Gathered {
    fn write(&mut self, file: &mut File) -> io::Result<()> {
        // From an odd offset the first write goes up to the next block.
        self.set_direct(file, self.until == PIECE && self.can_be_direct);
        let filled = std::mem::take(&mut self.filled);
        self.until = PIECE;
        let mut done = 0;
        while done < filled {
            match file.write(&self.buffer.bytes()[done..filled]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => done += written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The file system takes it in the ordinary way only, or a disk that is nearly full took a part.
                Err(error) if error.kind() == ErrorKind::InvalidInput && self.is_direct => {
                    self.can_be_direct = false;
                    self.set_direct(file, false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn set_direct(&mut self, file: &File, on: bool) {
        if self.is_direct != on {
            let done = past::set(file, on);
            self.can_be_direct &= done;
            self.is_direct = on && done;
        }
    }
}

/// Writes what belongs at an offset of a growing file: past the page cache if so much is there already and offset, length
/// and memory are aligned.
///
/// # Errors
/// Those of writing; a part may have been written.
pub fn append_at(file: &mut File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    let fits =
        is_aligned(offset) && is_aligned(bytes.len() as u64) && bytes.as_ptr().align_offset(ALIGN) == 0;
    if offset < LARGE || !fits || !past::set(file, true) {
        return file.write_all(bytes);
    }
    let written = file.write_all(bytes);
    past::set(file, false);
    match written {
        Err(error) if error.kind() == ErrorKind::InvalidInput => {
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(bytes)
        }
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> tempfile::NamedTempFile {
        // Not below /tmp, which may be memory.
        tempfile::NamedTempFile::new_in(env!("CARGO_MANIFEST_DIR")).unwrap()
    }

    fn content(size: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(11);
        std::iter::repeat_with(|| random.u8(..)).take(size).collect()
    }

    #[test]
    fn what_is_written_in_any_pieces_from_any_offset_is_in_the_file() {
        let content = content(3 * PIECE + 777);
        for expected in [None, Some(LARGE)] {
            for (from, piece) in [(0, 100_000), (0, PIECE), (1_000, 4_097), (ALIGN, 1 << 20), (5, 1 << 22)] {
                let file = file();
                std::fs::write(file.path(), &content[..from]).unwrap();
                let open = file.reopen().unwrap();
                let mut sink = Sink::new(open, from as u64, expected).unwrap();
                content[from..].chunks(piece).for_each(|piece| sink.write(piece).unwrap());
                sink.finish().unwrap();
                let found = std::fs::read(file.path()).unwrap();
                assert!(found == content, "from {from} in pieces of {piece}, expected: {expected:?}");
            }
        }
    }

    #[test]
    fn a_part_of_a_large_file_is_written_whatever_its_alignment() {
        let content = content(64 * 1024);
        let mut aligned = Buffer::new(content.len());
        aligned.bytes_mut().copy_from_slice(&content);
        for (offset, from, to) in [(0, 0, 64), (LARGE, 0, 65_536), (LARGE, 1, 4_097), (LARGE + 1, 0, 4_096)] {
            let file = file();
            let mut open = file.reopen().unwrap();
            open.set_len(offset).unwrap();
            append_at(&mut open, &aligned.bytes()[from..to], offset).unwrap();
            let mut found = vec![0; to - from];
            open.seek(SeekFrom::Start(offset)).unwrap();
            io::Read::read_exact(&mut open, &mut found).unwrap();
            assert!(found == content[from..to], "{from}..{to} at {offset}");
        }
    }
}
