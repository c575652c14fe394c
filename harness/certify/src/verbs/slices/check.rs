//! `slices check`: a release validated as a whole.

use model::{Arch, ExitCode};

use super::release;
use crate::arguments::CheckArguments;
use crate::shipped::Shelf;
use crate::verbs::{print, print_json};
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &CheckArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    if arguments.explain_differences {
        return explain_differences(arguments);
    }
    let release = release(&arguments.release.named(), shelf, terminal)?;
    let mut closures = 0;
    for slice in release.slices() {
        for arch in Arch::ALL {
            chisel::select(&release, std::slice::from_ref(&slice.key), arch).or_usage()?;
            closures += 1;
        }
    }
    if arguments.json {
        print_json(&serde_json::json!({
            "release": release.name,
            "digest": release.digest,
            "packages": release.packages.len(),
            "slices": release.slices().count(),
            "closures": closures,
            "unknown_keys": release.unknown_keys,
        }))?;
    }
    let text = format!(
        "{}: {} packages, {} slices, {closures} closures resolve",
        release.name,
        release.packages.len(),
        release.slices().count()
    );
    terminal.say("Check", &text);
    for unknown in &release.unknown_keys {
        terminal.say("Note", &unknown.to_string());
    }
    Ok(ExitCode::Certified)
}

fn explain_differences(arguments: &CheckArguments) -> Result<ExitCode, Failure> {
    if arguments.json {
        return print_json(&chisel::DIFFERENCES);
    }
    let mut text = String::new();
    for known in chisel::DIFFERENCES {
        let kind = match known.kind {
            chisel::DifferenceKind::Safety => "safety",
            chisel::DifferenceKind::Correctness => "correctness",
            chisel::DifferenceKind::Interpreter => "interpreter",
        };
        text.push_str(&format!("{kind}: the reference {}\n", known.reference));
        text.push_str(&format!("    here: {}\n", known.ours));
        text.push_str(&format!("    cases: {}\n", known.cases.join(", ")));
    }
    let cases: usize = chisel::DIFFERENCES
        .iter()
        .map(|known| known.cases.len())
        .sum();
    text.push_str(&format!(
        "{} differences, {cases} recorded cases\n",
        chisel::DIFFERENCES.len()
    ));
    print(&text)
}
