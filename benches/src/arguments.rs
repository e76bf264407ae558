//! What is to be measured.

use std::path::PathBuf;

use pentad_benches::Result;

/// A group of measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Startup,
    Cold,
    Client,
    Python,
    Server,
    Stored,
    Identity,
    Rql,
    Document,
    Connect,
    ConnectStored,
    Zaqar,
    Records,
    Transfer,
}

/// The settings of a run.
pub(crate) struct Arguments {
    /// The optimised server.
    pub(crate) binary: PathBuf,
    /// Interleaved rounds per comparison.
    pub(crate) rounds: usize,
    /// Messages in the largest topic, and resources in the collection, of the storage measurements.
    pub(crate) stored: u64,
    /// A Python that has the original client, if there is one.
    pub(crate) python: PathBuf,
    /// A real Zaqar to compare with, if there is one.
    pub(crate) zaqar: Option<String>,
    /// Bytes of the file that is uploaded and downloaded.
    pub(crate) size: u64,
    /// A Python that has the newest IVCAP client, if there is one.
    pub(crate) ivcap: PathBuf,
    only: Option<Part>,
}

impl Arguments {
    /// Reads `--binary FILE [--rounds N] [--stored N] [--size BYTES] [--python FILE] [--ivcap-python FILE] [--zaqar URL]
    /// [--only PART]`.
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> Result<Self> {
        let mut binary = None;
        let (mut rounds, mut stored, mut only, mut zaqar) = (5, 1_000_000, None, None);
        let (mut python, mut size) = (PathBuf::from("conformance/.venv/bin/python"), 10_000_000_000);
        let mut ivcap = PathBuf::from("conformance/ivcap/.venv-newest/bin/python");
        while let Some(name) = given.next() {
            let value = given.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--binary" => binary = Some(PathBuf::from(value)),
                "--rounds" => rounds = value.parse()?,
                "--stored" => stored = value.parse()?,
                "--size" => size = value.parse()?,
                "--ivcap-python" => ivcap = PathBuf::from(value),
                "--python" => python = PathBuf::from(value),
                "--zaqar" => zaqar = Some(value),
                "--only" => only = Some(part(&value)?),
                _ => return Err(format!("unknown argument {name}").into()),
            }
        }
        let binary = binary.ok_or("--binary is missing")?;
        Ok(Self { binary, rounds, stored, python, zaqar, size, ivcap, only })
    }

    /// Whether a part is to be measured.
    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

fn part(name: &str) -> Result<Part> {
    Ok(match name {
        "startup" => Part::Startup,
        "cold" => Part::Cold,
        "client" => Part::Client,
        "python" => Part::Python,
        "server" => Part::Server,
        "stored" => Part::Stored,
        "identity" => Part::Identity,
        "rql" => Part::Rql,
        "document" => Part::Document,
        "connect" => Part::Connect,
        "connect-stored" => Part::ConnectStored,
        "zaqar" => Part::Zaqar,
        "records" => Part::Records,
        "transfer" => Part::Transfer,
        _ => return Err(format!("no part is called {name}").into()),
    })
}
