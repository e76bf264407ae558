//! Finding things (OpenStack reference A16.4, A17).

use pentad_core::{Error, ErrorKind, Result, Work};
use serde_json::Value;

use super::{Manager, Resource};
use crate::error::{code, coded, no_unique_match};

impl<T: Resource> Manager<T> {
    /// The things that have all these attributes, from all pages. A thing that lacks one of them is none of them.
    ///
    /// # Source
    /// OpenStack reference A16.4.
    pub fn find_all(&self, attributes: &[(&str, Value)]) -> Work<Vec<T>> {
        self.search(attributes, |_, found| Ok(found))
    }

    /// The one thing that has all these attributes.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none;
    /// [`ErrorExt::is_no_unique_match`](crate::ErrorExt::is_no_unique_match) if there are several.
    /// # Source
    /// OpenStack reference A16.4.
    pub fn find(&self, attributes: &[(&str, Value)]) -> Work<T> {
        let asked = shown(attributes);
        self.search(attributes, move |manager, mut found| match found.len() {
            0 => Err(none(format!("No {} matching {asked}.", manager.class))),
            1 => Ok(found.remove(0)),
            many => Err(several(format!("{many} {} objects match {asked}.", manager.class))),
        })
    }

    fn search<U: Send + 'static>(
        &self,
        attributes: &[(&str, Value)],
        judge: impl FnOnce(&Self, Vec<T>) -> Result<U> + Send + 'static,
    ) -> Work<U> {
        let wanted: Vec<(String, Value)> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let (manager, list) = (self.clone(), self.list());
        Work::new(self.session(), self.list_op(), list.request(), move |scope| {
            Box::pin(async move {
                let has = |thing: &T| {
                    wanted.iter().all(|(name, value)| thing.attribute(name).as_ref() == Some(value))
                };
                let found = scope.all(list).await?.into_iter().filter(has).collect();
                judge(&manager, found)
            })
        })
    }

    /// The thing with this id, else with this human-readable id, else with this name. Costs one call by id and, if that
    /// finds nothing, one listing.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) `No user with a name or ID of 'x' exists.`;
    /// [`ErrorExt::is_no_unique_match`](crate::ErrorExt::is_no_unique_match)
    /// `Multiple user matches found for 'x', use an ID to be more specific.`
    /// # Source
    /// OpenStack reference A17.
    pub fn lookup(&self, name_or_id: &str) -> Work<T> {
        self.lookup_where(name_or_id, &[])
    }

    /// As [`lookup`](Self::lookup), with what the service itself is to look for when the id is none:
    /// `[("domain_id", "default")]`.
    ///
    /// # Errors
    /// As [`lookup`](Self::lookup).
    /// # Source
    /// OpenStack reference A17.
    pub fn lookup_where(&self, name_or_id: &str, query: &[(&str, &str)]) -> Work<T> {
        let (manager, wanted) = (self.clone(), name_or_id.to_owned());
        let all = self.list_where(query);
        let preview = self.draft(crate::raw::Verb::Get, Some(name_or_id)).request();
        Work::new(self.session(), self.list_op(), preview, move |scope| {
            Box::pin(async move {
                match scope.run(manager.get(&wanted)).await {
                    Ok(thing) => return Ok(thing),
                    // Not all services take a name for an id that there might be.
                    Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => {}
                    Err(error) => return Err(error),
                }
                let all = scope.all(all).await?;
                let human: Vec<&T> =
                    all.iter().filter(|thing| thing.human_id().as_deref() == Some(&wanted)).collect();
                let named = || all.iter().filter(|thing| thing.name() == Some(&wanted)).collect();
                let found: Vec<&T> = if human.is_empty() { named() } else { human };
                let noun = manager.noun();
                match found[..] {
                    [] => Err(none(format!("No {noun} with a name or ID of '{wanted}' exists."))),
                    [one] => Ok(one.clone()),
                    _ => Err(no_unique_match(&noun, &wanted)),
                }
            })
        })
    }

    fn list_op(&self) -> &'static pentad_core::Op {
        match &self.place {
            super::Place::Ops(kind, _) => kind.list,
            super::Place::Path(..) => crate::raw::Verb::Get.op(),
        }
    }
}

/// The attributes as a JSON object; secret ones hidden.
fn shown(attributes: &[(&str, Value)]) -> String {
    let pairs = attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let mut all = Value::Object(pairs.collect());
    pentad_core::redact::json(&mut all);
    all.to_string()
}

fn none(message: String) -> Error {
    Error::new(ErrorKind::NotFound, message)
}

fn several(message: String) -> Error {
    coded(ErrorKind::Invalid, code::NO_UNIQUE_MATCH, message)
}
