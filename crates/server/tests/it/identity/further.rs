//! Limits, policies, EC2 credentials, access rules, OAuth 2.0, federation and JSON-home.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::Cloud;

async fn root() -> (Cloud, String, String) {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    let made = cloud
        .call(Method::POST, "/v3/services", &root, json!({"service": {"type": "volume", "name": "v"}}))
        .await;
    let service = made.body["service"]["id"].as_str().unwrap().to_owned();
    (cloud, root, service)
}

#[tokio::test]
async fn limits_are_exceptions_from_registered_ones() {
    let (cloud, root, service) = root().await;
    let registered = json!({"registered_limits": [
        {"service_id": service, "resource_name": "vol", "default_limit": 10},
        {"service_id": service, "region_id": "RegionOne", "resource_name": "snap", "default_limit": 5, "description": "d"},
    ]});
    let made = cloud.call(Method::POST, "/v3/registered_limits", &root, registered.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let id = made.body["registered_limits"][0]["id"].as_str().unwrap();
    let twice = cloud.call(Method::POST, "/v3/registered_limits", &root, registered).await;
    assert_eq!(twice.message(), "Conflict occurred attempting to store registered_limit - Duplicate entry.");
    let limit = json!({"limits": [{"service_id": service, "project_id": "shop-id", "resource_name": "vol", "resource_limit": 3}]});
    let own = cloud.call(Method::POST, "/v3/limits", &root, limit.clone()).await;
    assert_eq!(own.body["limits"][0]["resource_limit"], 3, "{}", own.body);
    assert_eq!(cloud.call(Method::POST, "/v3/limits", &root, limit).await.status, StatusCode::CONFLICT);
    let bank = json!({"limits": [{"service_id": service, "project_id": "bank-id", "resource_name": "vol", "resource_limit": 4}]});
    cloud.call(Method::POST, "/v3/limits", &root, bank).await;
    let alien = json!({"limits": [{"service_id": service, "project_id": "shop-id", "resource_name": "x", "resource_limit": 1}]});
    let alien = cloud.call(Method::POST, "/v3/limits", &root, alien).await;
    assert_eq!(alien.message(), "Unable to create a limit that has no corresponding registered limit.");
    let held = cloud.call(Method::DELETE, &format!("/v3/registered_limits/{id}"), &root, Value::Null).await;
    assert_eq!(held.status, StatusCode::FORBIDDEN);
    // A project sees its own, who administers sees all.
    let ann = cloud.token("ann", Value::Null).await;
    assert_eq!(cloud.get("/v3/limits", &ann).await.body["limits"].as_array().unwrap().len(), 1);
    assert_eq!(cloud.get("/v3/limits", &root).await.body["limits"].as_array().unwrap().len(), 2);
    assert_eq!(
        cloud.get("/v3/limits?project_id=bank-id", &root).await.body["limits"].as_array().unwrap().len(),
        1
    );
    let id = own.body["limits"][0]["id"].as_str().unwrap();
    let changed = cloud
        .call(Method::PATCH, &format!("/v3/limits/{id}"), &root, json!({"limit": {"resource_limit": 7}}))
        .await;
    assert_eq!(changed.body["limit"]["resource_limit"], 7);
    assert_eq!(cloud.get(&format!("/v3/limits/{id}"), &ann).await.body["limit"]["resource_limit"], 7);
    assert_eq!(cloud.get("/v3/limits/none", &root).await.message(), "Could not find limit for none.");
    assert_eq!(cloud.get("/v3/limits/model", &ann).await.body["model"]["name"], "flat");
}

#[tokio::test]
async fn limits_that_make_no_sense_are_refused_and_none_of_their_list_is_kept() {
    let (cloud, root, service) = root().await;
    let good = json!({"service_id": service, "resource_name": "vol", "default_limit": 1});
    for (bad, status) in [
        (json!({"service_id": service, "resource_name": "vol2", "default_limit": -5}), 400),
        (json!({"service_id": service, "resource_name": "vol2", "default_limit": 1_u64 << 40}), 400),
        (json!({"service_id": service, "resource_name": "vol2", "default_limit": "1"}), 400),
        (json!({"service_id": service, "resource_name": "", "default_limit": 1}), 400),
        (json!({"service_id": "none", "resource_name": "vol2", "default_limit": 1}), 404),
        (
            json!({"service_id": service, "region_id": "none", "resource_name": "vol2", "default_limit": 1}),
            404,
        ),
        (json!({"resource_name": "vol2"}), 400),
        (json!([]), 400),
        (json!("x"), 400),
    ] {
        let body = json!({"registered_limits": [good, bad]});
        let got = cloud.call(Method::POST, "/v3/registered_limits", &root, body).await;
        assert_eq!(got.status.as_u16(), status, "{bad}: {}", got.body);
    }
    for body in [json!({}), json!({"registered_limits": []}), json!({"registered_limits": {}})] {
        let got = cloud.call(Method::POST, "/v3/registered_limits", &root, body).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(cloud.get("/v3/registered_limits", &root).await.body["registered_limits"], json!([]));
    let both = json!({"limits": [{"service_id": service, "resource_name": "vol", "resource_limit": 1,
        "project_id": "shop-id", "domain_id": "default"}]});
    assert_eq!(cloud.call(Method::POST, "/v3/limits", &root, both).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn policies_are_kept_for_other_services() {
    let (cloud, root, _) = root().await;
    let body = json!({"policy": {"type": "application/json", "blob": "{}", "colour": "red"}});
    let made = cloud.call(Method::POST, "/v3/policies", &root, body).await;
    let id = made.body["policy"]["id"].as_str().unwrap();
    let path = format!("/v3/policies/{id}");
    let changed = cloud.call(Method::PATCH, &path, &root, json!({"policy": {"blob": "{1}"}})).await;
    assert_eq!(
        (&changed.body["policy"]["blob"], &changed.body["policy"]["colour"]),
        (&json!("{1}"), &json!("red"))
    );
    assert_eq!(cloud.get("/v3/policies", &root).await.body["policies"][0]["type"], "application/json");
    assert_eq!(cloud.call(Method::DELETE, &path, &root, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(cloud.get(&path, &root).await.message(), format!("Could not find policy: {id}."));
}

#[tokio::test]
async fn ec2_credentials_are_their_users_own() {
    let cloud = Cloud::small().await;
    let (ann, bob) =
        (cloud.token("ann", Value::Null).await, cloud.token("bob", super::project("shop")).await);
    let path = "/v3/users/ann-id/credentials/OS-EC2";
    let made = cloud.call(Method::POST, path, &ann, json!({"tenant_id": "shop-id"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let credential = &made.body["credential"];
    let own = format!("{path}/{}", credential["access"].as_str().unwrap());
    assert_eq!(cloud.get(&own, &ann).await.body["credential"]["secret"], credential["secret"]);
    assert_eq!(cloud.get(path, &ann).await.body["credentials"].as_array().unwrap().len(), 1);
    assert_eq!(cloud.get(&own, &bob).await.status, StatusCode::FORBIDDEN);
    assert_eq!(cloud.call(Method::DELETE, &own, &bob, Value::Null).await.status, StatusCode::FORBIDDEN);
    let elsewhere = cloud.call(Method::POST, path, &ann, json!({"tenant_id": "bank-id"})).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED, "no role there");
    let nowhere = cloud.call(Method::POST, path, &ann, json!({})).await;
    assert_eq!(nowhere.message(), "Could not find project: None.");
    assert_eq!(cloud.call(Method::DELETE, &own, &ann, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(cloud.get(&own, &ann).await.status, StatusCode::NOT_FOUND);
}

async fn ruled(cloud: &Cloud) -> (String, String) {
    let ann = cloud.token("ann", Value::Null).await;
    let body = json!({"application_credential": {"name": "narrow", "secret": "narrow-secret", "access_rules": [
        {"service": "identity", "method": "GET", "path": "/v3/users/*"},
        {"service": "messaging", "method": "POST", "path": "/v2/queues/{name}/**"},
    ]}});
    let made = cloud.call(Method::POST, "/v3/users/ann-id/application_credentials", &ann, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let id = made.body["application_credential"]["id"].as_str().unwrap().to_owned();
    let login = json!({"identity": {"methods": ["application_credential"],
        "application_credential": {"id": id, "secret": "narrow-secret"}}});
    (id, cloud.login(login).await.header("x-subject-token").to_owned())
}

#[tokio::test]
async fn access_rules_are_kept_here_and_told_to_those_who_know_them() {
    let cloud = Cloud::small().await;
    let (_, token) = ruled(&cloud).await;
    assert_eq!(cloud.get("/v3/users/ann-id", &token).await.status, StatusCode::OK);
    for path in ["/v3/users", "/v3/users/ann-id/groups", "/v3/projects/shop-id", "/v3/auth/catalog"] {
        assert_eq!(cloud.get(path, &token).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let root = cloud.token("root", Value::Null).await;
    let look = |rules: bool| {
        let mut headers = vec![("x-auth-token", root.as_str()), ("x-subject-token", token.as_str())];
        if rules {
            headers.push(("openstack-identity-access-rules", "1.0"));
        }
        let cloud = &cloud;
        async move { cloud.send(Method::GET, "/v3/auth/tokens", &headers, &Value::Null).await }
    };
    assert_eq!(look(false).await.message(), "Failed to validate token");
    let old = cloud.get(&format!("/v2.0/tokens/{token}"), &root).await;
    assert_eq!(old.status, StatusCode::NOT_FOUND, "version 2.0 knows no rules");
    let shown = look(true).await;
    assert_eq!(shown.body["token"]["application_credential"]["access_rules"].as_array().unwrap().len(), 2);
    let info = cloud.identity.validate(&token).await.unwrap();
    for (method, path, allowed) in [
        (Method::POST, "/v2/queues/a/messages", true),
        (Method::POST, "/v2/queues/a/messages/1/x", true),
        (Method::POST, "/v2/queues/a", false),
        (Method::POST, "/v2/queues/a/b", true),
        (Method::GET, "/v2/queues/a/messages", false),
        (Method::POST, "/v1/queues/a/messages", false),
    ] {
        assert_eq!(info.permits("messaging", &method, path), allowed, "{method} {path}");
    }
    assert!(!info.permits("database", &Method::POST, "/v2/queues/a/messages"));
    let free = cloud.identity.validate(&root).await.unwrap();
    assert!(free.permits("database", &Method::DELETE, "/anything"));
}

#[tokio::test]
async fn an_access_rule_lasts_as_long_as_its_credential() {
    let cloud = Cloud::small().await;
    let (id, _) = ruled(&cloud).await;
    let ann = cloud.token("ann", Value::Null).await;
    let rules = cloud.get("/v3/users/ann-id/access_rules", &ann).await;
    let rule = rules.body["access_rules"][0]["id"].as_str().unwrap();
    let path = format!("/v3/users/ann-id/access_rules/{rule}");
    let used = cloud.call(Method::DELETE, &path, &ann, Value::Null).await;
    assert_eq!(used.message(), "May not delete access rule in use");
    let credential = format!("/v3/users/ann-id/application_credentials/{id}");
    assert_eq!(
        cloud.call(Method::DELETE, &credential, &ann, Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(cloud.call(Method::DELETE, &path, &ann, Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_pattern_with_many_stars_takes_no_time() {
    let cloud = Cloud::small().await;
    let ann = cloud.token("ann", Value::Null).await;
    let pattern = format!("/v3/{}x", "**a".repeat(70));
    let body = json!({"application_credential": {"name": "stars", "secret": "s",
        "access_rules": [{"service": "identity", "method": "GET", "path": pattern}]}});
    let made = cloud.call(Method::POST, "/v3/users/ann-id/application_credentials", &ann, body).await;
    let id = made.body["application_credential"]["id"].as_str().unwrap().to_owned();
    let login = json!({"identity": {"methods": ["application_credential"], "application_credential": {"id": id, "secret": "s"}}});
    let token = cloud.login(login).await.header("x-subject-token").to_owned();
    let got = cloud.get(&format!("/v3/users/{}", "a".repeat(2000)), &token).await;
    assert_eq!(got.status, StatusCode::UNAUTHORIZED);
}

async fn oauth(cloud: &Cloud, basic: Option<&str>, form: &str) -> super::Got {
    use base64::Engine as _;
    let mut inbound =
        pentad_server::http::Inbound::local(Method::POST, "/v3/OS-OAUTH2/token", form.to_owned());
    let kind = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    inbound.headers.insert(http::header::CONTENT_TYPE, kind);
    if let Some(basic) = basic {
        let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(basic));
        inbound.headers.insert(http::header::AUTHORIZATION, value.parse().unwrap());
    }
    pentad_server::Service::handle(&*cloud.service, inbound).await.into()
}

#[tokio::test]
async fn an_application_credential_gets_a_bearer_token_that_is_one_of_ours() {
    let cloud = Cloud::small().await;
    let got = oauth(&cloud, Some("job-id:job-secret"), "grant_type=client_credentials").await;
    assert_eq!(
        (got.status, &got.body["token_type"], &got.body["expires_in"]),
        (StatusCode::OK, &json!("Bearer"), &json!(3600))
    );
    let token = got.body["access_token"].as_str().unwrap();
    assert_eq!(cloud.own(token).await.body["token"]["application_credential"]["id"], "job-id");
    for (basic, form, status, error) in [
        (None, "grant_type=client_credentials", 401, "invalid_client"),
        (Some("job-id:wrong"), "grant_type=client_credentials", 401, "invalid_client"),
        (Some("none:x"), "grant_type=client_credentials", 401, "invalid_client"),
        (Some("no colon"), "grant_type=client_credentials", 401, "invalid_client"),
        (Some("job-id:job-secret"), "grant_type=password", 400, "unsupported_grant_type"),
        (Some("job-id:job-secret"), "", 400, "invalid_request"),
    ] {
        let got = oauth(&cloud, basic, form).await;
        assert_eq!((got.status.as_u16(), &got.body["error"]), (status, &json!(error)), "{basic:?} {form}");
    }
}

#[tokio::test]
async fn nobody_is_federated() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    for list in ["identity_providers", "mappings", "service_providers"] {
        assert_eq!(cloud.get(&format!("/v3/OS-FEDERATION/{list}"), &root).await.body[list], json!([]));
    }
    let none = cloud.get("/v3/OS-FEDERATION/identity_providers/x", &root).await;
    assert_eq!(none.message(), "Could not find Identity Provider: x.");
    let login = "/v3/OS-FEDERATION/identity_providers/x/protocols/y/auth";
    let got = cloud.send(Method::POST, login, &[("authorization", "Bearer x")], &Value::Null).await;
    assert_eq!(got.message(), "Attempted to authenticate with an unsupported method.");
    assert_eq!(cloud.get("/v3/OS-OAUTH1/consumers", &root).await.body["consumers"], json!([]));
}

#[tokio::test]
async fn json_home_names_what_there_is_and_nothing_else() {
    let cloud = Cloud::small().await;
    let accept = [("accept", "application/json-home")];
    let home = cloud.send(Method::GET, "/v3", &accept, &Value::Null).await;
    assert_eq!(home.header("content-type"), "application/json-home");
    let resources = home.body["resources"].as_object().unwrap();
    let user = &resources["https://docs.openstack.org/api/openstack-identity/3/rel/user"];
    assert_eq!(user["href-template"], "/users/{user_id}");
    assert_eq!(
        user["href-vars"]["user_id"],
        "https://docs.openstack.org/api/openstack-identity/3/param/user_id"
    );
    let shape = |path: &str| {
        path.split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    let routes: Vec<String> =
        pentad_server::Service::routes(&*cloud.service).iter().map(|route| shape(route.template)).collect();
    for (relation, resource) in resources {
        let path = resource["href"].as_str().or(resource["href-template"].as_str()).unwrap();
        assert!(routes.contains(&shape(&format!("/v3{path}"))), "{relation} {path}");
    }
    let root = cloud.send(Method::GET, "/", &accept, &Value::Null).await;
    assert_eq!(root.status, StatusCode::OK);
    assert_eq!(
        root.body["resources"]["https://docs.openstack.org/api/openstack-identity/3/rel/users"]["href"],
        "/v3/users"
    );
}

#[tokio::test]
async fn access_rules_say_what_they_are_for_and_are_used_again() {
    let cloud = Cloud::small().await;
    let ann = cloud.token("ann", Value::Null).await;
    let make = async |name: &str, rules: Value| {
        let body = json!({"application_credential": {"name": name, "access_rules": rules}});
        cloud.call(Method::POST, "/v3/users/ann-id/application_credentials", &ann, body).await
    };
    let rule = json!({"path": "/v3/users", "method": "GET", "service": "identity"});
    for (wrong, status) in [
        (json!([{}]), StatusCode::BAD_REQUEST),
        (json!([{"path": "x y", "method": "GET", "service": "identity"}]), StatusCode::BAD_REQUEST),
        (json!([{"path": "/x", "method": "FOO", "service": "identity"}]), StatusCode::BAD_REQUEST),
        (json!([{"id": "nope"}]), StatusCode::NOT_FOUND),
        (json!(["x"]), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(make("wrong", wrong.clone()).await.status, status, "{wrong}");
    }
    let first = make("first", json!([rule])).await;
    let id = first.body["application_credential"]["access_rules"][0]["id"].clone();
    for (name, again) in [("second", json!([{"id": id}])), ("third", json!([rule, rule]))] {
        let made = make(name, again).await;
        let rules = &made.body["application_credential"]["access_rules"];
        assert_eq!((rules.as_array().unwrap().len(), &rules[0]["id"]), (1, &id), "{}", made.body);
    }
    let listed = cloud.get("/v3/users/ann-id/access_rules", &ann).await;
    assert_eq!(listed.body["access_rules"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn no_refusal_repeats_a_secret() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    let canaries = [json!(["CANARY"]), json!({"x": ["CANARY"]}), json!([{"password": "CANARY"}])];
    for canary in canaries {
        let with = |name: &str| json!({"id": "ann-id", name: canary});
        let method = |name: &str, user: Value| json!({"auth": {"identity": {"methods": [name], name: {"user": user}}}});
        let token = json!({"auth": {"identity": {"methods": ["token"], "token": {"id": canary}}}});
        let offer = |name: &str| json!({"auth": {"identity": {"methods": [name], name: canary}}});
        let credential = json!({"auth": {"identity": {"methods": ["application_credential"],
            "application_credential": {"id": "x", "secret": canary}}}});
        let v2 = json!({"auth": {"passwordCredentials": {"username": "ann", "password": canary}}});
        let user = json!({"user": {"name": "new", "password": canary}});
        let nameless = json!({"user": {"password": "CANARY"}});
        let blob = json!({"credential": {"type": "totp", "user_id": "ann-id", "blob": canary}});
        let change = json!({"user": {"original_password": canary, "password": canary}});
        for (verb, path, body) in [
            (Method::POST, "/v3/auth/tokens", method("password", with("password"))),
            (Method::POST, "/v3/auth/tokens", method("totp", with("passcode"))),
            (Method::POST, "/v3/auth/tokens", token),
            (Method::POST, "/v3/auth/tokens", offer("password")),
            (Method::POST, "/v3/auth/tokens", credential),
            (
                Method::POST,
                "/v3/auth/tokens",
                json!({"auth": {"identity": {"password": {"user": {"password": "CANARY"}}}}}),
            ),
            (Method::POST, "/v2.0/tokens", v2),
            (Method::POST, "/v3/users", user.clone()),
            (Method::POST, "/v3/users", nameless),
            (Method::PATCH, "/v3/users/ann-id", user),
            (Method::POST, "/v3/users/ann-id/password", change),
            (Method::POST, "/v3/credentials", blob),
        ] {
            let got = cloud.call(verb, path, &root, body.clone()).await;
            assert!(got.status.is_client_error(), "{path} {body}: {}", got.status);
            assert!(!got.body.to_string().contains("CANARY"), "{path} {body}: {}", got.body);
        }
    }
}
