//! What answers without a token: where to log in, and this API as a document.

use serde_json::{Map, Value, json};

use crate::http::Reply;
use crate::ivcap::auth::jwt::AUDIENCE;
use crate::ivcap::call::{self, Call};
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

/// `GET /1/openapi/openapi3.json`: the paths of this service, made of its route table.
pub(crate) async fn openapi(call: Call) -> Answer<Reply> {
    let modern = call.view.dialect.is_modern();
    let table = crate::ivcap::routes::table();
    let mut paths: Map<String, Value> = Map::new();
    for route in table.routes().iter().filter(|route| modern || !route.handler.modern) {
        let names = route.template.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        let parameters: Vec<Value> = names
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let operation = json!({
            "operationId": route.name.trim_start_matches("ivcap:").replace(':', "#"),
            "parameters": parameters,
            "responses": {"default": {"description": "see the handbook"}},
        });
        let path = paths.entry(route.template.to_owned()).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    Ok(call::ok(&json!({
        "openapi": "3.0.3",
        "info": {"title": "IVCAP", "version": call.view.dialect.level()},
        "servers": [{"url": call.view.base}],
        "paths": paths,
    })))
}
