//! `slices lint`: every slice cut alone and judged.

use anyhow::Context;
use chisel::{ErrorClass, Ignored, Lint, PackageRecord, PackageSource, Release, SliceKey};
use model::{Arch, ExitCode};
use rayon::prelude::*;

use super::opened::{Habits, Looking};
use super::{opened, release};
use crate::arguments::LintArguments;
use crate::rooms::slice_keys;
use crate::shipped::Shelf;
use crate::verbs::{print, print_json};
use crate::{Failure, OrExit, Terminal};

/// Exit code 0 when there is nothing to say, 1 with findings.
pub(super) fn run(
    arguments: &LintArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let release = release(&arguments.release.named(), shelf, terminal)?;
    let arch = opened::arch(arguments.arch.arch.as_deref())?;
    let keys = wanted(&arguments.slices, &release)?;
    let looking = Looking {
        mirrors: &arguments.archives.mirrors,
        // What is judged is the release, whatever its age.
        ignored: vec![Ignored::Unstable, Ignored::Unmaintained],
        habits: Habits::Ours,
    };
    let archives = opened::archives(&release, arch, &looking, (shelf, terminal))?;
    archives
        .fetch(&packages(&release, &keys, arch, &archives)?)
        .or_unavailable()?;
    let kept = chisel::UnpackedPackages::new(&archives);
    let judged: Vec<Vec<Lint>> = keys
        .par_iter()
        .map(|key| chisel::lint_alone(&release, key, arch, &kept))
        .collect::<chisel::Result<_>>()
        .or_unavailable()?;
    let mut found: Vec<Lint> = judged.into_iter().flatten().collect();
    found.sort();
    if arguments.json {
        print_json(&found)?;
    } else if !found.is_empty() {
        print(&table(&found))?;
    }
    let text = format!(
        "{}: {} slices, {} findings",
        release.name,
        keys.len(),
        found.len()
    );
    terminal.say("Lint", &text);
    Ok(match found.is_empty() {
        true => ExitCode::Certified,
        false => ExitCode::NotCertified,
    })
}

/// The slices named, or all.
fn wanted(names: &[String], release: &Release) -> Result<Vec<SliceKey>, Failure> {
    if names.is_empty() {
        return Ok(release.slices().map(|slice| slice.key.clone()).collect());
    }
    let keys = slice_keys(names)?;
    for key in &keys {
        release
            .slice(key)
            .with_context(|| format!("release {} has no slice {key}", release.name))
            .or_usage()?;
    }
    Ok(keys)
}

/// The packages that all cuts together open. What cannot be found is left to the cut to tell.
fn packages(
    release: &Release,
    keys: &[SliceKey],
    arch: Arch,
    source: &dyn PackageSource,
) -> Result<Vec<PackageRecord>, Failure> {
    let selection = chisel::select(release, keys, arch).or_usage()?;
    let mut records = Vec::new();
    for name in selection.packages() {
        let package = release.packages.get(name);
        let pin = package.and_then(|package| package.archive.as_deref());
        match source.lookup(name, arch, pin) {
            Ok(found) => records.extend(found),
            Err(error) if error.class() == ErrorClass::Archive => {
                return Err(error).or_unavailable();
            }
            Err(_) => {}
        }
    }
    Ok(records)
}

/// Slice, rule and finding, in columns.
fn table(found: &[Lint]) -> String {
    let wide = |text: fn(&Lint) -> &str| found.iter().map(|lint| text(lint).len()).max();
    let slice = wide(|lint| &lint.slice).unwrap_or_default();
    let rule = wide(|lint| lint.rule).unwrap_or_default();
    let lines: Vec<String> = found
        .iter()
        .map(|lint| format!("{:slice$}  {:rule$}  {}", lint.slice, lint.rule, lint.found))
        .collect();
    lines.join("\n")
}
