//! `report RUN`: what a run came to, from its journal alone; every format written again.

use anyhow::{Context, anyhow};
use engine::journal::{Journal, JournalError};
use model::{ExitCode, Plan, Report, Verdict};

use reports::terminal::{Colour, Screen};

use super::print_json;
use crate::arguments;
use crate::rooms::composing;
use crate::rooms::folder::RunFolder;
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

/// The end of a run: the table and the page on standard output, the verdict last on standard
/// error.
pub(super) fn say_closing(folder: &RunFolder, report: &Report, terminal: &Terminal) {
    let columns = terminal.columns();
    let screen = Screen {
        columns,
        colour: Colour::None,
    };
    let page = folder.root().join("report.html");
    terminal.plain(&format!("\n{}", reports::terminal::summary(report, screen)));
    if page.is_file() {
        terminal.plain(&format!("Report: {page}"));
    }
    terminal.plain(&reports::terminal::last_line(report, Colour::None));
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

/// Judges a journal under the plan it carries. A verdict that differs from the trailer's is a
/// fault: the program that judged and this one do not agree.
pub(super) fn judged(plan: &Plan, journal: &Journal) -> anyhow::Result<(Report, Verdict)> {
    let verdict = engine::judge(plan, journal, suites::SUITES);
    let report = composing::compose(plan, journal, &verdict)
        .context("the journal does not start with a header")?;
    if let Some(trailer) = journal.trailer() {
        let now = model::canonical::digest(&verdict);
        if trailer.verdict != now {
            return Err(anyhow!(
                "the journal's trailer names verdict {} and this program finds {now}; use the \
                 version that made the run ({})",
                trailer.verdict,
                report.run.build
            ));
        }
    }
    Ok((report, verdict))
}

/// Writes every report format and the unsigned certificates.
pub(super) fn write_formats(folder: &RunFolder, report: &Report) -> anyhow::Result<()> {
    for format in reports::FORMATS {
        folder.write(format.file_name(), format.render(report)?.as_bytes())?;
    }
    for certificate in reports::certificate::unsigned(report)? {
        let name = format!("certificates/{}", certificate.file_name);
        folder.write(&name, certificate.text.as_bytes())?;
    }
    Ok(())
}
