//! `run`: the main job. Builds, observes, judges, reports; the exit code is the verdict.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use camino::Utf8PathBuf;
use engine::clock::{Clock, millis};
use engine::journal::{Header, Journal, JournalWriter, Record, Trailer};
use engine::{Event, Listener, Run};
use model::{CellEnd, ExitCode, ImageName, Outcome, Plan, RunId};
use tokio_util::sync::CancellationToken;

use super::print_json;
use super::report::{judged, say_closing, write_formats};
use crate::arguments::RunArguments;
use crate::rooms::archives;
use crate::rooms::building::{self, Builder};
use crate::rooms::folder::RunFolder;
use crate::rooms::intent::{self, Intent};
use crate::rooms::planning;
use crate::shipped::Shelf;
use crate::{BUILD, Failure, OrExit, TOOL, Terminal, host, interrupt, libexec};

pub(super) fn run(
    arguments: &RunArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let intent = intent::read(arguments, shelf).or_usage()?;
    let plan = planning::plan(&intent, arguments).or_usage()?;
    let libexec = libexec::find().or_unavailable()?;
    let clock = Clock::system();
    let id = run_id(clock).or_fault()?;
    let folder = RunFolder::create(arguments.out.as_deref(), &id).or_usage()?;
    let journal = Arc::new(JournalWriter::create(&folder.journal()).or_usage()?);
    let started = clock.monotonic();
    let write = |record: &Record| journal.append(record).map(drop).or_unavailable();
    write(&Record::Header(header(&id, clock)))?;
    write(&Record::Plan(plan.clone()))?;
    let plan_text = serde_json::to_vec_pretty(&plan).or_fault()?;
    folder.write("plan.json", &plan_text).or_unavailable()?;

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .or_unavailable()?;
    let stop = CancellationToken::new();
    runtime.spawn(interrupt::watch(stop.clone(), journal.clone()));
    let scratch = scratch(&id).or_unavailable()?;
    let job = Job {
        intent: &intent,
        plan: &plan,
        folder: &folder,
        journal: &journal,
        terminal,
        clock,
    };
    let images = build(&job, arguments, shelf, &libexec, &scratch, &stop)?;
    let observing = Run {
        id: id.clone(),
        plan: &plan,
        suites: suites::SUITES,
        platforms: platforms::PLATFORMS,
        images,
        journal: journal.clone(),
        listener: terminal,
        clock,
        stop: stop.clone(),
        libexec,
        scratch: scratch.clone(),
    };
    let observed = runtime.block_on(observing.observe());
    let _ = fs_err::remove_dir_all(&scratch);
    observed.or_unavailable()?;
    close(&job, started)?;
    finish(arguments, &folder, terminal)
}

/// What the steps of a run share.
struct Job<'a> {
    intent: &'a Intent,
    plan: &'a Plan,
    folder: &'a RunFolder,
    journal: &'a JournalWriter,
    terminal: &'a Terminal,
    clock: Clock,
}

/// Builds both arms of every planned image. An image that cannot be built ends its cells; the
/// others go on.
fn build(
    job: &Job<'_>,
    arguments: &RunArguments,
    shelf: &Shelf,
    libexec: &engine::Libexec,
    scratch: &camino::Utf8Path,
    stop: &CancellationToken,
) -> Result<BTreeMap<ImageName, engine::ImagePair>, Failure> {
    let mut builder = Builder::new(building::Setting {
        shelf,
        mirrors: &arguments.mirrors,
        libexec,
        scratch: scratch.join("finish"),
        cache: archives::cache(),
        clock: job.clock,
        listener: job.terminal,
    });
    let mut images = BTreeMap::new();
    for image in &job.intent.images {
        let cells = || {
            job.plan
                .cells
                .iter()
                .filter(|cell| cell.image == image.name)
        };
        if cells().next().is_none() || stop.is_cancelled() {
            continue;
        }
        let comparing = cells().any(|cell| cell.needs_session);
        let started = job.clock.monotonic();
        let built = builder.pair(image, job.folder, comparing);
        let took = millis(job.clock.monotonic().since(started));
        let span = Record::Span {
            what: "build".to_owned(),
            ms: took,
        };
        job.journal.append(&span).or_unavailable()?;
        match built {
            Ok(pair) => {
                for arm in std::iter::once(&pair.candidate).chain(pair.baseline.as_ref()) {
                    job.journal
                        .append(&Record::Image(arm.facts.clone()))
                        .or_unavailable()?;
                }
                images.insert(image.name.clone(), pair);
            }
            Err(failure) if failure.exit == ExitCode::Usage => return Err(failure),
            Err(failure) => {
                let reason = format!("{:#}", failure.error);
                job.terminal
                    .on(&Event::Note(format!("{}: {reason}", image.name)));
                let ended = match failure.exit {
                    ExitCode::Unavailable => Outcome::EnvironmentError,
                    ExitCode::NotCertified => Outcome::Fail,
                    _ => Outcome::HarnessError,
                };
                for cell in cells() {
                    let end = CellEnd {
                        cell: cell.id.clone(),
                        ended,
                        reason: Some(reason.clone()),
                        residue: None,
                    };
                    job.journal.append(&Record::CellEnd(end)).or_unavailable()?;
                }
            }
        }
    }
    Ok(images)
}

/// Judges what was observed and closes the journal with its trailer.
fn close(job: &Job<'_>, started: engine::clock::MonotonicNs) -> Result<(), Failure> {
    let journal = Journal::read(job.journal.path()).or_fault()?;
    let verdict = engine::judge(job.plan, &journal, suites::SUITES);
    let bytes = serde_json::to_vec_pretty(&verdict).or_fault()?;
    job.folder.write("verdict.json", &bytes).or_unavailable()?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a load average"
    )]
    let load_hundredths = (host::load() * 100.0) as u32;
    let trailer = Trailer {
        records: job.journal.records(),
        ended: job.clock.utc().to_string(),
        duration_ms: u64::try_from(job.clock.monotonic().since(started).as_millis()).unwrap_or(0),
        load_hundredths,
        verdict: model::canonical::digest(&verdict),
        exit_code: verdict.exit_code,
    };
    job.journal
        .append(&Record::Trailer(trailer))
        .or_unavailable()?;
    Ok(())
}

/// Everything after the trailer is derived from the journal, as `report` does it.
fn finish(
    arguments: &RunArguments,
    folder: &RunFolder,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let journal = Journal::read(&folder.journal()).or_fault()?;
    let plan = journal
        .plan()
        .context("the journal lost its plan")
        .or_fault()?;
    let (report, _) = judged(plan, &journal).or_fault()?;
    write_formats(folder, &report).or_unavailable()?;
    if arguments.json {
        print_json(&report)?;
    }
    say_closing(folder, &report, terminal);
    Ok(report.exit_code)
}

fn header(id: &RunId, clock: Clock) -> Header {
    Header {
        schema: "certify.journal/v1".to_owned(),
        run: id.clone(),
        tool: TOOL.to_owned(),
        build: BUILD.to_owned(),
        started: clock.utc().to_string(),
        command: redacted(std::env::args().skip(1)),
        host: host::look(),
    }
}

/// The command line without credentials: the user part of an address is cut out.
fn redacted(arguments: impl Iterator<Item = String>) -> Vec<String> {
    arguments
        .map(
            |argument| match (argument.find("://"), argument.rfind('@')) {
                (Some(scheme), Some(at)) if scheme < at => {
                    format!("{}://***{}", &argument[..scheme], &argument[at..])
                }
                _ => argument,
            },
        )
        .collect()
}

/// Start in UTC and a random tail: ids sort by time and two runs at once differ.
fn run_id(clock: Clock) -> anyhow::Result<RunId> {
    use std::io::Read;
    let mut tail = [0u8; 3];
    fs_err::File::open("/dev/urandom")?.read_exact(&mut tail)?;
    let hex: String = tail.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(RunId::new(format!(
        "{}-{hex}",
        clock.utc().strftime("%Y%m%d-%H%M%S")
    ))?)
}

/// A folder outside the run folder for what sessions make and remove again.
pub(super) fn scratch(id: &RunId) -> anyhow::Result<Utf8PathBuf> {
    let base = std::env::var("TMPDIR").unwrap_or_else(|_| "/tmp".to_owned());
    let path = Utf8PathBuf::from(base).join(format!("certify-{id}"));
    fs_err::create_dir_all(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_cut_out_of_the_command_line() {
        let given = [
            "--mirror".to_owned(),
            "https://me:secret@mirror.test/debian".to_owned(),
        ];
        let kept = redacted(given.into_iter());
        assert_eq!(kept, ["--mirror", "https://***@mirror.test/debian"]);
    }
}
