//! `slices cut`: selected slices into a folder.

use anyhow::{Context, anyhow};
use camino::Utf8Path;
use chisel::{Cut, Release, SliceKey};
use engine::clock::Clock;
use model::{Arch, ExitCode};
use tokio_util::sync::CancellationToken;

use super::release;
use crate::arguments::CutArguments;
use crate::rooms::archives::{self, Archives, Mirrors};
use crate::rooms::metadata::{self, Described};
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal, host};

pub(super) fn run(
    arguments: &CutArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    if !arguments.root.is_dir() {
        return Err(anyhow!("target folder does not exist: {}", arguments.root)).or_usage();
    }
    if let Some(folder) = &arguments.metadata {
        metadata::check_empty(folder).or_usage()?;
    }
    let release = release(&arguments.release, shelf)?;
    let arch = match &arguments.arch {
        Some(text) => text.parse().or_usage()?,
        None => Arch::host()
            .context("the host's architecture is not one of ours")
            .or_usage()?,
    };
    let wanted: Vec<SliceKey> = arguments
        .slices
        .iter()
        .map(|text| text.parse().map_err(|error| anyhow!("{error}")))
        .collect::<anyhow::Result<_>>()
        .or_usage()?;
    let selection = chisel::select(&release, &wanted, arch).or_usage()?;
    let mirrors = Mirrors::read(&arguments.mirrors, shelf).or_usage()?;
    let stop = CancellationToken::new();
    let archives = Archives::open(
        &archives::cache(),
        &release,
        &mirrors,
        (arch, Clock::system()),
        &stop,
    );
    let archives = archives.or_unavailable()?;
    let records = chisel::records(&selection, &archives).or_unavailable()?;
    archives.fetch(&records).or_unavailable()?;
    let cut = chisel::cut(&selection, &archives, chisel::ScriptLimits::STANDARD).or_usage()?;
    let owners = if host::is_root() {
        image::Owners::Keep
    } else {
        image::Owners::Own
    };
    let unpacked = image::unpack(&cut.rootfs.tree, arguments.root.as_std_path(), owners, 0);
    let done = unpacked.or_unavailable()?;
    let text = format!(
        "{} files, {} bytes, {} packages into {}",
        done.files,
        done.bytes,
        cut.rootfs.packages.len(),
        arguments.root
    );
    terminal.say("Cut", &text);
    if let Some(folder) = &arguments.metadata {
        describe(&cut, &release, folder).or_unavailable()?;
        terminal.say("Metadata", folder.as_str());
    }
    Ok(ExitCode::Certified)
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
