//! The examples of the handbook, as they are printed there.

use pentad::Secret;
use pentad::ams::{Client, Message, Pull};
use pentad::local;
use pentad_server::{Seed, ServerOptions};

#[tokio::test]
async fn the_example_seed_makes_an_installation_that_works() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/seed.yaml");
    let mut options = ServerOptions::memory();
    options.seed = Some(Seed::read(std::path::Path::new(file)).unwrap());
    let local = local::open_with(options).await.unwrap();
    let client = |token: &str| {
        let client = Client::new("http://pentad.local/ams", "ARGO");
        client.transport(local.transport()).token(Secret::new(token)).build().unwrap()
    };
    let feeder = client("token-of-the-feeder");
    feeder.topic("alerts").publish(vec![Message::new(r#"{"level": "red"}"#)]).await.unwrap();
    feeder.topic("alerts").publish(vec![Message::new(r#"{"colour": "red"}"#)]).await.unwrap_err();
    let reader = client("token-of-the-reader");
    assert_eq!(reader.subscription("pager").pull(Pull::new(5)).await.unwrap().len(), 1);
    client("token-of-the-boss").topic("more").create().await.unwrap();
    let users = client("token-of-the-operator").users().all().await.unwrap();
    assert!(users.iter().any(|user| user.name == "feeder"));
    let zaqar = pentad::zaqar::Client::new("http://pentad.local/zaqar", pentad::zaqar::Version::V2);
    let zaqar = zaqar.transport(local.transport()).project("shop-id").build().unwrap();
    assert_eq!(
        zaqar.queue("orders").metadata().await.unwrap().get("_default_message_ttl"),
        Some(&600.into())
    );
    assert_eq!(zaqar.queue("orders").subscriptions().await.unwrap().items[0].confirmed, Some(true));
    local.close().await;
}
