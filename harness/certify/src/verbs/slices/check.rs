//! `slices check`: a release validated as a whole.

use model::{Arch, ExitCode};

use super::release;
use crate::arguments::{CheckArguments, ReleaseArguments};
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &CheckArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let asked = ReleaseArguments {
        release: arguments.release.clone(),
        offline: arguments.offline,
        ..ReleaseArguments::NONE
    };
    let release = release(&asked, shelf, terminal)?;
    let mut closures = 0;
    for slice in release.slices() {
        for arch in Arch::ALL {
            chisel::select(&release, std::slice::from_ref(&slice.key), arch).or_usage()?;
            closures += 1;
        }
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
