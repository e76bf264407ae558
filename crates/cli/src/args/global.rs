//! Flags that every command understands.

use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use crate::output::{Choice, Query, Shape, jmes, jq};

/// Global flags. Values left out come from the environment, then the context, then the built-in default.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Use this context of the configuration (environment: PENTAD_CONTEXT).
    #[arg(long, global = true, value_name = "NAME")]
    #[arg(add = ArgValueCandidates::new(crate::command::complete::contexts))]
    pub(crate) context: Option<String>,
    /// Talk to this endpoint: HOST:PORT or a URL (environment per service: PENTAD_AMS_ENDPOINT).
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// How results are written: table, json, yaml, ndjson, csv, value or template=TEXT (environment: PENTAD_OUTPUT).
    #[arg(short, long, global = true, value_parser = Choice::parse, value_name = "FORMAT")]
    #[arg(add = ArgValueCandidates::new(formats))]
    pub(crate) output: Option<Choice>,
    /// Columns to show, in this order; a dot descends into objects.
    #[arg(long, global = true, value_delimiter = ',', value_name = "A,B.C")]
    pub(crate) columns: Option<Vec<String>>,
    /// Leave the header of tables and CSV out.
    #[arg(long, global = true, visible_alias = "no-headers")]
    pub(crate) no_header: bool,
    /// Sort lists by this column; a dash before its name turns the order around.
    #[arg(long, global = true, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(crate) sort: Option<String>,
    /// Write only what this JMESPath expression finds in the result.
    #[arg(long, global = true, value_name = "JMESPATH", value_parser = jmes)]
    pub(crate) query: Option<String>,
    /// Write what this jq filter makes of the result.
    #[arg(long, global = true, value_name = "FILTER", value_parser = jq, conflicts_with = "query")]
    pub(crate) jq: Option<String>,
    /// Show long results through $PAGER, on a terminal.
    #[arg(long, global = true)]
    pub(crate) pager: bool,
    /// Colours on stderr and in tables.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,
    /// Say more on stderr; twice says it all.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say nothing on stderr but errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Log each request and answer on stderr, secrets left out.
    #[arg(long, global = true)]
    pub(crate) debug: bool,
    /// Give each call this long, e.g. 90s or 2m (environment: PENTAD_TIMEOUT).
    #[arg(long, global = true, value_parser = super::timeout, value_name = "TIME")]
    pub(crate) timeout: Option<Duration>,
    /// Print the call instead of sending it.
    #[arg(long, global = true, value_enum, value_name = "LANGUAGE")]
    pub(crate) print: Option<Language>,
    /// Same as --print curl.
    #[arg(long, global = true, conflicts_with = "print")]
    pub(crate) curl: bool,
    /// Stop before any change and show the request that would be sent.
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// Do not ask before something is destroyed.
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
}

fn formats() -> Vec<CompletionCandidate> {
    Choice::words().into_iter().map(CompletionCandidate::new).collect()
}

impl Global {
    /// What is wanted of results beside their format.
    pub(crate) fn shape(&self) -> Shape {
        let jq = || self.jq.clone().map(Query::Jq);
        Shape {
            columns: self.columns.clone(),
            headless: self.no_header,
            sort: self.sort.clone(),
            query: self.query.clone().map(Query::Jmes).or_else(jq),
            quiet: self.quiet,
            pager: self.pager,
        }
    }

    /// The language to print the call in, if it is not to be sent.
    pub(crate) fn language(&self) -> Option<Language> {
        self.print.or(self.curl.then_some(Language::Curl))
    }
}

/// Languages that a call can be printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Curl,
    Python,
    Rust,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes the choice hold for everything written through `anstream`.
    pub(crate) fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}
