//! What the commands share: things by name, and waiting for what a change leads to.

use clap::Args;
use pentad_core::work::Polling;
use pentad_core::{Call, Secret, Work};
use pentad_openstack::no_unique_match;
use pentad_trove::Client;
use pentad_trove::name::is_uuid;
use serde::Serialize;
use serde_json::Value;

use super::Run;
use crate::command::plan::{Effect, Paging};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;
use crate::settings::{SecretSource, from_stdin};

/// Whether to wait until it is done.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Wait {
    /// Wait until it is done; `--timeout` says how long at most.
    #[arg(long)]
    pub(super) wait: bool,
}

/// What a page begins after.
#[derive(Args, Clone, Debug)]
pub(super) struct From {
    #[command(flatten)]
    pub(super) paging: Paging,
    /// Begin after this one.
    #[arg(long)]
    pub(super) marker: Option<String>,
}

impl From {
    /// The same list, from the marker on.
    pub(super) fn of<T>(&self, list: pentad_core::List<T>) -> pentad_core::List<T> {
        match &self.marker {
            Some(marker) => list.start_at(pentad_core::Cursor::Marker(marker.clone())),
            None => list,
        }
    }
}

/// The id of a thing by its id or its name, in this order, from a list of the service. What looks like an id is itself; so is a name in a call that is only
/// shown.
pub(super) async fn id(run: &mut Run<'_>, list: &'static str, wanted: &str) -> Result<String> {
    if is_uuid(wanted) || run.is_shown(&Effect::Change) || run.is_shown(&Effect::Read) {
        return Ok(wanted.to_owned());
    }
    let client = run.client(None).await?;
    let mut items = client.pages(list, &[], &[])?.items();
    let mut found: Option<String> = None;
    while let Some(item) = items.next().await {
        let item = item?;
        let Some(id) = item["id"].as_str() else { continue };
        if id == wanted {
            return Ok(id.to_owned());
        }
        if item["name"] == wanted && found.replace(id.to_owned()).is_some() {
            let noun = list.split('.').nth(1).unwrap_or("thing");
            return Err(no_unique_match(noun, wanted).into());
        }
    }
    // The service itself says that there is no such thing.
    Ok(found.unwrap_or_else(|| wanted.to_owned()))
}

/// The id of an instance by its name.
pub(super) async fn instance(run: &mut Run<'_>, wanted: &str) -> Result<String> {
    id(run, "trove.instance.list", wanted).await
}

/// A change after which people get a note; or, if asked to, waits for what it leads to and shows that.
pub(super) async fn change<T: Send + 'static, U: Serialize + Send + 'static>(
    run: &mut Run<'_>,
    effect: Effect,
    wait: Wait,
    note: &str,
    make: impl Fn(&Client) -> Call<T>,
    until: impl Fn(&Client, Polling) -> Work<U>,
    view: View,
) -> Result<Exit> {
    if !wait.wait || run.is_shown(&effect) {
        return run.tell(effect, make, note).await;
    }
    run.confirmed(&effect)?;
    let client = run.client(None).await?;
    make(&client).await?;
    run.work(Effect::Read, |client| until(client, Polling::default()), view).await
}

/// As [`change`], for removals: waits until the thing is gone.
pub(super) async fn remove(
    run: &mut Run<'_>,
    what: &str,
    wait: Wait,
    make: impl Fn(&Client) -> Call<()>,
    until: impl Fn(&Client, Polling) -> Work<()>,
) -> Result<Exit> {
    let effect = Effect::Destroy(format!("delete {what}"));
    if !wait.wait || run.is_shown(&effect) {
        return run.tell(effect, make, &format!("deleting {what}")).await;
    }
    run.confirmed(&effect)?;
    let client = run.client(None).await?;
    make(&client).await?;
    gone(run, what, until).await
}

/// As [`remove`], whatever the service is doing with the thing.
pub(super) async fn remove_by_force(
    run: &mut Run<'_>,
    what: &str,
    wait: Wait,
    make: impl Fn(&Client) -> Work<()>,
    until: impl Fn(&Client, Polling) -> Work<()>,
) -> Result<Exit> {
    let effect = Effect::Destroy(format!("delete {what}"));
    let done = run.tell_work(effect, &make, |()| format!("deleting {what}")).await?;
    // A call that was only shown has nothing to wait for.
    if !wait.wait || run.is_shown(&Effect::Destroy(String::new())) {
        return Ok(done);
    }
    gone(run, what, until).await
}

async fn gone(run: &mut Run<'_>, what: &str, until: impl Fn(&Client, Polling) -> Work<()>) -> Result<Exit> {
    run.tell_work(Effect::Read, |client| until(client, Polling::default()), |()| format!("deleted {what}"))
        .await
}

/// A password: from a file that only its owner can read, or from standard input. On the command line every process could
/// see it.
pub(super) fn password(run: &Run<'_>, file: Option<&std::path::Path>) -> Result<Secret> {
    if run.is_shown(&Effect::Change) {
        return Ok(Secret::new("unread"));
    }
    match file {
        Some(path) => SecretSource::File(path.to_owned()).read(),
        None => from_stdin(),
    }
}

/// A JSON object from the command line.
pub(super) fn object(text: &str, what: &str) -> Result<serde_json::Map<String, Value>> {
    serde_json::from_str(text)
        .map_err(|error| Failure::usage(format!("cannot read {what}"), error.to_string()))
}

/// A setting as `name=value`: a number or a truth if it reads as one.
pub(super) fn setting((name, text): (String, String)) -> (String, Value) {
    let value = match serde_json::from_str(&text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(text),
    };
    (name, value)
}
