//! IVCAP on a server of one's own.

use pentad::ivcap::{Arguments, Dialect, ListQuery, Source, Upload};
use pentad::local;

#[tokio::test]
async fn every_dialect_is_there_at_once_with_services_to_order_and_room_for_artifacts() {
    let local = local::memory().await.unwrap();
    for dialect in Dialect::ALL {
        let client = local.ivcap(dialect).unwrap();
        assert!(client.services(ListQuery::new()).all().await.unwrap().len() >= 3);
        let service = client.service_by_name("greeting").await.unwrap();
        let placed =
            client.service(&service.id).place_order(Arguments::new().set("name", "Ada")).await.unwrap();
        assert_eq!(client.order(&placed.id).get().await.unwrap().id, placed.id);
        let upload = Upload::new().content_type("text/plain");
        let made = client.upload_artifact(Source::bytes("hello"), upload).await.unwrap();
        assert_eq!(client.artifact(&made.id).bytes().await.unwrap(), "hello", "{dialect}");
    }
    local.close().await;
}
