//! Single resources, 64 calls at a time.

use bytes::Bytes;
use http::Method;
use pentad_benches::bare::Bare;
use pentad_benches::stats::{at_least, median};
use pentad_benches::{Result, say};

use super::peer::{self, Peer};
use super::{client, endpoint};
use crate::arguments::Arguments;
use crate::client::many;
use crate::stub::Stub;

const FLIGHT: usize = 64;
const CALLS: usize = 60_000;
const THEIR_CALLS: u64 = 2_000;

/// Measures bare, ours, and the async original.
///
/// # Errors
/// When a call fails.
pub(crate) async fn measure(arguments: &Arguments, stub: &Stub) -> Result<()> {
    let (mut of_bare, mut of_theirs, mut last) = (Vec::new(), Vec::new(), (0.0, 0.0, 0.0));
    for _ in 0..arguments.rounds {
        let bare = bare(stub).await?;
        let node = client(stub)?.collection("products").resource("PRD-1");
        let once = move || {
            let node = node.clone();
            async move { Ok(node.get().await.map(drop)?) }
        };
        let ours = many(FLIGHT, CALLS, once).await?.rate;
        of_bare.push(ours / bare);
        let mut theirs = f64::NAN;
        if arguments.python.is_file() {
            theirs = peer::measure(&arguments.python, Peer::AsyncGets, &endpoint(stub), THEIR_CALLS).await?.0;
            of_theirs.push(ours / theirs);
        }
        last = (bare, ours, theirs);
    }
    let of_theirs = median(&of_theirs);
    say(&format!(
        "connect, {FLIGHT} gets at a time: {:.2} of the bare stack, {of_theirs:.0} x the async Python client (at least 100 x: \
         {}; last round: bare {:.0}/s, ours {:.0}/s, Python {:.0}/s)",
        median(&of_bare),
        at_least(of_theirs, 100.0),
        last.0,
        last.1,
        last.2
    ));
    Ok(())
}

async fn bare(stub: &Stub) -> Result<f64> {
    let http = Bare::new(&endpoint(stub), "key");
    let uri = http.uri("/products/PRD-1")?;
    let once = move || {
        let (http, uri) = (http.clone(), uri.clone());
        async move { http.send(Method::GET, uri, Bytes::new()).await.map(drop) }
    };
    Ok(many(FLIGHT, CALLS, once).await?.rate)
}
