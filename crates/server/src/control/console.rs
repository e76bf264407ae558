//! The control API as a page for people: no script, nothing from elsewhere.

use std::fmt::Write;

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, VARY};
use http::{HeaderValue, StatusCode};

use super::{Answer, log};
use crate::http::{Inbound, Reply};
use crate::shell::Shell;

/// How many requests the page shows.
const SHOWN: usize = 50;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8884;vertical-align:top}\
pre{margin:0;white-space:pre-wrap;word-break:break-all;font-size:.85em}:root{color-scheme:light dark}";

/// Whether the caller is a browser: the same address gives programs a document.
pub(super) fn wanted(inbound: &Inbound) -> bool {
    inbound.header("accept").is_some_and(|accept| accept.contains("text/html"))
}

/// The page.
pub(super) fn page(shell: &Shell, inbound: &Inbound) -> Answer {
    let mut html = String::new();
    let version = env!("CARGO_PKG_VERSION");
    html.push_str("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>pentad</title>");
    add(&mut html, format_args!("<style>{STYLE}</style></head><body><h1>pentad {version}</h1>"));
    clock(shell, &mut html);
    services(shell, inbound, &mut html);
    links(inbound, &mut html);
    requests(shell, inbound, &mut html);
    html.push_str("</body></html>\n");
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    Ok(Reply::new(StatusCode::OK)
        .content_type("text/html; charset=utf-8")
        .header(CONTENT_SECURITY_POLICY, policy)
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(VARY, HeaderValue::from_static("accept"))
        .body(html))
}

fn clock(shell: &Shell, html: &mut String) {
    let state = if shell.time.is_frozen() { "stands still" } else { "runs" };
    add(html, format_args!("<p>Service time: <code>{}</code>, it {state}.</p>", shell.time.now()));
}

fn services(shell: &Shell, inbound: &Inbound, html: &mut String) {
    let root = inbound.base.strip_suffix("/_pentad").unwrap_or(&inbound.base);
    html.push_str(
        "<h2>Services</h2><table><tr><th>service</th><th>here</th><th>also at</th><th>operations</th></tr>",
    );
    for service in &shell.services {
        let name = escaped(service.name());
        let at =
            if shell.control.is_moved() { format!("/{name}") } else { format!("{}/{name}", escaped(root)) };
        let roots: Vec<String> = service
            .roots()
            .iter()
            .map(|root| {
                format!("<code>{}</code>{}", escaped(root.path), if root.only_tls { " (TLS)" } else { "" })
            })
            .collect();
        add(html, format_args!("<tr><td>{name}</td><td><code>{at}</code></td><td>{}</td>", roots.join(", ")));
        add(html, format_args!("<td>{}</td></tr>", service.routes().len()));
    }
    html.push_str("</table>");
}

fn links(inbound: &Inbound, html: &mut String) {
    let base = escaped(&inbound.base);
    html.push_str("<h2>Pages</h2><ul>");
    for (page, what) in [
        ("metrics", "counters in Prometheus' format"),
        ("log", "the last requests as JSON"),
        ("routes", "every operation of every service"),
        ("config", "what the server was started with"),
        ("faults", "faults on purpose"),
        ("snapshots", "copies of all data"),
        ("clock", "service time"),
        ("readyz", "whether it takes requests and its stores answer"),
    ] {
        add(html, format_args!("<li><a href=\"{base}/{page}\">{page}</a>: {what}</li>"));
    }
    html.push_str("</ul>");
}

fn requests(shell: &Shell, inbound: &Inbound, html: &mut String) {
    let mut entries = log::entries(shell, None, SHOWN, super::authority(inbound));
    entries.reverse();
    add(
        html,
        format_args!("<h2>Requests</h2><p>The last {SHOWN}, newest first; secrets are shell variables.</p>"),
    );
    html.push_str("<table><tr><th>at</th><th>status</th><th>route</th><th>ms</th><th>again</th></tr>");
    for entry in &entries {
        let text = |key: &str| escaped(entry[key].as_str().unwrap_or("–"));
        add(
            html,
            format_args!("<tr><td>{}</td><td>{}</td><td>{}</td>", text("at"), entry["status"], text("route")),
        );
        let ms = entry["ms"].as_f64().unwrap_or_default();
        add(html, format_args!("<td>{ms:.1}</td><td><pre>{}</pre></td></tr>", text("curl")));
    }
    html.push_str("</table>");
    if entries.is_empty() {
        html.push_str("<p>None yet.</p>");
    }
}

fn add(html: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = html.write_fmt(text);
}

/// Text for an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_users_sent_cannot_become_markup() {
        assert_eq!(escaped("<a href='x\">&"), "&lt;a href=&#39;x&quot;&gt;&amp;");
    }
}
