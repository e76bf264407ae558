//! An installation from an OpenAPI document.

use http::Method;
use pentad_server::Mode;
use serde_json::{Value, json};

use super::world::World;

const SPEC: &str = "
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /products:
    get:
      parameters:
        - {name: name, in: query, schema: {type: string}, description: '**search:** true'}
      responses:
        '200':
          description: all
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Product'}}
    post:
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}
      responses: {'201': {description: made}}
  /products/{product_id}:
    get: {responses: {'200': {description: one}}}
    put: {responses: {'200': {description: one}}}
  /products/{product_id}/publish:
    post:
      requestBody:
        content: {application/json: {schema: {type: object, required: [note], properties: {note: {type: string}}}}}
      responses: {'200': {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}}
  /products/{product_id}/sheet:
    get:
      parameters: [{name: rows, in: query, required: true, schema: {type: integer}}]
      responses: {'200': {description: a sheet, content: {application/vnd.ms-excel: {}}}}
  /products/{product_id}/items:
    get: {responses: {'200': {description: all}}}
    post: {responses: {'201': {description: made}}}
  /products/{product_id}/items/{item_id}:
    get: {responses: {'200': {description: one}}}
  /sales/orders:
    get: {responses: {'200': {description: all}}}
components:
  schemas:
    State: {type: string, enum: [draft, ready]}
    Product:
      type: object
      required: [name]
      properties:
        id: {type: string, readOnly: true}
        name: {type: string}
        price: {type: integer}
        weight: {type: [number, 'null'], multipleOf: 0.25}
        state: {allOf: [{$ref: '#/components/schemas/State'}]}
        maker: {allOf: [{type: object, properties: {since: {type: string, format: date}}}]}
        created: {type: string, format: date-time}
        owner: {type: object, properties: {id: {type: string}}}
";

async fn shop() -> World {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("spec.yml");
    std::fs::write(&file, SPEC).unwrap();
    World::with(Mode::Relaxed, json!({"spec": file}), Value::Null).await
}

#[tokio::test]
async fn what_the_document_does_not_know_does_not_exist() {
    let w = shop().await;
    assert_eq!(w.get("products").await.with(200), json!([]));
    assert_eq!(w.get("sales/orders").await.with(200), json!([]));
    for path in ["others", "sales", "sales/others", "products/P/others"] {
        assert_eq!(w.post(path, json!({"a": 1})).await.status, 404, "{path}");
        assert_eq!(w.get(path).await.status, 404, "{path}");
    }
    assert_eq!(w.post("products/P/items", json!({"a": 1})).await.status, 404, "no such product");
}

#[tokio::test]
async fn bodies_are_held_to_their_schemas() {
    let w = shop().await;
    let wrong = w.post("products", json!({"price": "x"})).await;
    let (status, code, mut texts) = wrong.error();
    texts.sort();
    assert_eq!((status, code.as_str()), (400, "VAL_001"));
    assert_eq!(texts, ["`name` is missing", "price: expected integer, found string"]);
    assert_eq!(w.call(Method::POST, "products", "").await.status, 400, "a body is required");
    assert_eq!(w.post("products", json!({"name": "a"})).await.status, 201);
}

#[tokio::test]
async fn actions_of_the_document_answer_in_its_form() {
    let w = shop().await;
    let id = w.post("products", json!({"name": "a"})).await.with(201)["id"].as_str().unwrap().to_owned();
    let path = format!("products/{id}");
    assert_eq!(w.post(&format!("{path}/publish"), json!({})).await.error().2, ["`note` is missing"]);
    assert_eq!(w.post(&format!("{path}/publish"), json!({"note": "x"})).await.with(200)["name"], "a");
    assert_eq!(w.get(&format!("{path}/publish")).await.status, 405);
    let refused = w.get(&format!("{path}/sheet")).await.error();
    assert_eq!((refused.0, refused.2.len()), (400, 1), "a parameter is missing: {refused:?}");
    assert_eq!(w.get(&format!("{path}/sheet?rows=many")).await.status, 400);
    let sheet = w.get(&format!("{path}/sheet?rows=7&unknown=x")).await;
    assert_eq!((sheet.status, sheet.kind.as_deref()), (200, Some("application/vnd.ms-excel")));
    assert_eq!(w.post(&format!("{path}/items"), json!({"a": 1})).await.status, 201);
}

#[tokio::test]
async fn fields_have_the_types_of_the_document() {
    let w = shop().await;
    for (name, at) in [("a", "2024-01-02T00:00:00Z"), ("b", "2024-01-02T00:30:00+01:00")] {
        w.post("products", json!({"id": name, "name": name, "price": 1, "created": at})).await.with(201);
    }
    assert_eq!(w.get("products?ordering(created)").await.ids(), ["b", "a"]);
    assert_eq!(w.get("products?eq(created,2024-01-02)").await.ids(), ["a"]);
    assert_eq!(w.get("products?gt(name,a)").await.status, 400);
    assert_eq!(w.get("products?price=x").await.status, 400);
    assert_eq!(w.get("products?owner.id=x").await.ids(), Vec::<String>::new());
}

#[tokio::test]
async fn types_are_found_in_lists_of_types_and_in_schemas_put_together() {
    let w = shop().await;
    w.post(
        "products",
        json!({"name": "a", "weight": 1.5, "state": "draft", "maker": {"since": "2024-01-02"}}),
    )
    .await
    .with(201);
    for right in
        ["eq(weight,1.509)", "eq(weight,null())&eq(name,b)", "state=draft", "gt(maker.since,2024-01-01)"]
    {
        assert_eq!(w.get(&format!("products?{right}")).await.status, 200, "{right}");
    }
    assert_eq!(w.get("products?eq(weight,1.509)&limit=0").await.range.as_deref(), Some("items 0-0/1"));
    for wrong in ["eq(weight,abc)", "like(weight,*1*)", "state=lost", "eq(maker.since,soon)"] {
        assert_eq!(w.get(&format!("products?{wrong}")).await.error().0, 400, "{wrong}");
    }
}
