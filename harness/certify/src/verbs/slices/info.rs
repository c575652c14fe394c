//! `slices info`: definitions as they are understood.

use model::ExitCode;

use super::release;
use crate::arguments::InfoArguments;
use crate::shipped::Shelf;
use crate::verbs::{print, print_json};
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &InfoArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let release = release(&arguments.release, shelf, terminal)?;
    let info = chisel::info(&release, &arguments.names);
    if arguments.json {
        print_json(&info.packages)?;
    } else if !info.packages.is_empty() {
        print(&info.yaml())?;
    }
    match info.failure() {
        None => Ok(ExitCode::Certified),
        Some(failure) => Err(failure).or_usage(),
    }
}
