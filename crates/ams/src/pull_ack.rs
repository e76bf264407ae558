//! Pull and acknowledge as one step that loses nothing.

use std::time::Duration;

use pentad_core::work::Scope;
use pentad_core::{Error, Result, Sent};

use crate::error::ErrorExt;
use crate::message::{Message, Received};
use crate::pull::Pull;
use crate::subscription::Subscription;

/// How often an acknowledgement that failed for the moment is followed by another pull.
const ROUNDS: u32 = 3;

/// The pause before the second round; it doubles from there.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn run(subscription: &Subscription, pull: Pull, scope: &Scope) -> Result<Vec<Message>> {
    let mut batch = scope.run(subscription.pull(pull.clone())).await?;
    let mut round = 0;
    loop {
        let Some(last) = batch.last() else { return Ok(Vec::new()) };
        let error = match scope.run(subscription.ack(std::slice::from_ref(&last.ack_id))).await {
            Ok(()) => return Ok(messages(batch)),
            Err(error) => error,
        };
        round += 1;
        if round > ROUNDS || !may_heal(&error) {
            return Err(error);
        }
        scope.pause(PAUSE * 2u32.pow(round - 1)).await?;
        let again = scope.run(subscription.pull(pull.clone())).await?;
        if applied(&batch, &again, &error) {
            return Ok(messages(batch));
        }
        batch = again;
    }
}

/// Whether another pull may open a window that can be acknowledged.
fn may_heal(error: &Error) -> bool {
    error.is_ack_timeout()
        || error.is_wrong_ack()
        || error.is_no_ack_pending()
        || error.sent() == Sent::Maybe
        || error.is_transient()
        || error.may_have_applied()
}

/// Whether the first acknowledgement arrived although its answer was lost: the position moved past the batch.
fn applied(batch: &[Received], again: &[Received], error: &Error) -> bool {
    let unknown = error.may_have_applied() || error.sent() == Sent::Maybe;
    let last = batch.last().map(Received::offset);
    unknown && again.first().is_none_or(|first| Some(first.offset()) > last)
}

fn messages(batch: Vec<Received>) -> Vec<Message> {
    batch.into_iter().map(|received| received.message).collect()
}
