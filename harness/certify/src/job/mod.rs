//! A run, from what was asked for to its report: what the verb `run` and the libtest front share.
//!
//! An [`Order`] is what would be done; nothing is made before [`run`] is called on it.

mod build;
mod identity;
mod scratch;

use std::sync::Arc;

use anyhow::Context;
use camino::Utf8Path;
use engine::clock::{Clock, MonotonicNs};
use engine::journal::{Journal, JournalWriter, Record, Trailer};
use engine::{HostLock, Ledger, Run};
use model::{ExitCode, Plan, PlannedCell, Report, Verdict};
use tokio_util::sync::CancellationToken;

use crate::interrupt::{self, Leftovers};
use crate::rooms::folder::RunFolder;
use crate::rooms::intent::{self, Intent};
use crate::rooms::wanted::Wanted;
use crate::rooms::{archives, planning, reporting};
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal, host, libexec, told};

pub use scratch::Scratch;

/// What a run will do: read, checked and planned.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who asked for what.
    pub wanted: Wanted,
    /// Images and profile.
    pub intent: Intent,
    /// Every cell that will be judged.
    pub plan: Plan,
}

/// A run that reached its end.
#[derive(Debug)]
pub struct Done {
    /// Where everything lies.
    pub folder: RunFolder,
    /// What it came to, for every reader.
    pub report: Report,
    /// What it came to.
    pub verdict: Verdict,
}

impl Order {
    /// Reads specs and profile and plans the cells: files only, no network, no platform.
    pub fn read(wanted: Wanted, shelf: &Shelf) -> Result<Self, Failure> {
        let read = || -> anyhow::Result<(Intent, Plan)> {
            let intent = intent::read(&wanted, shelf)?;
            let plan = planning::plan(&intent, &wanted)?;
            Ok((intent, plan))
        };
        let (intent, plan) = match &wanted.configuration {
            Some(path) => read().with_context(|| format!("with the defaults of {path}")),
            None => read(),
        }
        .or_usage()?;
        Ok(Self {
            wanted,
            intent,
            plan,
        })
    }

    /// Narrows the plan to the subjects' cells that `keep` accepts; images and controls that no
    /// remaining cell needs go as well. `why` is told of every cell left out.
    pub fn narrow(&mut self, keep: impl Fn(&PlannedCell) -> bool, why: &str) {
        planning::narrow(&mut self.plan, &self.intent, keep, why);
    }
}

impl Done {
    /// The exit code of the verdict.
    pub const fn exit_code(&self) -> ExitCode {
        self.report.exit_code
    }

    /// Says the end of the run: the table, the page, and the verdict as the last line.
    pub fn say(&self, terminal: &Terminal) {
        reporting::say_closing(&self.folder, &self.report, terminal);
    }
}

/// What the steps of a run share.
struct Job<'a> {
    order: &'a Order,
    shelf: &'a Shelf,
    folder: RunFolder,
    journal: Arc<JournalWriter>,
    terminal: &'a Terminal,
    clock: Clock,
    started: MonotonicNs,
    stop: CancellationToken,
}

/// Carries an order out, into the run folder `out` or a new one: builds, observes, judges, reports.
///
/// A run that ends with a verdict is `Ok`, whatever the verdict; `Err` is a run without one.
pub fn run(
    order: &Order,
    out: Option<&Utf8Path>,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<Done, Failure> {
    let libexec = libexec::find().or_unavailable()?;
    let clock = Clock::system();
    let id = identity::run_id(clock).or_fault()?;
    let folder = RunFolder::create(out, &id).or_usage()?;
    let journal = Arc::new(JournalWriter::create(&folder.journal()).or_usage()?);
    let job = Job {
        order,
        shelf,
        folder,
        journal,
        terminal,
        clock,
        started: clock.monotonic(),
        stop: CancellationToken::new(),
    };
    job.write(&Record::Header(identity::header(&id, clock)))?;
    job.write(&Record::Plan(order.plan.clone()))?;
    let plan_text = serde_json::to_vec_pretty(&order.plan).or_fault()?;
    job.folder.write("plan.json", &plan_text).or_unavailable()?;
    identity::say_own(order, shelf, terminal);

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .or_unavailable()?;
    let leftovers = Leftovers::Journal(job.journal.clone());
    runtime.spawn(interrupt::watch(job.stop.clone(), leftovers));
    let ledger = Ledger::new(job.journal.clone());
    let scratch = Scratch::make(&id, ledger).or_unavailable()?;
    let (images, unbuilt) = build::images(&job, &id, &libexec, &scratch)?;
    let observing = Run {
        id,
        plan: &order.plan,
        suites: suites::SUITES,
        platforms: order.wanted.known.all(),
        images,
        unbuilt,
        journal: job.journal.clone(),
        listener: terminal,
        clock,
        stop: job.stop.clone(),
        libexec,
        scratch: scratch.path().to_owned(),
        cache: Some(archives::cache()),
        clusters: order.wanted.clusters.clone(),
        host_lock: HostLock::standard(std::env::var("CERTIFY_HOST_LOCK").ok().as_deref()),
    };
    let observed = runtime.block_on(observing.observe());
    let removed = scratch.remove();
    observed.or_unavailable()?;
    if let Err(error) = removed {
        terminal.say("Note", &told(&error));
    }
    job.close()?;
    job.report()
}

impl Job<'_> {
    fn write(&self, record: &Record) -> Result<(), Failure> {
        self.journal.append(record).map(drop).or_unavailable()
    }

    /// Judges what was observed and closes the journal with its trailer.
    fn close(&self) -> Result<(), Failure> {
        let journal = Journal::read(self.journal.path()).or_fault()?;
        let verdict = engine::judge(&self.order.plan, &journal, suites::SUITES);
        let bytes = serde_json::to_vec_pretty(&verdict).or_fault()?;
        self.folder.write("verdict.json", &bytes).or_unavailable()?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a load average"
        )]
        let load_hundredths = (host::load() * 100.0) as u32;
        let took = self.clock.monotonic().since(self.started);
        self.write(&Record::Trailer(Trailer {
            records: self.journal.records(),
            ended: self.clock.utc().to_string(),
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(0),
            load_hundredths,
            verdict: model::canonical::digest(&verdict),
            exit_code: verdict.exit_code,
        }))
    }

    /// Everything after the trailer is derived from the journal, as `report` does it.
    fn report(self) -> Result<Done, Failure> {
        let journal = Journal::read(&self.folder.journal()).or_fault()?;
        let plan = journal
            .plan()
            .context("the journal lost its plan")
            .or_fault()?;
        let (report, verdict) = reporting::judged(plan, &journal).or_fault()?;
        reporting::write_formats(&self.folder, &report).or_unavailable()?;
        Ok(Done {
            folder: self.folder,
            report,
            verdict,
        })
    }
}
