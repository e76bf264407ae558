//! Pages, datastores, flavors.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};

use super::world::{ROOT, World, fault};

/// The marker in the link to the next page, decoded once: what clients send on as it is.
fn marker(page: &Value) -> Option<String> {
    let href = page.get("links")?[0]["href"].as_str().unwrap();
    let (_, query) = href.split_once('?').unwrap();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.into_iter().find(|(name, _)| name == "marker").map(|(_, value)| value)
}

#[tokio::test]
async fn instances_are_paged_by_id_without_loss() {
    let world =
        World::with(json!({"max_instances_per_tenant": 50, "max_volumes_per_tenant": -1}), Value::Null).await;
    let mut made = BTreeSet::new();
    for index in 0..23 {
        made.insert(world.begun(&format!("i{index}")).await);
    }
    let first = world.get("/instances").await.ok();
    assert_eq!(first["instances"].as_array().unwrap().len(), 20, "a page has twenty");
    let (mut seen, mut path) = (BTreeSet::new(), "/instances?limit=7&include_clustered=False".to_owned());
    loop {
        let page = world.get(&path).await.ok();
        for instance in page["instances"].as_array().unwrap() {
            assert!(seen.insert(instance["id"].as_str().unwrap().to_owned()), "twice");
        }
        let Some(marker) = marker(&page) else { break };
        path = format!("/instances?limit=7&marker={marker}");
    }
    assert_eq!(seen, made);
    assert_eq!(world.get("/instances?limit=abc").await.fault().0, 500);
    assert_eq!(world.get("/instances?limit=0").await.fault().0, 500);
}

#[tokio::test]
async fn markers_of_users_are_quoted_twice() {
    let world = World::new().await;
    let id = world.instance("db").await;
    let path = format!("/instances/{id}/users");
    let users = json!([{"name": "a", "password": "p"}, {"name": "b", "password": "p"}]);
    world.post(&path, json!({"users": users})).await.ok();
    let page = world.get(&format!("{path}?limit=1")).await.ok();
    let href = format!("https://db.example:8779/v1.0/shop{path}?limit=1&marker=a%2540%2525");
    assert_eq!(page["links"], json!([{"rel": "next", "href": href}]));
    let page = world.get(&format!("{path}?limit=1&marker={}", marker(&page).unwrap())).await.ok();
    assert_eq!(page["users"][0]["name"], "b");
    assert!(page.get("links").is_none(), "the last page has no link");
}

#[tokio::test]
async fn datastores_show_active_versions_and_administrators_see_more() {
    let section = json!({"datastores": [
        {"name": "mysql", "default_version": "8.0", "versions": [{"name": "8.0", "number": "8.0.29"},
                                                                 {"name": "5.5", "active": false}]},
        {"name": "old", "versions": [{"name": "1", "active": false}]},
    ]});
    let world = World::with(json!({}), section).await;
    let all = world.get("/datastores").await.ok();
    assert_eq!(all["datastores"].as_array().unwrap().len(), 1);
    let versions = all["datastores"][0]["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 1);
    assert!(versions[0].get("datastore").is_none() && versions[0].get("active").is_none());
    assert_eq!(all["datastores"][0]["default_version"], versions[0]["id"]);
    let all = world.call(ROOT, Method::GET, "/datastores", Value::Null).await.ok();
    assert_eq!(all["datastores"].as_array().unwrap().len(), 2);
    assert_eq!(all["datastores"][0]["versions"][1]["active"], json!(false));
    let by_name = world.get("/datastores/mysql/versions/8.0").await.ok();
    assert_eq!(by_name["version"]["version"], "8.0.29");
    let id = by_name["version"]["id"].as_str().unwrap();
    assert_eq!(world.get(&format!("/datastores/versions/{id}")).await.ok(), by_name);
    let got = world.get("/datastores/nope").await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "Datastore 'nope' cannot be found."));
    let got = world.get("/datastores/mysql/versions/9").await.fault();
    assert_eq!(got, fault(400, "badRequest", "Datastore version '9' cannot be found."));
    let got = world.call(ROOT, Method::DELETE, "/datastores/mysql", Value::Null).await.fault();
    assert_eq!(got, fault(400, "badRequest", "Datastore versions exist for datastore mysql."));
    let got = world.delete("/datastores/old").await.fault();
    assert_eq!(got, fault(403, "forbidden", "Policy doesn't allow datastore:delete to be performed."));
}

#[tokio::test]
async fn versions_have_parameters_by_both_paths() {
    let world = World::new().await;
    let version = world.get("/datastores/postgresql/versions/15").await.ok()["version"]["id"].clone();
    let version = version.as_str().unwrap();
    let all = world.get("/datastores/postgresql/versions/15/parameters").await.ok();
    assert!(all["configuration-parameters"].as_array().unwrap().len() > 20);
    assert_eq!(world.get(&format!("/datastores/versions/{version}/parameters")).await.ok(), all);
    let one = world.get("/datastores/postgresql/versions/15/parameters/max_connections").await.ok();
    let expected = json!({"name": "max_connections", "datastore_version_id": version, "restart_required": true,
                          "type": "integer", "max": 262_143, "min": 10});
    assert_eq!(one, expected);
    let got = world.get(&format!("/datastores/versions/{version}/parameters/nope")).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "Resource nope cannot be found."));
}

#[tokio::test]
async fn flavors_have_numbers_only_where_ids_read_as_such() {
    let section = json!({"flavors": [{"id": "7", "name": "a", "ram": 512}, {"id": "07", "name": "b", "ram": 512},
                                     {"id": "db.small", "name": "c", "ram": 1024, "vcpus": 2}]});
    let world = World::with(json!({}), section).await;
    let all = world.get("/flavors").await.ok();
    let ids: Vec<(&Value, &Value)> =
        all["flavors"].as_array().unwrap().iter().map(|one| (&one["id"], &one["str_id"])).collect();
    let (seven, null) = (json!(7), Value::Null);
    assert_eq!(ids, [(&seven, &json!("7")), (&null, &json!("07")), (&null, &json!("db.small"))]);
    assert_eq!(world.get("/flavors/db.small").await.ok()["flavor"]["vcpus"], 2);
    let got = world.get("/flavors/99").await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "Resource 99 cannot be found."));
}

#[tokio::test]
async fn seeding_again_changes_nothing() {
    let section = json!({
        "quotas": [{"project": "shop", "instances": 3}],
        "instances": [{"project": "shop", "name": "ready", "databases": ["d"], "users": [{"name": "u"}]}],
    });
    let world = World::with(json!({}), section.clone()).await;
    let before = world.get("/instances").await.ok();
    assert_eq!(
        (&before["instances"][0]["status"], before["instances"].as_array().unwrap().len()),
        (&json!("ACTIVE"), 1)
    );
    pentad_server::Service::seed(&*world.trove, section).await.unwrap();
    assert_eq!(world.get("/instances").await.ok(), before);
    assert_eq!(world.get("/limits").await.ok()["limits"][0]["max_instances"], 3);
    let wrong = json!({"instances": [{"project": "p", "name": "x", "flavor": "99"}]});
    let text = "database.instances[0].flavor: there is no flavor \"99\"";
    let error = pentad_server::Service::check(&*world.trove, wrong.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), text);
    let error = pentad_server::Service::seed(&*world.trove, wrong).await.unwrap_err();
    assert_eq!(error.to_string(), text);
    pentad_server::Service::check(&*world.trove, Value::Null).await.unwrap();
    assert_eq!(world.get("/instances").await.ok(), before, "trying changes nothing");
}

#[tokio::test]
async fn one_project_is_reset_and_others_stay() {
    let world = World::new().await;
    world.instance("db").await;
    let other = json!({"instance": super::world::small("other")});
    world.call("bank:member", Method::POST, "/instances", other).await.ok();
    pentad_server::Service::reset_tenant(&*world.trove, "shop").await.unwrap();
    assert_eq!(world.get("/instances").await.ok()["instances"], json!([]));
    let kept = world.call("bank:member", Method::GET, "/instances", Value::Null).await.ok();
    assert_eq!(kept["instances"].as_array().unwrap().len(), 1);
}
