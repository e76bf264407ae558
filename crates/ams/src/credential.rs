//! The two ways to say who is calling: a token, or a certificate that the authentication service knows.

use std::sync::Arc;

use http::Uri;
use pentad_core::auth::{Exchange, Token, TokenSource, sensitive};
use pentad_core::{
    BoxFuture, Context, Error, ErrorKind, Request, Result, Secret, Sent, Target, Transport, decode,
};
use serde::Deserialize;

use crate::{error, ops};

/// The header that carries the token.
pub const API_KEY: &str = "x-api-key";

/// Exchanges a client certificate for a token (AMS reference 2.3).
///
/// `GET https://{host}:{port}/v1/service-types/ams/hosts/{host}:authx509`, with mutual TLS and no header of ours. The
/// host is that of the endpoint without its port, for connection and path alike.
#[derive(Debug)]
pub struct CertificateLogin {
    host: String,
    target: Target,
    transport: Arc<dyn Transport>,
}

impl CertificateLogin {
    /// The exchange for an endpoint, over a transport that shows the certificate.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the endpoint has no host.
    pub fn new(endpoint: &Uri, port: u16, transport: Arc<dyn Transport>) -> Result<Self> {
        let host =
            endpoint.host().ok_or_else(|| Error::new(ErrorKind::Config, "the endpoint has no host"))?;
        let target = Target::parse(&format!("https://{host}:{port}/v1"))?;
        Ok(Self { host: host.to_owned(), target, transport })
    }

    async fn login(&self, ex: &Exchange) -> Result<Token> {
        let ex = ex.with(|session| {
            let session = session.transport(Arc::clone(&self.transport)).target(self.target.clone());
            session.api(ops::V1).details(error::details)
        });
        let secret = ex.op(&ops::AUTHN).arg("host", &self.host).call(token).await?;
        Ok(Token::new(secret, ex.clock().wall()))
    }
}

fn token(context: &Context, parts: http::response::Parts, body: bytes::Bytes) -> Result<Secret> {
    #[derive(Deserialize)]
    struct Answer {
        token: Option<Secret>,
    }
    let answer: Answer = decode::json(context, parts, body)?;
    answer.token.filter(|token| !token.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Decode, "the authentication service gave no token")
            .with_op(context.op().id)
            .with_sent(Sent::Answered)
    })
}

impl TokenSource for CertificateLogin {
    fn fetch<'a>(&'a self, ex: &'a Exchange, _stale: Option<&'a Token>) -> BoxFuture<'a, Result<Token>> {
        Box::pin(self.login(ex))
    }

    fn place(&self, token: &Token, request: &mut Request) -> Result<()> {
        let value = sensitive(token.secret.expose())
            .ok_or_else(|| Error::new(ErrorKind::Config, "the token cannot stand in a header"))?;
        request.headers.insert(API_KEY, value);
        Ok(())
    }
}
