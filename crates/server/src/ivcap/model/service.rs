//! Services (IVCAP reference 7.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Parameter;
use crate::ivcap::storage::things::Thing;
use crate::ivcap::urn::Kind;

/// A service, whichever of the three forms it was created in. Its name is that of the thing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Service {
    pub(crate) description: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) banner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) references: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workflow: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) controller: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) controller_schema: Option<String>,
    /// What runs for an order; only a seed can say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<Command>,
}

impl Thing for Service {
    const KIND: Kind = Kind::Service;
}

/// A program of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct Command {
    /// The program and its arguments.
    pub(crate) words: Vec<String>,
    /// Further variables of its environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// Whether the values of an order follow as `--name value`.
    pub(crate) arguments: bool,
    /// Seconds that it may run, if not the usual ones.
    pub(crate) time_limit: Option<u32>,
}

impl Service {
    /// What an order runs; a command that came over the API only if that is allowed.
    pub(crate) fn runnable(&self, allow_api_commands: bool) -> Option<Command> {
        if self.command.is_some() {
            return self.command.clone();
        }
        let of_api = || {
            let basic = self.workflow.as_ref().and_then(|workflow| workflow.get("basic"));
            let words = basic.or(self.controller.as_ref())?.get("command")?.as_array()?;
            let words: Option<Vec<String>> =
                words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
            let words = words.filter(|words| !words.is_empty())?;
            let arguments = basic.is_some();
            Some(Command { words, arguments, ..Command::default() })
        };
        if allow_api_commands { of_api() } else { None }
    }
}
