//! Help as Markdown, from the document.

use std::fmt::Write as _;

use crate::operation::PathItem;
use crate::parameter::Location;
use crate::place::{Named, Place, Role};

/// Methods of a collection, and what the fluent client calls them.
const COLLECTION: [(&str, &str); 4] = [
    ("get", ".all(), .filter(), .first()"),
    ("post", ".create()"),
    ("put", ".bulk_update()"),
    ("delete", ".bulk_delete()"),
];
const RESOURCE: [(&str, &str); 3] =
    [("get", ".get(), .exists(), .values()"), ("put", ".update()"), ("delete", ".delete()")];
const ACTION: [(&str, &str); 4] =
    [("get", ".get()"), ("post", ".post()"), ("put", ".put()"), ("delete", ".delete()")];

impl Place<'_> {
    /// Help for this place by what it is, as Markdown.
    ///
    /// # Source
    /// Connect reference 11.4.
    pub fn help(&self) -> String {
        self.help_as(self.role())
    }

    /// Help for this place as what the caller takes it for: `products` may be meant as a collection though the document
    /// makes it a namespace.
    pub fn help_as(&self, role: Role) -> String {
        let mut out = String::new();
        match role {
            Role::Top => self.top_help(&mut out),
            Role::Namespace => self.namespace_help(&mut out),
            Role::Collection => self.collection_help(&mut out),
            Role::Resource => self.resource_help(&mut out),
            Role::Action => self.action_help(&mut out),
        }
        out
    }

    /// Help for searching the collection: paging, and its filters with what they allow.
    pub fn search_help(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "# Search the {} collection\n", titled(self.name()));
        self.heading(&mut out);
        let get = self.item().and_then(|item| item.operation("get"));
        let mut parameters = get.and_then(|get| get.parameters().ok()).unwrap_or_default();
        if !parameters.is_empty() {
            let paged =
                if parameters.iter().any(|parameter| parameter.is_shared()) { "True" } else { "False" };
            let _ = writeln!(out, "Support pagination: *{paged}*\n");
        }
        parameters.retain(|parameter| !parameter.is_shared() && parameter.location() == Location::Query);
        parameters.sort_by_key(|parameter| parameter.name());
        if !parameters.is_empty() {
            out.push_str("## Available filters\n\n");
        }
        for parameter in parameters {
            let _ = writeln!(out, "*{}*", parameter.name());
            for line in
                parameter.description().unwrap_or_default().lines().filter(|line| !line.trim().is_empty())
            {
                let _ = writeln!(out, "   {line}");
            }
            out.push('\n');
        }
        out
    }

    fn top_help(&self, out: &mut String) {
        let document = self.document();
        let _ = writeln!(
            out,
            "# Welcome to {} {}\n\n## Introduction\n",
            document.title().unwrap_or_else(|| "the service".to_owned()),
            document.version().unwrap_or_default()
        );
        let _ = writeln!(out, "{}\n", document.description().unwrap_or_default().trim_end());
        names(out, "## Namespaces", &self.namespaces());
        names(out, "## Collections", &self.collections());
    }

    fn namespace_help(&self, out: &mut String) {
        let _ = writeln!(out, "# {} namespace\n", titled(self.path()));
        let _ = writeln!(out, "**path: /{}**\n", self.path());
        names(out, "## Available namespaces", &self.namespaces());
        names(out, "## Available collections", &self.collections());
    }

    fn collection_help(&self, out: &mut String) {
        let _ = writeln!(out, "# {} collection\n", titled(self.name()));
        self.heading(out);
        self.methods(out, "### Available operations", &COLLECTION);
        summaries(out, "### Available actions", &self.actions());
    }

    fn resource_help(&self, out: &mut String) {
        let collection = self.path().rsplit('/').nth(1).unwrap_or_default();
        let _ = writeln!(out, "# {} resource\n", titled(&singular(collection)));
        self.heading(out);
        self.methods(out, "### Available operations", &RESOURCE);
        summaries(out, "### Available actions", &self.actions());
        summaries(out, "### Available nested collections", &self.collections());
    }

    fn action_help(&self, out: &mut String) {
        let _ = writeln!(out, "# {} action\n", titled(self.name()));
        self.heading(out);
        self.methods(out, "## Available methods", &ACTION);
    }

    fn name(&self) -> &str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// Path, summary and description.
    fn heading(&self, out: &mut String) {
        let _ = writeln!(out, "**path: /{}**\n", self.path());
        let Some(item) = self.item() else { return };
        let first = || item.operations().next();
        let summary = item.summary().or_else(|| first()?.node().get("summary")?.as_str());
        let description = item.description().or_else(|| first()?.node().get("description")?.as_str());
        for (title, text) in [("Summary", summary), ("Description", description)] {
            if let Some(text) = text {
                let _ = writeln!(out, "### {title}\n\n{}\n", text.trim_end());
            }
        }
    }

    fn methods(&self, out: &mut String, title: &str, known: &[(&str, &str)]) {
        let item: Option<PathItem<'_>> = self.item();
        let has = |method: &str| item.as_ref().is_some_and(|item| item.operation(method).is_some());
        let _ = writeln!(out, "{title}\n");
        for (method, calls) in known.iter().filter(|(method, _)| has(method)) {
            let _ = writeln!(out, "* {}: {calls}", method.to_uppercase());
        }
        out.push('\n');
    }
}

fn names(out: &mut String, title: &str, names: &[Named<'_>]) {
    if names.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}\n");
    for named in names {
        let _ = writeln!(out, "* {}", named.name);
    }
    out.push('\n');
}

fn summaries(out: &mut String, title: &str, names: &[Named<'_>]) {
    if names.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}\n");
    for named in names {
        match named.summary {
            Some(summary) => writeln!(out, "* {} - {summary}", named.name),
            None => writeln!(out, "* {}", named.name),
        }
        .ok();
    }
    out.push('\n');
}

/// Every word with a capital, as `Tier/Config-Requests`.
fn titled(text: &str) -> String {
    let mut last = ' ';
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match last.is_alphabetic() {
            true => out.extend(letter.to_lowercase()),
            false => out.extend(letter.to_uppercase()),
        }
        last = letter;
    }
    out
}

/// The English singular where it is regular; the word itself otherwise.
fn singular(word: &str) -> String {
    let cut = |count: usize, end: &str| format!("{}{end}", &word[..word.len() - count]);
    match word {
        "media" | "news" | "series" | "data" => word.to_owned(),
        _ if word.ends_with("ies") && word.len() > 4 => cut(3, "y"),
        _ if ["sses", "xes", "ches", "shes"].iter().any(|end| word.ends_with(end)) => cut(2, ""),
        _ if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") => word.to_owned(),
        _ if word.ends_with('s') && word.len() > 2 => cut(1, ""),
        _ => word.to_owned(),
    }
}
