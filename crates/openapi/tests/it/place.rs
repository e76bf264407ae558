use pentad_openapi::{Document, ErrorKind, Named, Role};

use crate::support::{document, paths, published};

fn names(found: &[Named<'_>]) -> Vec<String> {
    found.iter().map(|named| named.name.to_owned()).collect()
}

#[test]
fn the_published_namespaces_and_collections_are_found() {
    let document = published();
    assert_eq!(document.namespaces().len(), 21);
    assert_eq!(document.collections().len(), 30);
    let subscriptions = document.place("subscriptions").unwrap();
    assert_eq!(names(&subscriptions.collections()), ["assets", "requests"]);
    assert_eq!(document.place("devops").unwrap().role(), Role::Namespace);
    assert_eq!(names(&document.place("devops").unwrap().collections()), ["items", "services", "templates"]);
}

#[test]
fn every_place_of_the_published_document_has_help() {
    let document = published();
    for item in document.paths() {
        let place = document.place(item.path()).unwrap();
        assert!(place.help().contains("**path: /"), "{}", item.path());
        place.search_help();
    }
    assert!(document.top().help().starts_with("# Welcome to Cloud Automation API 37.0"));
}

#[test]
fn roles_follow_the_paths() {
    let document = paths(&[
        ("/products", "get post"),
        ("/products/{id}", "get"),
        ("/products/{id}/items", "get"),
        ("/products/{id}/items/{item_id}", "get"),
        ("/products/{id}/activate", "post"),
        ("/dev/ops/services", "get"),
        ("/dev/ops/services/{id}", "get"),
        ("/dev/ops/services/export", "post"),
    ]);
    let role = |path: &str| document.place(path).unwrap().role();
    assert_eq!(role(""), Role::Top);
    assert_eq!(role("products"), Role::Collection);
    assert_eq!(role("products/PRD-1"), Role::Resource);
    assert_eq!(role("products/PRD-1/items"), Role::Collection);
    assert_eq!(role("products/PRD-1/items/I"), Role::Resource);
    assert_eq!(role("products/PRD-1/activate"), Role::Action);
    assert_eq!(role("dev"), Role::Namespace);
    assert_eq!(role("dev/ops"), Role::Namespace);
    assert_eq!(role("dev/ops/services"), Role::Collection);
    assert_eq!(role("dev/ops/services/export"), Role::Action);
    assert_eq!(names(&document.place("dev").unwrap().namespaces()), ["ops"]);
    let product = document.place("products/PRD-1").unwrap();
    assert_eq!(names(&product.collections()), ["items"]);
    assert_eq!(product.actions(), [Named { name: "activate", summary: Some("post it") }]);
    assert_eq!(document.place("products").unwrap().argument(), Some("id"));
    assert_eq!(product.template(), "products/{id}");
}

#[test]
fn a_namespace_is_not_confused_with_a_longer_name() {
    let document = paths(&[("/dev/tools", "get"), ("/devops/services", "get")]);
    assert_eq!(names(&document.place("dev").unwrap().collections()), ["tools"]);
}

#[test]
fn operation_ids_tell_collections_from_actions_where_they_can() {
    let document = document(
        "openapi: 3.0.0\npaths:\n  /p/{id}/items: {get: {operationId: p_items_list_get}}\n  /p/{id}/export: {get: {operationId: p_export_run_get}}\n  /p/{id}/export/{x}: {get: {operationId: p_export_part_get}}\n  /p/{id}/plain: {get: {operationId: plain}}\n",
    );
    let place = document.place("p/1").unwrap();
    assert_eq!(names(&place.collections()), ["items"]);
    assert_eq!(names(&place.actions()), ["export", "plain"]);
}

#[test]
fn a_literal_segment_wins_over_a_template() {
    let document =
        paths(&[("/a/{id}", "get delete"), ("/a/export", "post"), ("/a/{id}/b", "get"), ("/a/x/c", "get")]);
    assert_eq!(document.operation("POST", "a/export").unwrap().path(), "a/export");
    assert_eq!(document.operation("delete", "a/export").unwrap().path(), "a/{id}");
    assert_eq!(document.operation("get", "a/x/b").unwrap().path(), "a/{id}/b");
    assert_eq!(
        document.items("a/export").map(|item| item.path()).collect::<Vec<_>>(),
        ["a/export", "a/{id}"]
    );
}

#[test]
fn existence_is_that_of_the_reference() {
    let document = paths(&[("/products", "get"), ("/products/{id}", "get put")]);
    assert!(document.exists("GET", "products?eq(a,1)"));
    assert!(document.exists("get", "products/"), "an empty id fits a template");
    assert!(!document.exists("get", "/products"));
    assert!(!document.exists("summary", "products"));
    assert!(!document.exists("post", "products"));
    assert!(!document.exists("get", "products/1/2"));
}

#[test]
fn what_does_not_exist_is_told_with_what_does() {
    let document =
        paths(&[("/products", "get"), ("/products/{id}/items", "get"), ("/devops/services", "get")]);
    let error = |method: &str, path: &str| document.require(method, path).unwrap_err();
    let wrong = error("get", "prodcts?x");
    assert_eq!(wrong.kind(), ErrorKind::NotFound);
    assert_eq!(wrong.message(), "The path `prodcts` does not exist.");
    assert_eq!(wrong.nearest(), ["products"]);
    assert_eq!(error("get", "products/PRD-1/item").nearest(), ["products/PRD-1/items"]);
    assert_eq!(error("get", "/products").nearest(), ["products"]);
    assert_eq!(error("post", "products").to_string(), "`products` has no POST (it has GET)");
    assert_eq!(error("get", "devops/servces").nearest(), ["devops/services"]);
    assert_eq!(document.place("devop").unwrap_err().nearest(), ["devops"]);
}

#[test]
fn help_names_what_can_be_called() {
    let document = document(
        "openapi: 3.0.0\ninfo: {title: T, version: 1}\npaths:\n  /tier/configs:\n    summary: All configs\n    get:\n      parameters:\n        - {$ref: '#/components/parameters/limit'}\n        - name: status\n          in: query\n          description: |\n            The status.\n\n            **lookups:** eq, in\n    post: {}\n  /tier/configs/{id}: {get: {}}\n  /tier/configs/{id}/validate: {post: {summary: Checks it}}\ncomponents: {parameters: {limit: {name: limit, in: query}}}\n",
    );
    let help = |path: &str| document.place(path).unwrap().help();
    assert_eq!(
        help("tier"),
        "# Tier namespace\n\n**path: /tier**\n\n## Available collections\n\n* configs\n\n"
    );
    let configs = help("tier/configs");
    assert!(configs.contains("# Configs collection"), "{configs}");
    assert!(configs.contains("### Summary\n\nAll configs"), "{configs}");
    assert!(configs.contains("* GET: .all(), .filter(), .first()\n* POST: .create()"), "{configs}");
    let config = help("tier/configs/TC-1");
    assert!(config.contains("# Config resource"), "{config}");
    assert!(config.contains("* validate - Checks it"), "{config}");
    assert!(help("tier/configs/TC-1/validate").contains("* POST: .post()"));
    let search = document.place("tier/configs").unwrap().search_help();
    assert!(search.contains("Support pagination: *True*"), "{search}");
    assert!(search.contains("*status*\n   The status.\n   **lookups:** eq, in\n"), "{search}");
}

#[test]
fn a_collection_without_singular_keeps_its_name() {
    let document = paths(&[("/media", "get"), ("/media/{id}", "get")]);
    assert!(document.place("media/1").unwrap().help().starts_with("# Media resource"));
}

#[test]
fn the_real_documents_are_walked() {
    // A small copy of the shapes that generated services have: ids with `#`, numbers as first segments.
    let document = document(
        r##"{"openapi":"3.0.3","paths":{"/1/artifacts":{"get":{"operationId":"artifact#list"}},"/1/artifacts/{id}":{"get":{"operationId":"artifact#read"}},"/1/artifacts/{id}/blob":{"get":{}}}}"##,
    );
    let place = |path: &str| -> Result<Role, pentad_openapi::Error> { Ok(document.place(path)?.role()) };
    assert_eq!(place("1").unwrap(), Role::Namespace);
    assert_eq!(place("1/artifacts").unwrap(), Role::Collection);
    assert_eq!(place("1/artifacts/x/blob").unwrap(), Role::Action);
    assert!(Document::parse(b"{\"openapi\":\"3.0.3\"}").unwrap().namespaces().is_empty());
}
