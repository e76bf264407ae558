//! The rules by which written settings become effective ones (OpenStack reference B17.2).

use pentad_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use crate::auth::plugin;

/// Those for which the outer place wins.
const OUTER: &[&str] = &[
    "domain_id",
    "domain_name",
    "passcode",
    "project_domain_id",
    "project_domain_name",
    "project_id",
    "project_name",
    "token",
    "user_domain_id",
    "user_domain_name",
];
const RENAMES: &[(&str, &str)] = &[
    ("tenant_id", "project_id"),
    ("tenant_name", "project_name"),
    ("auth_token", "token"),
    ("user_name", "username"),
];

/// Puts `over` on top of `under`, member by member.
pub(super) fn merge(under: &mut Map<String, Value>, over: Map<String, Value>) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                under.insert(name, value);
            }
        }
    }
}

/// The same settings with `_` for `-` in their names, those of `auth` too.
pub(super) fn plain_keys(settings: &Map<String, Value>) -> Map<String, Value> {
    let plain = |(name, value): (&String, &Value)| {
        let name = name.replace('-', "_");
        let value = match value {
            Value::Object(members) if name == "auth" => Value::Object(plain_keys(members)),
            other => other.clone(),
        };
        (name, value)
    };
    settings.iter().map(plain).collect()
}

/// Applies all rules. `outer_wins` where the outer place of a login option is a variable or a flag.
pub(super) fn apply(settings: &mut Map<String, Value>, region: Option<&str>, outer_wins: bool) -> Result<()> {
    rename(settings, &[("endpoint_type", "interface")]);
    if settings.remove("insecure").is_some_and(|value| is_true(&value)) {
        settings.insert("verify".to_owned(), false.into());
    }
    let auth_type = match settings.get("auth_type") {
        Some(Value::Null) => Some("none"),
        Some(Value::String(name)) => match name.as_str() {
            "None" => Some("none"),
            "token_endpoint" => Some("admin_token"),
            _ => None,
        },
        _ => None,
    };
    if let Some(name) = auth_type {
        settings.insert("auth_type".to_owned(), name.into());
    }
    pick_region(settings, region)?;
    place(settings, outer_wins);
    domains(settings);
    let region = text(settings, "region_name").unwrap_or_default();
    if let Some(Value::Object(auth)) = settings.get_mut("auth")
        && let Some(Value::String(url)) = auth.get_mut("auth_url")
    {
        *url = url.replace("{region_name}", &region);
    }
    Ok(())
}

/// A scalar as text: YAML reads `password: 1234` as a number.
pub(super) fn text(settings: &Map<String, Value>, name: &str) -> Option<String> {
    match settings.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => {
            matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on" | "t" | "y")
        }
        _ => false,
    }
}

/// Whether it says no. What says neither yes nor no is something else, such as the name of a file.
pub(super) fn is_false(value: &Value) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => {
            matches!(text.to_ascii_lowercase().as_str(), "false" | "0" | "no" | "off" | "f" | "n")
        }
        _ => false,
    }
}

/// Puts the home directory where the name of a file begins with `~`.
pub(super) fn expand(settings: &mut Map<String, Value>, home: Option<&str>) {
    let Some(home) = home else { return };
    for name in ["cacert", "cert", "key", "verify"] {
        if let Some(Value::String(path)) = settings.get_mut(name)
            && let Some(rest) = path.strip_prefix('~')
            && (rest.is_empty() || rest.starts_with('/'))
        {
            *path = format!("{}{rest}", home.trim_end_matches('/'));
        }
    }
}

fn rename(settings: &mut Map<String, Value>, names: &[(&str, &str)]) {
    for (old, new) in names {
        if let Some(value) = settings.remove(*old) {
            settings.entry((*new).to_owned()).or_insert(value);
        }
    }
}

fn pick_region(settings: &mut Map<String, Value>, wanted: Option<&str>) -> Result<()> {
    let wanted = wanted.map(str::to_owned).or_else(|| text(settings, "region_name"));
    let Some(Value::Array(regions)) = settings.remove("regions") else {
        if let Some(region) = wanted {
            // A list in one text is the old way; its first counts.
            let first = region.split(',').next().unwrap_or_default().trim().to_owned();
            settings.insert("region_name".to_owned(), first.into());
        }
        return Ok(());
    };
    let name = |region: &Value| region.as_str().or_else(|| region["name"].as_str()).map(str::to_owned);
    let chosen = match &wanted {
        Some(wanted) => regions.iter().find(|region| name(region).as_ref() == Some(wanted)),
        None => regions.first(),
    };
    let Some(chosen) = chosen else {
        let names: Vec<String> = regions.iter().filter_map(name).collect();
        let message = format!("region {} is not one of the cloud's", wanted.unwrap_or_default());
        return Err(Error::new(ErrorKind::Config, message).with_hint(format!("it has: {}", names.join(", "))));
    };
    if let Some(name) = name(chosen) {
        settings.insert("region_name".to_owned(), name.into());
    }
    if let Some(Value::Object(values)) = chosen.get("values") {
        merge(settings, plain_keys(values));
    }
    Ok(())
}

/// Moves login options below `auth`.
fn place(settings: &mut Map<String, Value>, outer_wins: bool) {
    rename(settings, RENAMES);
    let mut auth = match settings.remove("auth") {
        Some(Value::Object(auth)) => auth,
        _ => Map::new(),
    };
    rename(&mut auth, RENAMES);
    for name in plugin::options() {
        if let Some(value) = settings.remove(name)
            && !value.is_null()
            && (outer_wins || OUTER.contains(&name) || !auth.contains_key(name))
        {
            auth.insert(name.to_owned(), value);
        }
    }
    settings.insert("auth".to_owned(), auth.into());
}

/// A lone domain together with a project is the domain of user and project.
fn domains(settings: &mut Map<String, Value>) {
    let Some(Value::Object(auth)) = settings.get_mut("auth") else { return };
    let has =
        |auth: &Map<String, Value>, names: [&str; 2]| names.iter().any(|name| text(auth, name).is_some());
    if !has(auth, ["project_id", "project_name"]) || !has(auth, ["domain_id", "domain_name"]) {
        return;
    }
    for kind in ["id", "name"] {
        let Some(domain) = auth.remove(&format!("domain_{kind}")) else { continue };
        for whose in ["user", "project"] {
            let names = [format!("{whose}_domain_id"), format!("{whose}_domain_name")];
            if !names.iter().any(|name| auth.contains_key(name)) {
                auth.insert(format!("{whose}_domain_{kind}"), domain.clone());
            }
        }
    }
}
