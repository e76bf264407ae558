//! Proof that who began a login ends it (RFC 7636).

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pentad_core::{Error, ErrorKind, Result, Secret};

/// A secret that stays here, and its digest that is shown when a login begins. Only who has the secret can end that login.
#[derive(Clone, Debug)]
pub struct Pkce {
    verifier: Secret,
    challenge: String,
}

impl Pkce {
    /// A new secret from the system's randomness.
    ///
    /// # Errors
    /// [`Unexpected`](ErrorKind::Unexpected) if the system has none.
    pub fn new() -> Result<Self> {
        let mut bytes = [0_u8; 32];
        rand::fill(&mut bytes).map_err(|_| {
            Error::new(ErrorKind::Unexpected, "the system gives no randomness for a login's secret")
        })?;
        Ok(Self::from_verifier(Secret::new(URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// A secret that there is already: the login began in another process.
    pub fn from_verifier(verifier: Secret) -> Self {
        let digest = digest::digest(&digest::SHA256, verifier.expose().as_bytes());
        Self { challenge: URL_SAFE_NO_PAD.encode(digest.as_ref()), verifier }
    }

    /// The secret: the member `code_verifier` of the request that ends the login.
    pub const fn verifier(&self) -> &Secret {
        &self.verifier
    }

    /// Its digest: the member `code_challenge`, of the method `S256`, of the request that begins the login.
    pub fn challenge(&self) -> &str {
        &self.challenge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standards_example() {
        let pkce = Pkce::from_verifier(Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert_eq!(pkce.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_ne!(Pkce::new().unwrap().challenge(), Pkce::new().unwrap().challenge());
    }
}
