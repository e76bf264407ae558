//! The identifier of one message, to be awaited.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use pentad_core::{Error, ErrorKind, Result};

use super::batch::{Reply, Run};

/// The identifier of one message. Awaiting it also drives the batch that the message is in.
#[must_use = "the message's fate is known only from its receipt, or from the publisher's flush"]
pub struct Receipt {
    reply: Reply,
    run: Option<Run>,
}

impl Receipt {
    pub(super) fn new(reply: Reply, run: Option<Run>) -> Self {
        Self { reply, run }
    }
}

impl Future for Receipt {
    type Output = Result<String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(run) = &mut self.run
            && run.poll_unpin(cx).is_ready()
        {
            self.run = None;
        }
        self.reply.poll_unpin(cx).map(|reply| {
            reply.unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Unexpected, "the batch ended without an answer"))
            })
        })
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt(..)")
    }
}
