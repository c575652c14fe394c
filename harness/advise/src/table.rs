//! Advice as text for a terminal.

use std::fmt::Write;

use crate::advice::{Advice, Missing};

/// Packages and slices with the reason for each, then what is still to be defined, what is missing
/// and what was not followed. Definitions are the last part.
pub fn table(advice: &Advice) -> String {
    let mut text = String::new();
    let rows: Vec<[String; 4]> = advice
        .slices
        .iter()
        .map(|slice| {
            let package = slice.slice.package();
            let files = advice.packages.iter().filter(|found| found.name == package);
            let files = files.flat_map(|found| &found.files);
            let count = files.filter(|file| file.slice == slice.slice).count();
            let mark = match (slice.drafted, slice.implied) {
                (true, _) => " (draft)",
                (false, true) => " (essential)",
                (false, false) => "",
            };
            [
                package.to_owned(),
                format!("{}{mark}", slice.slice),
                count.to_string(),
                slice.why.clone(),
            ]
        })
        .collect();
    let head = ["PACKAGE", "SLICE", "FILES", "WHY"].map(str::to_owned);
    columns(std::iter::once(&head).chain(&rows), &mut text);
    unsliced(advice, &mut text);
    let title = "\nNot provided, although it must be there:";
    missing(title, &advice.missing, &mut text);
    if !advice.unreadable.is_empty() {
        text.push_str("\nNot readable:\n");
        for bad in &advice.unreadable {
            let _ = writeln!(text, "  {}: {}", bad.path, bad.why);
        }
    }
    let title = "\nNot provided, and asked for on some ways only:";
    missing(title, &advice.unmet, &mut text);
    if !advice.notes.is_empty() {
        text.push_str("\nNotes:\n");
        for note in &advice.notes {
            let _ = writeln!(text, "  {note}");
        }
    }
    text.push_str("\nslices:\n");
    for slice in advice.slices.iter().filter(|slice| !slice.implied) {
        let _ = writeln!(text, "  - {}", slice.slice);
    }
    for draft in &advice.drafts {
        let _ = write!(text, "\n# {}\n{}", draft.file, draft.text);
    }
    text
}

/// Files in no slice, by package.
fn unsliced(advice: &Advice, text: &mut String) {
    let mut is_first = true;
    for package in &advice.packages {
        let files: Vec<&str> = package
            .files
            .iter()
            .filter(|file| file.drafted)
            .map(|file| file.path.as_str())
            .collect();
        if files.is_empty() {
            continue;
        }
        if is_first {
            text.push_str("\nIn no slice yet:\n");
            is_first = false;
        }
        const SHOWN: usize = 5;
        let _ = writeln!(text, "  {} {}", package.name, package.version);
        for path in files.iter().take(SHOWN) {
            let _ = writeln!(text, "    {path}");
        }
        if files.len() > SHOWN {
            let _ = writeln!(text, "    and {} more", files.len() - SHOWN);
        }
    }
}

fn missing(title: &str, lacks: &[Missing], text: &mut String) {
    if lacks.is_empty() {
        return;
    }
    let _ = writeln!(text, "{title}");
    for lack in lacks {
        let _ = writeln!(text, "  {}, needed by {}: {}", lack.need, lack.by, lack.why);
    }
}

fn columns<'r>(rows: impl Iterator<Item = &'r [String; 4]> + Clone, text: &mut String) {
    let mut widths = [0; 3];
    for row in rows.clone() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let [a, b, c] = widths;
    for [package, slice, files, why] in rows {
        let _ = writeln!(text, "{package:<a$}  {slice:<b$}  {files:>c$}  {why}");
    }
}
