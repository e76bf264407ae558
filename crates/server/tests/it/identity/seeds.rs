//! What an installation starts with.

use http::StatusCode;
use pentad_server::Service;
use serde_json::{Value, json};

use super::{Cloud, password, project};

#[tokio::test]
async fn without_a_seed_the_announced_user_administers_its_project_and_keeps_its_password() {
    let cloud = Cloud::new(Value::Null).await;
    let announced = cloud.service.credentials().await.unwrap();
    assert_eq!((&announced["username"], &announced["project_name"]), (&json!("demo"), &json!("demo")));
    let login = json!({"identity": password("demo", announced["password"].as_str().unwrap()), "scope": project("demo")});
    let got = cloud.login(login.clone()).await;
    let roles = got.body["token"]["roles"].to_string();
    assert!(roles.contains("\"admin\"") && roles.contains("\"member\""));
    cloud.service.seed(Value::Null).await.unwrap();
    assert_eq!(
        cloud.own(got.header("x-subject-token")).await.status,
        StatusCode::OK,
        "seeding again changes nothing"
    );
    cloud.service.reset().await.unwrap();
    cloud.service.seed(Value::Null).await.unwrap();
    assert_eq!(cloud.service.credentials().await.unwrap(), announced);
    assert_eq!(cloud.own(got.header("x-subject-token")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(cloud.login(login).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_seed_announces_nothing_and_repeating_it_changes_nothing() {
    let section = json!({
        "projects": [{"name": "shop"}],
        "users": [{"name": "ann", "password": "ann-pw", "grants": [{"project": "shop", "roles": ["member"]}]}],
        "services": [{"type": "object-store", "name": "swift", "endpoints": [{"url": "http://s/%(project_id)s"}]}],
    });
    let cloud = Cloud::new(section.clone()).await;
    assert_eq!(cloud.service.credentials().await.unwrap(), Value::Null);
    let token = cloud.token("ann", project("shop")).await;
    let before = cloud.own(&token).await.body;
    cloud.service.seed(section).await.unwrap();
    assert_eq!(cloud.own(&token).await.body, before);
    assert!(before["token"]["catalog"].to_string().contains("object-store"));
}

#[tokio::test]
async fn a_seed_that_names_what_is_not_there_is_refused_at_its_place() {
    for (section, place) in [
        (
            json!({"users": [{"name": "a", "grants": [{"project": "p", "roles": ["member"]}]}]}),
            "identity.users[0]: unknown project p",
        ),
        (json!({"projects": [{"name": ""}]}), "identity.projects[0]: name: 1 to 255 characters are needed"),
        (
            json!({"services": [{"type": "x", "endpoints": [{"url": "http://h/%(x)s"}]}]}),
            "identity.services[0]: http://h/%(x)s: no such variable",
        ),
    ] {
        let cloud = Cloud::new(Value::Null).await;
        assert_eq!(cloud.service.seed(section).await.unwrap_err().to_string(), place);
    }
}

#[tokio::test]
async fn the_example_of_the_handbook_lets_its_people_in() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/seed.yaml");
    let seed = pentad_server::Seed::read(std::path::Path::new(file)).unwrap();
    let cloud = Cloud::new(seed.section("identity")).await;
    for (name, words) in [("ann", "password-of-ann"), ("root", "password-of-root")] {
        let got = cloud.login(json!({"identity": password(name, words), "scope": project("shop")})).await;
        assert_eq!(got.status, StatusCode::CREATED, "{name}");
    }
    let job = json!({"methods": ["application_credential"],
        "application_credential": {"id": "job-of-ann", "secret": "secret-of-the-job"}});
    assert_eq!(cloud.login(json!({ "identity": job })).await.status, StatusCode::CREATED);
}
