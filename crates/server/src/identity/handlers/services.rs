//! The catalog's parts: services, endpoints and regions.

use pentad_store::Tx;

use super::super::call::{Call, created, find, member, no_content, ok};
use super::super::catalog::is_template;
use super::super::error::{Answer, Failure};
use super::super::model::{CatalogService, Endpoint, Region, new_id};
use super::super::storage::records::{self, Select};
use super::super::valid::{Fields, not_one_of};
use super::super::view;
use super::users::merge;
use crate::http::Reply;

const SERVICE: [&str; 5] = ["id", "type", "name", "enabled", "links"];
const ENDPOINT: [&str; 9] =
    ["id", "service_id", "interface", "region_id", "region", "url", "enabled", "links", "legacy_endpoint_id"];
const REGION: [&str; 4] = ["id", "description", "parent_region_id", "links"];
const INTERFACES: [&str; 3] = ["admin", "internal", "public"];

fn reads(call: &Call, action: &str) -> Answer<()> {
    let caller = call.caller()?;
    caller.enforce(action, caller.reads_system())
}

fn admin(call: &Call, action: &str) -> Answer<()> {
    call.caller()?.enforce(action, false)
}

/// `GET /v3/services`.
pub(crate) fn list(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "list_services")?;
    let view = |service: &CatalogService| Ok(Some(view::service(call, service)));
    call.listing(tx, ("services", &["type", "name"]), Select::default(), view)
}

/// `GET /v3/services/{service}`.
pub(crate) fn show(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "get_service")?;
    let service: CatalogService = find(tx, call.param("service"))?;
    Ok(ok(&member("service", view::service(call, &service))))
}

/// `POST /v3/services`.
pub(crate) fn create(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "create_service")?;
    let fields = Fields::of(&call.body, "service")?;
    let service = CatalogService {
        id: new_id(),
        kind: fields.need_name("type")?,
        name: fields.text("name")?.unwrap_or_default(),
        enabled: fields.flag("enabled")?.unwrap_or(true),
        extra: fields.rest(&SERVICE),
    };
    records::insert(tx, &service)?;
    Ok(created(&member("service", view::service(call, &service))))
}

/// `PATCH /v3/services/{service}`.
pub(crate) fn update(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "update_service")?;
    let fields = Fields::of(&call.body, "service")?;
    let mut service: CatalogService = find(tx, call.param("service"))?;
    fields.same_id(&service.id)?;
    if let Some(kind) = fields.name("type")? {
        service.kind = kind;
    }
    if let Some(name) = fields.nullable("name")? {
        service.name = name.unwrap_or_default();
    }
    if let Some(enabled) = fields.flag("enabled")? {
        service.enabled = enabled;
    }
    merge(&mut service.extra, &fields.rest(&SERVICE));
    records::update(tx, &service)?;
    Ok(ok(&member("service", view::service(call, &service))))
}

/// `DELETE /v3/services/{service}`: its endpoints go with it.
pub(crate) fn delete(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "delete_service")?;
    let service: CatalogService = find(tx, call.param("service"))?;
    for endpoint in records::owned::<Endpoint>(tx, &service.id)? {
        records::delete::<Endpoint>(tx, &endpoint.id)?;
    }
    records::delete::<CatalogService>(tx, &service.id)?;
    Ok(no_content())
}

/// `GET /v3/endpoints`.
pub(crate) fn endpoints(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "list_endpoints")?;
    let select = Select { owner: call.query("service_id"), ..Select::default() };
    let view = |endpoint: &Endpoint| Ok(Some(view::endpoint(call, endpoint)));
    call.listing(tx, ("endpoints", &["interface", "service_id", "region_id"]), select, view)
}

/// `GET /v3/endpoints/{endpoint}`.
pub(crate) fn endpoint(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "get_endpoint")?;
    let endpoint: Endpoint = find(tx, call.param("endpoint"))?;
    Ok(ok(&member("endpoint", view::endpoint(call, &endpoint))))
}

/// Takes over what is given, checked.
fn apply(tx: &mut Tx<'_>, endpoint: &mut Endpoint, fields: &Fields<'_>) -> Answer<()> {
    if let Some(service) = fields.text("service_id")? {
        if records::get::<CatalogService>(tx, &service)?.is_none() {
            return Err(Failure::expecting("endpoint service_id", "service table"));
        }
        endpoint.service_id = service;
    }
    if let Some(interface) = fields.name("interface")? {
        if !INTERFACES.contains(&interface.as_str()) {
            return Err(not_one_of("interface", &interface, &INTERFACES));
        }
        endpoint.interface = interface;
    }
    if let Some(url) = fields.name("url")? {
        if !is_template(&url) {
            return Err(Failure::invalid(format!("Cannot create an endpoint with an invalid URL: {url}.")));
        }
        endpoint.url = url;
        endpoint.place = None;
    }
    if let Some(region) = fields.nullable("region_id")? {
        if let Some(region) = &region
            && records::get::<Region>(tx, region)?.is_none()
        {
            return Err(Failure::expecting("endpoint region_id", "region table"));
        }
        endpoint.region_id = region;
    } else if let Some(region) = fields.text("region")? {
        // The old name: the region is made if it is not there.
        records::insert(tx, &Region { id: region.clone(), ..Region::default() })?;
        endpoint.region_id = Some(region);
    }
    if let Some(enabled) = fields.flag("enabled")? {
        endpoint.enabled = enabled;
    }
    merge(&mut endpoint.extra, &fields.rest(&ENDPOINT));
    Ok(())
}

/// `POST /v3/endpoints`.
pub(crate) fn create_endpoint(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "create_endpoint")?;
    let fields = Fields::of(&call.body, "endpoint")?;
    for name in ["interface", "service_id", "url"] {
        fields.need(name)?;
    }
    let mut endpoint = Endpoint { id: new_id(), enabled: true, ..Endpoint::default() };
    apply(tx, &mut endpoint, &fields)?;
    records::insert(tx, &endpoint)?;
    Ok(created(&member("endpoint", view::endpoint(call, &endpoint))))
}

/// `PATCH /v3/endpoints/{endpoint}`.
pub(crate) fn update_endpoint(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "update_endpoint")?;
    let fields = Fields::of(&call.body, "endpoint")?;
    let mut endpoint: Endpoint = find(tx, call.param("endpoint"))?;
    fields.same_id(&endpoint.id)?;
    apply(tx, &mut endpoint, &fields)?;
    records::update(tx, &endpoint)?;
    Ok(ok(&member("endpoint", view::endpoint(call, &endpoint))))
}

/// `DELETE /v3/endpoints/{endpoint}`.
pub(crate) fn delete_endpoint(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "delete_endpoint")?;
    let endpoint: Endpoint = find(tx, call.param("endpoint"))?;
    records::delete::<Endpoint>(tx, &endpoint.id)?;
    Ok(no_content())
}

/// `GET /v3/regions`: for whoever has a token.
pub(crate) fn regions(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let view = |region: &Region| Ok(Some(view::region(call, region)));
    call.listing(tx, ("regions", &["parent_region_id"]), Select::default(), view)
}

/// `GET /v3/regions/{region}`.
pub(crate) fn region(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    let region: Region = find(tx, call.param("region"))?;
    Ok(ok(&member("region", view::region(call, &region))))
}

fn check_parent(tx: &mut Tx<'_>, region: &Region) -> Answer<()> {
    let mut above = region.parent_region_id.clone();
    while let Some(id) = above {
        if id == region.id {
            let text = format!(
                "The specified parent region {} would create a circular region hierarchy.",
                region.parent_region_id.as_deref().unwrap_or_default()
            );
            return Err(Failure::invalid(text));
        }
        above = find::<Region>(tx, &id)?.parent_region_id;
    }
    Ok(())
}

/// `POST /v3/regions` and `PUT /v3/regions/{region}`.
pub(crate) fn create_region(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "create_region")?;
    let fields = Fields::of(&call.body, "region")?;
    let given = fields.text("id")?.filter(|id| !id.is_empty());
    let id = match call.param("region") {
        "" => given.unwrap_or_else(new_id),
        path => match given.filter(|given| given != path) {
            Some(_) => {
                let text = "Conflicting region IDs specified: the id in the URL and in the body differ";
                return Err(Failure::invalid(text));
            }
            None => path.to_owned(),
        },
    };
    if id.chars().count() > 255 {
        return Err(Failure::invalid("Invalid input for field/attribute id. It is too long"));
    }
    let region = Region {
        id,
        description: fields.text("description")?.unwrap_or_default(),
        parent_region_id: fields.text("parent_region_id")?,
        extra: fields.rest(&REGION),
    };
    check_parent(tx, &region)?;
    if !records::insert(tx, &region)? {
        return Err(Failure::conflict("region", &format!("Duplicate ID, {}.", region.id)));
    }
    Ok(created(&member("region", view::region(call, &region))))
}

/// `PATCH /v3/regions/{region}`.
pub(crate) fn update_region(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "update_region")?;
    let fields = Fields::of(&call.body, "region")?;
    let mut region: Region = find(tx, call.param("region"))?;
    fields.same_id(&region.id)?;
    if let Some(description) = fields.nullable("description")? {
        region.description = description.unwrap_or_default();
    }
    if let Some(parent) = fields.nullable("parent_region_id")? {
        region.parent_region_id = parent;
        check_parent(tx, &region)?;
    }
    merge(&mut region.extra, &fields.rest(&REGION));
    records::update(tx, &region)?;
    Ok(ok(&member("region", view::region(call, &region))))
}

/// `DELETE /v3/regions/{region}`: with those below it, unless an endpoint is in one.
pub(crate) fn delete_region(call: &Call, tx: &mut Tx<'_>) -> Answer<Reply> {
    admin(call, "delete_region")?;
    let region: Region = find(tx, call.param("region"))?;
    let mut ids = vec![region.id.clone()];
    let mut next = 0;
    while let Some(id) = ids.get(next).cloned() {
        ids.extend(records::owned::<Region>(tx, &id)?.into_iter().map(|below| below.id));
        next += 1;
    }
    let used = |endpoint: &Endpoint| endpoint.region_id.as_ref().is_some_and(|id| ids.contains(id));
    if records::all::<Endpoint>(tx)?.iter().any(used) {
        let text = format!(
            "Unable to delete region {} because it or its child regions have associated endpoints.",
            region.id
        );
        return Err(Failure::forbidden_because(text));
    }
    for id in ids {
        records::delete::<Region>(tx, &id)?;
    }
    Ok(no_content())
}
