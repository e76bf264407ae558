//! `pentad ams schema`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::args;
use crate::command::plan::Plan;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// List the schemas of the project.
    List,
    /// Show a schema.
    Get { schema: String },
    /// Create a schema from a JSON document.
    Create {
        schema: String,
        #[arg(long = "type", value_parser = ["json", "avro"], default_value = "json")]
        kind: String,
        /// The document; `-` reads standard input.
        #[arg(short, long)]
        file: PathBuf,
    },
    /// Change a schema; what is left out stays.
    Update {
        schema: String,
        /// New name.
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        #[arg(long = "type", value_parser = ["json", "avro"])]
        kind: Option<String>,
        #[arg(short, long)]
        file: Option<PathBuf>,
    },
    /// Delete a schema; topics that use it require nothing then.
    Delete { schema: String },
    /// Check a JSON document, or `{"data": "BASE64"}` for Avro, against a schema.
    Validate {
        schema: String,
        /// The document; `-` reads standard input.
        #[arg(short, long, default_value = "-")]
        file: PathBuf,
    },
}

const SCHEMA: View = View::of(&["name", "type", "uuid"]);

impl SchemaCommand {
    /// What to send.
    ///
    /// # Errors
    /// A usage failure if a document cannot be read or is not JSON.
    pub(super) fn plan(self, project: &str) -> Result<Plan> {
        let set = |op, schema: String| Plan::change(op).arg("schema", schema);
        Ok(match self {
            Self::List => Plan::read("ams.schema.list").items("schemas", SCHEMA),
            Self::Get { schema } => Plan::read("ams.schema.get").arg("schema", schema),
            Self::Create { schema, kind, file } => {
                let document = args::json_source(&file)?;
                set("ams.schema.create", schema).body(json!({"type": kind, "schema": document}))
            }
            Self::Update { schema, rename, kind, file } => {
                let mut body = Map::new();
                let name = rename.map(|name| json!(format!("projects/{project}/schemas/{name}")));
                let document = file.as_deref().map(args::json_source).transpose()?;
                for (key, value) in [("name", name), ("type", kind.map(Value::from)), ("schema", document)] {
                    body.extend(value.map(|value| (key.to_owned(), value)));
                }
                set("ams.schema.update", schema).body(Value::Object(body))
            }
            Self::Delete { schema } => {
                Plan::delete("ams.schema.delete", &format!("schema {schema}")).arg("schema", schema)
            }
            Self::Validate { schema, file } => {
                Plan::read("ams.schema.validate").arg("schema", schema).body(args::json_source(&file)?)
            }
        })
    }
}
