//! Bodies of queues with `_enable_encrypt_messages` (Zaqar reference 4): AES-256-CBC under the digest of the configured
//! key, the vector in front, in base64.
//!
//! Only v2 over HTTP writes and reads them so: whoever claims or pops, or comes over another version or websocket, gets
//! the text as it is stored, as with the original.

use aws_lc_rs::cipher::{
    AES_256, DecryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::iv::FixedLength;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::error::Failure;
use super::storage::messages::Message;
use crate::reply::python;

/// Length of the vector.
const VECTOR: usize = 16;
/// What precedes bodies that are no texts, whose JSON follows. No text begins with it.
const JSON: u8 = 0xff;

/// The cipher of an installation.
#[derive(Clone)]
pub(crate) struct Cipher([u8; 32]);

impl Cipher {
    /// The cipher of a configured key.
    pub(crate) fn of(key: &str) -> Self {
        let mut own = [0; 32];
        own.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
        Self(own)
    }

    /// A body as it is stored: JSON of a text.
    pub(crate) fn seal(&self, body: &str) -> Result<String, Failure> {
        let failed = || Failure::internal("a message could not be encrypted");
        let mut data = match serde_json::from_str(body) {
            Ok(Value::String(text)) => text.into_bytes(),
            _ => [&[JSON], body.as_bytes()].concat(),
        };
        let key = UnboundCipherKey::new(&AES_256, &self.0).map_err(|_| failed())?;
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(|_| failed())?;
        let context = key.encrypt(&mut data).map_err(|_| failed())?;
        let DecryptionContext::Iv128(vector) = context else { return Err(failed()) };
        let sealed = [vector.as_ref().as_slice(), &data].concat();
        Ok(Value::String(STANDARD.encode(sealed)).to_string())
    }

    /// Decrypts bodies in their places; what was not encrypted, or under another key, stays as it is.
    pub(crate) fn open(&self, messages: &mut [Message]) {
        for message in messages {
            if let Some(body) = self.opened(&message.body) {
                message.body = body;
            }
        }
    }

    fn opened(&self, stored: &str) -> Option<String> {
        let text: String = serde_json::from_str(stored).ok()?;
        let mut data = STANDARD.decode(text).ok()?;
        let (vector, sealed) = data.split_at_mut_checked(VECTOR)?;
        let key = UnboundCipherKey::new(&AES_256, &self.0).ok()?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
        let vector = FixedLength::<VECTOR>::try_from(&*vector).ok()?;
        let plain = key.decrypt(sealed, DecryptionContext::Iv128(vector)).ok()?;
        match plain.split_first() {
            Some((&JSON, json)) => String::from_utf8(json.to_vec()).ok(),
            _ => {
                let text = Value::String(String::from_utf8(plain.to_vec()).ok()?);
                String::from_utf8(python::dumps_unicode(&text).to_vec()).ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_under_the_same_key_alone() {
        let cipher = Cipher::of("AES256");
        for body in ["\"text\"", "\"\"", "{\"a\": [1, null]}", "null", "\"\u{fc}\\n\""] {
            let sealed = cipher.seal(body).unwrap();
            assert!(!sealed.contains("text"));
            assert_ne!(sealed, cipher.seal(body).unwrap(), "another vector each time");
            assert_eq!(cipher.opened(&sealed).as_deref(), Some(body));
            assert_ne!(Cipher::of("other").opened(&sealed).as_deref(), Some(body));
        }
        assert_eq!(cipher.opened("\"plain\""), None);
        assert_eq!(cipher.opened("{}"), None);
    }
}
