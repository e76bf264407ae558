//! Trees of commands that are made when they are named.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// The arguments of a service. Its tree of commands is made only where the words of this process name it: all the trees
/// together would be most of what a short command costs.
///
/// clap's own deferring is not the same: it would list the global options before the service's.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) Box<T>);

/// Commands that look at those of all services.
const ALL: [&str; 2] = ["man", "tour"];

fn is_named(service: &str) -> bool {
    std::env::args_os().any(|word| word == service || ALL.iter().any(|all| word == *all))
}

impl<T: Args> Args for Named<T> {
    fn augment_args(command: Command) -> Command {
        if is_named(command.get_name()) { T::augment_args(command) } else { command }
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }
}

impl<T: FromArgMatches> FromArgMatches for Named<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(|args| Self(Box::new(args)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(|args| Self(Box::new(args)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
