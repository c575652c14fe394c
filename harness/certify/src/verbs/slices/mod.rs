//! `slices`: releases, their slices and what is cut of them.
//!
//! `cut`, `find`, `info` and `debug` follow the reference tool, so that scripts can move over: an
//! error is one line on standard error and exit code 1, whatever went wrong.

mod advise;
mod check;
mod cut;
mod debug;
mod find;
mod info;
mod lint;
mod lock;
mod opened;
mod reference;
mod release;

use model::ExitCode;

pub(super) use self::lock::read as read_lock;
use self::release::release;
use crate::arguments::{SlicesArguments, SlicesVerb};
use crate::shipped::Shelf;
use crate::{Failure, Terminal, told};

pub(super) fn run(
    arguments: &SlicesArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        SlicesVerb::Cut(arguments) => {
            as_the_reference(cut::run(arguments, shelf, terminal), terminal)
        }
        SlicesVerb::Find(arguments) => {
            as_the_reference(find::run(arguments, shelf, terminal), terminal)
        }
        SlicesVerb::Info(arguments) => {
            as_the_reference(info::run(arguments, shelf, terminal), terminal)
        }
        SlicesVerb::Debug(arguments) => {
            as_the_reference(debug::run(arguments, shelf, terminal), terminal)
        }
        SlicesVerb::Lock(arguments) => lock::run(arguments, shelf, terminal),
        SlicesVerb::Advise(arguments) => advise::run(arguments, shelf, terminal),
        SlicesVerb::Check(arguments) => check::run(arguments, shelf, terminal),
        SlicesVerb::Lint(arguments) => lint::run(arguments, shelf, terminal),
    }
}

/// A failure as the reference tool tells it.
fn as_the_reference(
    done: Result<ExitCode, Failure>,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    done.or_else(|failure| {
        terminal.plain(&format!("error: {}", told(&failure.error)));
        Ok(ExitCode::NotCertified)
    })
}
