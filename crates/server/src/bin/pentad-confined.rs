//! Runs programs within limits for servers inside of programs that cannot start themselves again for it.

use std::process::ExitCode;

fn main() -> ExitCode {
    pentad_server::confined::intercept().unwrap_or(ExitCode::FAILURE)
}
