//! `run`: the main job. Builds, observes, judges, reports; the exit code is the verdict.

use model::ExitCode;

use super::print_json;
use crate::arguments::RunArguments;
use crate::job::{self, Order};
use crate::rooms::wanted::Wanted;
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &RunArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let wanted = Wanted::read(arguments, shelf).or_usage()?;
    let order = Order::read(wanted, shelf)?;
    let done = job::run(&order, arguments.out.as_deref(), shelf, terminal)?;
    if arguments.json {
        print_json(&done.report)?;
    }
    done.say(terminal);
    Ok(done.exit_code())
}
