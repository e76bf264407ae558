//! `pentad ams subscription`.

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use serde_json::{Value, json};

use super::complete;
use super::message::MessageCommand;
use super::receive::{AckArgs, ConsumeArgs, PullArgs, SeekArgs};
use super::topic::people;
use crate::command::plan::{Paging, Plan};
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// List the subscriptions of the project, newest first.
    List(Paging),
    /// Show a subscription.
    Get {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
    },
    /// Create a subscription; it receives what is published from now on.
    Create(CreateArgs),
    /// Create a subscription unless it exists.
    Ensure(CreateArgs),
    /// Delete a subscription.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
    },
    /// Show who may pull.
    Acl {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
    },
    /// Set who may pull; the list replaces the old one.
    ModifyAcl {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
        /// Users of the project.
        #[arg(required_unless_present = "clear")]
        users: Vec<String>,
        /// Nobody but administrators.
        #[arg(long, conflicts_with = "users")]
        clear: bool,
    },
    /// Set how long a pulled message may wait for its acknowledgement.
    ModifyAckDeadline {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
        /// Seconds, 0 to 600.
        seconds: u32,
    },
    /// Show oldest, newest and current position.
    Offsets {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
    },
    /// Show the position of the first message at or after a time.
    TimeToOffset {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
        /// For example 2026-05-06T07:08:09Z.
        time: jiff::Timestamp,
    },
    /// Have messages pushed to an endpoint, or no longer.
    PushConfig {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
        #[command(flatten)]
        push: PushArgs,
        /// Back to pulling.
        #[arg(long)]
        none: bool,
    },
    /// Prove that the push endpoint is yours, and start delivery.
    VerifyPushEndpoint {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
    },
    /// Show numbers about a subscription.
    Metrics {
        #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
        subscription: String,
    },
    /// Receive messages once; see `pentad ams pull`.
    Pull(PullArgs),
    /// Acknowledge messages; see `pentad ams ack`.
    Ack(AckArgs),
    /// Receive and acknowledge messages; see `pentad ams consume`.
    Consume(ConsumeArgs),
    /// Move the position; see `pentad ams seek`.
    Seek(SeekArgs),
}

/// A new subscription.
#[derive(Args, Debug)]
pub(crate) struct CreateArgs {
    subscription: String,
    /// The topic to receive from.
    #[arg(short, long, add = ArgValueCompleter::new(complete::topics))]
    topic: String,
    /// Seconds that a pulled message may wait for its acknowledgement.
    #[arg(long, value_name = "SECONDS")]
    ack_deadline: Option<u32>,
    #[command(flatten)]
    push: PushArgs,
}

/// Where and how messages are pushed.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Push")]
pub(crate) struct PushArgs {
    /// Push to this https:// address.
    #[arg(long, value_name = "URL", conflicts_with = "mattermost_url")]
    push_endpoint: Option<String>,
    /// Most messages in one push.
    #[arg(long, value_name = "N")]
    push_max: Option<u32>,
    /// Send no Authorization header.
    #[arg(long)]
    push_no_auth: bool,
    /// How to try again.
    #[arg(long, value_parser = ["linear", "slowstart"])]
    push_retry: Option<String>,
    /// Milliseconds between tries of `linear`.
    #[arg(long, value_name = "MS")]
    push_period: Option<u32>,
    /// Push to this Mattermost hook.
    #[arg(long, value_name = "URL")]
    mattermost_url: Option<String>,
    /// Name shown in Mattermost.
    #[arg(long, value_name = "NAME", requires = "mattermost_url")]
    mattermost_username: Option<String>,
    /// Channel in Mattermost.
    #[arg(long, value_name = "NAME", requires = "mattermost_url")]
    mattermost_channel: Option<String>,
    /// Decode the data before it is pushed.
    #[arg(long)]
    base64_decode: bool,
}

const SUBSCRIPTION: View =
    View::of(&["name", "topic", "ackDeadlineSeconds", "pushConfig.pushEndpoint", "createdOn"]);

impl SubscriptionCommand {
    /// True if the command ends in order at a signal.
    pub(super) const fn ends_itself(&self) -> bool {
        matches!(self, Self::Consume(_))
    }

    /// The verbs that handle messages go their own way.
    pub(super) fn into_message(self) -> std::result::Result<MessageCommand, Box<Self>> {
        Ok(match self {
            Self::Pull(args) => MessageCommand::Pull(args),
            Self::Ack(args) => MessageCommand::Ack(args),
            Self::Consume(args) => MessageCommand::Consume(args),
            Self::Seek(args) => MessageCommand::Seek(args),
            other => return Err(Box::new(other)),
        })
    }

    /// What to send.
    ///
    /// # Errors
    /// A usage failure if `push-config` says neither where to push nor to stop.
    pub(super) fn plan(self, project: &str) -> Result<Plan> {
        let of = |op, name: String| Plan::read(op).arg("subscription", name);
        let set = |op, name: String| Plan::change(op).arg("subscription", name);
        Ok(match self {
            Self::List(paging) => Plan::read("ams.subscription.list").pages(paging, SUBSCRIPTION),
            Self::Get { subscription } => of("ams.subscription.get", subscription),
            Self::Create(args) => args.plan(project),
            Self::Ensure(args) => args.plan(project).or_get("ams.subscription.get"),
            Self::Delete { subscription } => {
                let what = format!("subscription {subscription}");
                Plan::delete("ams.subscription.delete", &what).arg("subscription", subscription)
            }
            Self::Acl { subscription } => of("ams.subscription.acl", subscription),
            Self::ModifyAcl { subscription, users, .. } => {
                let note = format!("{} may pull from {subscription}", people(&users));
                set("ams.subscription.modify_acl", subscription)
                    .body(json!({"authorized_users": users}))
                    .done(note)
            }
            Self::ModifyAckDeadline { subscription, seconds } => {
                let note = format!("messages of {subscription} may wait {seconds} s");
                let body = json!({"ackDeadlineSeconds": seconds});
                set("ams.subscription.modify_ack_deadline", subscription).body(body).done(note)
            }
            Self::Offsets { subscription } => of("ams.subscription.offsets", subscription),
            Self::TimeToOffset { subscription, time } => of("ams.subscription.time_to_offset", subscription)
                .query("time", Some(pentad_ams::wire_time(time))),
            Self::PushConfig { subscription, push, none } => push_config(subscription, &push, none)?,
            Self::VerifyPushEndpoint { subscription } => {
                let note = format!("the push endpoint of {subscription} is verified");
                set("ams.subscription.verify_push_endpoint", subscription).done(note)
            }
            Self::Metrics { subscription } => {
                of("ams.subscription.metrics", subscription).items("metrics", super::metrics::METRIC)
            }
            Self::Pull(_) | Self::Ack(_) | Self::Consume(_) | Self::Seek(_) => {
                return Err(Failure::usage("cannot plan this", "it handles messages"));
            }
        })
    }
}

fn push_config(subscription: String, push: &PushArgs, none: bool) -> Result<Plan> {
    let (config, note) = match (push.config(), none) {
        (None, true) => (json!({}), format!("{subscription} is pulled from")),
        (Some(config), false) => (config, format!("{subscription} is pushed once its endpoint is verified")),
        (None, false) | (Some(_), true) => {
            return Err(Failure::usage(
                format!("cannot set the push configuration of {subscription}"),
                "say either where to push, or --none",
            ));
        }
    };
    let plan = Plan::change("ams.subscription.modify_push_config").arg("subscription", subscription);
    Ok(plan.body(json!({"pushConfig": config})).done(note))
}

impl CreateArgs {
    fn plan(self, project: &str) -> Plan {
        let mut body = json!({"topic": format!("projects/{project}/topics/{}", self.topic)});
        if let Some(seconds) = self.ack_deadline {
            body["ackDeadlineSeconds"] = json!(seconds);
        }
        if let Some(config) = self.push.config() {
            body["pushConfig"] = config;
        }
        Plan::change("ams.subscription.create").arg("subscription", self.subscription).body(body)
    }
}

impl PushArgs {
    /// The configuration as the service reads it, if there is a place to push to.
    fn config(&self) -> Option<Value> {
        let mut config = match (&self.push_endpoint, &self.mattermost_url) {
            (Some(url), _) => json!({"type": "http_endpoint", "pushEndpoint": url}),
            (None, Some(url)) => json!({"type": "mattermost", "mattermostUrl": url}),
            (None, None) => return None,
        };
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                config[key] = value;
            }
        };
        put("maxMessages", self.push_max.map(|n| json!(n)));
        put("authorizationHeader", self.push_no_auth.then(|| json!({"type": "disabled"})));
        put("mattermostUsername", self.mattermost_username.as_ref().map(|name| json!(name)));
        put("mattermostChannel", self.mattermost_channel.as_ref().map(|name| json!(name)));
        put("base64Decode", self.base64_decode.then(|| json!(true)));
        if self.push_retry.is_some() || self.push_period.is_some() {
            let mut retry = json!({"type": self.push_retry.as_deref().unwrap_or("linear")});
            if let Some(period) = self.push_period {
                retry["period"] = json!(period);
            }
            put("retryPolicy", Some(retry));
        }
        Some(config)
    }
}
