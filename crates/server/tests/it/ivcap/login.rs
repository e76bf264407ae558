use http::Method;
use jiff::SignedDuration;
use pentad_server::Mode;
use serde_json::{Value, json};

use super::world::{World, section};

const DEVICE: &str = "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=pentad&device_code=";

async fn form(world: &World, path: &str, body: &str) -> super::world::Answer {
    let ask = world.ask(Method::POST, path, body.to_owned()).anonymous();
    ask.header("content-type", "application/x-www-form-urlencoded").send().await
}

async fn log_in(world: &World) -> Value {
    let begun = form(world, "/1/auth/device", "client_id=pentad&scope=openid+offline_access&audience=ivcap")
        .await
        .with(200);
    let device = begun["device_code"].as_str().unwrap();
    let pending = form(world, "/1/auth/token", &format!("{DEVICE}{device}")).await.with(403);
    assert_eq!(pending["error"], "authorization_pending");
    let code = begun["user_code"].as_str().unwrap();
    let page =
        world.ask(Method::GET, &format!("/1/auth/activate?user_code={code}"), "").anonymous().send().await;
    assert!(page.text.contains(code));
    assert_eq!(form(world, "/1/auth/activate", &format!("user_code={code}&token=forged")).await.status, 401);
    assert_eq!(
        form(world, "/1/auth/activate", &format!("user_code=X&token={}", world.token)).await.status,
        404
    );
    form(world, "/1/auth/activate", &format!("user_code={code}&token={}", world.token)).await;
    let granted = form(world, "/1/auth/token", &format!("{DEVICE}{device}")).await.with(200);
    let again = form(world, "/1/auth/token", &format!("{DEVICE}{device}")).await.with(400);
    assert_eq!(again["error"], "invalid_grant");
    granted
}

#[tokio::test]
async fn a_device_login_is_allowed_by_who_has_a_token_and_can_be_renewed() {
    let world = World::new().await;
    let granted = log_in(&world).await;
    let token = granted["access_token"].as_str().unwrap();
    world.ask(Method::GET, "/1/aspects", "").by(token).send().await.with(200);
    world.time.advance(SignedDuration::from_hours(25));
    assert_eq!(world.ask(Method::GET, "/1/aspects", "").by(token).send().await.status, 401);
    let renewal =
        format!("grant_type=refresh_token&refresh_token={}", granted["refresh_token"].as_str().unwrap());
    let renewed = form(&world, "/1/auth/token", &renewal).await.with(200);
    world
        .ask(Method::GET, "/1/aspects", "")
        .by(renewed["access_token"].as_str().unwrap())
        .send()
        .await
        .with(200);
    world.time.advance(SignedDuration::from_hours(24 * 40));
    assert_eq!(form(&world, "/1/auth/token", &renewal).await.with(400)["error"], "invalid_grant");
}

#[tokio::test]
async fn claims_of_a_token_name_the_account_and_the_keys_are_public() {
    let world = World::new().await;
    let granted = log_in(&world).await;
    let claims = granted["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let credentials = pentad_server::Service::credentials(&*world.ivcap).await.unwrap();
    let account = format!("urn:ivcap:account:{}", claims["acc"].as_str().unwrap());
    assert_eq!(json!(account), credentials["account_id"]);
    let keys = world.ask(Method::GET, "/1/auth/jwks.json", "").anonymous().send().await.with(200);
    assert_eq!(keys["keys"][0]["alg"], "ES256");
}

#[tokio::test]
async fn logins_without_consent_are_for_tests_that_ask_for_them() {
    let world = World::with(Mode::Relaxed, json!({"auto_approve": true}), section()).await;
    let begun = form(&world, "/1/auth/device", "scope=openid").await.with(200);
    let token = format!("{DEVICE}{}", begun["device_code"].as_str().unwrap());
    let granted = form(&world, "/1/auth/token", &token).await.with(200);
    assert!(granted.get("refresh_token").is_none());
    assert_eq!(
        form(&world, "/1/auth/token", "grant_type=password").await.with(400)["error"],
        "unsupported_grant_type"
    );
}

/// A login that is allowed with a token, and what came of it.
async fn allowed_by(world: &World, token: &str, scope: &str) -> Value {
    let begun = form(world, "/1/auth/device", &format!("scope={scope}")).await.with(200);
    let code = begun["user_code"].as_str().unwrap();
    form(world, "/1/auth/activate", &format!("user_code={code}&token={token}")).await;
    let device = begun["device_code"].as_str().unwrap();
    form(world, "/1/auth/token", &format!("{DEVICE}{device}")).await.with(200)
}

#[tokio::test]
async fn a_login_gets_no_more_than_was_asked_for_and_its_allower_has() {
    let world = World::seeded().await;
    for (token, scope, reads, writes) in [
        (super::world::ANN, "openid", 200, 200),
        (super::world::ANN, "openid+consumer:read", 200, 403),
        (super::world::READER, "consumer:read+consumer:write", 200, 403),
        (super::world::WRITER, "openid", 403, 200),
    ] {
        let granted = allowed_by(&world, token, scope).await;
        let access = granted["access_token"].as_str().unwrap();
        assert_eq!(world.ask(Method::GET, "/1/aspects", "").by(access).send().await.status, reads, "{scope}");
        let added =
            world.ask(Method::POST, "/1/aspects?entity=urn:e:1&schema=urn:s:1", "{}").by(access).send();
        assert_eq!(added.await.status, writes, "{scope}");
    }
}

#[tokio::test]
async fn who_is_no_longer_there_gets_no_new_token_and_the_old_one_ends() {
    let world = World::seeded().await;
    let granted = allowed_by(&world, super::world::READER, "offline_access").await;
    let renewal =
        format!("grant_type=refresh_token&refresh_token={}", granted["refresh_token"].as_str().unwrap());
    form(&world, "/1/auth/token", &renewal).await.with(200);
    let mut without = section();
    without["users"].as_array_mut().unwrap().retain(|user| user["name"] != "reader");
    pentad_server::Service::seed(&*world.ivcap, without).await.unwrap();
    assert_eq!(form(&world, "/1/auth/token", &renewal).await.with(400)["error"], "invalid_grant");
    let access = granted["access_token"].as_str().unwrap();
    assert_eq!(world.ask(Method::GET, "/1/aspects", "").by(access).send().await.status, 401);
}
