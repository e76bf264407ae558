//! What the system is asked: to leave the page cache out, and what is in it.

pub(crate) use system::{expect_order, is_in_memory, set};

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io::IoSliceMut;

    use rustix::fs::{Advice, OFlags, fadvise, fcntl_getfl, fcntl_setfl};
    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    /// Turns direct input and output on or off; `false` if the file system has none.
    pub(crate) fn set(file: &File, on: bool) -> bool {
        let flags = fcntl_getfl(file).map(|flags| match on {
            true => flags | OFlags::DIRECT,
            false => flags - OFlags::DIRECT,
        });
        flags.and_then(|flags| fcntl_setfl(file, flags)).is_ok()
    }

    /// Whether the byte at an offset can be had without the disk. Where that cannot be asked, it can.
    pub(crate) fn is_in_memory(file: &File, offset: u64) -> bool {
        // Nothing around it is to be read because somebody asked.
        let _ = fadvise(file, 0, None, Advice::Random);
        let mut byte = [0];
        let found = preadv2(file, &mut [IoSliceMut::new(&mut byte)], offset, ReadWriteFlags::NOWAIT);
        let _ = fadvise(file, 0, None, Advice::Sequential);
        found != Err(Errno::AGAIN)
    }

    /// Says that a file will be read in order.
    pub(crate) fn expect_order(file: &File) {
        let _ = fadvise(file, 0, None, Advice::Sequential);
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::fs::File;

    pub(crate) const fn set(_: &File, on: bool) -> bool {
        !on
    }

    pub(crate) const fn is_in_memory(_: &File, _: u64) -> bool {
        true
    }

    pub(crate) const fn expect_order(_: &File) {}
}
