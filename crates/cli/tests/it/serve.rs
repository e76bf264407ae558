//! `pentad serve`: announcement, sharing of a data directory, orderly end.

use crate::house::House;

#[test]
fn the_announcement_is_one_line_and_sigterm_is_success() {
    let house = House::new();
    let served = house.serve(&[]);
    let url = served.announcement["endpoints"]["ams_plain"].as_str().unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert_eq!(served.announcement["version"], env!("CARGO_PKG_VERSION"));
    assert!(served.announcement["credentials"]["ams"]["project_admin"].is_string());
    let end = served.stop();
    assert_eq!(end.code, 0, "{}", end.err);
    assert_eq!(end.out, "", "nothing follows the announcement");
    assert!(end.err.contains(&url), "people read endpoints on stderr: {}", end.err);
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_whose_terminal_is_closed_ends_in_order() {
    let house = House::new();
    let end = house.serve(&[]).stop_by(rustix::process::Signal::HUP);
    assert_eq!(end.code, 0, "{}", end.err);
    assert!(end.err.contains("stopping"), "{}", end.err);
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_under_nohup_outlives_its_terminal() {
    let house = House::new();
    let served = house.serve_on();
    served.signal(rustix::process::Signal::HUP);
    let url = served.announcement["endpoints"]["control"].as_str().unwrap().to_owned();
    let addr = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    for _ in 0..3 {
        std::net::TcpStream::connect(&addr).unwrap();
    }
    assert_eq!(served.stop().code, 0);
}

#[test]
fn a_client_reaches_a_served_endpoint_with_its_token() {
    let house = House::new();
    let served = house.serve(&[]);
    let url = served.announcement["endpoints"]["ams_plain"].as_str().unwrap().to_owned();
    let token = served.announcement["credentials"]["ams"]["project_admin"].as_str().unwrap().to_owned();
    let path = house.file("token", &token, 0o600);
    let reach = ["--endpoint", &url, "--project", "demo", "--token-file", path.to_str().unwrap()];
    house.ok(&[&["ams", "topic", "create", "t"][..], &reach].concat());
    let names = house.ok(&[&["ams", "topic", "list", "-o", "value"][..], &reach].concat());
    assert_eq!(names.out, "/projects/demo/topics/t\n");
    let wrong = house.file("wrong", "not-a-token", 0o600);
    let words = [
        "ams",
        "topic",
        "list",
        "--endpoint",
        &url,
        "--project",
        "demo",
        "--token-file",
        wrong.to_str().unwrap(),
    ];
    assert_eq!(house.run(&words).code, 4);
    assert_eq!(served.stop().code, 0);
}

#[test]
fn commands_join_the_server_that_holds_their_data_and_go_on_without_it() {
    let house = House::new();
    let served = house.serve(&["--data", house.data().to_str().unwrap()]);
    house.ok(&["ams", "topic", "create", "shared"]);
    assert_eq!(served.stop().code, 0);
    assert_eq!(house.ok(&["ams", "topic", "list", "-o", "value"]).out, "/projects/demo/topics/shared\n");
}

#[test]
fn a_context_points_at_a_server_over_tls() {
    let house = House::new();
    let served = house.serve(&["--tls", "auto", "--tls-listen", "127.0.0.1:0"]);
    let endpoint = served.announcement["endpoints"]["ams"].as_str().unwrap().to_owned();
    let ca = served.announcement["tls"]["ca_file"].as_str().unwrap().to_owned();
    let token = served.announcement["credentials"]["ams"]["project_admin"].as_str().unwrap().to_owned();
    let words = [
        "context",
        "add",
        "tls",
        "--ams-endpoint",
        &endpoint,
        "--ams-project",
        "demo",
        "--ams-ca-file",
        &ca,
        "--ams-token-stdin",
        "--use",
    ];
    assert_eq!(house.feed(&words, &token).code, 0);
    house.ok(&["ams", "topic", "create", "t"]);
    house.ok(&["doctor"]);
    assert_eq!(served.stop().code, 0);
}
