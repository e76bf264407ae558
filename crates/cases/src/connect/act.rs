//! Actions, files, and the doors that take any method.

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Method, StatusCode};
use pentad_connect::{Multipart, Payload};
use pentad_core::{ErrorKind, Result};
use serde_json::{Value, json};

use super::{Stage, id};

/// What the service has to declare for these cases: a collection of requests that are approved and rendered.
pub(super) fn declared() -> Value {
    json!({
        "path": "requests",
        "status": {"initial": "draft", "transitions": [
            {"action": "submit", "from": ["draft"], "to": "pending"},
            {"action": "approve", "from": ["pending"], "to": "approved", "error_code": "TRE_003",
             "error": "Only pending requests can be approved."},
        ]},
        "actions": [
            {"name": "submit", "methods": ["PUT"]},
            {"name": "approve", "merge": true},
            {"name": "render", "methods": ["GET"], "text": "# A request\n", "content_type": "text/markdown"},
            {"name": "drop", "methods": ["DELETE"], "status": 204},
            {"name": "stats", "on": "collection", "methods": ["GET"], "answer": {"total": 3}},
        ],
    })
}

pub(super) async fn actions(stage: Stage) -> Result<()> {
    let requests = stage.client.collection("requests");
    let request = requests.resource(id(&requests.create(json!({"note": "new"})).await?));
    let Err(early) = request.action("approve").post(()).await else {
        panic!("approved before it was submitted")
    };
    assert_eq!((early.kind(), early.status()), (ErrorKind::Invalid, Some(StatusCode::BAD_REQUEST)));
    assert_eq!(request.action("submit").put(()).await?.value()?["status"], "pending");
    let approved =
        request.action("approve").post(json!({"note": "seen", "status": "draft"})).await?.value()?;
    assert_eq!((&approved["status"], &approved["note"]), (&json!("approved"), &json!("seen")));
    assert_eq!(request.get().await?["status"], "approved");
    let rendered = request.action("render").get().await?;
    assert_eq!((rendered.content_type(), rendered.text().as_str()), (Some("text/markdown"), "# A request\n"));
    let dropped = request.action("drop").delete(()).await?;
    assert!(dropped.is_empty() && dropped.status() == StatusCode::NO_CONTENT);
    assert_eq!(requests.action("stats").get().await?.json::<Value>()?, json!({"total": 3}));
    assert_eq!(
        request.action("render").post(()).await.err().and_then(|error| error.status()),
        Some(StatusCode::METHOD_NOT_ALLOWED)
    );
    let nobody = requests.resource("PR-000").action("approve").post(()).await;
    assert_eq!(nobody.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

pub(super) async fn documents(stage: Stage) -> Result<()> {
    let requests = stage.client.collection("requests");
    let request = requests.resource(id(&requests.create(json!({})).await?));
    let mut pieces = request.action("render").download().await?;
    let mut document = Vec::new();
    while let Some(piece) = pieces.next().await {
        document.extend_from_slice(&piece?);
    }
    assert_eq!(document, b"# A request\n");

    let media = stage.client.at("products/PRD-1/media").as_collection();
    let form = || {
        Multipart::new().text("title", "Logo \"x\"").bytes(
            "image",
            "logo.png",
            "image/png",
            vec![7_u8; 70_000],
        )
    };
    stage.client.collection("products").create(json!({"id": "PRD-1"})).await?;
    let made = media.create(form()).await?;
    assert_eq!(made["title"], "Logo \"x\"");
    assert!(made["image"].to_string().contains("logo.png"), "{made}");
    // A stream is read once, and its length need not be known.
    let body =
        futures_util::stream::iter(["{\"note\":", "\"streamed\"}"].map(|piece| Ok(Bytes::from(piece))))
            .boxed();
    requests
        .resource(request.get().await?["id"].as_str().unwrap_or_default())
        .action("submit")
        .put(())
        .await?;
    let approved = request.action("approve").post(Payload::stream("application/json", body, None)).await?;
    assert_eq!(approved.value()?["note"], "streamed");
    Ok(())
}

pub(super) async fn doors(stage: Stage) -> Result<()> {
    let client = stage.client;
    let made = client.create("doors", json!({"name": "front", "n": 1})).await?.value()?;
    let path = format!("doors/{}", id(&made));
    assert_eq!(client.get(&path).await?.value()?["name"], "front");
    assert_eq!(client.get("doors?eq(name,front)&limit=1").await?.value()?.as_array().map(Vec::len), Some(1));
    assert_eq!(client.update(&path, json!({"n": 2})).await?.value()?["n"], 2);
    let patched = client.execute(&Method::PATCH, &path, json!({"n": 3})).await?.value()?;
    assert_eq!((&patched["n"], &patched["name"]), (&json!(3), &json!("front")));
    let head = client.execute(&Method::HEAD, &path, ()).await?;
    assert!(head.is_json() && head.status() == StatusCode::OK);
    assert_eq!(client.get(&path).await?.value()?, patched);
    let options = client.execute(&Method::OPTIONS, &path, ()).await;
    assert_eq!(options.err().and_then(|error| error.status()), Some(StatusCode::METHOD_NOT_ALLOWED));
    let read = client.call("connect.resource.get", &[("path", &path)], &[], None)?.await?;
    assert_eq!(read, patched);
    let listed = client.pages("connect.collection.list", &[("path", "doors")], &[("n", "3")])?.all().await?;
    assert_eq!(listed.len(), 1);
    assert!(client.delete(&path, ()).await?.is_empty());
    assert_eq!(client.get(&path).await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}
