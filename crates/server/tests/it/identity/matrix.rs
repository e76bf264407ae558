//! Every route with every kind of token: the table beside this file says what each of them gets.

use http::Method;
use pentad_server::Service;
use pentad_store::{Backend, StoreOptions};
use serde_json::{Value, json};

use super::{Cloud, project};

/// Method, route, and the status for each of the callers, in their order.
const TABLE: &str = include_str!("matrix.txt");

/// Ids that a caller has a part in, where something is only looked at; where it would change, nothing is there.
fn concrete(method: &Method, template: &str) -> String {
    let known = *method == Method::GET;
    let segment = |part: &str| match part {
        "{user}" if known => "ann-id".to_owned(),
        "{project}" if known => "shop-id".to_owned(),
        "{domain}" if known => "default".to_owned(),
        part if part.starts_with('{') => "none".to_owned(),
        part => part.to_owned(),
    };
    template.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Names and tokens of the callers.
pub(crate) async fn callers(cloud: &Cloud) -> Vec<(&'static str, String)> {
    let expired = cloud.token("ann", Value::Null).await;
    cloud.advance(3601);
    let revoked = cloud.token("ann", Value::Null).await;
    let headers = [("x-auth-token", revoked.as_str()), ("x-subject-token", revoked.as_str())];
    cloud.send(Method::DELETE, "/v3/auth/tokens", &headers, &Value::Null).await;
    let foreign = Cloud::small().await.token("root", Value::Null).await;
    let root = cloud.token("root", Value::Null).await;
    let mut forged = root.clone();
    let middle = forged.len() / 2;
    let other = if forged.is_char_boundary(middle) && &forged[middle..=middle] == "A" { "B" } else { "A" };
    forged.replace_range(middle..=middle, other);
    let job = json!({"identity": {"methods": ["application_credential"],
        "application_credential": {"id": "job-id", "secret": "job-secret"}}});
    let job = cloud.login(job).await.header("x-subject-token").to_owned();
    let system = json!({"system": {"all": true}});
    vec![
        ("none", String::new()),
        ("garbage", "gAAAA-garbage".to_owned()),
        ("forged", forged),
        ("foreign", foreign),
        ("expired", expired),
        ("revoked", revoked),
        ("unscoped", cloud.token("bob", json!("unscoped")).await),
        ("reader", cloud.token("bob", project("shop")).await),
        ("member", cloud.token("ann", project("shop")).await),
        ("domain", cloud.token("ann", json!({"domain": {"id": "default"}})).await),
        ("credential", job),
        ("auditor", cloud.token("audit", system.clone()).await),
        ("admin", root),
        ("system", cloud.token("root", system).await),
    ]
}

pub(crate) async fn cloud(store: StoreOptions) -> Cloud {
    let cloud = Cloud::small_on(store).await;
    let root = cloud.token("root", Value::Null).await;
    let body = json!({"user": {"name": "audit", "password": "audit-pw"}});
    let made = cloud.call(Method::POST, "/v3/users", &root, body).await;
    let user = made.body["user"]["id"].as_str().unwrap().to_owned();
    let roles = cloud.get("/v3/roles?name=reader", &root).await;
    let reader = roles.body["roles"][0]["id"].as_str().unwrap();
    let path = format!("/v3/system/users/{user}/roles/{reader}");
    assert_eq!(cloud.call(Method::PUT, &path, &root, Value::Null).await.status.as_u16(), 204);
    cloud
}

#[tokio::test]
async fn every_route_answers_every_kind_of_token_as_the_table_says() {
    answers(cloud(StoreOptions::memory()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_on_postgresql_as_the_table_says() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        return eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
    };
    let dir = tempfile::tempdir().unwrap();
    // Schemas of its own: other tests keep theirs in the same database, under other keys.
    let prefix = format!("matrix_{}", std::process::id());
    let backend = Backend::Postgres { url, dir: dir.path().into(), prefix };
    answers(cloud(StoreOptions { backend, ..StoreOptions::memory() }).await).await;
}

async fn answers(cloud: Cloud) {
    let callers = callers(&cloud).await;
    let names: Vec<&str> = callers.iter().map(|(name, _)| *name).collect();
    let mut lines = vec![format!("# {}", names.join(" "))];
    for route in cloud.service.routes() {
        let path = concrete(&route.method, route.template);
        let mut statuses = Vec::new();
        for (name, token) in &callers {
            let headers = [("x-auth-token", token.as_str())];
            let headers = if *name == "none" { &[][..] } else { &headers[..] };
            let got = cloud.send(route.method.clone(), &path, headers, &Value::Null).await;
            statuses.push(got.status.as_u16().to_string());
        }
        lines.push(format!("{} {} {}", route.method, route.template, statuses.join(" ")));
    }
    let table: Vec<&str> = TABLE.lines().collect();
    let different: Vec<&String> = lines.iter().filter(|line| !table.contains(&line.as_str())).collect();
    assert!(different.is_empty(), "not as in the table; all of it:\n{}", lines.join("\n"));
    assert_eq!(table.len(), lines.len(), "the table has routes that are not there");
}

#[tokio::test]
async fn a_token_that_does_not_count_opens_nothing() {
    let open = TABLE.lines().skip(1).filter(|line| {
        let statuses: Vec<&str> = line.split(' ').skip(2).take(6).collect();
        statuses.iter().any(|status| *status != "401")
    });
    let open: Vec<&str> = open.filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(
        open,
        [
            "",
            "/v3",
            "/v2.0",
            "/v3/auth/tokens",
            "/v2.0/tokens",
            "/v2.0/extensions",
            "/v3/users/{user}/password",
        ]
    );
}
