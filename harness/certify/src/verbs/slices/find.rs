//! `slices find`: slices by name.

use model::ExitCode;

use super::release;
use crate::arguments::FindArguments;
use crate::shipped::Shelf;
use crate::verbs::{print, print_json};
use crate::{Failure, Terminal};

pub(super) fn run(
    arguments: &FindArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let release = release(&arguments.release, shelf, terminal)?;
    let found = chisel::find(&release, &arguments.queries);
    if arguments.json {
        let rows: Vec<_> = found
            .iter()
            .map(|slice| serde_json::json!({"slice": slice.key, "hint": slice.hint}))
            .collect();
        return print_json(&rows);
    }
    if found.is_empty() {
        let text = format!("No matching slices for {:?}", arguments.queries.join(" "));
        terminal.plain(&text);
        return Ok(ExitCode::Certified);
    }
    print(&chisel::table(&found))
}
