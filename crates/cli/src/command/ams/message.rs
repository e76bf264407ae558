//! `pentad ams message`, and the same verbs without the noun.

use clap::Subcommand;

use super::Run;
use super::publish::PublishArgs;
use super::receive::{self, AckArgs, ConsumeArgs, PullArgs, SeekArgs};
use super::tail::TailArgs;
use crate::exit::Exit;
use crate::failure::Result;

#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Publish messages from arguments, a file or standard input.
    Publish(PublishArgs),
    /// Receive messages once; they stay until they are acknowledged.
    Pull(PullArgs),
    /// Receive, write and acknowledge messages until none is left, or for ever.
    Consume(ConsumeArgs),
    /// Acknowledge messages up to and including these.
    Ack(AckArgs),
    /// Move a subscription: to an offset, a time, `begin` or `end`.
    Seek(SeekArgs),
    /// Show the last messages of a topic without touching any subscription.
    Tail(TailArgs),
}

impl MessageCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Publish(args) => args.run(run).await,
            Self::Pull(args) => receive::pull(args, run).await,
            Self::Consume(args) => receive::consume(args, run).await,
            Self::Ack(args) => receive::ack(args, run).await,
            Self::Seek(args) => receive::seek(args, run).await,
            Self::Tail(args) => super::tail::run(args, run).await,
        }
    }

    /// True if the command ends in order at a signal: acknowledges what was written, tidies up.
    pub(super) const fn ends_itself(&self) -> bool {
        matches!(self, Self::Publish(_) | Self::Consume(_) | Self::Tail(_))
    }
}
