//! The service catalog: which services there are and where (OpenStack reference B6, B12).

mod alias;

use pentad_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};

pub use self::alias::{official_type, type_names};

use crate::error::{code, coded};

/// The services that a token may be used with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    services: Vec<Service>,
}

/// A service in the catalog.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Service {
    /// Identifier.
    pub id: String,
    /// Type, such as `database`.
    pub service_type: String,
    /// Name, such as `trove`; empty if it has none.
    pub name: String,
    /// Where it is.
    pub endpoints: Vec<Endpoint>,
}

/// Where a service is.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Endpoint {
    /// Identifier.
    pub id: String,
    /// `public`, `internal` or `admin`.
    pub interface: String,
    /// Region; empty if it has none.
    pub region: String,
    /// URL, the project filled in.
    pub url: String,
}

/// Which endpoint is wanted.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "this only describes an endpoint"]
pub struct Wanted {
    service_type: String,
    service_name: Option<String>,
    interfaces: Vec<String>,
    region: Option<String>,
    service_id: Option<String>,
    endpoint_id: Option<String>,
}

impl Wanted {
    /// The public endpoint of a service type, in any region.
    pub fn new(service_type: impl Into<String>) -> Self {
        Self {
            service_type: service_type.into(),
            service_name: None,
            interfaces: vec!["public".to_owned()],
            region: None,
            service_id: None,
            endpoint_id: None,
        }
    }

    /// The interface: `public`, `internal`, `admin`, or the same with `URL` at the end; several, the best first, are
    /// separated by commas.
    pub fn interface(mut self, interfaces: &str) -> Self {
        let names = interfaces.split(',').map(str::trim).filter(|name| !name.is_empty());
        self.interfaces = names.map(|name| interface_name(name).to_owned()).collect();
        self
    }

    /// The region, letter by letter.
    pub fn region(mut self, region: Option<&str>) -> Self {
        self.region = region.filter(|region| !region.is_empty()).map(str::to_owned);
        self
    }

    /// The name; services without a name match every name.
    pub fn name(mut self, name: Option<&str>) -> Self {
        self.service_name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        self
    }

    /// The service's identifier.
    pub fn service_id(mut self, id: impl Into<String>) -> Self {
        self.service_id = Some(id.into());
        self
    }

    /// The endpoint's identifier.
    pub fn endpoint_id(mut self, id: impl Into<String>) -> Self {
        self.endpoint_id = Some(id.into());
        self
    }

    fn matches(&self, service: &Service, endpoint: &Endpoint) -> bool {
        let equal =
            |wanted: &Option<String>, there: &str| wanted.as_ref().is_none_or(|wanted| wanted == there);
        !endpoint.url.is_empty()
            && equal(&self.region, &endpoint.region)
            && (service.name.is_empty() || equal(&self.service_name, &service.name))
            && equal(&self.service_id, &service.id)
            && equal(&self.endpoint_id, &endpoint.id)
    }

    fn missing(&self) -> String {
        let interfaces = match self.interfaces.as_slice() {
            [one] => format!("{one} "),
            [] => String::new(),
            many => format!("['{}'] ", many.join("', '")),
        };
        let name = self.service_name.as_ref().map(|name| format!(" named {name}")).unwrap_or_default();
        let region = self.region.as_ref().map(|region| format!(" in {region} region")).unwrap_or_default();
        format!("{interfaces}endpoint for {} service{name}{region} not found", self.service_type)
    }
}

/// The name of an interface as v3 has it.
pub(crate) fn interface_name(name: &str) -> &str {
    name.strip_suffix("URL").unwrap_or(name)
}

impl Catalog {
    /// Reads the member `catalog` of a v3 token. What cannot be read is left out.
    pub fn from_json(catalog: &Value) -> Self {
        let rows = catalog.as_array().map_or(&[][..], Vec::as_slice);
        Self { services: rows.iter().map(service).collect() }
    }

    /// The services.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Whether there is no service at all.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// The first endpoint that is as wanted: types in the order of their names, then interfaces in the order asked
    /// for, then as the catalog has them.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if there is none; [`ErrorExt`](crate::ErrorExt) tells it from others.
    pub fn endpoint(&self, wanted: &Wanted) -> Result<&Endpoint> {
        self.endpoints(wanted).into_iter().next().ok_or_else(|| self.not_found(wanted))
    }

    /// All endpoints that are as wanted, the best first.
    pub fn endpoints(&self, wanted: &Wanted) -> Vec<&Endpoint> {
        let mut found = Vec::new();
        for name in type_names(&wanted.service_type) {
            let rows = || self.services.iter().filter(|service| service.service_type == name);
            let all =
                || rows().flat_map(|service| service.endpoints.iter().map(move |place| (service, place)));
            let mut take = |interface: Option<&String>| {
                found.extend(
                    all()
                        .filter(|(_, place)| interface.is_none_or(|wanted| *wanted == place.interface))
                        .filter(|(service, place)| wanted.matches(service, place))
                        .map(|(_, place)| place),
                );
            };
            if wanted.interfaces.is_empty() {
                take(None);
            }
            wanted.interfaces.iter().for_each(|interface| take(Some(interface)));
        }
        found
    }

    fn not_found(&self, wanted: &Wanted) -> Error {
        if self.is_empty() {
            return coded(ErrorKind::Config, code::EMPTY_CATALOG, "The service catalog is empty.");
        }
        let error = coded(ErrorKind::Config, code::ENDPOINT_NOT_FOUND, wanted.missing());
        let places = |service: &Service| {
            let there =
                service.endpoints.iter().map(|place| format!("{} in {}", place.interface, place.region));
            there.collect::<Vec<_>>().join(", ")
        };
        let names = type_names(&wanted.service_type);
        let like = self.services.iter().find(|service| names.contains(&service.service_type.as_str()));
        match like {
            Some(service) => error.with_hint(format!("the catalog has it {}", places(service))),
            None => {
                let types: Vec<&str> = self.services.iter().map(|row| row.service_type.as_str()).collect();
                error.with_hint(format!("the catalog has: {}", types.join(", ")))
            }
        }
    }

    /// The catalog in the form of a v3 token.
    pub fn to_json(&self) -> Value {
        let endpoint = |place: &Endpoint| {
            json!({
                "id": place.id, "interface": place.interface, "region": place.region,
                "region_id": place.region, "url": place.url,
            })
        };
        self.services
            .iter()
            .map(|service| {
                let endpoints: Vec<Value> = service.endpoints.iter().map(endpoint).collect();
                json!({
                    "id": service.id, "type": service.service_type, "name": service.name, "endpoints": endpoints,
                })
            })
            .collect()
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn service(row: &Value) -> Service {
    let places = row["endpoints"].as_array().map_or(&[][..], Vec::as_slice);
    let endpoint = |place: &Value| {
        let region = Some(text(place, "region_id")).filter(|id| !id.is_empty());
        Endpoint {
            id: text(place, "id"),
            interface: interface_name(&text(place, "interface")).to_owned(),
            region: region.unwrap_or_else(|| text(place, "region")),
            url: text(place, "url"),
        }
    };
    Service {
        id: text(row, "id"),
        service_type: text(row, "type"),
        name: text(row, "name"),
        endpoints: places.iter().map(endpoint).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorExt;

    fn sample() -> Catalog {
        let place = |interface: &str, region: &str| {
            json!({ "id": "e", "interface": interface, "region": region, "region_id": region,
                    "url": format!("http://{}.test/{interface}", region.to_ascii_lowercase()) })
        };
        Catalog::from_json(&json!([
            { "id": "d", "type": "database", "name": "trove",
              "endpoints": [place("public", "RegionOne"), place("public", "RegionTwo")] },
            { "id": "v2", "type": "volumev2", "name": "", "endpoints": [place("public", "V2")] },
            { "id": "v3", "type": "volumev3", "name": "", "endpoints": [place("internal", "V3"), place("public", "V3")] },
            { "id": "q", "type": "messaging", "name": "zaqar", "endpoints": [] },
        ]))
    }

    #[test]
    fn selection_follows_type_interface_and_region_as_in_the_reference() {
        let catalog = sample();
        let url = |wanted: Wanted| catalog.endpoint(&wanted).map(|place| place.url.clone());
        let database = || Wanted::new("database");
        assert_eq!(url(database()).unwrap(), "http://regionone.test/public");
        assert_eq!(
            url(database().interface("publicURL").region(Some("RegionTwo"))).unwrap(),
            "http://regiontwo.test/public"
        );
        assert_eq!(url(database().interface("internal,public")).unwrap(), "http://regionone.test/public");
        assert!(url(database().region(Some("regionone"))).unwrap_err().is_endpoint_not_found());
        assert!(url(database().name(Some("other"))).is_err());
        assert!(url(Wanted::new("databases")).is_err());
    }

    #[test]
    fn aliases_of_a_type_are_found_in_their_published_order() {
        let catalog = sample();
        let url = |name: &str| catalog.endpoint(&Wanted::new(name)).map(|place| place.url.clone()).unwrap();
        assert_eq!(url("volumev2"), "http://v2.test/public");
        assert_eq!(url("block-storage"), "http://v3.test/public");
        assert_eq!(url("volume"), "http://v3.test/public");
    }

    #[test]
    fn what_is_not_found_is_said_in_the_originals_words_with_what_there_is() {
        let catalog = sample();
        let said = |wanted: Wanted| catalog.endpoint(&wanted).unwrap_err();
        assert_eq!(
            said(Wanted::new("database").interface("admin")).message(),
            "admin endpoint for database service not found"
        );
        assert_eq!(
            said(Wanted::new("database").name(Some("x")).region(Some("Nope"))).message(),
            "public endpoint for database service named x in Nope region not found"
        );
        let error = said(Wanted::new("database").interface("internal,admin"));
        assert_eq!(error.message(), "['internal', 'admin'] endpoint for database service not found");
        assert!(error.hint().unwrap().contains("public in RegionOne"));
        let empty = Catalog::default().endpoint(&Wanted::new("database")).unwrap_err();
        assert_eq!(empty.message(), "The service catalog is empty.");
        assert!(said(Wanted::new("dns")).hint().unwrap().contains("database, volumev2"));
    }

    #[test]
    fn a_catalog_is_read_from_what_it_prints() {
        assert_eq!(Catalog::from_json(&sample().to_json()), sample());
        assert!(Catalog::from_json(&json!({"not": "a list"})).is_empty());
    }
}
