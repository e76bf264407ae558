//! What other nodes of the installation have for the websocket connections of this one (Zaqar reference 12.5).

use bytes::Bytes;

use super::super::Zaqar;
use super::super::context::Call;
use super::super::error::{Failure, no_content};
use super::super::signature::is_same;
use super::super::websocket::push::{SIGNATURE, address};
use crate::http::Reply;

/// Pushes a notification to a connection. Only a node that knows the secret of the installation can ask for it.
pub(crate) async fn notify(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let signature = call.header(SIGNATURE.as_str()).ok_or_else(Failure::no_route)?;
    let address = address(&zaqar.listening, call.param("connection"));
    if !zaqar.sockets.has(&address) {
        return Err(Failure::no_route());
    }
    let document = Bytes::copy_from_slice(call.load().await?);
    let right = zaqar.notification_signature(&address, &document).await?;
    if !is_same(&right, &signature) || !zaqar.sockets.push(&address, document) {
        return Err(Failure::no_route());
    }
    Ok(no_content())
}
