//! `pentad doctor`: what is configured from where, and what answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::ams::{AmsFlags, Role};
use crate::args::Global;
use crate::connect::{Local, Reach};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Output, View};
use crate::settings::{self, Settings};

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
            for value in super::config::explain(&settings)? {
                let text = value["value"].as_str().unwrap_or("-");
                let detail = format!("{text} ({})", value["origin"].as_str().unwrap_or_default());
                rows.push(row(value["key"].as_str().unwrap_or_default(), true, detail));
            }
            rows.push(holder(&settings).await);
            rows.push(service(&settings, &output).await);
        }
    }
    let healthy = rows.iter().all(|row| row["state"] == "ok");
    output.list(&rows, VIEW)?;
    Ok(if healthy { Exit::Success } else { Exit::Failure })
}

fn row(check: &str, ok: bool, detail: impl Into<String>) -> Value {
    json!({"check": check, "state": if ok { "ok" } else { "FAILED" }, "detail": detail.into()})
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

/// Asks AMS for its version, which needs no credential.
async fn service(settings: &Settings, output: &Output) -> Value {
    match ask(settings, output).await {
        Ok(version) => row("ams", true, format!("answers: {version}")),
        Err(failure) => row("ams", false, failure.to_string()),
    }
}

async fn ask(settings: &Settings, output: &Output) -> Result<Value> {
    let ams = settings.ams(&AmsFlags::default())?;
    let reach = Reach::open(settings, &ams, None, output).await?;
    let project = ams.project.as_ref().map_or("demo", |project| project.value.as_str());
    let asked = async {
        Ok(reach
            .client(Role::ServiceAdmin, project)?
            .call("ams.version", &[], &[], None)?
            .timeout(PATIENCE)
            .await?)
    };
    let answer = asked.await;
    reach.close().await?;
    answer
}
