//! `certify`: the binary that joins all rooms. Its exit code is its verdict.

use std::process::ExitCode;

use certify::Terminal;
use certify::arguments::Arguments;
use clap::Parser;
use clap::error::ErrorKind;

fn main() -> ExitCode {
    // One provider for the whole program, before anything could build a client.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    tracing();
    let terminal = Terminal::new();
    match certify::verbs::run(arguments, &terminal) {
        Ok(code) => ExitCode::from(u8::from(code)),
        Err(failure) => {
            let code = u8::from(failure.exit);
            terminal.plain(&format!("error: {:#}", failure.error));
            terminal.plain(&format!("{} (exit {code})", failure.exit.word()));
            ExitCode::from(code)
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

fn tracing() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("CERTIFY_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
