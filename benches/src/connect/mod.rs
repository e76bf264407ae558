//! Our Connect client beside the bare HTTP stack and the original Python clients, against the canned stub.

mod gets;
mod peer;
mod stored;
mod walk;

use pentad_benches::Result;
use pentad_connect::Client;

use crate::arguments::Arguments;
use crate::stub::Stub;

pub(crate) use self::stored::measure as measure_stored;

/// Measures the walk through a large collection and many single resources at once.
///
/// # Errors
/// When the stub does not start or a call fails.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stub = Stub::start(folder.path()).await?;
    walk::measure(arguments, &stub).await?;
    gets::measure(arguments, &stub).await
}

fn client(stub: &Stub) -> Result<Client> {
    Ok(Client::new("ApiKey SU-1:key".to_owned()).endpoint(endpoint(stub)).build()?)
}

fn endpoint(stub: &Stub) -> String {
    format!("http://{}/public/v1", stub.plain)
}
