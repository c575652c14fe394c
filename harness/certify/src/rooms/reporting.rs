//! Judging a journal and writing every report of it: what a run does at its end, and `report` any
//! time later.

use anyhow::{Context, Result, bail};
use engine::journal::Journal;
use model::{Plan, Report, Verdict};
use reports::terminal::{Colour, Screen};

use super::composing;
use super::folder::RunFolder;
use crate::Terminal;

/// Judges a journal under the plan it carries. A verdict that differs from the trailer's is a
/// fault: the program that judged and this one do not agree.
pub fn judged(plan: &Plan, journal: &Journal) -> Result<(Report, Verdict)> {
    let verdict = engine::judge(plan, journal, suites::SUITES);
    let report = composing::compose(plan, journal, &verdict)
        .context("the journal does not start with a header")?;
    if let Some(trailer) = journal.trailer() {
        let now = model::canonical::digest(&verdict);
        if trailer.verdict != now {
            bail!(
                "the journal's trailer names verdict {} and this program finds {now}; use the \
                 version that made the run ({})",
                trailer.verdict,
                report.run.build
            );
        }
    }
    Ok((report, verdict))
}

/// Writes every report format and the unsigned certificates.
pub fn write_formats(folder: &RunFolder, report: &Report) -> Result<()> {
    for format in reports::FORMATS {
        folder.write(format.file_name(), format.render(report)?.as_bytes())?;
    }
    for certificate in reports::certificate::unsigned(report)? {
        let name = format!("certificates/{}", certificate.file_name);
        folder.write(&name, certificate.text.as_bytes())?;
    }
    Ok(())
}

/// The end of a run: the table and the page, the verdict as the last line.
pub fn say_closing(folder: &RunFolder, report: &Report, terminal: &Terminal) {
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
