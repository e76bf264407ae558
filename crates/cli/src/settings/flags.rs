//! Flags made from the tables of services.

use std::marker::PhantomData;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::service::Given;
use super::table::{Field, Kind, Table};

/// A type that stands for a service's table of settings.
pub(crate) trait Tabled: 'static {
    /// The table.
    const TABLE: &'static Table;
}

/// The flags of a service's commands, global among them: `#[command(flatten)] flags: Flags<Ams>`.
#[derive(Clone, Debug)]
pub(crate) struct Flags<T> {
    /// What was given, by key.
    pub(crate) given: Given,
    service: PhantomData<fn() -> T>,
}

impl<T> Default for Flags<T> {
    fn default() -> Self {
        Self { given: Given::new(), service: PhantomData }
    }
}

impl<T: Tabled> Args for Flags<T> {
    fn augment_args(command: Command) -> Command {
        let heading = format!("{} options", T::TABLE.title);
        T::TABLE.fields.iter().filter(|field| field.flag.is_some()).fold(command, |command, field| {
            let id = format!("{}.{}", T::TABLE.service, field.key);
            command.arg(
                arg(id, field.flag.unwrap_or_default().to_owned(), field, help(field))
                    .global(true)
                    .help_heading(heading.clone()),
            )
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<T: Tabled> FromArgMatches for Flags<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for field in T::TABLE.fields.iter().filter(|field| field.flag.is_some()) {
            let id = format!("{}.{}", T::TABLE.service, field.key);
            self.given.extend(found(matches, &id, field).map(|text| (field.key, text)));
        }
        Ok(())
    }
}

/// What a context may say about every service: `--ams-endpoint`, `--ams-token-file`, `--ams-token-stdin` and so on.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContextFlags {
    /// Service, field, value.
    pub(crate) given: Vec<(&'static Table, &'static Field, String)>,
    /// Secrets to be read from standard input.
    pub(crate) from_stdin: Vec<(&'static Table, &'static Field)>,
}

impl Args for ContextFlags {
    fn augment_args(mut command: Command) -> Command {
        for (table, field) in every() {
            let text = format!("{}: {}", table.title, field.help);
            let long = format!("{}-{}", table.service, field.file_key().replace('_', "-"));
            let id = format!("{}.{}", table.service, field.key);
            let stdin = format!("{id}.stdin");
            command = command.arg(arg(id.clone(), long, field, text));
            if field.kind == Kind::Secret {
                let text = format!(
                    "{}: read it from standard input now and keep it in a file of mode 0600",
                    table.title
                );
                let long = format!("{}-{}-stdin", table.service, field.key.replace('_', "-"));
                let stdin = Arg::new(stdin).long(long).action(ArgAction::SetTrue).help(text);
                command = command.arg(stdin.conflicts_with(id));
            }
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ContextFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for (table, field) in every() {
            let id = format!("{}.{}", table.service, field.key);
            self.given.extend(found(matches, &id, field).map(|text| (table, field, text)));
            if field.kind == Kind::Secret && matches.get_flag(&format!("{id}.stdin")) {
                self.from_stdin.push((table, field));
            }
        }
        Ok(())
    }
}

fn every() -> impl Iterator<Item = (&'static Table, &'static Field)> {
    crate::command::TABLES.iter().flat_map(|table| table.fields.iter().map(move |field| (*table, field)))
}

fn help(field: &Field) -> String {
    let names: Vec<_> = field.env.iter().chain(field.original).copied().collect();
    match (names.is_empty(), field.kind) {
        (true, Kind::Secret) => format!("File (mode 0600) with the {}; `-` reads standard input", field.help),
        (true, _) => field.help.to_owned(),
        (false, Kind::Secret) => format!(
            "File (mode 0600) with the {}; `-` reads standard input (environment: {} holds it)",
            field.help,
            names.join(", ")
        ),
        (false, _) => format!("{} (environment: {})", field.help, names.join(", ")),
    }
}

fn arg(id: String, long: String, field: &Field, help: String) -> Arg {
    let arg = Arg::new(id).long(long).help(help);
    match field.kind {
        Kind::Switch => arg.action(ArgAction::SetTrue),
        Kind::Port => arg.value_name(field.value).value_parser(clap::value_parser!(u16)),
        Kind::Path | Kind::Secret => arg.value_name(field.value).value_parser(clap::value_parser!(PathBuf)),
        Kind::Text => arg.value_name(field.value),
    }
}

fn found(matches: &ArgMatches, id: &str, field: &Field) -> Option<String> {
    match field.kind {
        Kind::Switch => matches.get_flag(id).then(|| "true".to_owned()),
        Kind::Port => matches.get_one::<u16>(id).map(ToString::to_string),
        // A path that is not text cannot be kept in a configuration file either.
        Kind::Path | Kind::Secret => {
            matches.get_one::<PathBuf>(id).map(|path| path.to_string_lossy().into_owned())
        }
        Kind::Text => matches.get_one::<String>(id).cloned(),
    }
}
