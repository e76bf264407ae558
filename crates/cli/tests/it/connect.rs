//! `pentad connect` on the user's own data.

use serde_json::json;

use crate::house::House;

fn product(house: &House, fields: &[&str]) -> String {
    let mut words = vec!["connect", "create", "products", "-o", "json"];
    words.extend(fields);
    house.ok(&words).json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn resources_are_created_found_changed_and_deleted_by_path() {
    let house = House::new();
    let disks = product(&house, &["name=Disks, fast", "status=draft", "category.id=CAT-1", "size=10"]);
    product(&house, &["name=Tapes", "status=draft", "size=2"]);
    let path = format!("products/{disks}");

    let found = |words: &[&str]| {
        let mut all = vec!["connect", "list", "products", "-o", "json", "--order-by", "-size"];
        all.extend(words);
        let list = house.ok(&all).json();
        list.as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&[]), ["Disks, fast", "Tapes"]);
    assert_eq!(found(&["--filter", "name=Disks, fast"]), ["Disks, fast"]);
    assert_eq!(found(&["-f", "status=draft", "-f", "lt(size,5)"]), ["Tapes"]);
    assert_eq!(found(&["--limit", "1"]), ["Disks, fast"]);
    assert_eq!(
        house.ok(&["connect", "count", "products", "-f", "size__in=2,10", "-o", "json"]).json(),
        json!(2)
    );

    house.ok(&["connect", "update", &path, "status=published"]);
    let values = house.ok(&["connect", "get", &path, "--values", "status,category.id", "-o", "json"]).json();
    assert_eq!(values, json!({"status": "published", "category.id": "CAT-1"}));
    house.ok(&["connect", "create", "devops/services/SRVC-1/environments", "type=test"]);
    assert_eq!(
        house.ok(&["connect", "count", "devops/services/SRVC-1/environments", "-o", "json"]).json(),
        json!(1)
    );

    let refused = house.run(&["connect", "delete", &path]);
    assert_ne!(refused.code, 0);
    house.ok(&["connect", "delete", &path, "--yes"]);
    let gone = house.run(&["connect", "get", &path]);
    assert_ne!(gone.code, 0);
    assert!(gone.err.contains("not found"), "{}", gone.err);
}

#[test]
fn several_are_created_from_one_document() {
    let house = House::new();
    let body = r#"[{"n": 1}, {"n": 2}, {"n": 3}]"#;
    let made = house.feed(&["connect", "create", "numbers", "--body", "-", "-o", "json"], body);
    assert_eq!(made.code, 0, "{}", made.err);
    assert_eq!(made.json().as_array().unwrap().len(), 3);
    assert_eq!(
        house.ok(&["connect", "list", "numbers", "-o", "ndjson", "--page-size", "2"]).lines().len(),
        3
    );
}

#[test]
fn calls_are_shown_in_place_of_being_sent() {
    let house = House::new();
    let shown = house.ok(&["connect", "list", "products", "-f", "name=a b", "--curl"]);
    assert!(
        shown.out.contains("/connect/public/v1/products?eq(name,a%20b)&limit=100&offset=0"),
        "{}",
        shown.out
    );
    // The variable that the other languages read, and that a shell of a user of the API has.
    assert!(shown.out.contains("-H 'authorization: '\"$PENTAD_CONNECT_API_KEY\""), "{}", shown.out);
    let elsewhere = ["connect", "count", "products", "--endpoint", "127.0.0.1:1", "--curl"];
    assert!(house.ok(&elsewhere).out.contains("https://127.0.0.1:1/public/v1/products"));
    let rust = house.ok(&["connect", "list", "products", "-f", "name=a b", "--print", "rust"]);
    assert!(rust.out.contains(r#"("path", "products?eq(name,a%20b)")"#), "{}", rust.out);
    let call =
        ["connect", "call", "connect.collection.list", "path=products", "--param", "limit=1", "--curl"];
    assert!(house.ok(&call).out.contains("/products?limit=1'"), "{}", house.ok(&call).out);
    let logo = house.path().join("my logo.png");
    std::fs::write(&logo, "png").unwrap();
    let upload = format!("file={}", logo.display());
    let create = ["connect", "create", "products/P/media", "title=A b", "--file", &upload];
    let form = house.ok(&[&create[..], &["--curl"]].concat()).out;
    assert!(form.contains(" --form-string 'title=A b' -F 'file=@\""), "{form}");
    assert!(form.contains("my logo.png\";type=image/png'") && !form.contains("boundary"), "{form}");
    let python = house.ok(&[&create[..], &["--print", "python"]].concat()).out;
    assert!(
        python.contains("data=[(\"title\", \"A b\")]") && python.contains("\"my logo.png\", open("),
        "{python}"
    );
    let none = house.run(&["connect", "create", "products/P/media", "--file", "file=no-such-file"]);
    assert!(none.code == 2 && none.err.contains("cannot upload file=no-such-file"), "{}", none.err);
    for zero in ["--page-size", "--concurrency"] {
        assert_eq!(house.run(&["connect", "list", "products", zero, "0"]).code, 2, "{zero}");
    }
    let given = logo.to_str().unwrap();
    let whole = ["connect", "action", "products/P/media/upload", "--upload", given, "--curl"];
    assert!(house.ok(&whole).out.contains(&format!(" --data-binary '@{given}'")), "{}", house.ok(&whole).out);
    let bad = house.run(&["connect", "list", "products", "-f", "or(eq(a,1)"]);
    assert_eq!(bad.code, 2);
    assert!(bad.err.contains("byte"), "{}", bad.err);
}

#[test]
fn help_comes_from_the_document_and_names_the_nearest() {
    let house = House::new();
    let document = house.path().join("shop.yml");
    let text = "openapi: 3.0.3\ninfo: {title: Shop, version: '7'}\npaths:\n  /products:\n    get: {summary: What is sold}\n  /products/{id}:\n    get: {}\n";
    std::fs::write(&document, text).unwrap();
    let specs = document.to_str().unwrap();
    let help = house.ok(&["connect", "help", "products", "--specs", specs]);
    assert!(help.out.contains("What is sold") || help.out.contains(".all()"), "{}", help.out);
    assert!(house.ok(&["connect", "help", "--specs", specs]).out.contains("Shop"));
    assert!(house.ok(&["connect", "help", "prodcts", "--specs", specs]).out.contains("products"));
    let refused = house.run(&["connect", "get", "prodcts/1", "--specs", specs]);
    assert!(refused.err.contains("does not exist") && refused.err.contains("products"), "{}", refused.err);
    assert!(house.run(&["connect", "help"]).err.contains("--specs"));
}

#[test]
fn row_26_a_netrc_file_never_takes_the_place_of_the_key() {
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mock = pentad_connect::mock::Mock::new();
    mock.collection("products").resource("PRD-1").get().reply(json!({"id": "PRD-1"}));
    let server = serving.block_on(mock.serve()).unwrap();
    let house = House::new();
    let netrc = house.file(".netrc", "machine 127.0.0.1 login someone password else\n", 0o600);
    let home = house.path().display().to_string();
    let house = house.env("NETRC", &netrc.display().to_string()).env("HOME", &home);
    let house = house.env("PENTAD_CONNECT_API_KEY", "ApiKey SU-1:mine");
    house.ok(&["connect", "get", "products/PRD-1", "--endpoint", &server.endpoint()]);
    assert_eq!(mock.requests()[0].headers["authorization"], "ApiKey SU-1:mine");
}

#[test]
fn a_document_at_a_url_is_fetched_and_held_against_calls() {
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mock = pentad_connect::mock::Mock::new();
    let document =
        "openapi: 3.0.3\ninfo: {title: Shop, version: '1'}\npaths:\n  /products:\n    get: {summary: Sold}\n";
    mock.execute(http::Method::GET, "shop.yml").reply_bytes("text/yaml", document).times(2);
    let server = serving.block_on(mock.serve()).unwrap();
    let house = House::new();
    let url = format!("{}/shop.yml", server.endpoint());
    let help = house.ok(&["connect", "help", "products", "--specs", &url]);
    assert!(help.out.contains("Sold"), "{}", help.out);
    let refused = house.run(&["connect", "list", "product", "--specs", &url]);
    assert!(refused.code != 0 && refused.err.contains("products"), "{}", refused.err);
    mock.verify().unwrap();
}

#[test]
fn tables_leave_out_events_and_files_are_uploaded_with_fields() {
    let house = House::new();
    let logo = house.file("logo.png", "PNG", 0o600);
    let part = format!("image={}", logo.display());
    let made = house.ok(&["connect", "create", "media", "title=Logo", "--file", &part, "-o", "json"]).json();
    assert_eq!((&made["title"], &made["image"]["type"]), (&json!("Logo"), &json!("image/png")));
    assert!(made["events"].is_object());
    let table = house.ok(&["connect", "list", "media", "-o", "table"]).out;
    assert!(table.contains("Logo") && !table.to_lowercase().contains("events"), "{table}");
}

#[test]
fn fields_are_added_to_each_of_a_list_and_never_in_its_place() {
    let house = House::new();
    let words = ["connect", "create", "parts", "kind=box", "--body", "-", "-o", "json"];
    let made = house.feed(&words, r#"[{"id": "B1"}, {"id": "B2"}]"#);
    assert_eq!(made.code, 0, "{}", made.err);
    let found = house.ok(&["connect", "list", "parts", "-f", "kind=box", "-o", "json"]).json();
    assert_eq!(found.as_array().unwrap().len(), 2);
    let refused = house.feed(&words, "[1]");
    assert_eq!((refused.code, refused.err.contains("kind")), (2, true), "{}", refused.err);
}

#[test]
fn a_collection_is_never_deleted_by_its_path_but_several_are_by_id() {
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mock = pentad_connect::mock::Mock::new();
    mock.collection("parts").store(["A", "B", "C"].map(|id| json!({ "id": id })));
    let server = serving.block_on(mock.serve()).unwrap();
    let house = House::new().env("PENTAD_CONNECT_API_KEY", "ApiKey SU-1:mine");
    let endpoint = server.endpoint();
    let delete = |words: &[&str]| {
        house.run(&[&["connect", "delete"], words, &["--yes", "--endpoint", &endpoint]].concat())
    };
    let refused = delete(&["parts"]);
    assert!(refused.code == 2 && refused.err.contains("it is a collection"), "{}", refused.err);
    assert!(mock.requests().iter().all(|request| request.method == "GET"));
    assert_eq!(delete(&["parts", "A", "B"]).code, 0);
    assert_eq!(mock.requests().last().unwrap().body, r#"[{"id":"A"},{"id":"B"}]"#);
    assert_eq!(delete(&["parts/C"]).code, 0);
    let gone = delete(&["parts/C"]);
    assert_eq!(gone.code, 3, "{}", gone.err);
    let shown = house.ok(&["connect", "delete", "parts", "A", "--curl", "--endpoint", &endpoint]);
    assert!(shown.out.contains("DELETE") && shown.out.contains(r#"[{"id":"A"}]"#), "{}", shown.out);
}

#[test]
fn an_answer_of_any_kind_is_saved_whole_or_not_at_all() {
    let serving = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mock = pentad_connect::mock::Mock::new();
    let sheet = vec![0xff_u8; 200_000];
    mock.at("parts/export").as_action().get().reply_bytes("application/vnd.ms-excel", sheet.clone()).times(1);
    mock.at("parts/export").as_action().post().reply_bytes("text/csv", "a,b");
    let server = serving.block_on(mock.serve()).unwrap();
    let house = House::new().env("PENTAD_CONNECT_API_KEY", "ApiKey SU-1:mine");
    let endpoint = server.endpoint();
    let save = |method: &str| {
        let words = ["connect", "action", "parts/export", "--method", method, "--save", "out.bin"];
        house.run(&[&words[..], &["--endpoint", &endpoint]].concat())
    };
    assert!(save("get").err.contains("wrote 200000 bytes"));
    assert_eq!(std::fs::read(house.path().join("out.bin")).unwrap(), sheet);
    assert_eq!(save("post").code, 0);
    assert_ne!(save("get").code, 0);
    assert_eq!(std::fs::read(house.path().join("out.bin")).unwrap(), b"a,b");
    assert!(!house.path().join("out.bin.part").exists());
}

#[test]
fn values_keep_all_their_digits_and_their_ampersands() {
    let house = House::new();
    let id = product(&house, &["name=AT&T (old)", "serial=12345678901234567890123", "size=10"]);
    let found = house.ok(&["connect", "list", "products", "-f", "name=AT&T (old)", "-o", "json"]).json();
    assert_eq!(
        (found[0]["id"].as_str(), &found[0]["serial"], &found[0]["size"]),
        (Some(id.as_str()), &json!("12345678901234567890123"), &json!(10))
    );
}
