//! The end of a run, as a terminal reads it: table, claims, controls, what did not pass.
//!
//! Plain text of any width. Colour is asked for, is never the only carrier of a meaning, and
//! foreign text has no way to bring its own.

mod line;
mod table;

use model::{Outcome, Report};

use self::line::{Line, Paint};
use crate::numbers::{duration, plural};
use crate::reading::{
    Finding, Overview, Tone, audited, breach, findings, headline, overview, verdict_code, voiding,
};
use crate::text::one_line;

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns; a table that does not fit is written as one block an image.
    pub columns: usize,
    /// Whether escape sequences for colour may be used.
    pub colour: Colour,
}

/// Whether colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// No escape sequence at all.
    None,
    /// The eight standard colours and bold.
    Ansi,
}

/// The end of the run, for standard output: everything but the last line. Ends in a line break.
pub fn summary(report: &Report, screen: Screen) -> String {
    let view = overview(report);
    let head = headline(report);
    let mut lines: Vec<Line> = Vec::new();
    for alarm in &head.alarms {
        lines.extend(Line::wrapped(
            "!  ",
            alarm,
            screen.columns,
            Paint::Tone(Tone::Open),
        ));
    }
    if !head.alarms.is_empty() {
        lines.push(Line::empty());
    }
    lines.extend(table::rows(&view, screen.columns));
    lines.push(Line::empty());
    lines.extend(below(report, screen.columns));
    for control in voiding(report) {
        let words = format!("{}; the run is void", breach(control));
        lines.push(Line::empty());
        lines.extend(Line::wrapped(
            "void  ",
            &words,
            screen.columns,
            Paint::Tone(Tone::Void),
        ));
    }
    lines.extend(troubles(&view, screen.columns));
    let text: Vec<String> = lines
        .iter()
        .map(|line| line.render(screen.colour))
        .collect();
    let mut text = text.join("\n");
    text.push('\n');
    text
}

/// The last line, for standard error, without a line break:
/// `certified (exit 0): 3 images at L2 on oci, profile smoke`.
pub fn last_line(report: &Report, colour: Colour) -> String {
    let code = verdict_code(report);
    let head = headline(report);
    // A rehearsal's exit code is 0 and its word is not.
    let as_told = code == report.exit_code && head.word.tone == Tone::from(code);
    let (word, said) = if as_told {
        (code.word().to_owned(), one_line(&report.verdict))
    } else if code == report.exit_code {
        (head.word.word.to_lowercase(), head.title)
    } else {
        (code.word().to_owned(), head.title)
    };
    let mut line = Line::empty();
    line.push(Paint::Tone(head.word.tone), &word);
    line.push(Paint::None, &format!(" (exit {}): {said}", u8::from(code)));
    line.render(colour)
}

/// The lines beneath the table: claims, controls, what is left, time.
fn below(report: &Report, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let claims = audited(report);
    for (i, row) in claims.rows.iter().enumerate() {
        let label = if i == 0 { "claims    " } else { "          " };
        let words = format!("\"{}\": {}{}", row.text, row.together(), row.numbers());
        lines.extend(Line::wrapped(label, &words, columns, Paint::None));
    }
    let refused = report.controls.iter().filter(|c| c.refused).count();
    let controls = match report.controls.len() {
        0 => "none judged".to_owned(),
        n => format!("{refused} of {n} refused"),
    };
    let left = report.cleanup.left.len() as u64;
    let words = format!(
        "{controls} · {} left behind",
        plural(left, "object", "objects"),
    );
    lines.extend(Line::wrapped("controls  ", &words, columns, Paint::None));
    lines.extend(Line::wrapped(
        "time      ",
        &time(report),
        columns,
        Paint::None,
    ));
    for object in &report.cleanup.left {
        lines.extend(Line::wrapped(
            "left      ",
            &one_line(object),
            columns,
            Paint::None,
        ));
    }
    lines
}

/// How long it took, and how much of that was not measuring.
fn time(report: &Report) -> String {
    let run = &report.run;
    let whole = duration(run.duration_ms);
    if !report.complete || run.duration_ms == 0 {
        return format!("{whole} until it ended early");
    }
    #[allow(clippy::cast_precision_loss, reason = "a run's milliseconds")]
    let share = run.overhead_ms as f64 / run.duration_ms as f64 * 100.0;
    format!(
        "{whole}, of which {} ({share:.0} %) outside trials and their settling",
        duration(run.overhead_ms)
    )
}

/// What did not pass: a cell that says nothing as one block, any other check by check.
fn troubles(view: &Overview<'_>, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for row in &view.rows {
        let place = format!("{} on {}", row.subject.image, row.place.label());
        for cell in &row.cells {
            let tone = Tone::from(cell.outcome);
            let reason = one_line(&cell.reason);
            if tone == Tone::Void {
                let label = format!("{}  ", cell.outcome);
                let n = plural(cell.checks.len() as u64, "check", "checks");
                let words = format!("{} ({place}), {n}: {reason}", cell.suite);
                lines.push(Line::empty());
                lines.extend(Line::wrapped(&label, &words, columns, Paint::Tone(tone)));
            }
            for finding in findings([*cell]).iter().filter(|f| is_trouble(f)) {
                lines.push(Line::empty());
                lines.extend(trouble(finding, &place, columns));
            }
            let mut remarks = cell
                .warnings
                .iter()
                .map(|w| one_line(w))
                .collect::<Vec<_>>();
            if tone == Tone::Open && cell.outcome != Outcome::Waived {
                remarks.insert(0, reason);
            }
            for remark in remarks.iter().filter(|r| !r.is_empty()) {
                let words = format!("{}: {remark}", cell.suite);
                lines.extend(Line::wrapped("      ", &words, columns, Paint::None));
            }
        }
    }
    lines
}

/// Whether a check gets a block of its own: it was judged, and it did not pass.
fn is_trouble(finding: &Finding) -> bool {
    let said = finding.outcome.word != Outcome::NotApplicable.word();
    said && !matches!(finding.outcome.tone, Tone::Good | Tone::Void)
}

fn trouble(finding: &Finding, place: &str, columns: usize) -> Vec<Line> {
    const SHOWN: usize = 5;
    let label = format!("{}  {}  ", finding.outcome.word, finding.id);
    let title = format!("{} ({place})", finding.title);
    let tone = Paint::Tone(finding.outcome.tone);
    let mut lines = Line::wrapped(&label, &title, columns, tone);
    let mut say = |words: &str| {
        lines.extend(Line::wrapped("      ", words, columns, Paint::None));
    };
    if !finding.message.is_empty() {
        say(&finding.message);
    }
    for proof in finding.proofs.iter().take(SHOWN) {
        let owner = proof
            .owner
            .as_deref()
            .map(|o| format!(" ({o})"))
            .unwrap_or_default();
        say(&format!(
            "{}: {}, expected {}{owner}",
            proof.subject, proof.found, proof.expected
        ));
    }
    if finding.proofs.len() > SHOWN || !finding.more.is_empty() {
        say("more of the same stands in the report");
    }
    if let Some(remedy) = &finding.remedy {
        say(&format!("fix: {remedy}"));
    }
    say(&format!("why: cargo xtask explain {}", finding.id));
    lines
}
