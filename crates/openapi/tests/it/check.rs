use pentad_openapi::{ErrorKind, Problem, ProblemKind, Way};
use serde_json::{Value, json};

use crate::support::{document, published};

const SHOP: &str = "
openapi: 3.0.3
paths:
  /products:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1}}
        - {name: ids, in: query, schema: {type: array, items: {type: integer}}}
        - {name: csv, in: query, explode: false, schema: {type: array, maxItems: 2, items: {type: integer}}}
        - {name: flag, in: query, schema: {type: boolean}}
        - {name: kind, in: query, required: true, schema: {$ref: '#/components/schemas/Kind'}}
        - name: name
          in: query
          description: |
            By name.

            **lookups:** eq, ne, ilike
            **ordering:** true
            **search:** true
        - {name: X-Trace, in: header, schema: {type: string, format: uuid}}
    post:
      requestBody:
        required: true
        content:
          application/json: {schema: {$ref: '#/components/schemas/Product'}}
          text/*: {}
      responses:
        '201': {content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}
        4XX: {content: {application/json: {schema: {type: object, required: [error_code]}}}}
  /products/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, pattern: '^PRD-[0-9]+$'}}
    get: {}
components:
  schemas:
    Kind: {type: string, enum: [a, b], nullable: true}
    Product:
      type: object
      required: [id, name, secret]
      properties:
        id: {type: string, readOnly: true}
        secret: {type: string, writeOnly: true}
        name: {type: string, minLength: 1}
        note: {type: string, nullable: true, example: 1}
        price: {type: number, minimum: 0, exclusiveMinimum: true}
        count: {type: integer, format: int32}
        at: {type: string, format: date-time}
        kind: {$ref: '#/components/schemas/Kind'}
        parent: {$ref: '#/components/schemas/Product'}
        odd: {type: string, pattern: '(?P<x', minLength: '3'}
      additionalProperties: false
";

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "documents are written where they are given")]
fn body(value: Value) -> Vec<String> {
    let shop = document(SHOP);
    lines(&shop.operation("post", "products").unwrap().check_body("application/json", Some(&value)).unwrap())
}

#[test]
fn a_fitting_body_has_no_problems() {
    let parent = json!({"name": "p", "secret": "s"});
    let good = json!({"name": "n", "secret": "s", "note": null, "price": 0.1, "count": 1, "at": "2024-01-02T03:04:05Z",
        "kind": null, "parent": parent, "odd": "x"});
    assert_eq!(body(good), Vec::<String>::new());
}

#[test]
fn problems_are_told_by_pointer() {
    assert_eq!(body(json!({"name": 1, "secret": "s"})), ["body /name: expected string, found integer"]);
    assert_eq!(body(json!({"secret": "s"})), ["body: `name` is missing"]);
    assert_eq!(body(json!({"name": "", "secret": "s", "parent": {"name": "x", "secret": null}})).len(), 2);
    let deep = json!({"name": "n", "secret": "s", "parent": {"name": "x", "secret": "s", "kind": "c"}});
    assert_eq!(body(deep), [r#"body /parent/kind: expected one of ["a","b",null]"#]);
    assert_eq!(body(json!({"name": "n", "secret": "s", "nme": 1})), ["body: there is no `nme`"]);
}

#[test]
fn the_words_of_3_0_mean_what_they_say() {
    let with = |name: &str, value: Value| body(json!({"name": "n", "secret": "s", name: value}));
    assert_eq!(with("price", json!(0)).len(), 1, "exclusiveMinimum: true");
    assert_eq!(with("count", json!(2_147_483_648_u64)).len(), 1, "int32");
    assert_eq!(with("at", json!("yesterday")), ["body /at: it is no date-time"]);
    assert_eq!(with("name", json!(null)), ["body /name: expected string, found null"]);
}

#[test]
fn answers_need_what_only_the_service_writes() {
    let shop = document(SHOP);
    let post = shop.operation("post", "products").unwrap();
    let problems = post.check_answer(201, "application/json; charset=utf-8", &json!({"name": "n"})).unwrap();
    assert_eq!(lines(&problems), ["body: `id` is missing"]);
    assert_eq!(problems[0].kind(), ProblemKind::Missing);
    let problems = post.check_answer(422, "application/json", &json!({})).unwrap();
    assert_eq!(lines(&problems), ["body: `error_code` is missing"]);
    assert_eq!(
        post.check_answer(500, "application/json", &json!({})).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn content_types_are_matched_by_essence_and_range() {
    let shop = document(SHOP);
    let post = shop.operation("post", "products").unwrap();
    assert!(post.check_body("text/plain", Some(&json!(1))).unwrap().is_empty());
    let error = post.check_body("application/jsn", Some(&json!(1))).unwrap_err();
    assert_eq!(error.nearest(), ["application/json"]);
    assert_eq!(lines(&post.check_body("application/json", None).unwrap()), ["body: it must be given"]);
}

#[test]
fn query_texts_are_read_by_their_schema() {
    let shop = document(SHOP);
    let get = shop.operation("get", "products").unwrap();
    let check = |pairs: &[(&str, &str)]| {
        let mut pairs = pairs.to_vec();
        pairs.push(("kind", "a"));
        lines(&get.check_query(&pairs).unwrap())
    };
    assert_eq!(
        check(&[("limit", "10"), ("ids", "1"), ("ids", "2"), ("csv", "1,2"), ("flag", "true")]),
        Vec::<String>::new()
    );
    assert_eq!(check(&[("limit", "ten")]), ["query `limit`: expected integer, found string"]);
    assert_eq!(check(&[("ids", "1"), ("ids", "x")]), ["query `ids` /1: expected integer, found string"]);
    assert_eq!(check(&[("csv", "1,2,3")]).len(), 1);
    assert_eq!(check(&[("limt", "1")]), ["query `limt`: there is no such parameter; nearest: limit"]);
    assert_eq!(lines(&get.check_query(&[]).unwrap()), ["query `kind`: it must be given"]);
}

#[test]
fn headers_and_path_arguments_are_checked() {
    let shop = document(SHOP);
    let get = shop.operation("get", "products").unwrap();
    assert_eq!(get.check_headers(&[("x-trace", "no"), ("Other", "1")]).unwrap().len(), 1);
    let get = shop.operation("get", "products/x").unwrap();
    assert_eq!(
        lines(&get.check_path("products/x").unwrap()),
        ["path `id`: it does not match `^PRD-[0-9]+$`"]
    );
    assert!(get.check_path("products/PRD%2D1?a").unwrap().is_empty());
}

#[test]
fn descriptions_tell_what_may_be_asked() {
    let shop = document(SHOP);
    let parameters = shop.operation("get", "products").unwrap().parameters().unwrap();
    let name = parameters.iter().find(|parameter| parameter.name() == "name").unwrap();
    assert_eq!(name.lookups().unwrap(), ["eq", "ne", "ilike"]);
    assert!(name.can_order() && name.can_search());
    assert_eq!(parameters[0].lookups(), None);
}

#[test]
fn own_parameters_replace_those_of_the_path() {
    let document = document(
        "openapi: 3.0.0\npaths:\n  /a:\n    parameters: [{name: x, in: query, description: path}, {name: y, in: query}]\n    get: {parameters: [{name: x, in: query, description: own}, {name: x, in: header}]}\n",
    );
    let parameters = document.operation("get", "a").unwrap().parameters().unwrap();
    let told: Vec<_> =
        parameters.iter().map(|parameter| (parameter.name(), parameter.description())).collect();
    assert_eq!(told, [("x", Some("own")), ("y", None), ("x", None)]);
}

#[test]
fn the_words_of_3_1_are_those_of_json_schema() {
    let document = document(
        "openapi: 3.1.0\ncomponents:\n  schemas:\n    A: {type: [string, 'null'], minLength: 2}\n    B: {$ref: '#/components/schemas/A', maxLength: 3}\n    C: {oneOf: [{type: integer, minimum: 5}, {type: string}]}\n    D: {const: 4}\n",
    );
    let check = |name: &str, value: Value| {
        let schema = document.root().pointer(&format!("/components/schemas/{name}")).unwrap();
        lines(&document.check(schema, &value, Way::Request).unwrap())
    };
    assert!(check("B", json!(null)).is_empty() && check("B", json!("abc")).is_empty());
    assert_eq!(check("B", json!("a")).len(), 1);
    assert_eq!(check("B", json!("abcd")).len(), 1);
    let told = check("C", json!(3));
    assert!(told[0].starts_with("body: it fits none of 2 forms; nearest: "), "{told:?}");
    assert_eq!(check("D", json!(5)), ["body: expected 4"]);
}

#[test]
fn every_body_of_the_published_document_can_be_checked() {
    let document = published();
    let mut checked = 0;
    for operation in document.operations() {
        let Some(body) = operation.request_body().unwrap() else { continue };
        let media = body.media().swap_remove(0);
        let problems = operation.check_body(media.kind(), Some(&json!({"name": ""}))).unwrap();
        assert_eq!(problems.len(), 1, "{} {}", operation.method(), operation.path());
        checked += 1;
        if checked == 40 {
            break;
        }
    }
    assert_eq!(checked, 40);
}
