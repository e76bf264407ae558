//! Counters, reports and the state of the service.

use pentad_ams::{Message, Period, Pull};
use pentad_core::{ErrorKind, Result};

use super::{Stage, opened};

pub(super) async fn counters(stage: Stage) -> Result<()> {
    opened(&stage, "counted").await?;
    stage.publisher.topic("counted").publish(vec![Message::from("a"), Message::from("b")]).await?;
    stage.consumer.subscription("counted").pull(Pull::new(2)).await?;
    let value = |metrics: &[pentad_ams::model::Metric], name: &str| {
        let found = metrics.iter().find(|metric| metric.metric == name);
        found.and_then(|metric| metric.timeseries.first()?.value.as_i64())
    };
    let topic = stage.admin.topic("counted");
    let metrics = topic.metrics().await?;
    assert_eq!(value(&metrics, "topic.number_of_messages"), Some(2));
    assert_eq!(value(&metrics, "topic.number_of_subscriptions"), Some(1));
    let metrics = stage.admin.subscription("counted").metrics().await?;
    assert_eq!(value(&metrics, "subscription.number_of_messages"), Some(2));
    let project = stage.admin.project_name().to_owned();
    let period = Period::new().projects([&project]);
    let report = stage.service_admin.va_metrics(&period).await?;
    assert!(report.projects_metrics.total_message_count >= 2);
    let usage = stage.admin.usage_report(&period).await?;
    assert_eq!(usage.va_metrics.projects_metrics.projects[0].project, project);
    let unknown = stage.service_admin.va_metrics(&Period::new().projects(["NONE"])).await.err();
    assert_eq!(unknown.map(|error| error.kind()), Some(ErrorKind::NotFound));
    let names = topic.subscriptions().await?;
    assert_eq!(names, [format!("/projects/{project}/subscriptions/counted")]);
    let listed = stage.admin.subscriptions().page_size(1).all().await?;
    assert!(listed.iter().any(|subscription| subscription.short_name() == "counted"));
    assert_eq!(topic.acl().await?.authorized_users.len(), 1);
    assert_eq!(stage.admin.subscription("counted").acl().await?.authorized_users.len(), 1);
    Ok(())
}

pub(super) async fn state(stage: Stage) -> Result<()> {
    assert_eq!(stage.consumer.status().await?.status, "ok");
    assert_eq!(stage.service_admin.status_details().await?.status, "ok");
    let refused = stage.consumer.status_details().await.err();
    assert_eq!(refused.map(|error| error.kind()), Some(ErrorKind::Forbidden));
    assert!(stage.consumer.version().await?.release.is_none());
    assert!(stage.service_admin.version().await?.release.is_some());
    let nodes = stage.service_admin.metrics().await?;
    assert!(nodes.iter().any(|metric| metric.metric == "ams_node.memory_usage"));
    Ok(())
}
