//! Schemas and what they let through.

use pentad_ams::model::SchemaKind;
use pentad_ams::{Message, SchemaUpdate};
use pentad_core::{ErrorKind, Result};
use serde_json::json as document;

use super::Stage;

pub(super) async fn json(stage: Stage) -> Result<()> {
    let schema = stage.admin.schema("reading");
    let content = document!({"type": "object", "required": ["value"]});
    assert_eq!(schema.create(&SchemaKind::Json, &content).await?.short_name(), "reading");
    let again = schema.create(&SchemaKind::Json, &content).await.err();
    assert_eq!(again.map(|error| error.kind()), Some(ErrorKind::Conflict));
    assert_eq!(schema.get().await?.schema, content);
    let topic = stage.admin.topic("readings");
    topic.create().await?;
    assert_eq!(topic.get().await?.short_name(), "readings");
    topic.attach_schema("reading").await?;
    let refused = topic.publish(Message::from("{}")).await.err();
    assert!(refused.is_some_and(|error| error.message().contains("(root): value is required")));
    assert_eq!(topic.publish(Message::from(r#"{"value": 1}"#)).await?, ["0"]);
    topic.detach_schema().await?;
    assert_eq!(topic.publish(Message::from("{}")).await?, ["1"]);
    assert!(schema.validate(&document!({"value": 2})).await?.contains("successfully"));
    schema.update(&SchemaUpdate::new().name("measure")).await?;
    assert_eq!(schema.get().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    let names: Vec<String> =
        stage.admin.schemas().await?.iter().map(|schema| schema.short_name().to_owned()).collect();
    assert!(names.contains(&"measure".to_owned()));
    stage.admin.schema("measure").delete().await?;
    Ok(())
}

pub(super) async fn avro(stage: Stage) -> Result<()> {
    let schema = stage.admin.schema("avro-text");
    schema.create(&SchemaKind::Avro, &document!({"type": "string"})).await?;
    // Length 2 as a zigzag number, then the bytes.
    assert!(schema.validate_avro(&b"\x04ab"[..]).await?.contains("successfully"));
    let refused = schema.validate_avro(&b"\xff"[..]).await.err();
    assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::Invalid));
    let topic = stage.admin.topic("avro-topic");
    assert_eq!(topic.create_with_schema("avro-text").await?.short_name(), "avro-topic");
    let refused = topic.publish(Message::from("no avro")).await.err();
    assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::Invalid));
    assert_eq!(topic.publish(Message::new(&b"\x04ab"[..])).await?, ["0"]);
    Ok(())
}
