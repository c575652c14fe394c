//! `certify`: the binary that joins all rooms. Its exit code is its verdict.

use std::process::ExitCode;

use certify::Terminal;
use certify::arguments::{Arguments, SlicesVerb};
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
        _ if is_of_the_reference() => ExitCode::from(u8::from(model::ExitCode::NotCertified)),
        _ => ExitCode::from(u8::from(model::ExitCode::Usage)),
    }
}

/// Whether a verb of the reference tool was asked for, which ends every failure with 1.
fn is_of_the_reference() -> bool {
    let mut words = std::env::args().skip_while(|word| word != "slices").skip(1);
    words
        .next()
        .is_some_and(|verb| !SlicesVerb::OURS.contains(&verb.as_str()))
}
