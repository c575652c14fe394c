//! How a reader checks the report without believing it.

use model::{Report, Role};
use serde::Serialize;

use crate::text::one_line;

/// A command line and what it does.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Command {
    /// The command line.
    pub(crate) line: String,
    /// What it does.
    pub(crate) does: String,
}

/// The commands, from the cheapest to the dearest.
pub(crate) fn commands(report: &Report) -> Vec<Command> {
    let run = &report.run.id;
    let mut found = vec![
        Command {
            line: format!("cargo xtask report {run}"),
            does: "writes these documents again from the journal".to_owned(),
        },
        Command {
            line: format!("cargo xtask judge {run}"),
            does: "judges the recorded samples again".to_owned(),
        },
    ];
    let measured = report
        .cells
        .iter()
        .find(|c| c.role == Role::Subject && c.measurements.iter().any(|m| !m.series.is_empty()));
    if let Some(cell) = measured {
        found.push(Command {
            line: show_samples(report, cell.id.as_str()),
            does: "prints every sample, to recompute a verdict by hand".to_owned(),
        });
    }
    found.push(Command {
        line: again(report),
        does: "runs the whole of it again".to_owned(),
    });
    found
}

/// The command that prints the samples of one cell.
pub(crate) fn show_samples(report: &Report, cell: &str) -> String {
    format!("cargo xtask show samples {} --cell {cell}", report.run.id)
}

/// The run's own command line.
fn again(report: &Report) -> String {
    let words = report.run.command.iter().map(|word| quoted(word));
    let mut words: Vec<String> = words.collect();
    // The binary spells the main job `run`, xtask spells it `certify`.
    if words.first().is_some_and(|w| w == "run" || w == "certify") {
        words.remove(0);
    }
    ["cargo xtask certify".to_owned()]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let word = one_line(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        for (word, wanted) in [
            ("--image", "--image"),
            ("images/web.yaml", "images/web.yaml"),
            ("a b", "'a b'"),
            ("it's; rm", r"'it'\''s; rm'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), wanted);
        }
    }
}
