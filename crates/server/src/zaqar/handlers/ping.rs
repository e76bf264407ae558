//! Whether the service is there (Zaqar reference 11.4).

use super::super::Zaqar;
use super::super::context::Call;
use super::super::error::{Failure, no_content};
use crate::http::Reply;

/// 204 while the store answers.
pub(crate) async fn get(zaqar: &Zaqar, _call: &mut Call) -> Result<Reply, Failure> {
    zaqar.read(|tx| Ok(tx.query_opt("SELECT value FROM counters LIMIT 1", &[], |row| row.int(0))?)).await?;
    Ok(no_content())
}
