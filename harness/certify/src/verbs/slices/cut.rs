//! `slices cut`: selected slices into a folder.

use anyhow::{Context, anyhow};
use camino::Utf8Path;
use chisel::{Cut, LockedSource, PackageRecord, PackageSource, Release, Selection};
use model::{Arch, ExitCode};

use super::opened::{Habits, Looking};
use super::{opened, reference, release};
use crate::arguments::CutArguments;
use crate::rooms::archives::{self, Archives};
use crate::rooms::cut_cache::CutCache;
use crate::rooms::metadata::{self, Described};
use crate::rooms::slice_keys;
use crate::shipped::Shelf;
use crate::verbs::print_json;
use crate::{Failure, OrExit, Terminal, host};

pub(super) fn run(
    arguments: &CutArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    if let Some(folder) = &arguments.metadata {
        metadata::check_empty(folder).or_usage()?;
    }
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(jobs) = arguments.jobs {
        pool = pool.num_threads(usize::from(jobs));
    }
    let pool = pool
        .build()
        .context("starting the threads of the cut")
        .or_fault()?;
    pool.install(|| on_threads(arguments, shelf, terminal))
}

/// What is said once it is done, or would be.
#[derive(serde::Serialize)]
struct Told<'c> {
    release: &'c str,
    release_digest: model::Digest,
    arch: Arch,
    slices: Vec<String>,
    packages: &'c [PackageRecord],
    package_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<Written>,
}

#[derive(serde::Serialize)]
struct Written {
    root: String,
    files: u64,
    file_bytes: u64,
}

fn on_threads(
    arguments: &CutArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let silent = Terminal::silent();
    let terminal = if arguments.quiet { &silent } else { terminal };
    // Before anything is fetched, unlike the reference: nothing can come of it.
    if !arguments.root.is_dir() {
        let text = format!("target directory does not exist: {}", arguments.root);
        return Err(anyhow!(text)).or_usage();
    }
    let lock = arguments
        .lock
        .as_deref()
        .map(super::lock::read)
        .transpose()?;
    let release = release(&arguments.source.release, shelf, terminal)?;
    let arch = opened::arch(arguments.arch.arch.as_deref())?;
    let asked = match &lock {
        Some(lock) if arguments.slices.is_empty() => &lock.slices,
        _ => &arguments.slices,
    };
    let selection = chisel::select(&release, &slice_keys(asked)?, arch).or_usage()?;
    let locked = lock
        .as_ref()
        .map(|lock| lock.demand(&selection))
        .transpose()
        .or_usage()?;
    let looking = Looking {
        mirrors: arguments.source.mirrors(),
        ignored: arguments.source.ignored(),
        habits: Habits::Reference,
    };
    let archives = opened::archives(&release, arch, &looking, (shelf, terminal))?;
    let with_lock = locked.map(|locked| LockedSource::new(locked, &archives));
    let source: &dyn PackageSource = match &with_lock {
        Some(source) => source,
        None => &archives,
    };
    let records = chisel::records(&selection, source).or_unavailable()?;
    let package_bytes = records.iter().map(|record| record.size).sum();
    let mut told = Told {
        release: &release.name,
        release_digest: release.digest,
        arch,
        slices: selection
            .slices
            .iter()
            .map(|slice| slice.key.to_string())
            .collect(),
        packages: &records,
        package_bytes,
        written: None,
    };
    if !arguments.dry_run {
        let (cut, done) = write(arguments, &selection, source, (&archives, &records))?;
        for note in &cut.rootfs.notes {
            terminal.say("Note", note);
        }
        told.written = Some(Written {
            root: arguments.root.to_string(),
            files: done.files,
            file_bytes: done.bytes,
        });
    }
    terminal.say("Cut", &sentence(&told));
    if arguments.json {
        print_json(&told)?;
    }
    match &arguments.with_reference {
        None => Ok(ExitCode::Certified),
        Some(program) => compare(program, arguments, arch, asked),
    }
}

/// Shows where the reference tool's cut is another one.
fn compare(
    program: &str,
    arguments: &CutArguments,
    arch: Arch,
    asked: &[String],
) -> Result<ExitCode, Failure> {
    let found = reference::differences(program, arguments, arch, asked).or_unavailable()?;
    if found.is_empty() {
        return Ok(ExitCode::Certified);
    }
    let text = format!("{program} cuts it otherwise:\n{}", found.join("\n"));
    Err(anyhow!(text)).or_usage()
}

/// Fetches, cuts, and lays down what differs from what the root holds.
fn write(
    arguments: &CutArguments,
    selection: &Selection<'_>,
    source: &dyn PackageSource,
    (archives, records): (&Archives, &[PackageRecord]),
) -> Result<(Cut, image::Unpacked), Failure> {
    let root = arguments.root.as_std_path();
    let before = image::rehash(root).or_unavailable()?;
    if arguments.with_reference.is_some() && !before.is_empty() {
        let text = format!("{root:?} is not empty, so two cuts cannot be compared");
        return Err(anyhow!(text)).or_usage();
    }
    let fresh = || {
        archives.fetch(records).or_unavailable()?;
        let limits = chisel::ScriptLimits::STANDARD;
        let spool = rootfs::Spool::new(root);
        chisel::cut_over(selection, source, limits, before.clone(), Some(&spool)).or_usage()
    };
    // What lies in the root already is part of what comes out.
    let cut = if before.is_empty() && !arguments.no_cache {
        kept_or(selection, records, fresh)?
    } else {
        fresh()?
    };
    let owners = if host::is_root() {
        image::Owners::Keep
    } else {
        image::Owners::Own
    };
    let laid = image::lay_over((&before, &cut.rootfs.tree), root, owners, 0);
    let laid = laid.with_context(|| format!("writing into {root:?}, which may now hold a part"));
    let laid = laid.or_unavailable()?;
    if let Some(folder) = &arguments.metadata {
        describe(&cut, selection.release, folder).or_unavailable()?;
    }
    Ok((cut, laid))
}

/// A cut of an earlier call, if the very same was made; else what `fresh` makes, which is kept.
fn kept_or(
    selection: &Selection<'_>,
    records: &[PackageRecord],
    fresh: impl FnOnce() -> Result<Cut, Failure>,
) -> Result<Cut, Failure> {
    let cache = CutCache::of(&archives::cache());
    let key = CutCache::key(selection, records);
    if let Some(cut) = cache.load(&key) {
        return Ok(cut);
    }
    let cut = fresh()?;
    cache.save(&key, &cut);
    Ok(cut)
}

fn sentence(told: &Told<'_>) -> String {
    let (slices, packages) = (told.slices.len(), told.packages.len());
    match &told.written {
        Some(written) => format!(
            "{} files, {} bytes, {packages} packages into {}",
            written.files, written.file_bytes, written.root
        ),
        None => format!(
            "{slices} slices of {packages} packages ({} bytes) would be cut; nothing was fetched",
            told.package_bytes
        ),
    }
}

/// Writes every document about the cut into `folder`.
fn describe(cut: &Cut, release: &Release, folder: &Utf8Path) -> anyhow::Result<()> {
    let described = Described {
        release,
        records: &cut.records,
        contents: &cut.contents,
    };
    let subject = metadata::tree(&cut.rootfs, "rootfs");
    let bill = described.bill(&cut.rootfs, subject, metadata::source_date_s())?;
    metadata::write(&bill, folder, "")?;
    Ok(())
}
