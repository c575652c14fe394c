//! `slices debug`: what maintainers of a release look at.

use anyhow::anyhow;
use model::ExitCode;

use super::opened::{Habits, Looking};
use super::{opened, release};
use crate::arguments::{CheckArchivesArguments, DebugArguments, DebugVerb};
use crate::shipped::Shelf;
use crate::verbs::{print, print_json};
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &DebugArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        DebugVerb::CheckReleaseArchives(arguments) => check_archives(arguments, shelf, terminal),
    }
}

fn check_archives(
    arguments: &CheckArchivesArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let release = release(&arguments.source.release, shelf, terminal)?;
    let arch = opened::arch(arguments.arch.arch.as_deref())?;
    let looking = Looking {
        mirrors: arguments.source.mirrors(),
        ignored: arguments.source.ignored(),
        habits: Habits::Reference,
    };
    let archives = opened::archives(&release, arch, &looking, (shelf, terminal))?;
    let fetch = |records: &[chisel::PackageRecord]| {
        archives.fetch(records).map_err(|error| {
            let text = format!("cannot fetch from archive: {error:#}");
            chisel::Error::new(chisel::ErrorClass::Archive, text)
        })
    };
    let found = chisel::check_archives(&release, arch, &archives, &fetch).or_unavailable()?;
    for note in &found.notes {
        terminal.say("Note", note);
    }
    if arguments.json {
        print_json(&found.issues)?;
    } else if !found.issues.is_empty() {
        print(&found.yaml())?;
    }
    if found.issues.is_empty() {
        return Ok(ExitCode::Certified);
    }
    Err(anyhow!("issues found in the release archives")).or_usage()
}
