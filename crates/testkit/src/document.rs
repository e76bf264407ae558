//! Documents of known size, for tests and measurements.

use std::fmt::Write as _;

const NAMESPACES: [&str; 21] = [
    "auth",
    "billing",
    "catalog",
    "custom",
    "devops",
    "dictionary",
    "embed",
    "helpdesk",
    "leads",
    "localization",
    "modules",
    "notifications",
    "offers",
    "offers-ns",
    "pim",
    "pricing",
    "reporting",
    "statistics",
    "subscriptions",
    "tier",
    "usage",
];
const COLLECTIONS: [&str; 30] = [
    "accounts",
    "agreements",
    "assets",
    "brands",
    "cases",
    "categories",
    "contracts",
    "conversations",
    "countries",
    "customers",
    "drafts",
    "engagements",
    "forms",
    "hubs",
    "invoices",
    "journals",
    "keys",
    "listings",
    "marketplaces",
    "media",
    "memberships",
    "orders",
    "partners",
    "products",
    "programs",
    "requests",
    "roles",
    "streams",
    "tasks",
    "users",
];
const VERBS: [&str; 7] = ["activate", "approve", "close", "export", "inquire", "render", "terminate"];
const FIELDS: [&str; 18] = [
    "id",
    "name",
    "status",
    "type",
    "owner.id",
    "owner.name",
    "product.id",
    "product.name",
    "hub.id",
    "hub.name",
    "contract.id",
    "external_id",
    "events.created.at",
    "events.updated.at",
    "version",
    "total",
    "note",
    "tier.id",
];

/// Resource paths, action paths and their operations as counted in the published document.
const RESOURCES: usize = 167;
const ACTIONS: usize = 221;
const CREATES: usize = 120;
const UPDATES: usize = 120;
const DELETES: usize = 66;

/// Writes a YAML document with the counts of the service's published one: 555 paths, 861 operations, 21 namespaces,
/// 30 top-level collections, 167 resource paths, about 100,000 lines.
///
/// # Source
/// Connect reference 11.1 and 11.3.
pub fn published_scale() -> String {
    let mut out = String::with_capacity(5 << 20);
    head(&mut out);
    let bases = bases();
    for (index, base) in bases.iter().enumerate() {
        collection(&mut out, index, base);
        resource(&mut out, index, base);
    }
    for index in 0..ACTIONS {
        let base = &bases[index % bases.len()];
        action(&mut out, index, base, VERBS[index % VERBS.len()]);
    }
    components(&mut out);
    out
}

/// The collection paths: 30 at the top, 62 in namespaces, the rest below resources.
fn bases() -> Vec<String> {
    let mut bases: Vec<String> = COLLECTIONS.iter().map(|name| (*name).to_owned()).collect();
    for name in NAMESPACES {
        let children: &[&str] = if name == "subscriptions" {
            &["assets", "requests"]
        } else {
            &["items", "services", "templates"]
        };
        bases.extend(children.iter().map(|child| format!("{name}/{child}")));
    }
    let parents = bases.clone();
    for (index, parent) in parents.iter().cycle().enumerate() {
        if bases.len() == RESOURCES {
            break;
        }
        let child = if index < parents.len() { "environments" } else { "variables" };
        bases.push(format!("{parent}/{{{}_id}}/{child}", last(parent).trim_end_matches('s')));
    }
    bases
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The operation id's front: the path in words.
fn words(base: &str) -> String {
    base.replace(['{', '}'], "").replace(['/', '-'], "_")
}

fn head(out: &mut String) {
    out.push_str(
        "openapi: 3.0.0\ninfo:\n  title: Cloud Automation API\n  version: '37.0'\n  description: |\n    \
         Everything that the platform's portals can do.\n\n    - Products and *subscriptions*\n    - Billing: usage, \
         pricing\nservers:\n  - url: https://api.example.com/public/v1\nsecurity:\n  - apiKey: []\ntags:\n",
    );
    for name in NAMESPACES.iter().chain(&COLLECTIONS) {
        let _ = writeln!(out, "  - name: {name}\n    description: \"Operations of {name}: all of them\"");
    }
    out.push_str("paths:\n");
}

fn collection(out: &mut String, index: usize, base: &str) {
    let _ = writeln!(
        out,
        "  /{base}:\n    summary: The {name} of the account\n    get:\n      tags:\n        - {tag}\n      \
         operationId: {id}_list_get\n      summary: List {name}\n      description: >-\n        Lists {name}, filtered \
         and ordered by the query.\n        Pages are counted by `limit` and `offset`.\n      parameters:",
        name = last(base),
        tag = base.split('/').next().unwrap_or(base),
        id = words(base),
    );
    path_parameters(out, base, 8);
    out.push_str(
        "        - $ref: '#/components/parameters/limit'\n        - $ref: '#/components/parameters/offset'\n",
    );
    for (number, field) in FIELDS.iter().enumerate() {
        filter(out, number, field);
    }
    let _ = writeln!(
        out,
        "      responses:\n        '200':\n          description: A page of {}\n          headers:\n            \
         Content-Range:\n              description: items <first>-<last>/<total>\n              schema:\n                \
         type: string\n          content:\n            application/json:\n              schema:\n                type: \
         array\n                items:\n                  $ref: '#/components/schemas/Model{index}'",
        last(base)
    );
    errors(out);
    if index < CREATES {
        operation(out, "post", &format!("{}_list_create", words(base)), index, Body::Inline);
    }
}

fn filter(out: &mut String, number: usize, field: &str) {
    let kind = if field.ends_with(".at") { "string\n            format: date-time" } else { "string" };
    let _ = writeln!(
        out,
        "        - name: {field}\n          in: query\n          required: false\n          description: |\n            \
         Filters by `{field}`.\n\n            **lookups:** eq, ne, in, out{more}\n            **ordering:** {order}\n\
         {search}          schema:\n            type: {kind}",
        more = if field.ends_with("name") { ", like, ilike" } else { "" },
        order = number.is_multiple_of(2),
        search = if field.ends_with("name") { "            **search:** true\n" } else { "" },
    );
}

fn resource(out: &mut String, index: usize, base: &str) {
    let path = format!("{base}/{{{}_id}}", last(base).trim_end_matches('s'));
    let _ = writeln!(out, "  /{path}:\n    summary: One of the {}\n    parameters:", last(base));
    path_parameters(out, &path, 6);
    let id = words(base);
    operation(out, "get", &format!("{id}_retrieve_get"), index, Body::None);
    if index < UPDATES {
        operation(out, "put", &format!("{id}_retrieve_update"), index, Body::Inline);
    }
    if index < DELETES {
        operation(out, "delete", &format!("{id}_retrieve_destroy"), index, Body::None);
    }
}

fn action(out: &mut String, index: usize, base: &str, verb: &str) {
    let path = format!("{base}/{{{}_id}}", last(base).trim_end_matches('s'));
    let method = match index {
        0 => "patch",
        1 | 2 => "get",
        _ => "post",
    };
    let _ = writeln!(out, "  /{path}/{verb}:\n    parameters:");
    path_parameters(out, &path, 6);
    let body = match index {
        1 | 2 => Body::None,
        3..=10 => Body::Multipart,
        11..=14 => Body::Sheet,
        _ => Body::Inline,
    };
    operation(out, method, &format!("{}_{verb}_create", words(&path)), index, body);
}

fn path_parameters(out: &mut String, path: &str, indent: usize) {
    for segment in path.split('/').filter(|segment| segment.starts_with('{')) {
        let name = segment.trim_matches(['{', '}']);
        let _ = writeln!(
            out,
            "{0:indent$}- name: {name}\n{0:indent$}  in: path\n{0:indent$}  required: true\n{0:indent$}  schema:\n\
             {0:indent$}    type: string\n{0:indent$}    pattern: '^[A-Z]{{2,4}}(-[0-9]{{3}})+$'",
            ""
        );
    }
}

#[derive(Clone, Copy)]
enum Body {
    None,
    Inline,
    Multipart,
    Sheet,
}

fn operation(out: &mut String, method: &str, id: &str, index: usize, body: Body) {
    let _ = writeln!(
        out,
        "    {method}:\n      operationId: {id}\n      summary: \"{method}: {id}\"\n      description: |\n        \
         Changes or shows one object.\n\n        The answer carries the object as it is afterwards.\n      tags: \
         [{}, 'all']",
        id.split('_').next().unwrap_or(id)
    );
    let media = match body {
        Body::None => None,
        Body::Inline => Some("application/json"),
        Body::Multipart => Some("multipart/form-data"),
        Body::Sheet => Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    };
    if let Some(media) = media {
        let _ =
            writeln!(out, "      requestBody:\n        required: true\n        content:\n          {media}:");
        let _ =
            writeln!(out, "            schema:\n              type: object\n              required: [name]");
        out.push_str("              properties:\n");
        properties(out, 16, index);
        out.push_str(
            "            example:\n              name: 'Example: one'\n              status: draft\n",
        );
    }
    out.push_str("      responses:\n");
    let status = match method {
        "delete" => "204",
        "post" if id.ends_with("list_create") => "201",
        "get" if !id.ends_with("retrieve_get") => "302",
        _ => "200",
    };
    let _ = writeln!(out, "        '{status}':\n          description: Done");
    if status.starts_with("20") && status != "204" {
        let _ = writeln!(
            out,
            "          content:\n            application/json:\n              schema:\n                $ref: \
             '#/components/schemas/Model{}'",
            index % RESOURCES
        );
    }
    errors(out);
}

fn properties(out: &mut String, indent: usize, index: usize) {
    for (number, name) in ["name", "status", "note", "amount", "enabled", "settings"].iter().enumerate() {
        let _ = writeln!(out, "{0:indent$}{name}:", "");
        let text: &[&str] = match number {
            0 => &["type: string", "minLength: 1", "maxLength: 128", "description: 'How people call it'"],
            1 => &["type: string", "enum:", "  - draft", "  - active", "  - \"terminated\""],
            2 => &[
                "type: string",
                "nullable: true",
                "description: >",
                "  Free text for people,",
                "  on many lines.",
            ],
            3 => &["type: integer", "format: int64", "minimum: 0", "exclusiveMinimum: false"],
            4 => &["type: boolean", "default: false"],
            _ => &[
                "type: object",
                "additionalProperties: true",
                "description: \"Anything: \\u00e9 \\\"quoted\\\"\"",
            ],
        };
        for line in text {
            let _ = writeln!(out, "{0:indent$}  {line}", "");
        }
    }
    let _ = writeln!(
        out,
        "{0:indent$}parent:\n{0:indent$}  $ref: '#/components/schemas/Model{1}'",
        "",
        index % RESOURCES
    );
}

fn errors(out: &mut String) {
    for status in ["400", "401", "403", "404"] {
        let _ = writeln!(out, "        '{status}':\n          description: Refused\n          content:");
        out.push_str("            application/json:\n              schema:\n");
        out.push_str("                $ref: '#/components/schemas/Error'\n");
    }
}

fn components(out: &mut String) {
    out.push_str(
        "components:\n  securitySchemes:\n    apiKey:\n      type: apiKey\n      in: header\n      name: Authorization\n  \
         parameters:\n    limit:\n      name: limit\n      in: query\n      schema: {type: integer, minimum: 0, default: \
         100}\n    offset:\n      name: offset\n      in: query\n      schema: {type: integer, minimum: 0}\n  schemas:\n    \
         Error:\n      type: object\n      required: [error_code, errors]\n      properties:\n        error_code: {type: \
         string}\n        errors:\n          type: array\n          items: {type: string}\n",
    );
    for index in 0..RESOURCES {
        let _ = writeln!(
            out,
            "    Model{index}:\n      type: object\n      required:\n        - id\n        - name\n      properties:\n        \
             id:\n          type: string\n          readOnly: true\n          example: PRD-{:03}-000-000",
            index
        );
        properties(out, 8, index + 1);
    }
}
