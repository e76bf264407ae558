//! What the crash test is asked to do.

use std::path::PathBuf;

use pentad_benches::Result;

/// Kills per durability unless asked otherwise.
const INSTANTS: u32 = 50;

/// The settings of a run.
pub(crate) struct Arguments {
    /// The server under test.
    pub(crate) binary: PathBuf,
    /// A server with the seeded fault, which must be caught.
    pub(crate) seeded: Option<PathBuf>,
    /// Kills per durability.
    pub(crate) instants: u32,
    /// Seed of the random instants and sizes, so that a run can be repeated.
    pub(crate) seed: u64,
    only: Option<String>,
}

impl Arguments {
    /// Reads `--binary FILE [--seeded FILE] [--instants N] [--seed N] [--only SERVICE]`.
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> Result<Self> {
        let (mut binary, mut only) = (None, None);
        let (mut seeded, mut instants, mut seed) = (None, INSTANTS, fastrand::u64(..));
        while let Some(name) = given.next() {
            let value = given.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--binary" => binary = Some(PathBuf::from(value)),
                "--seeded" => seeded = Some(PathBuf::from(value)),
                "--instants" => instants = value.parse()?,
                "--seed" => seed = value.parse()?,
                "--only" => only = Some(value),
                _ => return Err(format!("unknown argument {name}").into()),
            }
        }
        Ok(Self { binary: binary.ok_or("--binary is missing")?, seeded, instants, seed, only })
    }

    /// Whether a service is to be killed.
    pub(crate) fn wants(&self, service: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == service)
    }
}
