//! `slices lock`: which release and packages a cut is made of, and what changes.

use anyhow::{Context, anyhow};
use camino::Utf8Path;
use chisel::{Change, Lock, Release};
use model::{Arch, ExitCode};

use super::opened::{Habits, Looking};
use super::{opened, release};
use crate::arguments::LockArguments;
use crate::rooms::intent;
use crate::rooms::slice_keys;
use crate::shipped::Shelf;
use crate::verbs::{print, print_json};
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &LockArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let file = &arguments.lock;
    let before = if file.exists() {
        Some(read(file)?)
    } else {
        None
    };
    if arguments.locked && before.is_none() {
        return Err(anyhow!("there is no lock {file} to hold anything to")).or_usage();
    }
    let slices = match (&arguments.image, &before) {
        (Some(image), _) => of_image(image, arguments, shelf)?,
        (None, Some(before)) if arguments.slices.is_empty() => before.slices.clone(),
        _ => arguments.slices.clone(),
    };
    if slices.is_empty() {
        let text = format!("there is no lock {file} yet: name the slices that it is to hold");
        return Err(anyhow!(text)).or_usage();
    }
    let release = release(&arguments.source.release, shelf, terminal)?;
    let mut after: Option<Lock> = None;
    for arch in architectures(arguments, before.as_ref())? {
        let lock = lock(&release, &slices, arch, arguments, (shelf, terminal))?;
        after = Some(match after {
            Some(other) => lock.with_architectures_of(&other),
            None => lock,
        });
    }
    let after = after.context("no architecture to lock").or_fault()?;
    match before {
        None => write(file, &after, terminal),
        Some(before) => compare(arguments, &before, after, terminal),
    }
}

/// The slices that the spec `name` asks for.
fn of_image(name: &str, arguments: &LockArguments, shelf: &Shelf) -> Result<Vec<String>, Failure> {
    let choice = arguments.source.release.choice();
    let spec = intent::image_of(name, shelf, &choice).or_usage()?.spec;
    let release = choice.of(spec.slices.keys()).or_usage()?;
    Ok(spec.slices.get(&release).cloned().unwrap_or_default())
}

/// Reads the lock in `file`.
pub(in crate::verbs) fn read(file: &Utf8Path) -> Result<Lock, Failure> {
    let text = fs_err::read_to_string(file).or_usage()?;
    Lock::read(file.as_str(), &text).or_usage()
}

fn architectures(arguments: &LockArguments, before: Option<&Lock>) -> Result<Vec<Arch>, Failure> {
    match before {
        Some(before) if arguments.arch.is_empty() => {
            Ok(before.architectures.keys().copied().collect())
        }
        _ if arguments.arch.is_empty() => Ok(vec![opened::arch(None)?]),
        _ => arguments
            .arch
            .iter()
            .map(|text| opened::arch(Some(text)))
            .collect(),
    }
}

/// What the archives give today.
fn lock(
    release: &Release,
    slices: &[String],
    arch: Arch,
    arguments: &LockArguments,
    (shelf, terminal): (&Shelf, &Terminal),
) -> Result<Lock, Failure> {
    let selection = chisel::select(release, &slice_keys(slices)?, arch).or_usage()?;
    let looking = Looking {
        mirrors: arguments.source.mirrors(),
        ignored: arguments.source.ignored(),
        habits: Habits::Ours,
    };
    let archives = opened::archives(release, arch, &looking, (shelf, terminal))?;
    let records = chisel::records(&selection, &archives).or_unavailable()?;
    Ok(Lock::of(
        &selection,
        slices,
        archives.locked_suites(),
        &records,
    ))
}

/// Shows what changes, and writes it where that was asked for.
fn compare(
    arguments: &LockArguments,
    before: &Lock,
    after: Lock,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let after = after.with_architectures_of(before);
    let changes = before.changes(&after);
    let same_release = before.release.digest == after.release.digest;
    let same_slices = before.slices == after.slices;
    let added = after.architectures.len() > before.architectures.len();
    if arguments.json {
        print_json(&serde_json::json!({
            "release": {"from": before.release, "to": after.release},
            "slices": {"from": before.slices, "to": after.slices},
            "packages": changes,
        }))?;
    } else if !changes.is_empty() {
        print(&table(&changes))?;
    }
    if !same_release {
        let (from, to) = (before.release.digest, after.release.digest);
        terminal.say("Note", &format!("the release was {from} and is {to}"));
    }
    if !same_slices {
        terminal.say("Note", "other slices are asked for than the lock holds");
    }
    if changes.is_empty() && same_release && same_slices && !added {
        terminal.say("Lock", &format!("{}: nothing changes", arguments.lock));
        return Ok(ExitCode::Certified);
    }
    if arguments.update {
        return write(&arguments.lock, &after, terminal);
    }
    let security = changes.iter().filter(|change| change.security).count();
    terminal.say(
        "Lock",
        &format!(
            "{}: {} packages change, {security} of them by security fixes; `--update` takes them",
            arguments.lock,
            changes.len()
        ),
    );
    Ok(ExitCode::NotCertified)
}

fn write(file: &Utf8Path, lock: &Lock, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let aside = file.with_extension("part");
    fs_err::write(&aside, lock.text().or_fault()?).or_unavailable()?;
    fs_err::rename(&aside, file).or_unavailable()?;
    let packages: usize = lock
        .architectures
        .values()
        .map(|arch| arch.packages.len())
        .sum();
    let names: Vec<&str> = lock
        .architectures
        .keys()
        .map(|arch| arch.debian())
        .collect();
    let text = format!("{packages} packages for {} into {file}", names.join(", "));
    terminal.say("Lock", &text);
    Ok(ExitCode::Certified)
}

/// The changes in columns, security fixes first.
fn table(changes: &[Change]) -> String {
    let none = || "-".to_owned();
    let mut rows = vec![["", "Package", "Arch", "From", "To", "Suite", "Date"].map(str::to_owned)];
    rows.extend(changes.iter().map(|change| {
        let word = if change.security {
            "security"
        } else {
            change.step.word()
        };
        [
            word.to_owned(),
            change.package.clone(),
            change.arch.debian().to_owned(),
            change.from.clone().unwrap_or_else(none),
            change.to.clone().unwrap_or_else(none),
            change.suite.clone(),
            change.date.clone(),
        ]
    }));
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| {
            rows.iter()
                .map(|row| row[column].len())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let line = |row: &[String; 7]| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
