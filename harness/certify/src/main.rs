//! `certify`: the binary that joins all rooms. Its exit code is its verdict.

use std::process::ExitCode;

use certify::Terminal;
use certify::arguments::Arguments;
use clap::Parser;
use clap::error::ErrorKind;

fn main() -> ExitCode {
    certify::prepare();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    let terminal = Terminal::new();
    match certify::verbs::run(arguments, &terminal) {
        Ok(code) => ExitCode::from(u8::from(code)),
        Err(failure) => {
            terminal.failure(&failure);
            ExitCode::from(u8::from(failure.exit))
        }
    }
}

/// Help and version go to standard output and are fine; everything else is bad input.
fn refuse(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(u8::from(model::ExitCode::Usage)),
    }
}
