//! What calls would send, in the one line that tables of requests are compared by.

use pentad_core::{Body, Call, Error, Feed, List, Request, Work};

/// The operation's id, and `METHOD path?query body`; or why nothing would be sent.
pub type Shown = Result<(&'static str, String), Error>;

fn line(request: &Request) -> (&'static str, String) {
    let body = match &request.body {
        Body::Bytes(bytes) => format!(" {}", String::from_utf8_lossy(bytes)),
        _ => String::new(),
    };
    (request.op.id, format!("{} {}{body}", request.method, request.path_and_query()))
}

fn again(error: &Error) -> Error {
    Error::new(error.kind(), error.message().to_owned())
}

/// What an awaitable would send first.
#[expect(clippy::needless_pass_by_value, reason = "a table's row makes it and has no other use for it")]
pub fn shown(thing: impl Show) -> Shown {
    thing.shown()
}

/// What can be looked at before it is sent.
pub trait Show {
    /// What would be sent first.
    fn shown(&self) -> Shown;
}

impl<T> Show for Call<T> {
    fn shown(&self) -> Shown {
        self.request().map(line).map_err(again)
    }
}

impl<T> Show for Work<T> {
    fn shown(&self) -> Shown {
        self.request().map(line).map_err(again)
    }
}

impl<T> Show for List<T> {
    fn shown(&self) -> Shown {
        self.request().map(|request| line(&request))
    }
}

impl<T> Show for Feed<T> {
    /// # Panics
    /// If the feed sends nothing that could be shown.
    fn shown(&self) -> Shown {
        let Some(request) = self.request() else { panic!("the feed has no request to show") };
        request.map(line).map_err(again)
    }
}
