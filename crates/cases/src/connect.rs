//! Behaviour of the Connect service.

mod act;

use futures_util::future::BoxFuture;
use pentad_connect::{Client, ErrorExt, R, field};
use pentad_core::{ErrorKind, Result};
use serde_json::{Value, json};

/// What a service must have declared for the cases: the section `connect` of a seed.
pub fn seed() -> Value {
    json!({ "collections": [act::declared()] })
}

/// The client that a case plays with, on an account of its own.
#[derive(Debug, Clone)]
pub struct Stage {
    /// May do everything.
    pub client: Client,
    /// The same service with a key that nobody has.
    pub stranger: Client,
}

/// One case.
pub type Case = fn(Stage) -> BoxFuture<'static, Result<()>>;

/// All cases by what they show. Each keeps to a collection of its own, so they can be told in any order.
pub fn cases() -> Vec<(&'static str, Case)> {
    vec![
        ("a_resource_is_created_read_changed_and_removed", |stage| Box::pin(resource(stage))),
        ("a_set_is_filtered_ordered_counted_sliced_and_paged", |stage| Box::pin(set(stage))),
        ("conditions_mean_what_they_say", |stage| Box::pin(conditions(stage))),
        ("several_are_created_changed_and_removed_at_once", |stage| Box::pin(bulk(stage))),
        ("collections_stand_in_namespaces_and_resources", |stage| Box::pin(tree(stage))),
        ("resources_are_read_as_types", |stage| Box::pin(typed(stage))),
        ("actions_are_set_off_along_the_states_and_asked", |stage| Box::pin(act::actions(stage))),
        ("documents_come_down_and_files_go_up", |stage| Box::pin(act::documents(stage))),
        ("the_raw_doors_send_any_method_to_any_path", |stage| Box::pin(act::doors(stage))),
        ("what_is_wrong_is_said_in_the_service_s_shape", |stage| Box::pin(wrong(stage))),
        ("a_stranger_is_turned_away", |stage| Box::pin(stranger(stage))),
    ]
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap_or_default()
}

async fn resource(stage: Stage) -> Result<()> {
    let products = stage.client.collection("products");
    let made = products.create(json!({"name": "Disks", "owner": {"name": "café, \"x\""}})).await?;
    let product = products.resource(id(&made));
    assert_eq!(product.get().await?["name"], "Disks");
    assert_eq!(product.update(json!({"name": "Drives"})).await?["name"], "Drives");
    let values = product.values(["owner.name", "name", "none"]).await?;
    assert_eq!(Value::Object(values), json!({"owner.name": "café, \"x\"", "name": "Drives", "none": null}));
    assert!(product.exists().await?);
    assert!(product.delete().await?.is_null());
    assert!(!product.exists().await?);
    assert_eq!(product.get().optional().await?, None);
    assert_eq!(product.delete().await.err().map(|error| error.kind()), Some(ErrorKind::NotFound));
    Ok(())
}

async fn set(stage: Stage) -> Result<()> {
    let numbers = stage.client.collection("numbers");
    let items: Vec<Value> =
        (0..25).map(|n| json!({"n": n, "even": n % 2 == 0, "note": format!("number {n}")})).collect();
    numbers.bulk_create(&items).await?;
    let all = numbers.all().order_by(["n"]);
    let of = |items: Vec<Value>| items.iter().filter_map(|item| item["n"].as_u64()).collect::<Vec<_>>();

    assert_eq!(all.count().await?, 25);
    assert_eq!(of(all.clone().limit(4).collect().await?), (0..25).collect::<Vec<_>>());
    assert_eq!(of(all.clone().limit(3).concurrency(4).collect().await?), (0..25).collect::<Vec<_>>());
    assert_eq!(of(all.clone().limit(4).slice(3..12).collect().await?), (3..12).collect::<Vec<_>>());
    assert_eq!(of(all.first().await?.into_iter().collect()), [0]);
    assert_eq!(of(all.nth(7).await?.into_iter().collect()), [7]);
    assert_eq!(all.nth(99).await?, None);
    assert_eq!(of(numbers.all().order_by(["-n"]).slice(..2).collect().await?), [24, 23]);

    let even = numbers.filter(field("even").eq(true) & field("n").lt(9)).order_by(["n"]);
    assert_eq!(of(even.collect().await?), [0, 2, 4, 6, 8]);
    assert_eq!(even.count().await?, 5);
    let chosen = even.clone().slice(..2).values_list(["n", "even"]).all().await?;
    assert_eq!(json!(chosen), json!([{"n": 0, "even": true}, {"n": 2, "even": true}]));
    let without = even.select(["-note"]).first().await?.unwrap_or_default();
    assert!(without.get("note").is_none() && without.get("n").is_some());
    Ok(())
}

async fn conditions(stage: Stage) -> Result<()> {
    let words = stage.client.collection("words");
    for (name, owner) in
        [("plain", Some("a")), ("x, y", Some("b")), ("it's", None), ("50% & more", None), ("a*b", None)]
    {
        words.create(json!({"name": name, "owner": owner})).await?;
    }
    let names = async |condition: R| -> Result<Vec<String>> {
        let found = words.filter(condition).order_by(["name"]).collect().await?;
        Ok(found.iter().filter_map(|item| item["name"].as_str().map(str::to_owned)).collect())
    };
    for name in ["plain", "x, y", "it's", "50% & more"] {
        assert_eq!(names(field("name").eq(name)).await?, [name]);
    }
    assert_eq!(names(!field("owner").null(true)).await?, ["plain", "x, y"]);
    assert_eq!(names(field("owner").in_(["a", "b"])).await?, ["plain", "x, y"]);
    assert_eq!(names(!(field("name").eq("plain") | field("owner").null(true))).await?, ["x, y"]);
    assert_eq!(names(field("name").like(pentad_connect::rql::escape("a*b"))).await?, ["a*b"]);
    assert_eq!(names(field("name").ilike("*PLAIN*")).await?, ["plain"]);
    assert_eq!(names(R::raw("or(eq(name,plain),eq(owner,b))")).await?, ["plain", "x, y"]);
    Ok(())
}

async fn bulk(stage: Stage) -> Result<()> {
    let things = stage.client.collection("things");
    let made = things.bulk_create(&[json!({"n": 1}), json!({"n": 2}), json!({"n": 3})]).await?;
    assert_eq!(made.len(), 3);
    let changed = things.bulk_update(&[json!({"id": made[0]["id"], "n": 10})]).await?;
    assert_eq!(changed[0]["n"], 10);
    things.bulk_delete(&[json!({"id": made[0]["id"]}), json!({"id": made[1]["id"]})]).await?;
    assert_eq!(things.all().count().await?, 1);
    let nothing: [Value; 0] = [];
    assert!(things.bulk_delete(&nothing).await.is_err_and(|error| error.kind() == ErrorKind::Invalid));
    assert_eq!(things.all().count().await?, 1);
    Ok(())
}

async fn tree(stage: Stage) -> Result<()> {
    let services = stage.client.ns("devops").collection("services");
    let service = services.create(json!({"name": "billing"})).await?;
    let environments = services.resource(id(&service)).collection("environments");
    let made = environments.create(json!({"type": "production"})).await?;
    let by_path = stage.client.at(format!("devops/services/{}/environments", id(&service)));
    assert_eq!(by_path.all().count().await?, 1);
    assert_eq!(by_path.resource(id(&made)).get().await?["type"], "production");
    let found = by_path.filter(field("type").eq("production")).first().await?;
    assert_eq!(found.as_ref().map(id), Some(id(&made)));
    Ok(())
}

async fn typed(stage: Stage) -> Result<()> {
    #[derive(Debug, serde::Deserialize, PartialEq)]
    struct Case {
        subject: String,
        priority: Option<u8>,
    }
    let cases = stage.client.ns("helpdesk").collection("cases").typed::<Case>();
    let made = cases.create(json!({"subject": "help", "priority": 2})).await?;
    assert_eq!(made, Case { subject: "help".to_owned(), priority: Some(2) });
    assert_eq!(cases.all().first().await?, Some(made));
    Ok(())
}

async fn wrong(stage: Stage) -> Result<()> {
    let products = stage.client.collection("products");
    let Err(error) = products.filter("eq(a,").first().await else { panic!("bad RQL was taken") };
    assert_eq!((error.kind(), error.is_validation()), (ErrorKind::Invalid, true), "{error}");
    assert!(!error.errors().is_empty());
    let Err(error) = stage.client.at("products/PRD-999-999-999").get().await else {
        panic!("found nothing's resource")
    };
    assert!(error.is_missing());
    Ok(())
}

async fn stranger(stage: Stage) -> Result<()> {
    let Err(error) = stage.stranger.collection("products").all().first().await else {
        panic!("let a stranger in")
    };
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.error_code(), Some("AUTH_001"));
    Ok(())
}
