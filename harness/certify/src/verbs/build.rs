//! `build IMAGE --out DIR`: an image spec as an OCI layout, for one architecture or for several.

use camino::{Utf8Path, Utf8PathBuf};
use engine::ArmImage;
use engine::clock::Clock;
use model::{Arch, Digest, ExitCode};
use tokio_util::sync::CancellationToken;

use super::print_json;
use crate::arguments::BuildArguments;
use crate::interrupt::{self, Leftovers};
use crate::job::Scratch;
use crate::rooms::archives::{self, Mirrors};
use crate::rooms::building::{Builder, Setting};
use crate::rooms::folder::RunFolder;
use crate::rooms::intent::IntendedImage;
use crate::rooms::{importing, intent, metadata};
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal, libexec, told};

/// What stands in the place of an architecture's name for the layout of all.
const ALL: &str = "all";

pub(super) fn run(
    arguments: &BuildArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let choice = arguments.source.release.choice();
    let image = intent::image_of(&arguments.image, shelf, &choice).or_usage()?;
    let names = arguments.push.iter().map(|name| name.parse());
    let names: Vec<registry::Reference> = names.collect::<Result<_, _>>().or_usage()?;
    let arches = arches(&arguments.arches)?;
    let lock = arguments.lock.as_deref();
    let lock = lock.map(super::slices::read_lock).transpose()?;
    if let Some(folder) = &arguments.metadata {
        metadata::check_empty(folder).or_usage()?;
    }
    let libexec = libexec::find().or_unavailable()?;
    let mirrors = Mirrors::read(arguments.source.mirrors(), shelf).or_usage()?;
    let mirrors = mirrors.ignoring(&arguments.source.ignored());
    let stop = CancellationToken::new();
    let id = model::RunId::new(format!("build-{}", std::process::id())).or_fault()?;
    let folder = RunFolder::create(Some(&arguments.out), &id).or_usage()?;
    let scratch = Scratch::unrecorded(&id).or_unavailable()?;
    let setting = Setting {
        run: &id,
        shelf,
        mirrors: &mirrors,
        plain_http: &arguments.plain_http,
        libexec: &libexec,
        scratch: scratch.path().to_owned(),
        cache: archives::cache(),
        ledger: None,
        clock: Clock::system(),
        listener: terminal,
        stop: &stop,
    };
    // Interrupts are watched on a thread of its own: the builder works on this one.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .or_unavailable()?;
    let leftovers = Leftovers::Folder(scratch.path().to_owned());
    runtime.spawn(interrupt::watch(stop.clone(), leftovers));
    let builder = || {
        let freshness = arguments.source.release.freshness();
        let builder = Builder::new(setting.clone()).of_release(choice.clone(), freshness);
        builder.of_lock(lock.clone())
    };
    let built = build(&builder, &image, &arches, &folder);
    let removed = scratch.remove();
    let arms = match built {
        Err(failure) if stop.is_cancelled() => {
            if let Err(error) = removed {
                terminal.say("Left", &told(&error));
            }
            return Err(failure.error).or_incomplete();
        }
        other => other?,
    };
    removed.or_unavailable()?;
    let whole = delivered(&image, &arms, &folder, terminal)?;
    describe(arguments, &arms, terminal)?;
    for name in &names {
        let pushed = push(&whole.0, name, arguments, &stop)?;
        terminal.say("Pushed", &pushed);
    }
    match &arms[..] {
        [arm] if arguments.json => print_json(&arm.facts),
        arms if arguments.json => {
            let facts: Vec<_> = arms.iter().map(|arm| &arm.facts).collect();
            print_json(&serde_json::json!({"index": whole.1, "images": facts}))
        }
        _ => Ok(ExitCode::Certified),
    }
}

/// The architectures asked for, in their own order; none means the host's.
fn arches(texts: &[String]) -> Result<Vec<Arch>, Failure> {
    let read = texts.iter().map(|text| text.parse());
    let mut arches: Vec<Arch> = read.collect::<Result<_, _>>().or_usage()?;
    arches.sort_unstable();
    arches.dedup();
    Ok(arches)
}

/// Builds the image for every architecture.
fn build<'b>(
    builder: &dyn Fn() -> Builder<'b>,
    image: &IntendedImage,
    arches: &[Arch],
    folder: &RunFolder,
) -> Result<Vec<ArmImage>, Failure> {
    let one = |mut builder: Builder<'b>| -> Result<ArmImage, Failure> {
        Ok(builder.pair(image, folder, false)?.candidate)
    };
    if arches.is_empty() {
        return Ok(vec![one(builder())?]);
    }
    let each = arches.iter().map(|arch| one(builder().of_arch(*arch)));
    each.collect()
}

/// The layout that is delivered, and the digest of what it names: the image, or the index of all.
fn delivered(
    image: &IntendedImage,
    arms: &[ArmImage],
    folder: &RunFolder,
    terminal: &Terminal,
) -> Result<(Utf8PathBuf, Digest), Failure> {
    for arm in arms {
        terminal.say("Image", &format!("{} {}", arm.layout, arm.facts.manifest));
    }
    if let [arm] = arms {
        return Ok((arm.layout.clone(), arm.facts.manifest));
    }
    let name = image.name.as_str();
    let place = folder.image(name, model::Arm::Candidate.word(), ALL);
    let layouts: Vec<_> = arms
        .iter()
        .map(|arm| arm.layout.as_std_path().to_owned())
        .collect();
    let index = image::join_layouts(place.as_std_path(), name, &layouts).or_fault()?;
    terminal.say("Index", &format!("{place} {}", index.digest()));
    Ok((place, index.digest()))
}

/// Writes the documents about the images where they were asked for.
fn describe(
    arguments: &BuildArguments,
    arms: &[ArmImage],
    terminal: &Terminal,
) -> Result<(), Failure> {
    let Some(folder) = &arguments.metadata else {
        return Ok(());
    };
    for arm in arms {
        let own = match arms {
            [_] => folder.clone(),
            _ => folder.join(arm.facts.arch.debian()),
        };
        metadata::copy(&arm.layout, &own).or_usage()?;
        terminal.say("Metadata", own.as_str());
    }
    Ok(())
}

/// Pushes the layout; what was done, for people.
fn push(
    layout: &Utf8Path,
    to: &registry::Reference,
    arguments: &BuildArguments,
    stop: &CancellationToken,
) -> Result<String, Failure> {
    let client = importing::client(&arguments.plain_http).or_unavailable()?;
    let pushing = client.push(layout.as_std_path(), to);
    let pushed = importing::waited_for(pushing, stop)?;
    let pushed = pushed.map_err(|error| Failure::new(ExitCode::PublicationFailed, error.into()))?;
    Ok(format!(
        "{to} is {}, {} blobs sent, {} were there",
        pushed.digest, pushed.uploaded, pushed.present
    ))
}
