//! Memory for pieces of files.

use std::fmt;

use bytes::{Bytes, BytesMut};

use crate::ALIGN;

/// Memory of a fixed size that begins where direct input and output may begin.
pub struct Buffer {
    memory: BytesMut,
    start: usize,
    size: usize,
}

impl Buffer {
    /// Fresh memory; `size` is rounded up to a multiple of [`ALIGN`].
    pub fn new(size: usize) -> Self {
        let size = size.next_multiple_of(ALIGN);
        Self::over(BytesMut::zeroed(size + ALIGN), size)
    }

    fn over(memory: BytesMut, size: usize) -> Self {
        let start = memory.as_ptr().align_offset(ALIGN).min(memory.len().saturating_sub(size));
        Self { memory, start, size }
    }

    /// What it holds.
    pub fn bytes(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.size]
    }

    /// What it holds, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.size]
    }

    /// The first `length` bytes, which keep all of it.
    pub fn into_bytes(self, length: usize) -> Bytes {
        let (start, length) = (self.start, length.min(self.size));
        self.memory.freeze().slice(start..start + length)
    }

    /// Its size in bytes.
    pub const fn size(&self) -> usize {
        self.size
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Buffers that come back when what was lent of them is dropped: fresh memory for each piece would cost as much as reading
/// it.
pub struct Buffers {
    lent: Vec<Bytes>,
    size: usize,
    most: usize,
}

impl Buffers {
    /// Keeps up to `most` buffers of `size` bytes; who needs more at once gets fresh ones.
    pub const fn new(size: usize, most: usize) -> Self {
        Self { lent: Vec::new(), size, most }
    }

    /// One that nobody uses.
    pub fn take(&mut self) -> Buffer {
        let free = self.lent.iter().position(Bytes::is_unique).map(|at| self.lent.swap_remove(at));
        let size = self.size.next_multiple_of(ALIGN);
        let again = free.and_then(|memory| memory.try_into_mut().ok());
        again.map_or_else(|| Buffer::new(size), |memory| Buffer::over(memory, size))
    }

    /// The beginning of a buffer, to be sent. The buffer comes back when nobody has it any more.
    pub fn lend(&mut self, buffer: Buffer, length: usize) -> Bytes {
        let (start, length) = (buffer.start, length.min(buffer.size));
        let memory = buffer.memory.freeze();
        let part = memory.slice(start..start + length);
        if self.lent.len() < self.most {
            self.lent.push(memory);
        }
        part
    }

    /// Takes back a buffer of which nothing was lent.
    pub fn give_back(&mut self, buffer: Buffer) {
        drop(self.lend(buffer, 0));
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers")
            .field("size", &self.size)
            .field("kept", &self.lent.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_when_its_piece_is_dropped_and_not_before() {
        let mut buffers = Buffers::new(10_000, 2);
        let mut first = buffers.take();
        assert_eq!((first.size(), first.bytes().as_ptr().align_offset(ALIGN)), (12_288, 0));
        first.bytes_mut()[..5].copy_from_slice(b"first");
        let place = first.bytes().as_ptr();
        let piece = buffers.lend(first, 5);
        let second = buffers.take();
        assert_ne!(second.bytes().as_ptr(), place);
        assert_eq!(&piece[..], b"first");
        drop(piece);
        assert_eq!(buffers.take().bytes().as_ptr(), place);
    }

    #[test]
    fn no_more_buffers_are_kept_than_was_said() {
        let mut buffers = Buffers::new(1, 2);
        let taken: Vec<Buffer> = (0..5).map(|_| buffers.take()).collect();
        let lent: Vec<Bytes> = taken.into_iter().map(|buffer| buffers.lend(buffer, 1)).collect();
        assert_eq!(buffers.lent.len(), 2);
        drop(lent);
        buffers.give_back(Buffer::new(1));
        assert_eq!(buffers.lent.len(), 2);
    }
}
