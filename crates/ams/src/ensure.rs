//! Get or create, whoever else does the same.

use pentad_core::work::Scope;
use pentad_core::{Call, Result};

use crate::error::ErrorExt;

/// How often a thing may be there when it is created and gone when it is read before that is somebody's answer.
const ROUNDS: u32 = 3;

/// Reads a thing, or creates it where there is none.
pub(crate) async fn ensure<T: Send + 'static>(
    scope: &Scope,
    find: impl Fn() -> Call<Option<T>>,
    create: impl Fn() -> Call<T>,
) -> Result<T> {
    let mut rounds = 0;
    loop {
        if let Some(found) = scope.run(find()).await? {
            return Ok(found);
        }
        rounds += 1;
        match scope.run(create()).await {
            Err(error) if error.is_already_exists() && rounds < ROUNDS => {}
            other => return other,
        }
    }
}
