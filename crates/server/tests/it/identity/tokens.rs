//! Tokens: shown, ended, revoked, handed on (OpenStack reference B8, B15).

use http::{Method, StatusCode};
use pentad_server::Service;
use pentad_server::identity::Rejected;
use serde_json::{Value, json};

use super::{Cloud, password};

#[tokio::test]
async fn a_token_ends_with_service_time() {
    let cloud = Cloud::small().await;
    let token = cloud.token("ann", Value::Null).await;
    cloud.advance(3599);
    assert_eq!(cloud.own(&token).await.status, StatusCode::OK);
    cloud.advance(1);
    assert_eq!(cloud.own(&token).await.status, StatusCode::UNAUTHORIZED);
    let root = cloud.token("root", Value::Null).await;
    let headers = [("x-auth-token", root.as_str()), ("x-subject-token", token.as_str())];
    let show = async |path: &str| cloud.send(Method::GET, path, &headers, &Value::Null).await;
    let gone = show("/v3/auth/tokens").await;
    assert_eq!((gone.status.as_u16(), gone.message()), (404, "Failed to validate token"));
    assert_eq!(show("/v3/auth/tokens?allow_expired=1").await.status, StatusCode::OK);
    cloud.advance(1800);
    assert_eq!(show("/v3/auth/tokens?allow_expired=1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn another_scope_keeps_the_end_and_the_chain_of_the_first_token() {
    let cloud = Cloud::small().await;
    let first = cloud.token("ann", json!("unscoped")).await;
    let audit = cloud.own(&first).await.body["token"]["audit_ids"][0].clone();
    cloud.advance(600);
    let identity = json!({"methods": ["token"], "token": {"id": first}});
    let got = cloud.login(json!({"identity": identity, "scope": super::project("shop")})).await;
    assert_eq!(got.body["token"]["methods"], json!(["token", "password"]));
    assert_eq!(got.body["token"]["expires_at"], "2030-01-01T13:00:00.000000Z");
    assert_eq!(got.body["token"]["audit_ids"][1], audit);
}

#[tokio::test]
async fn nothing_that_was_not_made_here_is_a_token() {
    let cloud = Cloud::small().await;
    let token = cloud.token("ann", Value::Null).await;
    let mut forged = token.clone().into_bytes();
    forged[60] = if forged[60] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let other = Cloud::small().await.token("ann", Value::Null).await;
    for wrong in ["", "x", &forged, &other, &"A".repeat(9000)] {
        assert_eq!(cloud.get("/v3/auth/projects", wrong).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(cloud.identity.validate(wrong).await, Err(Rejected::Invalid));
    }
}

#[tokio::test]
async fn a_revoked_token_is_no_token() {
    let cloud = Cloud::small().await;
    let (ann, bob) =
        (cloud.token("ann", Value::Null).await, cloud.token("bob", super::project("shop")).await);
    let revoke = async |caller: &str, subject: &str| {
        let headers = [("x-auth-token", caller), ("x-subject-token", subject)];
        cloud.send(Method::DELETE, "/v3/auth/tokens", &headers, &Value::Null).await
    };
    let foreign = revoke(&bob, &ann).await;
    assert_eq!(
        foreign.message(),
        "You are not authorized to perform the requested action: identity:revoke_token."
    );
    assert_eq!(revoke(&ann, &ann).await.status, StatusCode::NO_CONTENT);
    assert_eq!(cloud.own(&ann).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(revoke(&bob, &ann).await.status, StatusCode::NOT_FOUND);
    assert_eq!(cloud.identity.validate(&ann).await, Err(Rejected::Invalid));
    assert_eq!(cloud.own(&bob).await.status, StatusCode::OK, "others stay");
    assert_eq!(cloud.get("/v3/auth/tokens", &bob).await.message(), "No token in the request");
}

#[tokio::test]
async fn what_a_token_stood_for_takes_it_along() {
    for (method, path, body) in [
        (Method::PATCH, "/v3/users/ann-id", json!({"user": {"enabled": false}})),
        (Method::PATCH, "/v3/users/ann-id", json!({"user": {"password": "new"}})),
        (Method::DELETE, "/v3/users/ann-id", Value::Null),
        (Method::DELETE, "/v3/projects/shop-id", Value::Null),
        (Method::PATCH, "/v3/projects/shop-id", json!({"project": {"enabled": false}})),
    ] {
        let cloud = Cloud::small().await;
        let ann = cloud.token("ann", super::project("shop")).await;
        assert_eq!(cloud.own(&ann).await.status, StatusCode::OK);
        let root = cloud.token("root", json!({"system": {"all": true}})).await;
        let done = cloud.call(method.clone(), path, &root, body.clone()).await;
        assert!(done.status.is_success(), "{path} {}", done.body);
        assert_eq!(cloud.own(&ann).await.status, StatusCode::UNAUTHORIZED, "{method} {path} {body}");
    }
}

#[tokio::test]
async fn a_lost_role_is_lost_at_once_and_an_enabled_user_has_no_old_tokens() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    let ann = cloud.token("ann", super::project("shop")).await;
    let roles = cloud.get("/v3/roles?name=member", &root).await.body;
    let member = roles["roles"][0]["id"].as_str().unwrap();
    let path = format!("/v3/projects/shop-id/users/ann-id/roles/{member}");
    assert_eq!(cloud.call(Method::DELETE, &path, &root, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(cloud.own(&ann).await.status, StatusCode::UNAUTHORIZED);
    let again = cloud.call(Method::DELETE, &path, &root, Value::Null).await;
    assert_eq!(
        again.message(),
        format!(
            "Could not find role assignment with role: {member}, user or group: ann-id, \
        project, domain, or system: shop-id."
        )
    );
    let free = cloud.token("ann", json!("unscoped")).await;
    for enabled in [false, true] {
        cloud.call(Method::PATCH, "/v3/users/ann-id", &root, json!({"user": {"enabled": enabled}})).await;
    }
    assert_eq!(cloud.own(&free).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_user_changes_its_password_with_the_old_one() {
    let cloud = Cloud::small().await;
    let change = |old: &str| json!({"user": {"original_password": old, "password": "newer"}});
    let path = "/v3/users/ann-id/password";
    assert_eq!(cloud.send(Method::POST, path, &[], &change("wrong")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(cloud.send(Method::POST, path, &[], &change("ann-pw")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        cloud.login(json!({"identity": password("ann", "ann-pw")})).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(cloud.login(json!({"identity": password("ann", "newer")})).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn other_services_learn_who_a_token_belongs_to() {
    let cloud = Cloud::small().await;
    let info = cloud.identity.validate(&cloud.token("ann", Value::Null).await).await.unwrap();
    assert_eq!((info.user_id.as_str(), info.user_name.as_str()), ("ann-id", "ann"));
    assert_eq!((info.project_id.as_deref(), info.project_name.as_deref()), (Some("shop-id"), Some("shop")));
    assert!(info.has_role("member") && !info.is_admin);
    assert!(cloud.identity.validate(&cloud.token("root", Value::Null).await).await.unwrap().is_admin);
}

#[tokio::test]
async fn a_trust_lends_roles_until_its_uses_or_its_time_are_over() {
    let cloud = Cloud::small().await;
    let ann = cloud.token("ann", Value::Null).await;
    let trust = |extra: Value| {
        let mut trust = json!({"trustor_user_id": "ann-id", "trustee_user_id": "bob-id", "impersonation": true,
            "project_id": "shop-id", "roles": [{"name": "member"}]});
        trust.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"trust": trust})
    };
    let made =
        cloud.call(Method::POST, "/v3/OS-TRUST/trusts", &ann, trust(json!({"remaining_uses": 1}))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let id = made.body["trust"]["id"].as_str().unwrap();
    let scope = json!({"OS-TRUST:trust": {"id": id}});
    let token = cloud.token("bob", scope.clone()).await;
    let shown = cloud.own(&token).await.body;
    assert_eq!(shown["token"]["user"]["id"], "ann-id", "bob acts as ann");
    assert_eq!(shown["token"]["OS-TRUST:trust"]["trustee_user"]["id"], "bob-id");
    let again = cloud.login(json!({"identity": password("bob", "bob-pw"), "scope": scope})).await;
    assert_eq!(again.message(), format!("No remaining uses for trust: {id}."));
    let greedy = trust(json!({"roles": [{"name": "admin"}]}));
    assert_eq!(
        cloud.call(Method::POST, "/v3/OS-TRUST/trusts", &ann, greedy).await.status,
        StatusCode::NOT_FOUND
    );
    let short = trust(json!({"expires_at": "2030-01-01T12:10:00Z"}));
    let made = cloud.call(Method::POST, "/v3/OS-TRUST/trusts", &ann, short).await;
    let scope = json!({"OS-TRUST:trust": {"id": made.body["trust"]["id"]}});
    let token = cloud.token("bob", scope).await;
    cloud.advance(600);
    assert_eq!(cloud.own(&token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_chain_of_trusts_lends_the_roles_of_the_first_trustor() {
    for impersonation in [false, true] {
        let cloud = Cloud::small().await;
        let root = cloud.token("root", Value::Null).await;
        for name in ["eve", "max"] {
            let body = json!({"user": {"name": name, "password": format!("{name}-pw")}});
            assert_eq!(cloud.call(Method::POST, "/v3/users", &root, body).await.status, StatusCode::CREATED);
        }
        let id = async |name: &str| {
            let got = cloud.get(&format!("/v3/users?name={name}"), &root).await;
            got.body["users"][0]["id"].as_str().unwrap().to_owned()
        };
        // ann -> bob -> eve -> max: only ann is a member of the project.
        let mut token = cloud.token("ann", Value::Null).await;
        let mut trustor = "ann-id".to_owned();
        let mut last = String::new();
        for name in ["bob", "eve", "max"] {
            let trust = json!({"trust": {"trustor_user_id": trustor, "trustee_user_id": id(name).await,
                "impersonation": impersonation, "project_id": "shop-id", "roles": [{"name": "member"}],
                "allow_redelegation": true}});
            let made = cloud.call(Method::POST, "/v3/OS-TRUST/trusts", &token, trust).await;
            assert_eq!(made.status, StatusCode::CREATED, "{name}: {}", made.body);
            last = made.body["trust"]["id"].as_str().unwrap().to_owned();
            token = cloud.token(name, json!({"OS-TRUST:trust": {"id": last}})).await;
            if !impersonation {
                trustor = id(name).await;
            }
        }
        let shown = cloud.own(&token).await.body;
        let names: Vec<&str> = shown["token"]["roles"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|role| role["name"].as_str())
            .collect();
        assert!(names.contains(&"member"), "{names:?}");
        assert_eq!(shown["token"]["user"]["id"] == "ann-id", impersonation);
        // What the first loses, the last has lost.
        let roles = cloud.get("/v3/roles?name=member", &root).await;
        let role = roles.body["roles"][0]["id"].as_str().unwrap();
        let path = format!("/v3/projects/shop-id/users/ann-id/roles/{role}");
        cloud.call(Method::DELETE, &path, &root, Value::Null).await;
        assert_eq!(cloud.own(&token).await.status, StatusCode::UNAUTHORIZED);
        let login = json!({"identity": password("max", "max-pw"), "scope": {"OS-TRUST:trust": {"id": last}}});
        assert!(!cloud.login(login).await.status.is_success());
    }
}

#[tokio::test]
async fn what_ends_the_tokens_of_a_trustor_ends_those_of_the_trust() {
    for change in [json!({"password": "another"}), json!({"enabled": false})] {
        let cloud = Cloud::small().await;
        let root = cloud.token("root", Value::Null).await;
        let ann = cloud.token("ann", Value::Null).await;
        let bob = cloud.get("/v3/users?name=bob", &root).await.body["users"][0]["id"].clone();
        let trust = json!({"trust": {"trustor_user_id": "ann-id", "trustee_user_id": bob, "impersonation": true,
            "project_id": "shop-id", "roles": [{"name": "member"}]}});
        let made = cloud.call(Method::POST, "/v3/OS-TRUST/trusts", &ann, trust).await;
        let scope = json!({"OS-TRUST:trust": {"id": made.body["trust"]["id"]}});
        let token = cloud.token("bob", scope.clone()).await;
        assert_eq!(cloud.own(&token).await.status, StatusCode::OK);
        for user in [change.clone(), json!({"enabled": true})] {
            let done = cloud.call(Method::PATCH, "/v3/users/ann-id", &root, json!({"user": user})).await;
            assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        }
        assert_eq!(cloud.own(&token).await.status, StatusCode::UNAUTHORIZED, "{change}");
        // The trust itself stays.
        let again = cloud.token("bob", scope).await;
        assert_eq!(cloud.own(&again).await.status, StatusCode::OK, "{change}");
    }
}

#[tokio::test]
async fn what_was_lent_for_one_project_is_handed_on_for_no_other() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    let body = json!({"project": {"name": "second"}});
    let made = cloud.call(Method::POST, "/v3/projects", &root, body).await;
    let second = made.body["project"]["id"].as_str().unwrap().to_owned();
    let roles = cloud.get("/v3/roles?name=member", &root).await;
    let role = roles.body["roles"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v3/projects/{second}/users/ann-id/roles/{role}");
    assert!(cloud.call(Method::PUT, &path, &root, Value::Null).await.status.is_success());
    let ann = cloud.token("ann", Value::Null).await;
    let users = cloud.get("/v3/users?name=bob", &root).await;
    let bob = users.body["users"][0]["id"].clone();
    let trust = |project: &str| {
        json!({"trust": {"trustor_user_id": "ann-id", "trustee_user_id": bob, "impersonation": true,
            "project_id": project, "roles": [{"id": role}], "allow_redelegation": true}})
    };
    let made = cloud.call(Method::POST, "/v3/OS-TRUST/trusts", &ann, trust("shop-id")).await;
    let id = made.body["trust"]["id"].as_str().unwrap().to_owned();
    let token = cloud.token("bob", json!({"OS-TRUST:trust": {"id": id}})).await;
    let other = cloud.call(Method::POST, "/v3/OS-TRUST/trusts", &token, trust(&second)).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN, "{}", other.body);
    let same = cloud.call(Method::POST, "/v3/OS-TRUST/trusts", &token, trust("shop-id")).await;
    assert_eq!(same.status, StatusCode::CREATED, "{}", same.body);
}

#[tokio::test]
async fn trusts_of_this_server_are_for_no_user_of_the_operator_and_go_when_they_end() {
    let cloud = Cloud::small().await;
    let tasks = pentad_server::Tasks::new();
    std::sync::Arc::clone(&cloud.service).background(&tasks);
    let root = cloud.token("root", Value::Null).await;
    let body = json!({"user": {"name": "zaqar", "password": "zaqar-pw"}});
    let made = cloud.call(Method::POST, "/v3/users", &root, body).await;
    let theirs = made.body["user"]["id"].as_str().unwrap().to_owned();
    let ann = cloud.token("ann", Value::Null).await;
    let check = std::sync::Arc::clone(cloud.identity.check().unwrap());
    let until = "2030-01-01T12:10:00Z".parse().unwrap();
    let trust = check.entrust(&ann, &["member".to_owned()], Some(until)).await.unwrap();
    let shown = cloud.get(&format!("/v3/OS-TRUST/trusts/{trust}"), &ann).await;
    assert_ne!(shown.body["trust"]["trustee_user_id"], json!(theirs), "{}", shown.body);
    let scope = json!({"OS-TRUST:trust": {"id": trust}});
    let login = json!({"identity": password("zaqar", "zaqar-pw"), "scope": scope});
    assert!(!cloud.login(login).await.status.is_success());
    assert!(check.token_of_trust(&trust).await.is_ok());
    cloud.time.settle().await;
    cloud.advance(901);
    cloud.time.settle().await;
    let gone = cloud.call(Method::DELETE, &format!("/v3/OS-TRUST/trusts/{trust}"), &ann, Value::Null).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    tasks.shutdown().await;
}
