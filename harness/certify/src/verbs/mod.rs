//! One file per verb.

mod build;
mod doctor;
mod explain;
mod judge;
mod list;
mod plan;
mod rbac;
mod report;
mod run;
mod schema;
mod show;
mod slices;
mod sweep;

use std::io::Write;

use model::ExitCode;

use crate::arguments::{Arguments, Verb};
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal, host};

/// Does what the command line says; the exit code is the verdict.
pub fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    host::supported(std::env::consts::OS).or_unavailable()?;
    let shelf = Shelf::open(arguments.config).or_usage()?;
    match arguments.verb {
        Verb::Run(arguments) => run::run(&arguments, &shelf, terminal),
        Verb::Plan(arguments) => plan::run(&arguments, &shelf),
        Verb::Build(arguments) => build::run(&arguments, &shelf, terminal),
        Verb::Report(arguments) => report::run(&arguments, terminal),
        Verb::Judge(arguments) => judge::run(&arguments, &shelf, terminal),
        Verb::Show(arguments) => show::run(&arguments),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::List(arguments) => list::run(&arguments, &shelf),
        Verb::Doctor(arguments) => doctor::run(&arguments, &shelf),
        Verb::Rbac(arguments) => rbac::run(&arguments, &shelf),
        Verb::Sweep(arguments) => sweep::run(&arguments, terminal),
        Verb::Schema(arguments) => schema::run(&arguments),
        Verb::Slices(arguments) => slices::run(&arguments, &shelf, terminal),
    }
}

/// Prints data on standard output. A reader that went away is no error.
fn print(text: &str) -> Result<ExitCode, Failure> {
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).or_fault(),
        _ => Ok(ExitCode::Certified),
    }
}

/// Prints a value as JSON on standard output.
fn print_json<T: serde::Serialize>(value: &T) -> Result<ExitCode, Failure> {
    print(&serde_json::to_string_pretty(value).or_fault()?)
}
