//! The OpenAPI document: help at every level, checks before sending.

use pentad_connect::openapi::{Document, Role};
use pentad_connect::{Client, Configure, Specs, Validate, field};
use pentad_core::ErrorKind;
use pentad_testkit::{ScriptedTransport, run};
use serde_json::json;

use crate::support::builder;

const SHOP: &str = r"
openapi: 3.0.3
info: {title: Shop, version: '7', description: All about the shop.}
paths:
  /devops/services:
    get: {summary: Services}
  /devops/services/{service_id}:
    get: {summary: One service}
  /devops/services/{service_id}/environments:
    get: {summary: Environments}
  /devops/services/{service_id}/environments/{id}:
    get: {summary: One environment}
  /products:
    summary: What is sold
    get:
      parameters:
        - {name: status, in: query, description: '**lookups:** eq, in', schema: {type: string}}
        - {name: owner.name, in: query, description: '**lookups:** eq, like', schema: {type: string}}
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties: {name: {type: string}, price: {type: number}}
  /products/{product_id}:
    get: {summary: One product}
    put: {summary: Change it}
  /products/{product_id}/endsale:
    post: {summary: End its sale}
";

fn client(script: &ScriptedTransport, validate: Validate) -> Client {
    let document = Document::parse(SHOP.as_bytes()).unwrap();
    builder(script).specs(document).validate(validate).build().unwrap()
}

#[test]
fn help_tells_what_there_is_at_every_level() {
    let client = client(&ScriptedTransport::new(), Validate::Paths);
    let service = client.ns("devops").collection("services").resource("SRVC-1");
    for (help, parts) in [
        (client.help(), ["Shop 7", "* devops", "* products"]),
        (client.ns("devops").help(), ["namespace", "/devops", "services"]),
        (client.collection("products").help(), ["collection", "What is sold", ".create()"]),
        (client.collection("products").resource("PRD-1").help(), ["resource", "/products/PRD-1", "endsale"]),
        (service.help(), ["resource", "/devops/services/SRVC-1", "environments"]),
        (
            client.collection("products").resource("P").action("endsale").help(),
            ["action", "endsale", ".post()"],
        ),
        (client.collection("products").all().help(), ["Search", "*status*", "*owner.name*"]),
        (client.at("devops/services").help(), ["collection", "/devops/services", ".all()"]),
    ] {
        for part in parts {
            assert!(help.contains(part), "{part} in:\n{help}");
        }
    }
    assert_eq!(client.at("products/PRD-1").role(), Some(Role::Resource));
}

#[test]
fn help_about_what_does_not_exist_names_the_nearest() {
    let client = client(&ScriptedTransport::new(), Validate::Paths);
    let help = client.collection("prodcts").help();
    assert!(help.contains("~~prodcts~~ **does not exist.**") && help.contains("products"), "{help}");
    let bare = builder(&ScriptedTransport::new()).build().unwrap();
    assert_eq!(bare.help(), "**No OpenAPI specs available.**\n");
    assert_eq!(bare.collection("x").help(), bare.help());
}

#[test]
fn paths_that_do_not_exist_are_refused_with_the_nearest_and_nothing_is_sent() {
    let script = ScriptedTransport::new().answer(200, "{}");
    let client = client(&script, Validate::Paths);
    let error = run(client.collection("prodcts").resource("P").get()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("The path `prodcts/P` does not exist."), "{error}");
    assert!(error.hint().unwrap().contains("products"), "{error}");
    let error = run(client.collection("products").resource("P").delete()).unwrap_err();
    assert!(error.hint().unwrap().contains("GET, PUT"), "{error}");
    assert!(run(client.get("prodcts")).is_err());
    assert!(script.requests().is_empty());
    run(client.collection("products").resource("a/b").get()).unwrap();
}

#[test]
fn bodies_and_filters_are_checked_when_everything_is() {
    let script = ScriptedTransport::new().answer(201, "{}").answer(200, "[]");
    let strict = client(&script, Validate::Everything);
    let products = strict.collection("products");
    let error = run(products.create(json!({"price": "dear"}))).unwrap_err();
    assert!(error.message().contains("`name` is missing") && error.message().contains("/price"), "{error}");
    run(products.create(json!({"name": "a"}))).unwrap();
    let error = run(products.filter(field("status").like("x*")).first()).unwrap_err();
    assert!(error.message().contains("`status` knows no `like`"), "{error}");
    let error = run(products.filter(field("stat").eq("x")).first()).unwrap_err();
    assert!(
        error.message().contains("no field `stat`") && error.hint().unwrap().contains("status"),
        "{error}"
    );
    run(products.filter(!field("owner.name").like("x*")).first()).unwrap();

    let script = ScriptedTransport::new().answer(201, "{}");
    run(client(&script, Validate::Paths).collection("products").create(json!({"price": "dear"}))).unwrap();
}

const ORDERS: &str = r#"
openapi: 3.0.3
info: {title: Orders, version: '1'}
components:
  parameters:
    limit: {name: limit, in: query, schema: {type: integer, minimum: 0, maximum: 1000}}
  schemas:
    Base: {type: object, properties: {id: {type: string}, events: {type: object}}}
    Order:
      allOf:
        - {$ref: '#/components/schemas/Base'}
        - {type: object, properties: {status: {type: string}, owner: {type: object}}}
paths:
  /orders:
    get:
      parameters:
        - {$ref: '#/components/parameters/limit'}
        - {name: status, in: query, description: '**lookups:** eq, in', schema: {type: string, enum: [draft, done]}}
        - {name: created, in: query, description: "**lookups:** ge\n\n**ordering:** true", schema: {type: string}}
        - {name: owner.id, in: query, description: '**lookups:** eq', schema: {type: string}}
      responses:
        '200': {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, pattern: '^ORD-[0-9]+$'}}]
    get: {summary: One order}
"#;

#[test]
fn everything_is_parameters_arguments_orderings_and_selections_too() {
    let document = Document::parse(ORDERS.as_bytes()).unwrap();
    let script = (0..12).fold(ScriptedTransport::new(), |script, _| script.answer(200, "[]"));
    let client = builder(&script).specs(document).validate(Validate::Everything).build().unwrap();
    let orders = client.collection("orders");
    for (set, message, hint) in [
        (orders.filter("eq(staus,draft)"), "no field `staus`", "status"),
        (orders.all().order_by(["creatd"]), "no field `creatd`", "created"),
        (orders.all().order_by(["-status"]), "cannot be ordered by `status`", "created"),
        (orders.all().select(["evnts"]), "no field `evnts`", "events"),
        (orders.filter("eq(owner,t(name=x))"), "no field `owner.name`", ""),
        (orders.filter("not(or(eq(status,draft),like(status,x*)))"), "`status` knows no `like`", ""),
        (orders.all().configure(Configure::new().param("staus", "draft")), "query `staus`", ""),
        (orders.all().configure(Configure::new().param("status", "other")), "query `status`", ""),
        (orders.all().limit(5_000), "query `limit`", ""),
    ] {
        let error = run(set.collect()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.message().contains(message), "{message}: {error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{hint}: {error:?}");
    }
    for call in [
        client.get("orders?eq(status,draft)&nope=1"),
        client.get("orders?like(status,x)"),
        client.get("orders/PRD-1"),
    ] {
        assert_eq!(run(call).unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert!(script.requests().is_empty());

    let good = orders.filter("eq(owner,t(id=x))").filter("in(status,(draft,done))").order_by(["-created"]);
    run(good
        .select(["-events", "owner.id"])
        .search("any")
        .configure(Configure::new().param("status", "draft"))
        .collect())
    .unwrap();
    run(client.get("orders?status=draft&search=x+y&limit=3")).unwrap();
    run(client.get("orders/ORD-1")).unwrap();
    assert_eq!(script.requests().len(), 3);
}

#[test]
fn a_document_comes_from_a_file_or_is_fetched_without_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.yml");
    std::fs::write(&path, SHOP).unwrap();
    let script = ScriptedTransport::new();
    let specs = Specs::file(&path).cache(directory.path().join("cache"));
    for _ in 0..2 {
        let client = builder(&script).specs(specs.clone()).build().unwrap();
        assert_eq!(client.document().unwrap().title().as_deref(), Some("Shop"));
    }
    assert_eq!(std::fs::read_dir(directory.path().join("cache")).unwrap().count(), 1);

    let script = ScriptedTransport::new().answer(200, SHOP);
    let url = "https://specs.test/v1/openapi.yml?x=1";
    assert_eq!(builder(&script).specs(url).build().unwrap_err().kind(), ErrorKind::Config);
    let client = run(builder(&script).specs(url).open()).unwrap();
    assert!(client.document().is_some());
    let request = &script.requests()[0];
    assert_eq!(request.uri.to_string(), url);
    assert_eq!(request.header("authorization"), "");
    assert!(builder(&script).specs(Specs::file("/nowhere")).build().is_err());
}

#[tokio::test]
async fn a_document_is_read_aside_while_others_go_on() {
    let script = ScriptedTransport::new().answer(200, sample_text()).answer(200, SHOP);
    let opening = builder(&script).specs("https://specs.test/v1/spec/").open();
    let parsing = tokio::spawn(opening);
    // One thread runs both: without room aside nothing else would move until the document is read.
    let mut turns = 0_u32;
    while !parsing.is_finished() {
        tokio::task::yield_now().await;
        turns += 1;
    }
    let client = parsing.await.unwrap().unwrap();
    assert!(client.document().unwrap().paths().count() > 100);
    assert!(turns > 100, "{turns}");
    assert_eq!(script.requests()[0].uri.path(), "/v1/spec/");
    assert_eq!(
        client.load("https://specs.test/x").await.unwrap().document().unwrap().title().as_deref(),
        Some("Shop")
    );
}

/// A document of many paths.
fn sample_text() -> String {
    let mut text = String::from("openapi: 3.0.3\ninfo: {title: Large, version: '1'}\npaths:\n");
    for n in 0..3_000 {
        text.push_str(&format!("  /things{n}:\n    get:\n      summary: Things of kind {n}\n"));
        text.push_str(&format!("  /things{n}/{{id}}:\n    get: {{summary: One of them}}\n"));
    }
    text
}
