//! `report RUN`: what a run came to, from its journal alone; every format written again.

use engine::journal::{Journal, JournalError};
use model::{ExitCode, Report, Verdict};

use super::print_json;
use crate::arguments;
use crate::rooms::folder::RunFolder;
use crate::rooms::reporting::{judged, say_closing, write_formats};
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &arguments::RunFolder,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let folder = RunFolder::find(&arguments.run).or_usage()?;
    let report = match read(&folder)? {
        Read::Report(report, _) => report,
        Read::Incomplete(why) => {
            terminal.plain(&format!("incomplete (exit 4): {why}"));
            return Ok(ExitCode::Incomplete);
        }
    };
    if report.complete {
        write_formats(&folder, &report).or_fault()?;
    }
    if arguments.json {
        print_json(&report)?;
    }
    say_closing(&folder, &report, terminal);
    Ok(report.exit_code)
}

/// What a run folder holds.
pub(super) enum Read {
    /// A report, complete or not, and the verdict it rests on.
    Report(Box<Report>, Box<Verdict>),
    /// Not even a plan.
    Incomplete(String),
}

/// Reads a run folder. A folder whose journal has no header or plan is an incomplete run.
pub(super) fn read(folder: &RunFolder) -> Result<Read, Failure> {
    let journal = match Journal::read(&folder.journal()) {
        Ok(journal) => journal,
        Err(JournalError::Absent(path)) => {
            return Ok(Read::Incomplete(format!("there is no journal at {path}")));
        }
        Err(error) => return Err(error).or_fault(),
    };
    let Some(plan) = journal.plan() else {
        return Ok(Read::Incomplete("the journal has no plan".to_owned()));
    };
    let (report, verdict) = judged(plan, &journal).or_fault()?;
    Ok(Read::Report(Box::new(report), Box::new(verdict)))
}
