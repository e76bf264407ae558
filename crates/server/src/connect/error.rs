//! Every refusal Connect can give: `{"error_code": …, "errors": […]}` (Connect reference 12 and 14.1).

use http::{HeaderValue, Method, StatusCode, header};
use pentad_rql::{FieldError, ParseError, Problem};
use pentad_store::StoreError;
use serde_json::{Value, json};

use super::storage::cells::TooMany;
use super::storage::filter::TooComplex;
use super::storage::list::Fault;
use crate::http::Reply;

/// A refusal in Connect's own shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure(Box<Refusal>);

#[derive(Debug, Clone, PartialEq)]
struct Refusal {
    status: StatusCode,
    code: String,
    errors: Vec<String>,
    /// What the texts are about, for programs.
    params: Option<Value>,
    allowed: Option<String>,
}

/// The code of everything that is wrong with what was sent.
const VALIDATION: &str = "VAL_001";

impl Failure {
    fn new(status: StatusCode, code: &str, error: impl Into<String>) -> Self {
        let errors = vec![error.into()];
        Self(Box::new(Refusal { status, code: code.to_owned(), errors, params: None, allowed: None }))
    }

    /// The same with what the texts are about.
    fn about(mut self, params: Value) -> Self {
        self.0.params = Some(params);
        self
    }

    /// 401.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AUTH_001", "API request is unauthorized.")
    }

    /// 400: what was sent does not fit.
    pub(crate) fn invalid(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, VALIDATION, error)
    }

    /// 400 with several texts.
    pub(crate) fn all_invalid(errors: Vec<String>) -> Self {
        let mut failure = Self::invalid("");
        failure.0.errors = errors;
        failure
    }

    /// 400: a rule of the business forbids it.
    pub(crate) fn refused(code: &str, error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, error)
    }

    /// 404.
    pub(crate) fn missing() -> Self {
        Self::new(StatusCode::NOT_FOUND, "HTTP_404", "Not found.")
    }

    /// 405.
    pub(crate) fn wrong_method(method: &Method, allowed: &str) -> Self {
        let text = format!("Method \"{method}\" not allowed.");
        let mut failure = Self::new(StatusCode::METHOD_NOT_ALLOWED, "HTTP_405", text);
        failure.0.allowed = Some(allowed.to_owned());
        failure
    }

    /// 413.
    pub(crate) fn too_large(limit: u64) -> Self {
        let text = format!("The body is larger than {limit} bytes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "HTTP_413", text)
    }

    /// 415.
    pub(crate) fn unsupported(what: &str) -> Self {
        let text = format!("Unsupported {what} in request.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "HTTP_415", text)
    }

    /// 500.
    pub(crate) fn internal(text: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "HTTP_500", text)
    }

    /// The same about one element of a list.
    pub(crate) fn within(mut self, place: &str) -> Self {
        for error in &mut self.0.errors {
            *error = format!("{place}{error}");
        }
        self
    }

    /// The texts as one.
    pub(crate) fn message(&self) -> String {
        self.0.errors.join("; ")
    }

    /// The answer that carries this refusal.
    pub(crate) fn reply(&self) -> Reply {
        let Refusal { status, code, errors, params, allowed } = self.0.as_ref();
        let mut body = json!({"error_code": code, "errors": errors});
        if let Some(params) = params {
            body["params"] = params.clone();
        }
        let reply = Reply::json(*status, &body);
        match allowed.as_deref().and_then(|allowed| HeaderValue::from_str(allowed).ok()) {
            Some(allowed) => reply.header(header::ALLOW, allowed),
            None => reply,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the Connect store failed");
        Self::internal("The store failed.")
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        let params = json!({
            "position": error.position(), "expected": error.expected(), "found": error.found().map(String::from),
        });
        Self::invalid("Bad filter query.").about(params)
    }
}

impl From<FieldError> for Failure {
    fn from(error: FieldError) -> Self {
        let about = matches!(error.problem(), Problem::Lookup | Problem::Value);
        let params = json!({"filter": error.filter(), "lookup": error.lookup(), "value": error.value()});
        let failure = Self::invalid(error.to_string());
        if about { failure.about(params) } else { failure }
    }
}

impl From<TooComplex> for Failure {
    fn from(_: TooComplex) -> Self {
        Self::invalid("Bad filter query: it asks for too much at once.")
    }
}

impl From<TooMany> for Failure {
    fn from(_: TooMany) -> Self {
        Self::invalid("The object has too many values.")
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TooComplex => TooComplex.into(),
            Fault::Store(error) => error.into(),
        }
    }
}
