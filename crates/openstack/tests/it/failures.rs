//! What a failed answer becomes (OpenStack reference A14, A15).

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode};
use pentad_core::{BoxFuture, Error, Request, Response, Result, Transport};
use pentad_openstack::auth::FixedEndpoint;
use pentad_openstack::{ErrorExt, HttpClass, HttpClient};
use pentad_testkit::{ManualClock, run};

/// An answer of a service to one call.
fn failed(status: u16, kind: &str, body: &str) -> Error {
    #[derive(Debug)]
    struct One(u16, String, String);
    impl Transport for One {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<Response>> {
            let mut response = Response::new(StatusCode::from_u16(self.0).unwrap(), self.2.clone());
            let set = |response: &mut Response, name: &'static str, value: &str| {
                response.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
            };
            set(&mut response, "content-type", &self.1);
            set(&mut response, "x-openstack-request-id", "req-1");
            set(&mut response, "retry-after", "17");
            Box::pin(async move { Ok(response) })
        }
    }
    let transport = Arc::new(One(status, kind.to_owned(), body.to_owned()));
    let http = HttpClient::builder(FixedEndpoint::new(&"t".into(), "http://e").unwrap()).transport(transport);
    let http =
        http.clock(ManualClock::auto().shared()).retry(pentad_core::RetryPolicy::none()).build().unwrap();
    run(http.raw("compute").get("/x")).unwrap_err()
}

#[test]
fn a14_every_status_has_the_class_of_the_original() {
    for (status, name, message) in [
        (300, "MultipleChoices", "Multiple Choices"),
        (400, "BadRequest", "Bad Request"),
        (401, "Unauthorized", "Unauthorized"),
        (402, "PaymentRequired", "Payment Required"),
        (403, "Forbidden", "Forbidden"),
        (404, "NotFound", "Not Found"),
        (405, "MethodNotAllowed", "Method Not Allowed"),
        (406, "NotAcceptable", "Not Acceptable"),
        (407, "ProxyAuthenticationRequired", "Proxy Authentication Required"),
        (408, "RequestTimeout", "Request Timeout"),
        (409, "Conflict", "Conflict"),
        (410, "Gone", "Gone"),
        (411, "LengthRequired", "Length Required"),
        (412, "PreconditionFailed", "Precondition Failed"),
        (413, "RequestEntityTooLarge", "Request Entity Too Large"),
        (414, "RequestUriTooLong", "Request-URI Too Long"),
        (415, "UnsupportedMediaType", "Unsupported Media Type"),
        (416, "RequestedRangeNotSatisfiable", "Requested Range Not Satisfiable"),
        (417, "ExpectationFailed", "Expectation Failed"),
        (418, "HTTPClientError", "HTTP Client Error"),
        (422, "UnprocessableEntity", "Unprocessable Entity"),
        (429, "HTTPClientError", "HTTP Client Error"),
        (500, "InternalServerError", "Internal Server Error"),
        (501, "HttpNotImplemented", "Not Implemented"),
        (502, "BadGateway", "Bad Gateway"),
        (503, "ServiceUnavailable", "Service Unavailable"),
        (504, "GatewayTimeout", "Gateway Timeout"),
        (505, "HttpVersionNotSupported", "HTTP Version Not Supported"),
        (599, "HttpServerError", "HTTP Server Error"),
        (600, "HttpError", "HTTP Error"),
    ] {
        let class = HttpClass::of(StatusCode::from_u16(status).unwrap());
        assert_eq!((class.name, class.message), (name, message), "{status}");
    }
    let parents =
        [404, 503, 418, 600].map(|status| HttpClass::of(StatusCode::from_u16(status).unwrap()).parent);
    assert_eq!(parents, ["HTTPClientError", "HttpServerError", "HttpError", "ClientException"]);
}

#[test]
fn a15_a_failure_carries_what_the_service_said_in_any_shape() {
    let json = "application/json";
    for (status, kind, body, class, message, details) in [
        (400, json, r#"{"error": {"message": "m", "details": "d"}}"#, "BadRequest", "m", Some("d")),
        (499, json, r#"{"error": {"message": "m", "details": "d"}}"#, "HTTPClientError", "m", Some("d")),
        (600, json, r#"{"error": {"message": "m", "details": "d"}}"#, "HttpError", "m", Some("d")),
        (400, json, r#"{"badRequest": {"message": "m", "code": 400}}"#, "BadRequest", "m", None),
        (
            400,
            json,
            r#"{"error_message":{"faultstring":"f","faultcode":"Client","debuginfo":null}}"#,
            "BadRequest",
            "f",
            Some(r#"{"error_message":{"faultstring":"f","faultcode":"Client","debuginfo":null}}"#),
        ),
        (400, json, r#"{"alien": 123}"#, "BadRequest", "Bad Request", None),
        (400, json, "{}", "BadRequest", "Bad Request", None),
        (400, json, "[1]", "BadRequest", "Bad Request", None),
        (400, json, "{", "BadRequest", "Bad Request", None),
        (400, "text/html", "oops", "BadRequest", "Bad Request", Some("oops")),
        (400, "image/png", "oops", "BadRequest", "Bad Request", None),
    ] {
        let error = failed(status, kind, body);
        assert_eq!(error.class().map(|class| class.name), Some(class), "{body}");
        let text = format!("{message} (HTTP {status}) (Request-ID: req-1)");
        assert_eq!(error.original_text(), Some(text), "{body}");
        assert_eq!(error.details().as_deref(), details, "{body}");
        // The original fails at this header for all statuses but one.
        assert_eq!(error.retry_after(), Some(Duration::from_secs(17)), "{body}");
    }
}
