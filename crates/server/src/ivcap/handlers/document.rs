//! What answers without a token: where to log in, and this API as a document.

use crate::http::Reply;
use crate::ivcap::auth::jwt::AUDIENCE;
use crate::ivcap::call::{self, Call};
use crate::ivcap::contract;
use crate::ivcap::error::Answer;

/// `GET /1/authinfo.yaml` (IVCAP reference 2.3).
pub(crate) async fn authinfo(call: Call) -> Answer<Reply> {
    let link = |path: &str| call.view.link(path);
    let text = format!(
        "version: 1\nauth:\n  default-provider-id: local\n  providers:\n    local:\n      id: local\n      \
         name: pentad\n      login-url: {}\n      token-url: {}\n      code-url: {}\n      jwks-url: {}\n      \
         client-id: pentad\n      audience: {AUDIENCE}\n",
        link("/1/auth/activate"),
        link("/1/auth/token"),
        link("/1/auth/device"),
        link("/1/auth/jwks.json"),
    );
    Ok(Reply::new(http::StatusCode::OK).content_type("application/yaml").body(text))
}

/// `GET /1/openapi/openapi3.json`: what this server has of the API, in the caller's dialect.
pub(crate) async fn openapi(call: Call) -> Answer<Reply> {
    Ok(call::ok(&contract::of(call.view.dialect, &call.view.base)))
}
