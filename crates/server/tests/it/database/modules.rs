//! Modules and where they are.

use http::Method;
use serde_json::{Value, json};

use super::world::{BOB, ROOT, World, fault, small};

impl World {
    async fn module(&self, token: &str, more: Value) -> super::world::Answer {
        let mut body = json!({"name": "m", "module_type": "ping", "contents": "YQ=="});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.call(token, Method::POST, "/modules", json!({"module": body})).await
    }
}

#[tokio::test]
async fn modules_belong_to_a_project_unless_administrators_say_otherwise() {
    let world = World::new().await;
    let own = world.module("shop:member", Value::Null).await.ok()["module"].clone();
    assert_eq!(
        (&own["tenant"], &own["datastore"], &own["apply_order"]),
        (&json!("shop"), &json!("all"), &json!(5))
    );
    assert_eq!(own["md5"], "7733b38137da5e163c45fe67a4472932");
    let got = world.module("shop:member", Value::Null).await.fault();
    let text = "A module with the name 'm' already exists for datastore 'all' and datastore version 'all'";
    assert_eq!(got, fault(400, "badRequest", text));
    let got = world.module("shop:member", json!({"auto_apply": 1})).await.fault();
    assert_eq!(
        got,
        fault(403, "forbidden", "You must be admin to create a module with these options. (Auto: 1)")
    );
    let got = world.module("shop:member", json!({"module_type": "zz"})).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", "Module type 'zz' was not found."));
    let everyone = world.module(ROOT, json!({"name": "e", "all_tenants": 1})).await.ok()["module"].clone();
    assert_eq!((&everyone["tenant"], &everyone["is_admin"]), (&json!("all"), &json!(true)));
    let seen = world.call(BOB, Method::GET, "/modules", Value::Null).await.ok();
    assert_eq!(seen["modules"].as_array().unwrap().len(), 1);
    let id = own["id"].as_str().unwrap();
    let got = world.call(BOB, Method::GET, &format!("/modules/{id}"), Value::Null).await.fault();
    assert_eq!(got, fault(404, "itemNotFound", &format!("Module with ID {id} could not be found.")));
}

#[tokio::test]
async fn a_module_on_an_instance_is_not_changed_under_it() {
    let world = World::new().await;
    let module = world.module("shop:member", Value::Null).await.ok()["module"]["id"].clone();
    let id = module.as_str().unwrap();
    let mut wanted = small("db");
    wanted["modules"] = json!([{"id": id}]);
    let instance = world.post("/instances", json!({"instance": wanted})).await.ok()["instance"]["id"].clone();
    let instance = instance.as_str().unwrap();
    world.advance(1).await;
    let on = world.get(&format!("/instances/{instance}/modules")).await.ok();
    assert_eq!(on["modules"][0]["id"], module);
    let body = json!({"module": {"contents": "Yg=="}});
    assert_eq!(world.put(&format!("/modules/{id}"), body.clone()).await.fault().0, 403);
    assert_eq!(world.delete(&format!("/modules/{id}")).await.fault().0, 403);
    let got = world.get(&format!("/modules/{id}/instances")).await.ok();
    assert_eq!(got["instances"][0]["id"], instance);
    let got = world.get(&format!("/modules/{id}/instances?count_only=true")).await.ok();
    assert_eq!(
        (&got["instances"][0]["instance_count"], &got["instances"][0]["current"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(world.get(&format!("/modules/{id}")).await.ok()["module"]["instance_count"], 1);
    assert_eq!(world.delete(&format!("/instances/{instance}/modules/{id}")).await.status, 200);
    assert_eq!(world.put(&format!("/modules/{id}"), body).await.status, 200);
    let got =
        world.post(&format!("/instances/{instance}/modules"), json!({"modules": [{"id": id}]})).await.ok();
    assert_eq!(got["modules"].as_array().unwrap().len(), 1);
    let got = world.put(&format!("/modules/{id}/instances"), json!({"reapply": {"force": 1}})).await;
    assert_eq!(got.status, 202);
    let got =
        world.get(&format!("/instances/{instance}/modules?from_guest=True&include_contents=True")).await.ok();
    assert_eq!(got["modules"][0]["contents"], "Yg==");
}
