//! Contents from and to files and pipes, with a bar on a terminal.

use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use futures_util::StreamExt;
use pentad_ivcap::{Artifact, Download, Source, Upload};

use super::Run;
use crate::failure::{Failure, Result};

/// Standard input or output in place of a file.
pub(super) fn is_pipe(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes bytes on standard output.
pub(super) fn write_out(bytes: &[u8]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// What is uploaded; a pipe has no name that tells its type.
///
/// # Errors
/// A usage failure for a device, which never ends.
pub(super) async fn source(path: &Path, upload: Upload, typed: bool) -> Result<(Source, Upload)> {
    if !is_read_once(path) {
        return Ok(unopened(path, upload, typed));
    }
    let kind = tokio::fs::metadata(path).await?.file_type();
    if kind.is_char_device() || kind.is_block_device() {
        let failure =
            Failure::usage(format!("cannot upload {}", path.display()), "it is a device and no file");
        return Err(failure.hint("what a program writes is uploaded with `-`"));
    }
    // Opening a pipe waits for its writer, which must not keep signals from being heard.
    let file = tokio::fs::File::open(path).await?;
    Ok((Source::reader(file), untyped(upload, typed)))
}

/// The same for a request that is only shown: nothing is opened.
pub(super) fn unopened(path: &Path, upload: Upload, typed: bool) -> (Source, Upload) {
    if is_pipe(path) || is_read_once(path) {
        return (Source::stdin(), untyped(upload, typed));
    }
    (Source::path(path), upload)
}

/// What a shell puts in place of a file, as in `<(tar cz data)`.
fn is_read_once(path: &Path) -> bool {
    !is_pipe(path) && std::fs::metadata(path).is_ok_and(|facts| !facts.is_file() && !facts.is_dir())
}

fn untyped(upload: Upload, typed: bool) -> Upload {
    if typed { upload } else { upload.content_type("application/octet-stream") }
}

/// Writes a content on standard output; gives its size.
pub(super) async fn pipe(run: &Run<'_>, artifact: &Artifact, download: Download) -> Result<u64> {
    let mut content = artifact.content(download).await?;
    let bar = run.output.bytes("downloading");
    let mut done = 0;
    while let Some(piece) = content.stream.next().await {
        let piece = piece?;
        write_out(&piece)?;
        done += piece.len() as u64;
        bar.step("downloading", Some(done), content.size);
    }
    bar.done();
    Ok(done)
}
