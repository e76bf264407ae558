//! A path of the client is refused or becomes a URL whose segments are those that were given; a raw one stays below the
//! endpoint.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pentad_connect::Client;

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let endpoint = "http://127.0.0.1:1/public/v1".to_owned();
    Client::new("ApiKey SU-000-000-000:key".to_owned()).endpoint(endpoint).build().expect("a client")
});

fuzz_target!(|text: &str| {
    if let Ok(request) = CLIENT.at(text).get().request() {
        let uri = request.uri().expect("what is not refused has a URL");
        let below = uri.path().strip_prefix("/public/v1/").expect("below the endpoint");
        let segments: Vec<String> = below
            .split('/')
            .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8().expect("text").into_owned())
            .collect();
        assert_eq!(segments.join("/"), text.trim_matches('/'));
        assert!(uri.query().is_none());
    }
    if let Ok(request) = CLIENT.get(text).request()
        && let Ok(uri) = request.uri()
    {
        assert_eq!(uri.authority().map(|host| host.as_str()), Some("127.0.0.1:1"));
        assert!(uri.path().starts_with("/public/v1"));
    }
});
