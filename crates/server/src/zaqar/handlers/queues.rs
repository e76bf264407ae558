//! Queues and their metadata (Zaqar reference 6.1 to 6.5).

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::super::Zaqar;
use super::super::context::{Call, Version};
use super::super::error::{Failure, empty, located, no_content, ok};
use super::super::metadata::{self, Metadata};
use super::super::quirks::Quirk;
use super::super::settings::Settings;
use super::super::storage::{flavors, queues};
use super::super::validate::{self, BadMetadata};
use super::super::{body, patch};
use super::{placed, what};
use crate::http::Reply;
use crate::reply::python;

fn text_of(metadata: &Metadata) -> String {
    String::from_utf8_lossy(&python::dumps_unicode(metadata)).into_owned()
}

/// Creates a queue; one that exists keeps its metadata.
pub(crate) async fn create(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let metadata = if call.version == Version::V1 { Map::new() } else { sent(zaqar, call).await? };
    let created = make(zaqar, &call.project, call.queue(), &metadata)
        .await
        .map_err(|failure| what(failure, "Queue could not be created."))?;
    let status = if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    Ok(located(empty(status), &call.path))
}

/// Creates a queue unless it exists; says whether it did not.
pub(crate) async fn make(
    zaqar: &Zaqar,
    project: &str,
    queue: &str,
    metadata: &Metadata,
) -> Result<bool, Failure> {
    let (flavor, text) = (flavor_of(zaqar, metadata), text_of(metadata));
    let (project, queue) = (project.to_owned(), queue.to_owned());
    zaqar
        .write(move |tx| {
            if let Some(flavor) = &flavor
                && flavors::find(tx, flavor)?.is_none()
            {
                return Err(Failure::api(format!("Flavor {flavor} does not exist")));
            }
            Ok(queues::create(tx, &project, &queue, &text)?)
        })
        .await
}

fn flavor_of(zaqar: &Zaqar, metadata: &Metadata) -> Option<String> {
    let settings = zaqar.settings();
    let flavor = metadata.get("_flavor")?.as_str()?;
    // The databases take no U+0000; a name with it names nothing.
    (settings.pooling && settings.admin_mode).then(|| flavor.replace('\0', "\u{fffd}"))
}

/// The metadata of a request that may have some.
pub(super) async fn sent(zaqar: &Zaqar, call: &mut Call) -> Result<Metadata, Failure> {
    let settings = zaqar.settings();
    validate::metadata_length(call.length(), &settings).map_err(Failure::api)?;
    if call.length().unwrap_or_default() == 0 {
        return Ok(Map::new());
    }
    let metadata = body::object(call).await?;
    validated(&metadata, &settings)?;
    Ok(metadata)
}

/// Whether the reserved keys of a new queue are right.
pub(crate) fn validated(metadata: &Metadata, settings: &Settings) -> Result<(), Failure> {
    validate::metadata(metadata, settings).map_err(|bad| match bad {
        BadMetadata::Value(text) => Failure::api(text),
        BadMetadata::Exception(text) => Failure::internal(text),
    })
}

async fn stored(zaqar: &Zaqar, call: &Call) -> Result<Option<Metadata>, Failure> {
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let found = zaqar
        .read(move |tx| Ok(queues::find(tx, &project, &queue)?))
        .await
        .map_err(|failure| what(failure, "Queue metadata could not be retrieved."))?;
    Ok(found.map(|queue| metadata::read(&queue.metadata)))
}

/// v1: whether a queue exists.
pub(crate) async fn exists(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let found = stored(zaqar, call).await?.is_some();
    let status = if found { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND };
    Ok(placed(call, empty(status)))
}

/// v1: metadata.
pub(crate) async fn show_metadata(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let metadata = stored(zaqar, call).await?;
    let metadata = metadata.ok_or_else(|| Failure::no_queue(call.queue(), &call.project))?;
    Ok(placed(call, ok(&metadata)))
}

/// v1: replaces all metadata.
pub(crate) async fn replace_metadata(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    validate::metadata_length(call.length(), &zaqar.settings()).map_err(Failure::api)?;
    let metadata = body::object(call).await?;
    if metadata.keys().any(|key| key.starts_with('_')) {
        return Err(Failure::api(
            "Reserved queue attributes in metadata (which names start with \"_\") can not be set in API v1.",
        ));
    }
    let (project, queue, text) = (call.project.clone(), call.queue().to_owned(), text_of(&metadata));
    let changed = zaqar
        .write(move |tx| Ok(queues::set_metadata(tx, &project, &queue, &text)?))
        .await
        .map_err(|failure| what(failure, "Metadata could not be updated."))?;
    if !changed {
        return Err(Failure::no_queue(call.queue(), &call.project));
    }
    Ok(located(no_content(), &call.path))
}

/// v1.1 and v2: metadata, also of a queue that does not exist.
pub(crate) async fn show(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let metadata = stored(zaqar, call).await?.unwrap_or_default();
    if call.version == Version::V1_1 {
        return Ok(ok(&metadata));
    }
    Ok(ok(&metadata::complete(metadata, &zaqar.settings())))
}

const PATCH_TYPE: &str = "application/openstack-messaging-v2.0-json-patch";

/// v2: changes metadata by JSON patch.
pub(crate) async fn update(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let changes = changes(zaqar, call).await?;
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let missing = Failure::no_queue(&queue, &project).text().to_owned();
    let metadata = patched(zaqar, project, queue, changes, missing)
        .await
        .map_err(|failure| what(failure, "Queue could not be updated."))?;
    Ok(ok(&metadata::complete(metadata, &zaqar.settings())))
}

/// Reads the JSON patch of a request.
pub(super) async fn changes(zaqar: &Zaqar, call: &mut Call) -> Result<Vec<patch::Change>, Failure> {
    validate::metadata_length(call.length(), &zaqar.settings()).map_err(Failure::body)?;
    let kind = call.inbound.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind != Some(PATCH_TYPE) {
        let accepted = format!("Accepted media type for PATCH: {{'Accept-Patch': '{PATCH_TYPE}'}}.");
        return Err(Failure::unsupported_media(accepted));
    }
    if call.length().unwrap_or_default() == 0 {
        return Err(Failure::body("PATCH body could not be empty for update."));
    }
    let Value::Array(changes) = body::parse(call.load().await?)? else {
        return Err(Failure::unavailable("Request body could not be read."));
    };
    patch::parse(&changes)
}

/// Stores changed metadata and gives them; `missing` is said if there is nothing to change.
pub(super) async fn patched(
    zaqar: &Zaqar,
    project: String,
    queue: String,
    changes: Vec<patch::Change>,
    missing: String,
) -> Result<Metadata, Failure> {
    let (settings, grows) = (zaqar.settings(), zaqar.quirks.has(Quirk::PatchesGrowMetadata));
    zaqar
        .write(move |tx| {
            let found = queues::find(tx, &project, &queue)?;
            let found = found.ok_or_else(|| Failure::not_found(missing.clone()))?;
            let mut metadata = metadata::read(&found.metadata);
            patch::apply(&mut metadata, &changes, &settings)?;
            validate::metadata(&metadata, &settings).map_err(|bad| match bad {
                BadMetadata::Value(text) => Failure::body(text),
                BadMetadata::Exception(_) => Failure::unavailable("Queue could not be updated."),
            })?;
            let text = text_of(&metadata);
            if !grows {
                validate::metadata_length(Some(text.len() as u64), &settings).map_err(Failure::body)?;
            }
            queues::set_metadata(tx, &project, &queue, &text)?;
            Ok(metadata)
        })
        .await
}

/// Deletes a queue with its messages; one that does not exist, too.
pub(crate) async fn delete(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    zaqar
        .write(move |tx| Ok(queues::delete(tx, &project, &queue)?))
        .await
        .map_err(|failure| what(failure, "Queue could not be deleted."))?;
    Ok(no_content())
}
