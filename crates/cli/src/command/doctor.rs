//! `pentad doctor`: what is configured from where, and what answers.

use std::time::Duration;

use pentad_core::Clock;
use pentad_transport::SystemClock;
use serde_json::{Value, json};

use super::run::{self, Desk};
use super::service::Service;
use crate::args::Global;
use crate::connect::Local;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;
use crate::settings::{self, Given, Settings};

/// How long a service may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(5);

const VIEW: View = View::of(&["check", "state", "detail"]);

/// Looks at everything and reports it; fails if something does not work.
pub(super) async fn run(global: &Global) -> Result<Exit> {
    let mut output = super::plain(global);
    let mut rows = vec![row("version", true, env!("CARGO_PKG_VERSION"))];
    match Settings::resolve(global) {
        Err(failure) => {
            rows.push(row("configuration", false, failure.to_string()));
            rows.push(row("file", true, settings::paths::config_file()?.display().to_string()));
        }
        Ok(settings) => {
            match super::config::explain(&settings) {
                Ok(values) => rows.extend(values.iter().map(explained)),
                Err(failure) => rows.push(row("configuration", false, failure.to_string())),
            }
            rows.push(holder(&settings).await);
            let desk = Desk { global, settings: &settings, output: &mut output, local: None };
            rows.extend(super::services::check(desk).await);
        }
    }
    rows.extend(limits());
    let healthy = rows.iter().all(|row| row["state"] != "FAILED");
    output.list(&rows, VIEW)?;
    Ok(if healthy { Exit::Success } else { Exit::Failure })
}

fn row(check: &str, ok: bool, detail: impl Into<String>) -> Value {
    json!({"check": check, "state": if ok { "ok" } else { "FAILED" }, "detail": detail.into()})
}

/// Which limits hold for programs that IVCAP orders run. One that does not is no fault of the installation.
fn limits() -> Vec<Value> {
    let row = |hold: pentad_server::confined::Hold| {
        let state = if hold.holds { "ok" } else { "absent" };
        json!({"check": format!("order limit: {}", hold.what), "state": state, "detail": hold.how})
    };
    pentad_server::confined::holds().into_iter().map(row).collect()
}

fn explained(value: &Value) -> Value {
    let text = value["value"].as_str().unwrap_or("-");
    let detail = format!("{text} ({})", value["origin"].as_str().unwrap_or_default());
    row(value["key"].as_str().unwrap_or_default(), true, detail)
}

async fn holder(settings: &Settings) -> Value {
    let socket = Local::socket(&settings.data.value);
    let detail = if crate::connect::listens(&socket).await {
        format!("a server listens on {}", socket.display())
    } else if settings.data.value.exists() {
        "nobody: commands open the data themselves".to_owned()
    } else {
        "nobody: the first command creates the directory".to_owned()
    };
    row("data holder", true, detail)
}

/// Asks one service something that needs little.
pub(super) async fn service<S: Service + Default>(desk: Desk<'_>) -> Value {
    let mut said = String::new();
    let none = Given::new();
    let work = async |run: &mut run::Run<'_, S>| {
        let client = run.client(None).await?;
        let started = SystemClock.now();
        let answer = tokio::select! {
            answer = S::greet(&client) => answer?,
            () = SystemClock.sleep(PATIENCE) => {
                let why = format!("no answer within {} s", PATIENCE.as_secs());
                return Err(Failure::new(Exit::Timeout, "timeout", "it does not answer", why));
            }
        };
        let time = SystemClock.now().saturating_duration_since(started);
        said = format!("answers in {:.1} ms: {answer}", time.as_secs_f64() * 1000.0);
        Ok(Exit::Success)
    };
    match run::run(S::default(), &none, desk, work).await {
        Ok(_) => row(S::TABLE.service, true, said),
        Err(failure) => row(S::TABLE.service, false, failure.to_string()),
    }
}
