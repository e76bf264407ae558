//! Users of an instance and what they may use (OpenStack reference C11).

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::super::Trove;
use super::super::call::{Call, Done};
use super::super::error::{Answer, Failure};
use super::super::guest::{Change, Inside, no_database, no_user};
use super::super::model::{Contents, GuestUser};
use super::super::names;

fn databases(user: &GuestUser) -> Value {
    user.databases.iter().map(|name| json!({"name": name})).collect()
}

fn view(user: &GuestUser) -> Value {
    json!({"name": user.name, "host": user.host, "databases": databases(user)})
}

/// `GET /instances/{id}/users`
pub(crate) fn list<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (inside, contents) = trove.look(call).await?;
        let hidden = names::reserved_users(&inside.manager);
        let all: Vec<GuestUser> =
            contents.users.into_values().filter(|user| !hidden.contains(&user.name.as_str())).collect();
        let page = call.page(all, GuestUser::key)?;
        let rows = page.items.iter().map(view).collect();
        Ok(call.paged("users", rows, page.next.as_deref()))
    })
}

/// `POST /instances/{id}/users`
pub(crate) fn create<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let items = call.list("users")?.clone();
        let decide = move |inside: &Inside, contents: &Contents| {
            let new = names::users(&inside.manager, &items, None);
            let new = new.map_err(|wrong| Failure::bad(wrong.prefixed("User create error")))?;
            for one in &new {
                check_free(contents, &one.user.name, &one.user.host)?;
            }
            Ok(new.into_iter().map(Change::CreateUser).collect())
        };
        trove.amend(call, decide).await?;
        Ok(Done::accepted())
    })
}

fn check_free(contents: &Contents, name: &str, host: &str) -> Answer<()> {
    if contents.user(name, host).is_some() {
        return Err(Failure::bad(format!("A user with the name \"{name}\" already exists.")));
    }
    Ok(())
}

/// The user of the path, who must be there.
fn known<'c>(
    inside: &Inside,
    contents: &'c Contents,
    (name, host): (&str, &str),
    prefix: &str,
) -> Answer<&'c GuestUser> {
    names::check_user(&inside.manager, name).map_err(|wrong| Failure::bad(wrong.prefixed(prefix)))?;
    contents.user(name, host).ok_or_else(|| no_user(name, host))
}

/// `PUT /instances/{id}/users`: new passwords.
pub(crate) fn change_passwords<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let items = call.list("users")?.clone();
        let decide = move |inside: &Inside, contents: &Contents| {
            let mut changes = Vec::new();
            for item in &items {
                let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
                let (name, password) = (text("name"), text("password"));
                let host = Some(text("host")).filter(|host| !host.is_empty());
                let host = host.unwrap_or_else(|| "%".to_owned());
                known(inside, contents, (&name, &host), "Error loading user")?;
                changes.push(Change::Password { name, password });
            }
            Ok(changes)
        };
        trove.amend(call, decide).await?;
        Ok(Done::accepted())
    })
}

/// `GET /instances/{id}/users/{user}`
pub(crate) fn show<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (name, host) = names::user_and_host(call);
        let (inside, contents) = trove.look(call).await?;
        let user = known(&inside, &contents, (&name, &host), "User show error")?;
        Ok(Done::ok(json!({"user": view(user)})))
    })
}

/// `PUT /instances/{id}/users/{user}`: name, host, password.
pub(crate) fn update<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (name, host) = names::user_and_host(call);
        let body = call.object("user")?;
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let (new_name, new_host, password) = (text("name"), text("host"), text("password"));
        let decide = move |inside: &Inside, contents: &Contents| {
            known(inside, contents, (&name, &host), "Error loading user")?;
            let user = new_name.clone().unwrap_or_else(|| name.clone());
            let place = new_host.clone().unwrap_or_else(|| host.clone());
            names::check_user(&inside.manager, &user)
                .map_err(|wrong| Failure::bad(wrong.prefixed("User update error")))?;
            let mut changes = Vec::new();
            if new_name.is_some() || new_host.is_some() {
                check_free(contents, &user, &place)?;
                changes.push(Change::Rename {
                    name: name.clone(),
                    host: host.clone(),
                    new_name: user.clone(),
                    new_host: place.clone(),
                });
            }
            if let Some(password) = password.clone() {
                changes.push(Change::Password { name: user, password });
            }
            Ok(changes)
        };
        trove.amend(call, decide).await?;
        Ok(Done::accepted())
    })
}

/// `DELETE /instances/{id}/users/{user}`
pub(crate) fn delete<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (name, host) = names::user_and_host(call);
        let decide = move |inside: &Inside, contents: &Contents| {
            known(inside, contents, (&name, &host), "User delete error")?;
            Ok(vec![Change::DropUser { name: name.clone(), host: host.clone() }])
        };
        trove.amend(call, decide).await?;
        Ok(Done::accepted())
    })
}

/// `GET /instances/{id}/users/{user}/databases`
pub(crate) fn access<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (name, host) = names::user_and_host(call);
        let (inside, contents) = trove.look(call).await?;
        let user = known(&inside, &contents, (&name, &host), "Error loading user")?;
        Ok(Done::ok(json!({"databases": databases(user)})))
    })
}

/// `PUT /instances/{id}/users/{user}/databases`
pub(crate) fn grant<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (name, host) = names::user_and_host(call);
        let wanted = call.list("databases")?.iter().filter_map(|one| one["name"].as_str());
        let wanted: Vec<String> = wanted.map(str::to_owned).collect();
        let decide = move |inside: &Inside, contents: &Contents| {
            known(inside, contents, (&name, &host), "Error loading user")?;
            let (name, host) = (name.clone(), host.clone());
            Ok(vec![Change::Grant { name, host, databases: wanted.clone() }])
        };
        trove.amend(call, decide).await?;
        Ok(Done::accepted())
    })
}

/// `DELETE /instances/{id}/users/{user}/databases/{database}`
pub(crate) fn revoke<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let (name, host) = names::user_and_host(call);
        let database = call.param("database").to_owned();
        let decide = move |inside: &Inside, contents: &Contents| {
            let user = known(inside, contents, (&name, &host), "Error loading user")?;
            if !user.databases.contains(&database) {
                return Err(no_database(&database));
            }
            let (name, host) = (name.clone(), host.clone());
            Ok(vec![Change::Revoke { name, host, database: database.clone() }])
        };
        trove.amend(call, decide).await?;
        Ok(Done::accepted())
    })
}
