//! Logging in: methods, scopes, refusals, limits (OpenStack reference B3 to B7, B10).

use http::StatusCode;
use serde_json::{Value, json};

use super::{Cloud, password, project};

const REQUIRES: &str = "The request you have made requires authentication.";
const TAIL: &str = " The server could not comply with the request since it is either malformed or otherwise \
    incorrect. The client is assumed to be in error.";

#[tokio::test]
async fn every_refusal_of_a_login_has_the_real_status_and_text() {
    let cloud = Cloud::small().await;
    let ann = password("ann", "ann-pw");
    let with = |scope: Value| json!({"identity": ann, "scope": scope});
    let method = |name: &str, value: Value| json!({"identity": {"methods": [name], name: value}});
    let user = |value: Value| method("password", json!({"user": value}));
    let expecting = |what: &str| format!("Expecting to find {what}.{TAIL}");
    let places = "system, project, domain, OS-TRUST:trust or unscoped in scope";
    let cases = [
        (json!({"identity": password("ann", "wrong")}), 401, REQUIRES.to_owned()),
        (json!({"identity": password("nobody", "x")}), 401, REQUIRES.to_owned()),
        (
            user(json!({"name": "ann", "domain": {"id": "nowhere"}, "password": "x"})),
            401,
            REQUIRES.to_owned(),
        ),
        (with(project("nope")), 401, REQUIRES.to_owned()),
        (with(project("bank")), 401, REQUIRES.to_owned()),
        (with(json!({"system": {"all": true}})), 401, REQUIRES.to_owned()),
        (with(json!({"OS-TRUST:trust": {"id": "x"}})), 401, REQUIRES.to_owned()),
        (json!({"identity": {"methods": []}}), 401, REQUIRES.to_owned()),
        (user(json!({"name": "ann", "password": "x"})), 400, expecting("domain in user")),
        (with(json!({"project": {"name": "shop"}})), 400, expecting("domain in project")),
        (with(json!({"project": {"id": "a"}, "domain": {"id": "b"}})), 400, expecting(places)),
        (with(json!({})), 400, expecting(places)),
        (json!({"identity": {"methods": ["password"]}}), 400, expecting("password in identity")),
        (method("zip", json!({})), 401, "Attempted to authenticate with an unsupported method.".to_owned()),
        (method("token", json!({"id": "zz"})), 404, "Could not recognize Fernet token".to_owned()),
        (
            method("application_credential", json!({"id": "zz", "secret": "x"})),
            404,
            "Could not find Application Credential: zz.".to_owned(),
        ),
        (method("application_credential", json!({"id": "job-id", "secret": "x"})), 401, REQUIRES.to_owned()),
    ];
    for (auth, status, message) in cases {
        let got = cloud.login(auth.clone()).await;
        assert_eq!((got.status.as_u16(), got.message()), (status, message.as_str()), "{auth}");
        let challenge = if status == 401 { "Keystone uri=\"http://pentad.local/v3\"" } else { "" };
        assert_eq!(got.header("www-authenticate"), challenge);
        assert_eq!(got.header("vary"), "X-Auth-Token");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_told_from_one_without_auth() {
    let cloud = Cloud::small().await;
    for (kind, body, what) in [
        ("application/json", "[]", "valid JSON in request body"),
        ("application/json", "{", "valid JSON in request body"),
        ("application/json", "{\"a\": \"\\u0000\"}", "valid JSON in request body"),
        ("application/json", "{\"a\": 1}", "auth in request body"),
        ("application/json", "", "auth in request body"),
        ("text/plain", "{}", "application/json in Content-Type header"),
    ] {
        let mut inbound = pentad_server::http::Inbound::local(http::Method::POST, "/v3/auth/tokens", body);
        inbound.headers.insert("content-type", kind.parse().unwrap());
        let got = super::Got::from(pentad_server::Service::handle(&*cloud.service, inbound).await);
        assert_eq!(got.status, StatusCode::BAD_REQUEST);
        assert_eq!(got.message(), format!("Expecting to find {what}.{TAIL}"), "{body}");
    }
}

#[tokio::test]
async fn each_scope_shows_what_belongs_to_it() {
    let cloud = Cloud::small().await;
    let of =
        |user: &str, scope: Value| json!({"identity": password(user, &format!("{user}-pw")), "scope": scope});
    let shop = cloud.login(of("ann", project("shop"))).await.body;
    assert_eq!(
        shop["token"]["project"],
        json!({"domain": {"id": "default", "name": "Default"}, "id": "shop-id", "name": "shop"})
    );
    assert_eq!(shop["token"]["is_domain"], false);
    assert_eq!(shop["token"]["expires_at"], "2030-01-01T13:00:00.000000Z");
    assert_eq!(shop["token"]["issued_at"], "2030-01-01T12:00:00.000000Z");
    let names: Vec<&str> = shop["token"]["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["member", "reader"], "a member is a reader too");
    let urls: Vec<&str> = shop["token"]["catalog"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| service["endpoints"][0]["url"].as_str().unwrap())
        .collect();
    assert_eq!(
        urls,
        [
            "http://pentad.local/identity/v3",
            "http://pentad.local/zaqar",
            "ws://pentad.local/zaqar/ws",
            "http://pentad.local/v1.0/shop-id",
            "http://pentad.local/database/object-store/v1/AUTH_shop-id",
            "http://pentad.local/database/workflow/v2"
        ]
    );

    let domain = cloud.login(of("ann", json!({"domain": {"name": "Default"}}))).await.body;
    assert_eq!(domain["token"]["domain"], json!({"id": "default", "name": "Default"}));
    let database =
        domain["token"]["catalog"].as_array().unwrap().iter().find(|one| one["type"] == "database").unwrap();
    assert_eq!(database["endpoints"], json!([]), "its URL needs a project");

    let system = cloud.login(of("root", json!({"system": {"all": true}}))).await.body;
    assert_eq!(system["token"]["system"], json!({"all": true}));

    for word in [json!("unscoped"), json!({"unscoped": {}})] {
        let none = cloud.login(of("ann", word)).await.body;
        for member in ["project", "domain", "system", "roles", "catalog"] {
            assert_eq!(none["token"][member], Value::Null);
        }
    }
    let default = cloud.login(json!({"identity": password("bob", "bob-pw")})).await.body;
    assert_eq!(default["token"]["project"], Value::Null, "bob has no default project");
}

#[tokio::test]
async fn too_many_wrong_passwords_lock_a_user_for_a_while() {
    let cloud = Cloud::small().await;
    for _ in 0..3 {
        assert_eq!(cloud.login(json!({"identity": password("ann", "wrong")})).await.message(), REQUIRES);
    }
    let right = json!({"identity": password("ann", "ann-pw")});
    let locked = cloud.login(right.clone()).await;
    assert_eq!((locked.status.as_u16(), locked.message()), (401, "The account is locked for user: ann-id."));
    assert_eq!(cloud.login(json!({"identity": password("bob", "bob-pw")})).await.status, StatusCode::CREATED);
    cloud.advance(61);
    assert_eq!(cloud.login(right).await.status, StatusCode::CREATED);
    for _ in 0..2 {
        cloud.login(json!({"identity": password("ann", "wrong")})).await;
    }
    let again = cloud.login(json!({"identity": password("ann", "ann-pw")})).await;
    assert_eq!(again.status, StatusCode::CREATED, "a success forgets earlier failures");
}

#[tokio::test]
async fn an_application_credential_has_its_own_roles_and_buys_nothing_further() {
    let cloud = Cloud::small().await;
    let credential = json!({"methods": ["application_credential"],
        "application_credential": {"name": "job", "user": {"name": "ann", "domain": {"id": "default"}}, "secret": "job-secret"}});
    let scoped = cloud.login(json!({"identity": credential, "scope": project("shop")})).await;
    assert_eq!(
        scoped.message(),
        "Error authenticating with application credential: Application credentials cannot request a scope."
    );
    assert_eq!(scoped.body["error"]["identity"], json!({}));
    let got = cloud.login(json!({"identity": credential})).await;
    assert_eq!(
        got.body["token"]["application_credential"],
        json!({"id": "job-id", "name": "job", "restricted": true})
    );
    assert_eq!(got.body["token"]["roles"].as_array().unwrap().len(), 1);
    let token = got.header("x-subject-token");
    let further = cloud.login(json!({"identity": {"methods": ["token"], "token": {"id": token}}})).await;
    assert_eq!(
        (further.status.as_u16(), further.message()),
        (
            403,
            "You are not authorized to perform the requested \
        action: Using a delegated token to create another token is not allowed.."
        )
    );
    let path = "/v3/users/ann-id/application_credentials";
    let another =
        cloud.call(http::Method::POST, path, token, json!({"application_credential": {"name": "x"}})).await;
    assert_eq!(another.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_user_with_rules_gets_a_receipt_for_the_first_method_and_a_token_for_the_second() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    let rules = json!({"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}});
    assert_eq!(
        cloud.call(http::Method::PATCH, "/v3/users/ann-id", &root, rules).await.status,
        StatusCode::OK
    );
    let first = cloud.login(json!({"identity": password("ann", "ann-pw")})).await;
    assert_eq!(first.status, StatusCode::UNAUTHORIZED);
    assert_eq!(first.body["required_auth_methods"], json!([["password", "totp"]]));
    assert_eq!(first.body["receipt"]["methods"], json!(["password"]));
    assert_eq!(first.body["receipt"]["expires_at"], "2030-01-01T12:05:00.000000Z");
    let receipt = first.header("openstack-auth-receipt").to_owned();
    // The code of RFC 6238's secret at this moment, and the wrong one beside it.
    let second = |code: &str| json!({"auth": {"identity": {"methods": ["totp"], "totp": {"user": {"id": "ann-id", "passcode": code}}}}});
    let code = totp(cloud.time.now().as_second());
    let with = |receipt: &str| [("openstack-auth-receipt".to_owned(), receipt.to_owned())];
    let send = async |receipt: &str, code: &str| {
        let headers = with(receipt);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        cloud.send(http::Method::POST, "/v3/auth/tokens", &headers, &second(code)).await
    };
    assert_eq!(send("forged", &code).await.message(), "Could not find auth receipt: forged.");
    assert_eq!(send(&receipt, "000000").await.status, StatusCode::UNAUTHORIZED);
    let token = send(&receipt, &code).await;
    assert_eq!(token.status, StatusCode::CREATED, "{}", token.body);
    let methods = token.body["token"]["methods"].as_array().unwrap();
    assert!(methods.contains(&json!("password")) && methods.contains(&json!("totp")));
    cloud.advance(301);
    let late = send(&receipt, &totp(cloud.time.now().as_second())).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED, "a receipt ends");
}

/// RFC 6238 for the secret of the seed.
fn totp(now: i64) -> String {
    use aws_lc_rs::hmac;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345678901234567890");
    let tag = hmac::sign(&key, &(now / 30).to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes[19] & 15);
    let number = u32::from_be_bytes([bytes[at] & 127, bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

#[tokio::test]
async fn version_2_speaks_its_own_words() {
    let cloud = Cloud::small().await;
    let asked = json!({"auth": {"passwordCredentials": {"username": "ann", "password": "ann-pw"}, "tenantName": "shop"}});
    let got = cloud.send(http::Method::POST, "/v2.0/tokens", &[], &asked).await;
    assert_eq!(got.status, StatusCode::OK);
    let access = &got.body["access"];
    assert_eq!(access["token"]["tenant"]["id"], "shop-id");
    assert_eq!(access["token"]["expires"], "2030-01-01T13:00:00Z");
    assert_eq!(access["user"]["username"], "ann");
    let row =
        access["serviceCatalog"].as_array().unwrap().iter().find(|row| row["type"] == "database").unwrap();
    assert_eq!(row["endpoints"][0]["publicURL"], "http://pentad.local/v1.0/shop-id");
    let token = access["token"]["id"].as_str().unwrap();
    let tenants = cloud.get("/v2.0/tenants", token).await.body;
    assert_eq!(tenants["tenants"][0]["name"], "shop");
    assert_eq!(cloud.get(&format!("/v2.0/tokens/{token}"), token).await.status, StatusCode::FORBIDDEN);
    let root = cloud.token("root", Value::Null).await;
    let path = format!("/v2.0/tokens/{token}");
    assert_eq!(cloud.get(&path, &root).await.body["access"]["user"]["id"], "ann-id");
    assert_eq!(cloud.get(&format!("{path}?belongsTo=bank-id"), &root).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        cloud.call(http::Method::DELETE, &path, &root, Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(cloud.get(&path, &root).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn guesses_of_second_factors_and_of_secrets_are_counted() {
    let cloud = Cloud::small().await;
    let code = |code: &str| json!({"identity": {"methods": ["totp"], "totp": {"user": {"id": "ann-id", "passcode": code}}}});
    let right = code(&totp(cloud.time.now().as_second()));
    // What succeeds does not count, however often.
    for _ in 0..4 {
        assert_eq!(cloud.login(right.clone()).await.status, StatusCode::CREATED);
    }
    let wrong = code("000000");
    let many = futures_util::future::join_all((0..50).map(|_| cloud.login(wrong.clone()))).await;
    assert!(many.iter().all(|got| got.status == StatusCode::UNAUTHORIZED));
    assert_eq!(cloud.login(right.clone()).await.message(), "The account is locked for user: ann-id.");
    cloud.advance(61);
    let right = code(&totp(cloud.time.now().as_second()));
    assert_eq!(cloud.login(right).await.status, StatusCode::CREATED);

    let job = |secret: &str| {
        json!({"identity": {"methods": ["application_credential"],
            "application_credential": {"id": "job-id", "secret": secret}}})
    };
    for _ in 0..3 {
        assert_eq!(cloud.login(job("wrong")).await.message(), REQUIRES);
    }
    assert_eq!(cloud.login(job("job-secret")).await.message(), REQUIRES, "the credential is locked");
    let owner = cloud.login(json!({"identity": password("ann", "ann-pw")})).await;
    assert_eq!(owner.status, StatusCode::CREATED, "its owner is not");
    cloud.advance(61);
    assert_eq!(cloud.login(job("job-secret")).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn options_of_users_count_and_others_are_refused() {
    let cloud = Cloud::small().await;
    let root = cloud.token("root", Value::Null).await;
    let set = async |options: Value| {
        let body = json!({"user": {"options": options}});
        cloud.call(http::Method::PATCH, "/v3/users/ann-id", &root, body).await
    };
    let refused = set(json!({"immutable": true})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.message().contains("('immutable' was unexpected)"), "{}", refused.message());
    assert_eq!(set(json!({"lock_password": 1})).await.status, StatusCode::BAD_REQUEST);
    let on = json!({"ignore_lockout_failure_attempts": true, "lock_password": true, "multi_factor_auth_rules": null});
    assert_eq!(set(on).await.status, StatusCode::OK);
    for _ in 0..4 {
        cloud.login(json!({"identity": password("ann", "wrong")})).await;
    }
    assert_eq!(cloud.login(json!({"identity": password("ann", "ann-pw")})).await.status, StatusCode::CREATED);
    let change = json!({"user": {"original_password": "ann-pw", "password": "newer"}});
    let locked = cloud.send(http::Method::POST, "/v3/users/ann-id/password", &[], &change).await;
    assert_eq!(locked.status, StatusCode::BAD_REQUEST);
    assert!(locked.message().starts_with("You cannot change your password at this time"));
    assert_eq!(cloud.login(json!({"identity": password("ann", "ann-pw")})).await.status, StatusCode::CREATED);
}
