//! Contents from and to files and pipes, with a bar on a terminal.

use std::io::Write;
use std::path::Path;

use futures_util::StreamExt;
use pentad_ivcap::{Artifact, Download, Source, Upload};

use super::Run;
use crate::failure::Result;

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
pub(super) fn source(path: &Path, upload: Upload, typed: bool) -> (Source, Upload) {
    let untyped =
        |upload: Upload| if typed { upload } else { upload.content_type("application/octet-stream") };
    if is_pipe(path) {
        return (Source::stdin(), untyped(upload));
    }
    // What a shell puts in place of a file, as in `<(tar cz data)`, can be read only once.
    let once = std::fs::metadata(path).is_ok_and(|facts| !facts.is_file() && !facts.is_dir());
    match once.then(|| std::fs::File::open(path)) {
        Some(Ok(file)) => (Source::reader(tokio::fs::File::from_std(file)), untyped(upload)),
        _ => (Source::path(path), upload),
    }
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
