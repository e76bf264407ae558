//! Finding a thing by its id or its name (OpenStack reference A17).

use pentad_core::{Draft, Error, ErrorKind, List, Op, Work};
use pentad_openstack::no_unique_match;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::{name, wire};

/// Reads the thing that has this id, or else this name. What looks like an id is asked for at once; for a name the
/// whole list is looked through, where the original looks at the first page only.
pub(crate) fn find<T, S>(
    client: &Client,
    wanted: &str,
    get: fn(&Client, &str) -> Draft,
    all: List<S>,
    names: fn(&S) -> (&str, &str),
) -> Work<T>
where
    T: DeserializeOwned + Send + 'static,
    S: Send + 'static,
{
    let own = client.clone();
    let wanted = wanted.to_owned();
    let is_id = name::is_uuid(&wanted);
    let first = get(client, &wanted).request();
    let op = first.as_ref().map_or(&crate::ops::INSTANCE_GET, |request| request.op);
    let preview = if is_id { first } else { all.request() };
    Work::new(client.session(), op, preview, move |scope| {
        Box::pin(async move {
            if is_id {
                return scope.run(get(&own, &wanted).call(wire::one)).await;
            }
            let mut items = scope.items(all);
            let mut found: Option<String> = None;
            while let Some(item) = items.next().await {
                let item = item?;
                let (id, name) = names(&item);
                if id == wanted {
                    found = Some(id.to_owned());
                    break;
                }
                if name == wanted && found.replace(id.to_owned()).is_some() {
                    return Err(no_unique_match(noun(op), &wanted).with_op(op.id));
                }
            }
            let Some(id) = found else {
                let message = format!("No {} with a name or ID of '{wanted}' exists.", noun(op));
                return Err(Error::new(ErrorKind::NotFound, message).with_op(op.id));
            };
            scope.run(get(&own, &id).call(wire::one)).await
        })
    })
}

/// What the operation is about: `instance` for `trove.instance.get`.
fn noun(op: &Op) -> &'static str {
    op.id.split('.').nth(1).unwrap_or("thing")
}
