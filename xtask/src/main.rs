//! The project's chores, as one program: `cargo xtask test | conformance | real | torture | bench`.
//!
//! Everything a contributor or the build machine runs goes through here, so that both run the same thing.
//! The program uses the standard library alone: it is compiled first, before anything can be reported.

mod conformance;
mod postgres;
mod process;
mod real;
mod stages;
mod test;
mod workspace;

use std::process::ExitCode;

/// Failures of a chore are told to a person and never inspected, so a sentence is enough.
type Result<T> = std::result::Result<T, String>;

const USAGE: &str = "\
Usage: cargo xtask <chore>

  test [--ci]          format, lints, tests, doctests, conformance; stops at the first failure
                       --ci installs missing system peers first and requires them
  conformance [ARG..]  only the conformance tests; arguments go to pytest
  real [SERVER..]      our clients against the real Keystone and Trove, installed first if need be
  torture [ARG..]      kill the server under load and compare what it kept with what it answered
  bench [ARG..]        measure client and server against named peers and print ratios
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((chore, rest)) => perform(chore, rest),
        None => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            process::say(&format!("xtask: {why}"));
            ExitCode::FAILURE
        }
    }
}

fn perform(chore: &str, rest: &[String]) -> Result<()> {
    match chore {
        "test" => match rest {
            [] => test::run(test::Place::Desk),
            [flag] if flag == "--ci" => test::run(test::Place::BuildMachine),
            _ => Err(format!("unknown arguments {rest:?}\n\n{USAGE}")),
        },
        "conformance" => {
            let binary = workspace::build_binary(&[])?;
            conformance::run(&binary, rest).map(drop)
        }
        "real" => real::run(rest).map(drop),
        "torture" => test::torture(rest).map(drop),
        "bench" => test::bench(rest),
        "help" | "--help" | "-h" => {
            process::say(USAGE);
            Ok(())
        }
        _ => Err(format!("unknown chore {chore:?}\n\n{USAGE}")),
    }
}
