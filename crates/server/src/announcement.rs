//! What a started server says of itself: where it listens, whom to trust, what to log in with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::server::Bound;

/// The announcement as one object.
pub(crate) fn announce(bound: &Bound, services: &[&str], data: Option<&Path>, credentials: Value) -> Value {
    let mut all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "data": data.map_or_else(|| "memory".to_owned(), |dir| dir.display().to_string()),
        "endpoints": endpoints(bound, services),
    });
    if let Some(tls) = bound.tls {
        let base = format!("https://{}", reachable(tls));
        let mut endpoints = Map::new();
        for service in services {
            endpoints.insert((*service).to_owned(), json!(format!("{base}/{service}")));
        }
        if bound.control.is_none() {
            endpoints.insert("control".to_owned(), json!(format!("{base}/_pentad")));
        }
        let ca_file = bound.ca.as_ref().map(|ca| ca.ca_file().display().to_string());
        all["tls"] = json!({"ca_file": ca_file, "endpoints": endpoints});
    }
    all["credentials"] = credentials;
    all
}

fn endpoints(bound: &Bound, services: &[&str]) -> Map<String, Value> {
    let mut endpoints = Map::new();
    let plain = bound.plain.map(|addr| format!("http://{}", reachable(addr)));
    if services.contains(&"ams") {
        // The TLS listener's root is AMS; a listener of its own, TLS if there is TLS at all, comes first.
        let (own, tls) = (bound.ams.map(reachable), bound.tls.map(reachable));
        if let Some(tls) = tls {
            endpoints.insert("ams".to_owned(), json!(own.unwrap_or(tls).to_string()));
        }
        let own_plain = own.filter(|_| tls.is_none()).map(|own| format!("http://{own}"));
        if let Some(url) = plain.as_ref().map(|base| format!("{base}/ams")).or(own_plain) {
            endpoints.insert("ams_plain".to_owned(), json!(url));
        }
    }
    let control = bound.control.or(bound.plain).map(|addr| format!("http://{}/_pentad", reachable(addr)));
    let control = control.or_else(|| bound.tls.map(|addr| format!("https://{}/_pentad", reachable(addr))));
    if let Some(url) = control {
        endpoints.insert("control".to_owned(), json!(url));
    }
    endpoints
}

/// The credentials, with the certificate login where TLS is on.
pub(crate) fn credentials(bound: &Bound, sections: &Map<String, Value>) -> Value {
    let mut all = sections.clone();
    let port = bound.ams.or(bound.tls).filter(|_| bound.tls.is_some()).map(|addr| addr.port());
    if let (Some(ca), Some(port), Some(Value::Object(ams))) = (&bound.ca, port, all.get_mut("ams")) {
        let (cert, key) = ca.client();
        ams.insert("client_cert".to_owned(), json!(cert.display().to_string()));
        ams.insert("client_key".to_owned(), json!(key.display().to_string()));
        ams.insert("authn_port".to_owned(), json!(port));
    }
    Value::Object(all)
}

/// An address that a client on this machine can connect to.
pub(crate) fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    SocketAddr::new(ip, addr.port())
}
