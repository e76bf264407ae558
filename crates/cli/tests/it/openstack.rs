//! `pentad openstack`, on the user's own data.

use serde_json::json;

use crate::house::House;

#[test]
fn users_projects_and_grants_are_administered_by_name() {
    let house = House::new();
    let project =
        house.ok(&["openstack", "project", "create", "shop", "--description", "sells", "-o", "json"]).json();
    assert_eq!((&project["name"], &project["enabled"]), (&json!("shop"), &json!(true)));
    let file = house.file("pw", "a-canary-password", 0o600);
    let words = ["openstack", "user", "create", "ann", "--email", "ann@example.org", "--password-file"];
    let user = house.ok(&[&words[..], &[file.to_str().unwrap(), "-o", "json"]].concat()).json();
    assert_eq!(user["email"], "ann@example.org");
    let changed =
        house.ok(&["openstack", "user", "set", "ann", "--name", "anna", "--disable", "-o", "json"]).json();
    assert_eq!(
        (&changed["name"], &changed["enabled"], &changed["id"]),
        (&json!("anna"), &json!(false), &user["id"])
    );
    house.ok(&["openstack", "grant", "add", "member", "--user", "anna", "--project", "shop"]);
    let grants = house.ok(&["openstack", "grant", "list", "--user", "anna", "-o", "json"]).json();
    assert_eq!(grants[0]["role"]["name"], "member");
    house.ok(&["openstack", "grant", "remove", "member", "--user", "anna", "--project", "shop", "--yes"]);
    house.ok(&["openstack", "user", "delete", "anna", "--yes"]);
    assert_eq!(house.run(&["openstack", "user", "show", "anna"]).code, 3);
    house.ok(&["openstack", "project", "delete", "shop", "--yes"]);
}

#[test]
fn the_catalog_is_administered() {
    let house = House::new();
    house.ok(&["openstack", "region", "create", "North"]);
    let service =
        house.ok(&["openstack", "service", "create", "image", "--name", "pictures", "-o", "json"]).json();
    assert_eq!(service["type"], "image");
    let words = [
        "openstack",
        "endpoint",
        "create",
        "pictures",
        "public",
        "http://img.test:9292",
        "--region",
        "North",
    ];
    let endpoint = house.ok(&[&words[..], &["-o", "json"]].concat()).json();
    assert_eq!((&endpoint["interface"], &endpoint["service_id"]), (&json!("public"), &service["id"]));
    let listed = house.ok(&["openstack", "endpoint", "list", "-o", "json"]).json();
    assert!(listed.as_array().unwrap().iter().any(|found| found["id"] == endpoint["id"]));
    house.ok(&["openstack", "endpoint", "delete", endpoint["id"].as_str().unwrap(), "--yes"]);
    house.ok(&["openstack", "service", "delete", "pictures", "--yes"]);
    assert_eq!(house.run(&["openstack", "catalog", "show", "nope"]).code, 3);
}

#[test]
fn of_several_clouds_one_is_chosen_before_anything_is_done() {
    let house = House::new();
    let several = house.file("clouds.yaml", "clouds: {one: {auth: {}}, two: {auth: {}}}", 0o600);
    let house = house.env("OS_CLIENT_CONFIG_FILE", several.to_str().unwrap());
    let run = house.run(&["openstack", "user", "delete", "admin", "--yes"]);
    assert_ne!(run.code, 0);
    assert!(run.err.contains("one, two") && run.err.contains("OS_CLOUD"), "{}", run.err);
    let strange = house.file("strange.yaml", "clouds: [1]", 0o600);
    let house = house.env("OS_CLIENT_CONFIG_FILE", strange.to_str().unwrap());
    let run = house.run(&["openstack", "token", "issue"]);
    assert_ne!(run.code, 0);
    assert!(run.err.contains("strange.yaml"), "{}", run.err);
}

#[test]
fn an_application_credential_shows_its_secret_once() {
    let house = House::new();
    let made = house.ok(&["openstack", "application-credential", "create", "ci", "-o", "json"]).json();
    assert!(made["secret"].as_str().is_some_and(|secret| !secret.is_empty()));
    let id = made["id"].as_str().unwrap();
    let shown = house.ok(&["openstack", "application-credential", "show", id, "-o", "json"]).json();
    assert_eq!((&shown["name"], shown.get("secret")), (&json!("ci"), None));
    house.ok(&["openstack", "application-credential", "delete", id, "--yes"]);
    assert_eq!(house.ok(&["openstack", "application-credential", "list", "-o", "json"]).json(), json!([]));
}

#[test]
fn an_id_is_that_things_even_if_another_one_is_called_so() {
    let house = House::new();
    let file = house.file("pw", "a-canary-password", 0o600);
    let create = |name: &str| {
        let words =
            ["openstack", "user", "create", name, "--password-file", file.to_str().unwrap(), "-o", "json"];
        house.ok(&words).json()["id"].as_str().unwrap().to_owned()
    };
    let ann = create("ann");
    let impostor = create(&ann);
    house.ok(&["openstack", "user", "delete", &ann, "--yes"]);
    let left = house.ok(&["openstack", "user", "show", &ann, "-o", "json"]).json();
    assert_eq!((&left["id"], &left["name"]), (&json!(impostor), &json!(ann)));
    assert_eq!(house.run(&["openstack", "user", "show", "ann"]).code, 3);
}
