//! Large files, read and written past the page cache where that is cheaper.
//!
//! A file of many gigabytes that goes through the page cache costs a page of memory for every 4 KiB, found, cleared, filled,
//! written back and thrown out again: several times the processor time of the transfer itself, and whatever else was
//! cached is gone. What passes by in order and is not looked at again soon goes directly between the disk and a few
//! buffers instead.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`Source`] | a file that is read in order; what is in memory already is taken from there |
//! | [`Sink`] | a file that is written in order |
//! | [`Buffers`], [`Buffer`] | aligned memory that comes back when it was sent |
//!
//! All of it is an economy and none of it a promise: a file system that knows no direct input and output is used in the
//! ordinary way, and so is every system but Linux. Nothing here syncs; that is for who writes.

mod buffer;
mod past;
mod sink;
mod source;

pub use buffer::{Buffer, Buffers};
pub use sink::{Sink, append_at};
pub use source::Source;

/// Where direct input and output begins and ends: memory, offsets and lengths are multiples of it. Disks ask for 512 or 4096.
pub const ALIGN: usize = 4096;

/// A good size of a piece: large enough for a disk, small enough to stay in a processor's cache.
pub const PIECE: usize = 512 * 1024;

/// Files from this size on are not kept in memory when they are written: 256 MiB.
pub const LARGE: u64 = 256 * 1024 * 1024;

/// Whether an offset or a length is a multiple of [`ALIGN`].
const fn is_aligned(value: u64) -> bool {
    value.is_multiple_of(ALIGN as u64)
}
