//! Queues, secrets, projects.

use pentad_core::{ErrorKind, Result, Secret};
use pentad_ivcap::{ListQuery, NewProject, NewQueue};
use serde_json::json;

use super::Stage;

pub(super) async fn queues(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let made = client.create_queue(&NewQueue::new("cases").description("d")).await?;
    let twice = client.create_queue(&NewQueue::new("cases")).await;
    assert_eq!(twice.unwrap_err().kind(), ErrorKind::Conflict);
    let queue = client.queue(&made.id);
    for n in 0..3 {
        queue.enqueue(&json!({"n": n}), Some("urn:cases:schema:n.1")).await?;
    }
    assert_eq!(queue.get().await?.total_messages, Some(3));
    let taken = queue.dequeue(2).await?;
    assert_eq!(taken.iter().map(|message| &message.content["n"]).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(queue.dequeue(5).await?.len(), 1);
    assert!(queue.dequeue(5).await?.is_empty(), "nothing left is an answer");
    assert!(client.queues(ListQuery::new()).all().await?.iter().any(|item| item.id == made.id));
    queue.delete().await?;
    assert_eq!(queue.get().await.unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

pub(super) async fn secrets(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let ends = "2100-01-01T00:00:00Z".parse().unwrap();
    for (name, value) in [("cases-a", "first"), ("cases-b", "other"), ("cases-a", "second")] {
        client.set_secret(name, &Secret::new(value), Some(ends), None).await?;
    }
    assert_eq!(client.secret("cases-a", None).await?.secret_value.expose(), "second");
    let named = client.secrets(Some("^cases-")).all().await?;
    assert_eq!(named.len(), 2);
    assert_eq!(client.secret("cases-none", None).await.unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

pub(super) async fn projects(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let made = client.create_project(&NewProject::new().name("cases").details("d")).await?;
    let project = client.project(&made.urn);
    assert_eq!(project.get().await?.name.as_deref(), Some("cases"));
    project.update(&NewProject::new().name("renamed")).await?;
    let all = client.projects(ListQuery::new()).all().await?;
    let found = all.iter().find(|item| item.urn == made.urn).unwrap();
    assert_eq!(found.name.as_deref(), Some("renamed"));
    client.set_default_project(&made.urn, None).await?;
    assert_eq!(client.default_project().await?.urn, made.urn);
    project.delete().await?;
    Ok(())
}
