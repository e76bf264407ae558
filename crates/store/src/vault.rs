//! Secrets at rest: sealed if they are needed again, hashed if not.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::{Result, StoreError, StoreErrorKind};
use crate::worker::Workers;

const KEY_FILE: &str = "key";
const KEY_BYTES: usize = 32;
/// The first byte of every sealed value: how it was sealed.
const AES_256_GCM_RANDOM_NONCE: u8 = 1;
/// The beginning of hashes of random secrets.
const SHA256_HASH: &str = "sha256:";

/// Seals, opens and hashes secrets.
///
/// What an API must show or use again is sealed (AES-256-GCM) under the key in `DIR/key`; looked up by
/// [`digest`](Vault::digest). What no API ever shows again is hashed: argon2id for what people choose,
/// SHA-256 for random 256-bit values.
pub struct Vault {
    key: LessSafeKey,
    fingerprint: i64,
    workers: Arc<Workers>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// Reads `DIR/key`, or makes it with mode 0600.
    pub(crate) fn open_dir(dir: &Path, workers: Arc<Workers>) -> Result<Self> {
        let file = dir.join(KEY_FILE);
        if !file.exists() {
            write_key(dir, &file)?;
        }
        Self::new(&*read_key(&file)?, workers)
    }

    /// A vault whose key ends with the process, for data that does too.
    pub(crate) fn ephemeral(workers: Arc<Workers>) -> Result<Self> {
        Self::new(&*random_key()?, workers)
    }

    fn new(key: &[u8; KEY_BYTES], workers: Arc<Workers>) -> Result<Self> {
        let mut named = Zeroizing::new(b"pentad key fingerprint ".to_vec());
        named.extend_from_slice(key);
        let mut start = [0; 8];
        start.copy_from_slice(&digest::digest(&digest::SHA256, &named).as_ref()[..8]);
        let fingerprint = i64::from_be_bytes(start);
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| broken("the key cannot be used"))?;
        Ok(Self { key: LessSafeKey::new(key), fingerprint, workers })
    }

    /// Tells this key from any other and nothing about it: stored with the data that is sealed under it.
    pub(crate) fn fingerprint(&self) -> i64 {
        self.fingerprint
    }

    /// Encrypts `plain` so that only [`open`](Vault::open) with the same `purpose` gives it back.
    ///
    /// `purpose` says what the value is for (say, `ams.user.token`) and is not stored: a sealed value copied into
    /// another place does not open there. The same input gives a different result every time.
    ///
    /// # Errors
    /// `Io` if the system gives no random numbers.
    pub fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut body = Vec::with_capacity(plain.len() + 32);
        body.extend_from_slice(plain);
        let nonce: [u8; NONCE_LEN] = random()?;
        let aad = Aad::from(purpose.as_bytes());
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body)
            .map_err(|_| StoreError::new(StoreErrorKind::Io, "a secret could not be sealed"))?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(AES_256_GCM_RANDOM_NONCE);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts what [`seal`](Vault::seal) made with the same `purpose` and key.
    ///
    /// # Errors
    /// `Decode` if it was altered, sealed for another purpose or under another key.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let unreadable = || {
            let what = "a stored secret cannot be opened: it was altered, or DIR/key is not the key it was sealed under";
            StoreError::new(StoreErrorKind::Decode, what)
        };
        let body = match sealed.split_first() {
            Some((&AES_256_GCM_RANDOM_NONCE, rest)) if rest.len() > NONCE_LEN => rest,
            _ => return Err(unreadable()),
        };
        let (nonce, body) = body.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
        let mut plain = Zeroizing::new(body.to_vec());
        let aad = Aad::from(purpose.as_bytes());
        let length = self.key.open_in_place(nonce, aad, &mut plain).map_err(|_| unreadable())?.len();
        plain.truncate(length);
        Ok(plain)
    }

    /// The SHA-256 of `value`, to find or to check random 256-bit secrets.
    pub fn digest(&self, value: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, value).as_ref());
        out
    }

    /// Hashes a password that somebody chose: argon2id with a fresh salt, as a string of its own format.
    ///
    /// Takes tens of milliseconds on a thread of its own; at most as many run at a time as there are processors.
    ///
    /// # Errors
    /// `Io` if the system gives no random numbers.
    pub async fn hash_password(&self, password: &str) -> Result<String> {
        let password = Zeroizing::new(password.to_owned());
        self.workers.run(move || hash(&password)).await
    }

    /// The hash of a random secret of 128 bits or more, which no slowness needs to protect: SHA-256, for
    /// [`verify_password`](Self::verify_password).
    pub fn hash_random(&self, secret: &str) -> String {
        format!("{SHA256_HASH}{}", STANDARD.encode(self.digest(secret.as_bytes())))
    }

    /// Whether `password` is the one that `hash` was made of; as slow as making it.
    ///
    /// # Errors
    /// `Decode` if `hash` is no password hash.
    pub async fn verify_password(&self, password: &str, hash: &str) -> Result<bool> {
        if hash.starts_with(SHA256_HASH) {
            let shown = self.hash_random(password);
            return Ok(constant_time::verify_slices_are_equal(shown.as_bytes(), hash.as_bytes()).is_ok());
        }
        let (password, hash) = (Zeroizing::new(password.to_owned()), hash.to_owned());
        self.workers
            .run(move || {
                let parsed =
                    PasswordHash::new(&hash).map_err(|_| broken("a stored password hash cannot be read"))?;
                Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await
    }
}

fn hash(password: &str) -> Result<String> {
    let salt: [u8; 16] = random()?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| broken("a salt could not be made"))?;
    let hash = Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(|_| broken("the password could not be hashed"))?;
    Ok(hash.to_string())
}

fn random_key() -> Result<Zeroizing<[u8; KEY_BYTES]>> {
    random().map(Zeroizing::new)
}

/// From the system. The cryptographic library's own generator measures jitter for tens of milliseconds first.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bits = [0; N];
    getrandom::fill(&mut bits).map_err(|_| no_random())?;
    Ok(bits)
}

/// Writes a new key so that it is complete and on disk before it has its name.
fn write_key(dir: &Path, file: &Path) -> Result<()> {
    let failed = |e| StoreError::io(format!("write {}", file.display()), e);
    let key = random_key()?;
    // Temporary files are made with mode 0600.
    let mut draft = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    draft.write_all(key.as_ref()).and_then(|()| draft.as_file().sync_all()).map_err(failed)?;
    draft.persist_noclobber(file).map_err(|e| failed(e.error))?;
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)
}

fn read_key(file: &Path) -> Result<Zeroizing<[u8; KEY_BYTES]>> {
    let failed = |e| StoreError::io(format!("read {}", file.display()), e);
    let mode = fs::metadata(file).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let what = format!(
            "{} may be read by others (mode {mode:04o}): run `chmod 600 {}` and consider its secrets known",
            file.display(),
            file.display()
        );
        return Err(StoreError::new(StoreErrorKind::Config, what));
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let mut open = File::open(file).map_err(failed)?;
    let whole = open.read_exact(key.as_mut()).and_then(|()| open.read(&mut [0]));
    match whole {
        Ok(0) => Ok(key),
        _ => {
            let what =
                format!("{} is not a key of {KEY_BYTES} bytes: restore it from a backup", file.display());
            Err(StoreError::new(StoreErrorKind::Config, what))
        }
    }
}

fn no_random() -> StoreError {
    StoreError::new(StoreErrorKind::Io, "the system gives no random numbers")
}

fn broken(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Decode, what)
}
