//! Schemas (AMS reference 14.1 to 14.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pentad_store::Tx;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, empty, narrow};
use super::super::model::Schema;
use super::super::schema::Validator;
use super::super::storage::schemas::{self, SchemaRow};
use super::super::{Ams, Call, names};
use crate::http::Reply;

#[derive(Debug, Serialize)]
struct SchemaList {
    schemas: Vec<Schema>,
}

#[derive(Debug, Serialize)]
struct Validated {
    message: &'static str,
}

fn shown(project: &str, row: SchemaRow) -> Result<Schema, Failure> {
    let document =
        RawValue::from_string(row.body).map_err(|_| Failure::internal("Error exporting data to JSON"))?;
    Ok(Schema { uuid: row.uuid, name: names::schema(project, &row.name), kind: row.kind, schema: document })
}

fn existing(tx: &mut Tx<'_>, project: i64, name: &str) -> Result<SchemaRow, Failure> {
    schemas::find(tx, project, name)?.ok_or_else(|| Failure::missing("Schema"))
}

/// A schema body.
#[derive(Debug)]
struct Request {
    name: String,
    kind: String,
    /// The document, compact.
    document: Option<String>,
}

impl Request {
    fn parse(body: &[u8]) -> Result<Self, Failure> {
        Self::read(body).map_err(|Wrong| Failure::arguments("Schema"))
    }

    fn read(body: &[u8]) -> Result<Self, Wrong> {
        let fields = Fields::read(body, &["name", "type", "schema"], Tail::Anything)?;
        let document = match fields.raw("schema") {
            None => None,
            Some(raw) => {
                // The document is an object; it is kept as an object with its keys in the order sent.
                let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(raw.get())?;
                Some(serde_json::to_string(&object)?)
            }
        };
        Ok(Self { name: fields.text("name")?, kind: fields.text("type")?, document })
    }
}

/// `json` or `avro`, whatever the case.
fn kind_of(kind: &str) -> Result<String, Failure> {
    let kind = kind.to_ascii_lowercase();
    if kind == "json" || kind == "avro" {
        return Ok(kind);
    }
    Err(Failure::invalid("Schema type can only be 'json' or 'avro'"))
}

/// `GET /projects/P/schemas`.
pub(crate) async fn list(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let project = call.project()?;
    let id = project.id;
    let rows = ams.read(move |tx| Ok(schemas::all(tx, id)?)).await?;
    let schemas = rows.into_iter().map(|row| shown(&project.name, row)).collect::<Result<_, _>>()?;
    Ok(narrow(&SchemaList { schemas }))
}

/// `GET /projects/P/schemas/X`.
pub(crate) async fn show(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?, call.param("schema").to_owned());
    let id = project.id;
    let row = ams.read(move |tx| existing(tx, id, &name)).await?;
    Ok(narrow(&shown(&project.name, row)?))
}

/// `POST /projects/P/schemas/X`.
pub(crate) async fn create(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let request = Request::parse(call.body())?;
    let (project, name) = (call.project()?, call.param("schema").to_owned());
    let body = request.document.unwrap_or_else(|| "{}".to_owned());
    // Compiled before the transaction; told only after the name is known to be free.
    let checked = kind_of(&request.kind).and_then(|kind| Validator::new(&kind, &body).map(|_| kind));
    let (id, uuid) = (project.id, Uuid::new_v4().to_string());
    let row = ams
        .change(move |tx| {
            if schemas::find(tx, id, &name)?.is_some() {
                return Err(Failure::exists("Schema"));
            }
            let kind = checked.clone()?;
            let new = SchemaRow { id: 0, uuid: uuid.clone(), name: name.clone(), kind, body: body.clone() };
            schemas::insert(tx, id, &new)?;
            existing(tx, id, &name)
        })
        .await?;
    Ok(narrow(&shown(&project.name, row)?))
}

/// `PUT /projects/P/schemas/X`.
pub(crate) async fn update(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.clone(), call.param("schema").to_owned());
    let request = Request::parse(call.body());
    let shown_project = project.name.clone();
    let row = ams
        .change(move |tx| {
            let mut row = existing(tx, project.id, &name)?;
            let request = request.as_ref().map_err(Clone::clone)?;
            if !request.name.is_empty() {
                let (_, new) = names::schema_reference(&request.name)
                    .filter(|(there, _)| *there == project.name)
                    .ok_or_else(|| Failure::invalid("wrong schema name declaration"))?;
                if new != row.name && schemas::find(tx, project.id, new)?.is_some() {
                    return Err(Failure::exists("Schema"));
                }
                row.name = new.to_owned();
            }
            if !request.kind.is_empty() {
                row.kind = kind_of(&request.kind)?;
            }
            if let Some(document) = &request.document {
                row.body.clone_from(document);
            }
            Validator::new(&row.kind, &row.body)?;
            schemas::update(tx, &row)?;
            Ok(row)
        })
        .await?;
    Ok(narrow(&shown(&shown_project, row)?))
}

/// `DELETE /projects/P/schemas/X`.
pub(crate) async fn delete(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("schema").to_owned());
    ams.change(move |tx| {
        let row = existing(tx, project, &name)?;
        Ok(schemas::delete(tx, row.id)?)
    })
    .await?;
    Ok(empty())
}

/// `POST /projects/P/schemas/X:validate`.
pub(crate) async fn validate(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("schema").to_owned());
    let row = ams.read(move |tx| existing(tx, project, &name)).await?;
    let validator = Validator::new(&row.kind, &row.body)
        .map_err(|_| Failure::internal("Could not load schema for topic"))?;
    match validator {
        Validator::Json(_) => {
            serde_json::from_slice::<serde::de::IgnoredAny>(call.body())
                .map_err(|_| Failure::arguments("Schema Payload"))?;
            validator.check(0, call.body())?;
        }
        Validator::Avro(_) => {
            let read = || Fields::read(call.body(), &["data"], Tail::Nothing)?.get::<String>("data");
            let data = read().map_err(|Wrong| Failure::bad_body())?;
            let data =
                data.filter(|data| !data.is_empty()).ok_or_else(|| Failure::arguments("Schema Payload"))?;
            let bytes = STANDARD
                .decode(data)
                .map_err(|e| Failure::invalid(format!("Message 0 is not in valid base64 enocding,{e}")))?;
            validator.check(0, &bytes)?;
        }
    }
    Ok(narrow(&Validated { message: "Message validated successfully" }))
}
