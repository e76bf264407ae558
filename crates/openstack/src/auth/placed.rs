//! A token ready for use: its header, its catalog, and the endpoints that were found.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use http::{HeaderValue, Uri};
use jiff::Timestamp;
use pentad_core::auth::{Token, sensitive};
use pentad_core::{Error, ErrorKind, Result, Secret, Target};

use super::access::Access;
use crate::catalog::{Catalog, Wanted};
use crate::discovery::url::satisfies;

/// A token ready for use.
pub(crate) struct Placed {
    secret: Secret,
    obtained: Timestamp,
    header: HeaderValue,
    access: Access,
    catalog: Catalog,
    overrides: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    /// What was resolved so far; a client asks for few services.
    resolved: RwLock<Vec<(Target, Uri)>>,
}

impl Placed {
    pub(crate) fn new(
        token: &Token,
        overrides: &BTreeMap<String, String>,
        names: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let header = sensitive(token.secret.expose())
            .ok_or_else(|| Error::new(ErrorKind::Config, "the token has characters that cannot be sent"))?;
        let access = Access::of(token);
        let catalog = access.catalog();
        Ok(Self {
            secret: token.secret.clone(),
            obtained: token.obtained,
            header,
            access,
            catalog,
            overrides: overrides.clone(),
            names: names.clone(),
            resolved: RwLock::default(),
        })
    }

    /// A service may give the same token again with another catalog.
    pub(crate) fn is_of(&self, token: &Token) -> bool {
        self.obtained == token.obtained && self.secret == token.secret
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    pub(crate) const fn access(&self) -> &Access {
        &self.access
    }

    /// The URL of a service; `None` if it must be discovered because a version is wanted that the catalog does not tell.
    pub(crate) fn resolve(&self, target: &Target) -> Result<Option<Uri>> {
        let held = self.resolved.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, url)) = held.iter().find(|(known, _)| known == target) {
            return Ok(Some(url.clone()));
        }
        drop(held);
        let Some((text, fixed)) = self.listed(target)? else { return Ok(None) };
        let version = match target {
            Target::Service { version, .. } => version.as_deref(),
            _ => None,
        };
        if !fixed && version.is_some_and(|version| !satisfies(&text, version)) {
            return Ok(None);
        }
        let Target::Url(url) = Target::parse(&text)? else { return Ok(None) };
        self.keep(target, &url);
        Ok(Some(url))
    }

    /// Remembers what was found for a target.
    pub(crate) fn keep(&self, target: &Target, url: &Uri) {
        let mut resolved = self.resolved.write().unwrap_or_else(PoisonError::into_inner);
        // Several first calls find it at the same time.
        if !resolved.iter().any(|(known, _)| known == target) {
            resolved.push((target.clone(), url.clone()));
        }
    }

    /// The URL that override or catalog give, and whether it stands whatever the version.
    pub(crate) fn listed(&self, target: &Target) -> Result<Option<(String, bool)>> {
        let Target::Service { service_type, interface, region, .. } = target else { return Ok(None) };
        if let Some(template) = self.overrides.get(service_type.as_ref()) {
            return Ok(Some((self.filled(template)?, true)));
        }
        let wanted = Wanted::new(service_type.as_ref()).interface(interface).region(region.as_deref());
        let wanted = wanted.name(self.names.get(service_type.as_ref()).map(String::as_str));
        match self.catalog.endpoint(&wanted) {
            Ok(endpoint) => Ok(Some((endpoint.url.clone(), false))),
            Err(error) if !self.access.is_scoped() && !self.access.raw().is_null() => Err(error
                .with_hint("the token is good for no project: choose one (OS_PROJECT_NAME, OS_PROJECT_ID)")),
            Err(error) => Err(error),
        }
    }

    fn filled(&self, template: &str) -> Result<String> {
        let mut text = template.to_owned();
        for (name, value) in [
            ("project_id", self.access.project_id()),
            ("tenant_id", self.access.project_id()),
            ("user_id", self.access.user_id()),
        ] {
            for place in [format!("%({name})s"), format!("$({name})s")] {
                if text.contains(&place) {
                    let value = value.ok_or_else(|| {
                        Error::new(ErrorKind::Config, format!("the endpoint {template:?} needs a {name}"))
                            .with_hint("the token has none: choose a project")
                    })?;
                    text = text.replace(&place, value);
                }
            }
        }
        Ok(text)
    }
}

impl fmt::Debug for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placed").field("resolved", &self.resolved).finish_non_exhaustive()
    }
}
