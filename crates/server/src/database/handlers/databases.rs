//! Databases of an instance (OpenStack reference C10).

use futures_util::future::BoxFuture;
use serde_json::json;

use super::super::Trove;
use super::super::call::{Call, Done};
use super::super::error::{Answer, Failure};
use super::super::guest::{Change, Inside, no_database};
use super::super::model::Contents;
use super::super::names;

/// `GET /instances/{id}/databases`
pub(crate) fn list<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (inside, contents) = trove.look(call).await?;
        let hidden = names::reserved_databases(&inside.manager);
        let all: Vec<String> =
            contents.databases.into_keys().filter(|name| !hidden.contains(&name.as_str())).collect();
        let page = call.page(all, String::clone)?;
        let rows = page.items.iter().map(|name| json!({"name": name})).collect();
        Ok(call.paged("databases", rows, page.next.as_deref()))
    })
}

/// `POST /instances/{id}/databases`
pub(crate) fn create<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let items = call.list("databases")?.clone();
        let decide = move |inside: &Inside, contents: &Contents| {
            let new = names::databases(&inside.manager, &items);
            let new = new.map_err(|wrong| Failure::bad(wrong.text()))?;
            for database in &new {
                if contents.databases.contains_key(&database.name) {
                    return Err(Failure::bad(format!(
                        "A database with the name \"{}\" already exists.",
                        database.name
                    )));
                }
            }
            Ok(new.into_iter().map(Change::CreateDatabase).collect())
        };
        trove.amend(call, decide).await?;
        Ok(Done::accepted())
    })
}

/// `GET /instances/{id}/databases/{database}`: never answered.
pub(crate) fn show<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        trove.look(call).await?;
        Err(Failure::unsupported("The server does not support the requested operation."))
    })
}

/// `DELETE /instances/{id}/databases/{database}`
pub(crate) fn delete<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let name = call.param("database").to_owned();
        let decide = move |inside: &Inside, contents: &Contents| {
            if names::reserved_databases(&inside.manager).contains(&name.as_str()) {
                let wrong = names::check_database(&inside.manager, &name).err();
                let text = wrong.map(names::Wrong::text).unwrap_or_default();
                let text = format!("Database delete error: Cannot delete database: {text}");
                return Err(Failure::bad(text));
            }
            if !contents.databases.contains_key(&name) {
                return Err(no_database(&name));
            }
            Ok(vec![Change::DropDatabase(name.clone())])
        };
        trove.amend(call, decide).await?;
        Ok(Done::accepted())
    })
}
