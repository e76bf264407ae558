//! Every route with every role.

use http::Method;
use pentad_server::Service;

use crate::world::World;

/// Tokens in the order of the matrix: service_admin, project_admin, publisher, consumer, push_worker, admin_viewer.
const TOKENS: [&str; 6] = ["tS", "tA", "tP", "tC", "tW", "tV"];

/// Which of the tokens pass, as letters in the order of [`TOKENS`]: `y` or `-`.
fn allowed(name: &str) -> &'static str {
    match name {
        "users:list" | "users:show" | "registrations:list" | "registrations:show" | "projects:list"
        | "ams:metrics" | "ams:vaMetrics" => "y----y",
        "projects:show" | "projects:metrics" | "projects:listUsers" | "projects:showUser"
        | "schemas:list" => "yy---y",
        "projects:addUser" | "projects:removeUser" | "projects:createUser" | "projects:updateUser" => {
            "yy----"
        }
        "topics:list" | "topics:metrics" | "subscriptions:listByTopic" => "yyy--y",
        "topics:show" | "schemas:show" => "yyyy-y",
        "topics:publish" => "-yy---",
        "schemas:validateMessage" => "yyy---",
        "subscriptions:pull" | "subscriptions:acknowledge" => "yy-yy-",
        "subscriptions:list"
        | "subscriptions:show"
        | "subscriptions:metrics"
        | "subscriptions:offsets"
        | "subscriptions:timeToOffset" => "yy-yyy",
        _ if name.starts_with("topics:")
            || name.starts_with("subscriptions:")
            || name.starts_with("schemas:") =>
        {
            "yy----"
        }
        _ => "y-----",
    }
}

fn fill(template: &str) -> String {
    template
        .replace("{project}", "DEMO")
        .replace("{topic}", "none")
        .replace("{subscription}", "none")
        .replace("{schema}", "none")
        .replace("{user}", "none")
        .replace("{uuid}", "none")
        .replace("{token}", "none")
}

#[tokio::test]
async fn every_route_lets_in_exactly_the_roles_of_the_matrix() {
    const OPEN: [&str; 5] =
        ["ams:healthStatus", "version:list", "users:profile", "users:usageReport", "authn:authx509"];
    let w = World::demo().await;
    let routes = w.ams.routes();
    assert_eq!(routes.len(), 65);
    for route in routes.iter().filter(|route| !OPEN.contains(&route.name)) {
        // This one would take the project away from the others.
        if route.name == "projects:delete" {
            continue;
        }
        let (path, expected) = (fill(route.template), allowed(route.name));
        assert_eq!(w.call("", route.method.clone(), &path, "").await.status, 401, "{}", route.name);
        for (token, letter) in TOKENS.iter().zip(expected.chars()) {
            // `@` is no JSON anywhere: whoever is let in gets at most an error of the handler.
            let answer = w.call(token, route.method.clone(), &path, "@").await;
            let inside = answer.kind.starts_with("application/json");
            assert_eq!(inside, letter == 'y', "{} {token}: {} {}", route.name, answer.status, answer.text);
            if !inside {
                assert!([401, 403].contains(&answer.status), "{} {token}", route.name);
            }
        }
    }
}

#[tokio::test]
async fn acls_bind_publishers_and_consumers_only() {
    let w = World::demo().await;
    let publish = "/v1/projects/DEMO/topics/alerts:publish";
    assert_eq!(w.call("tP", Method::POST, publish, "{}").await.status, 200);
    let acl = "/v1/projects/DEMO/topics/alerts:modifyAcl";
    w.call("tA", Method::POST, acl, r#"{"authorized_users": []}"#).await.ok();
    assert_eq!(w.call("tP", Method::POST, publish, "{}").await.status, 403);
    assert_eq!(w.call("tA", Method::POST, publish, "{}").await.status, 200);
    let list = w.get("tP", "/v1/projects/DEMO/topics").await.ok();
    assert_eq!(list["totalSize"], 0);
}
