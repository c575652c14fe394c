//! `build IMAGE --out DIR`: an image spec as an OCI layout.

use engine::ArmImage;
use engine::clock::Clock;
use model::{Arch, ExitCode};
use tokio_util::sync::CancellationToken;

use super::print_json;
use crate::arguments::BuildArguments;
use crate::interrupt::{self, Leftovers};
use crate::job::Scratch;
use crate::rooms::archives::{self, Mirrors};
use crate::rooms::building::{Builder, Setting};
use crate::rooms::folder::RunFolder;
use crate::rooms::{importing, intent};
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal, libexec, told};

pub(super) fn run(
    arguments: &BuildArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let choice = arguments.release.choice();
    let image = intent::image_of(&arguments.image, shelf, &choice).or_usage()?;
    let names = arguments.push.iter().map(|name| name.parse());
    let names: Vec<registry::Reference> = names.collect::<Result<_, _>>().or_usage()?;
    let arch: Option<Arch> = match arguments.arch.as_deref() {
        Some(text) => Some(text.parse().or_usage()?),
        None => None,
    };
    let libexec = libexec::find().or_unavailable()?;
    let mirrors = Mirrors::read(&arguments.mirrors, shelf).or_usage()?;
    let mirrors = mirrors.ignoring(&arguments.release.ignored());
    let stop = CancellationToken::new();
    let clock = Clock::system();
    let id = model::RunId::new(format!("build-{}", std::process::id())).or_fault()?;
    let folder = RunFolder::create(Some(&arguments.out), &id).or_usage()?;
    let scratch = Scratch::unrecorded(&id).or_unavailable()?;
    let mut builder = Builder::new(Setting {
        run: &id,
        shelf,
        mirrors: &mirrors,
        plain_http: &arguments.plain_http,
        libexec: &libexec,
        scratch: scratch.path().to_owned(),
        cache: archives::cache(),
        ledger: None,
        clock,
        listener: terminal,
        stop: &stop,
    });
    builder = builder.of_release(choice, arguments.release.freshness());
    if let Some(arch) = arch {
        builder = builder.of_arch(arch);
    }
    // Interrupts are watched on a thread of its own: the builder works on this one.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .or_unavailable()?;
    let leftovers = Leftovers::Folder(scratch.path().to_owned());
    runtime.spawn(interrupt::watch(stop.clone(), leftovers));
    let built = builder.pair(&image, &folder, false);
    let removed = scratch.remove();
    let arm = match built {
        Err(failure) if stop.is_cancelled() => {
            if let Err(error) = removed {
                terminal.say("Left", &told(&error));
            }
            return Err(failure.error).or_incomplete();
        }
        other => other?.candidate,
    };
    removed.or_unavailable()?;
    terminal.say("Image", &format!("{} {}", arm.layout, arm.facts.manifest));
    for name in &names {
        let pushed = push(&arm, name, arguments, &stop)?;
        terminal.say("Pushed", &pushed);
    }
    if arguments.json {
        return print_json(&arm.facts);
    }
    Ok(ExitCode::Certified)
}

/// Pushes the image; what was done, for people.
fn push(
    arm: &ArmImage,
    to: &registry::Reference,
    arguments: &BuildArguments,
    stop: &CancellationToken,
) -> Result<String, Failure> {
    let client = importing::client(&arguments.plain_http).or_unavailable()?;
    let pushing = client.push(arm.layout.as_std_path(), to);
    let pushed = importing::waited_for(pushing, stop)?;
    let pushed = pushed.map_err(|error| Failure::new(ExitCode::PublicationFailed, error.into()))?;
    Ok(format!(
        "{to} is {}, {} blobs sent, {} were there",
        pushed.digest, pushed.uploaded, pushed.present
    ))
}
