//! Metadata and its history.

use pentad_core::{ErrorKind, Result};
use pentad_ivcap::model::Record;
use pentad_ivcap::{ErrorExt, NewRecord, RecordQuery};
use serde_json::json;

use super::Stage;

const SCHEMA: &str = "urn:cases:schema:label.1";

fn label(entity: &str, label: &str) -> NewRecord {
    NewRecord::new(entity, json!({"$schema": SCHEMA, "label": label}))
}

fn labels(records: &[Record]) -> Vec<&str> {
    let contents = records.iter().filter_map(|record| record.content.as_ref());
    let mut labels: Vec<_> = contents.filter_map(|content| content.get("label")?.as_str()).collect();
    labels.sort_unstable();
    labels
}

pub(super) async fn life(stage: Stage) -> Result<()> {
    let (client, entity) = (&stage.client, stage.entity("life"));
    let about = || RecordQuery::new().entity(&entity);
    let first = client.add_metadata(label(&entity, "cat")).await?;
    assert_eq!(labels(&client.metadata(about()).all().await?), ["cat"]);
    client.update_metadata(label(&entity, "dog")).await?;
    assert_eq!(labels(&client.metadata(about().schema("urn:cases:schema:%")).all().await?), ["dog"]);
    assert!(client.metadata(about().schema("urn:else:")).all().await?.is_empty());
    let old = client.record(&first.id).get().await?;
    assert_eq!(old.content.as_ref().unwrap()["label"], "cat");
    assert!(old.valid_to.is_some(), "what was replaced no longer holds");
    let second = client.add_metadata(label(&entity, "fox")).await?;
    if !stage.dialect().is_old() {
        let error = client.update_metadata(label(&entity, "owl")).await.unwrap_err();
        assert!(error.is_not_unique(), "{error}");
    }
    client.record(&second.id).retract().await?;
    assert_eq!(labels(&client.metadata(about()).all().await?), ["dog"]);
    let missing = client.record("urn:ivcap:aspect:00000000-0000-4000-8000-00000000dead").get().await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

pub(super) async fn times(stage: Stage) -> Result<()> {
    let (client, entity) = (&stage.client, stage.entity("times"));
    let mut moments = Vec::new();
    for name in ["one", "two", "three"] {
        let record = client.update_metadata(label(&entity, name)).await?;
        moments.push((name, client.record(&record.id).get().await?.valid_from.unwrap()));
    }
    let last = client.metadata(RecordQuery::new().entity(&entity)).all().await?;
    client.record(&last[0].id).retract().await?;
    let ended = client.record(&last[0].id).get().await?.valid_to.unwrap();
    for (name, moment) in &moments {
        let then = client.metadata(RecordQuery::new().entity(&entity).at(*moment)).all().await?;
        assert_eq!(labels(&then), [*name]);
    }
    let query = || RecordQuery::new().entity(&entity);
    assert!(client.metadata(query().at(ended)).all().await?.is_empty());
    assert!(client.metadata(query().at("1999-01-01T00:00:00Z".parse().unwrap())).all().await?.is_empty());
    assert!(client.metadata(query()).all().await?.is_empty());
    Ok(())
}

pub(super) async fn pages(stage: Stage) -> Result<()> {
    let (client, entity) = (&stage.client, stage.entity("pages"));
    let names: Vec<String> = (0..23).map(|n| format!("n{n:02}")).collect();
    for name in &names {
        client.add_metadata(label(&entity, name)).await?;
    }
    let query = RecordQuery::new().entity(&entity);
    for size in [1, 7, 50] {
        let all = client.metadata(query.clone()).page_size(size).all().await?;
        assert_eq!(labels(&all), names);
    }
    // What is retracted while the pages are read hides nothing: they all show one moment.
    let mut pages = client.metadata(query.clone()).page_size(5).pages();
    let mut seen = 0;
    while let Some(page) = pages.next().await {
        for record in page?.items {
            client.record(&record.id).retract().await?;
            seen += 1;
        }
    }
    assert_eq!(seen, names.len());
    assert!(client.metadata(query).all().await?.is_empty());
    Ok(())
}

pub(super) async fn paths(stage: Stage) -> Result<()> {
    let (client, entity) = (&stage.client, stage.entity("paths"));
    for size in [5, 50] {
        let aspect =
            json!({"$schema": SCHEMA, "label": format!("s{size}"), "images": [{"size": size}, {"size": 1}]});
        client.add_metadata(NewRecord::new(&entity, aspect)).await?;
    }
    let query = |path: &str| RecordQuery::new().entity(&entity).path(path);
    let large = client.metadata(query("$.images[*] ? (@.size > 10)")).all().await?;
    assert_eq!(labels(&large), ["s50"]);
    let named = client.metadata(query("$.label ? (@ starts with \"s5\")")).all().await?;
    assert_eq!(labels(&named), ["s5", "s50"]);
    let error = client.metadata(query("$.images[")).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    Ok(())
}

pub(super) async fn collections(stage: Stage) -> Result<()> {
    let collection = stage.client.collection(stage.entity("trips"));
    assert_eq!(collection.get(None).await.unwrap_err().kind(), ErrorKind::NotFound);
    collection.create("trips", Some("all of them"), None).await?;
    collection.create("trips", Some("all of them, once more"), None).await?;
    assert_eq!(collection.get(None).await?.content.unwrap()["description"], "all of them, once more");
    for item in ["urn:cases:item:1", "urn:cases:item:2", "urn:cases:item:\"3\""] {
        assert!(collection.add(item).await?.is_some());
        assert!(collection.add(item).await?.is_none(), "{item} is a member already");
    }
    assert!(collection.remove("urn:cases:item:1").await?);
    assert!(!collection.remove("urn:cases:item:1").await?);
    assert_eq!(collection.items(None).all().await?.len(), 2);
    let named = stage.client.collections(Some("starts with \"trip\""), None).all().await?;
    assert!(named.iter().any(|record| record.entity == collection.urn()));
    assert_eq!(collection.retract().await?, 3);
    assert_eq!(collection.get(None).await.unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

pub(super) async fn search(stage: Stage) -> Result<()> {
    let rows = stage.client.search("ivcap_service(Id, Name)", None).all().await?;
    assert!(rows.iter().any(|row| row.to_string().contains("greeting")), "{rows:?}");
    let error = stage.client.search("ivcap_service(Id", None).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    Ok(())
}
