//! Services, orders and jobs.

use futures_util::StreamExt;
use pentad_core::{ErrorKind, Result};
use pentad_ivcap::model::State;
use pentad_ivcap::{Answer, Arguments, ListQuery};
use serde_json::json;

use super::{Stage, soon};

pub(super) async fn services(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let all = client.services(ListQuery::new()).all().await?;
    assert!(all.len() >= 3, "the examples are there");
    let found = client.service_by_name("greeting").await?;
    let service = client.service(&found.id).get().await?;
    assert_eq!(service.name.as_deref(), Some("greeting"));
    assert_eq!(service.mandatory().collect::<Vec<_>>(), ["name"]);
    let missing = client.service("urn:ivcap:service:00000000-0000-4000-8000-00000000dead").get().await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(client.service_by_name("nobody").await.unwrap_err().kind(), ErrorKind::NotFound);
    Ok(())
}

pub(super) async fn products(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let service = client.service_by_name("greeting").await?;
    let values = Arguments::new().set("name", "Ada").set("times", 2);
    let placed = client.service(&service.id).place_order(values).await?;
    let order = client.order(&placed.id).succeeded(soon()).await?;
    assert_eq!(order.service.as_deref(), Some(service.id.as_str()));
    assert!(order.ordered_at <= order.finished_at && order.finished_at.is_some());
    let given: Vec<_> = order.parameters.iter().filter_map(|given| given.name.as_deref()).collect();
    assert!(given.contains(&"name") && given.contains(&"times"), "{given:?}");
    let [product] = order.products.as_slice() else { panic!("{:?}", order.products) };
    let content = client.artifact(&product.id).bytes().await?;
    assert_eq!(content, "Hello, Ada!\nHello, Ada!\n");
    let listed = client.orders(ListQuery::new()).items();
    let listed = listed.filter(|item| {
        let found = item.as_ref().is_ok_and(|item| item.id == placed.id);
        async move { found }
    });
    let found = std::pin::pin!(listed).next().await.unwrap()?;
    assert_eq!(found.status, State::Succeeded);
    Ok(())
}

pub(super) async fn failing(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let service = client.service_by_name("failing").await?;
    let placed = client.service(&service.id).place_order(Arguments::new()).await?;
    let handle = client.order(&placed.id);
    let error = handle.succeeded(soon()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
    let order = handle.finished(soon()).await?;
    assert_eq!(order.status, State::Failed);
    assert_eq!(handle.status(false).await?.status, State::Failed);
    Ok(())
}

pub(super) async fn refused(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let service = client.service_by_name("greeting").await?;
    let before = client.orders(ListQuery::new()).all().await?.len();
    for wrong in [
        Arguments::new(),
        Arguments::new().set("name", 7),
        Arguments::new().set("name", "Ada").set("tims", 2),
        Arguments::new().set("name", "Ada").set("times", "two"),
    ] {
        let error = client.service(&service.id).place_order(wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert_eq!(client.orders(ListQuery::new()).all().await?.len(), before);
    Ok(())
}

pub(super) async fn logs(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let service = client.service_by_name("echo").await?;
    let order = client.service(&service.id).place_order(Arguments::new().set("msg", "good morning")).await?;
    let mut lines = client.order(&order.id).follow_logs(soon());
    let mut seen = Vec::new();
    while let Some(line) = lines.next().await {
        seen.push(line?);
    }
    assert!(seen.iter().any(|line| line.contains("good morning")), "{seen:?}");
    assert!(client.order(&order.id).get().await?.status.is_final());
    Ok(())
}

pub(super) async fn jobs(stage: Stage) -> Result<()> {
    let client = &stage.client;
    let service = client.service(&client.service_by_name("echo").await?.id);
    let request = json!({"msg": "hi", "deep": [1, {"a": null}]});
    let output = service.run(&request, soon()).await?;
    assert_eq!(output.json::<serde_json::Value>()?, request);
    let asked = service.request_job(&request, std::time::Duration::ZERO).await?;
    let mut events = asked.job.events();
    let mut seen = 0;
    while let Some(event) = events.next().await {
        event?;
        seen += 1;
    }
    assert!(seen > 0, "something happens to every job");
    let job = asked.job.finished(soon()).await?;
    assert_eq!(job.status, State::Succeeded);
    assert!(matches!(asked.job.output().await?, Answer::Ready(_)));
    let listed = service.jobs(ListQuery::new()).all().await?;
    assert!(listed.iter().any(|item| item.id == asked.job.id()));
    assert!(service.request_schema().await?.get("properties").is_some());
    Ok(())
}
