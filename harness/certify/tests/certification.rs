//! The libtest front: every cell of a run as a test, for tools that speak libtest.
//!
//! `cargo test -p certify --test certification [FILTER]` is one run of the same engine as
//! `certify run`. What it certifies stands in `certify.yaml` (in the project's root, or in the
//! folder that `CERTIFY_CONFIG` names); without one it is every shipped image. A filter narrows the
//! plan, so only what it needs is built. Plain `cargo test` leaves this target out.
//!
//! A trial ends when the run is judged, not when its own cell was observed: until then a control
//! that passes, or a tree that changed, can still take its verdict away.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use certify::front::{self, BlockedCells, TrialEnd};
use certify::job::{self, Done, Order};
use certify::rooms::wanted::Wanted;
use certify::shipped::Shelf;
use certify::{Failure, OrExit, Terminal};
use libtest_mimic::{Arguments, Completion, Trial};
use model::{CellId, PlannedCell, Role};

/// How the run ended: with a verdict, or why it has none.
type Ending = Arc<OnceLock<Result<Arc<Done>, String>>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let terminal = Terminal::new();
    match certification(&arguments, &terminal) {
        Ok(code) => ExitCode::from(u8::from(code)),
        Err(failure) => {
            terminal.failure(&failure);
            ExitCode::from(u8::from(failure.exit))
        }
    }
}

fn certification(arguments: &Arguments, terminal: &Terminal) -> Result<model::ExitCode, Failure> {
    certify::prepare();
    working_folder().or_unavailable()?;
    let config = std::env::var("CERTIFY_CONFIG").ok().map(Into::into);
    let shelf = Shelf::open(config).or_usage()?;
    let mut order = Order::read(Wanted::defaults(&shelf).or_usage()?, &shelf)?;

    let ending = Ending::default();
    let subjects = order.plan.cells.iter();
    let subjects = subjects.filter(|cell| cell.role == Role::Subject);
    let trials: Vec<(CellId, Trial)> = subjects
        .map(|cell| (cell.id.clone(), trial(cell, &ending)))
        .collect();
    let runs = |trial: &Trial| !arguments.is_filtered_out(trial) && !arguments.is_ignored(trial);
    let selected: BTreeSet<CellId> = trials
        .iter()
        .filter(|(_, trial)| runs(trial))
        .map(|(id, _)| id.clone())
        .collect();
    let trials: Vec<Trial> = trials.into_iter().map(|(_, trial)| trial).collect();
    if arguments.list {
        let _ = libtest_mimic::run(arguments, trials);
        return Ok(model::ExitCode::Certified);
    }
    if selected.is_empty() {
        let why = format!(
            "none of the {} cells was selected, so nothing was run",
            trials.len()
        );
        terminal.plain(&format!("incomplete (exit 4): {why}"));
        return Ok(model::ExitCode::Incomplete);
    }
    order.narrow(
        |cell| selected.contains(&cell.id),
        "not among the tests asked for",
    );

    let (conclusion, ended) = std::thread::scope(|threads| {
        let running = threads.spawn(|| carry_out(&order, &shelf, terminal, &ending));
        let conclusion = libtest_mimic::run(arguments, trials);
        (conclusion, running.join())
    });
    let done = ended.unwrap_or_else(|_| Err(panicked()))?;
    done.say(terminal);
    let blocked = match std::env::var("CERTIFY_ALLOW_BLOCKED").as_deref() {
        Ok("1") => BlockedCells::Accepted,
        _ => BlockedCells::Count,
    };
    let code = front::exit_code(&done.report, &done.verdict, blocked);
    if code != done.exit_code() {
        let number = u8::from(code);
        terminal.plain(&format!(
            "blocked cells are accepted (CERTIFY_ALLOW_BLOCKED=1): exit {number}"
        ));
    }
    if conclusion.has_failed() && code == model::ExitCode::Certified {
        let error = anyhow::anyhow!("a trial failed in a run that was certified");
        return Err(error).or_fault();
    }
    Ok(code)
}

/// The trial of one cell: it waits until the run is judged.
fn trial(cell: &PlannedCell, ending: &Ending) -> Trial {
    let (cell, ending) = (cell.clone(), Arc::clone(ending));
    Trial::ignorable_test(front::name(&cell), move || match ending.wait() {
        Err(why) => Err(format!("the run has no verdict: {why}").into()),
        Ok(done) => match front::end(&done.verdict, &cell) {
            TrialEnd::Passed => Ok(Completion::Completed),
            TrialEnd::Ignored(why) => Ok(Completion::ignored_with(why)),
            TrialEnd::Failed(why) => Err(why.into()),
        },
    })
}

/// Carries the order out and tells every trial how it ended, also when it panics: a trial must not
/// wait for ever.
fn carry_out(
    order: &Order,
    shelf: &Shelf,
    terminal: &Terminal,
    ending: &Ending,
) -> Result<Arc<Done>, Failure> {
    let run = AssertUnwindSafe(|| job::run(order, None, shelf, terminal));
    let ended = catch_unwind(run).unwrap_or_else(|_| Err(panicked()));
    let ended = ended.map(Arc::new);
    let told = match &ended {
        Ok(done) => Ok(Arc::clone(done)),
        Err(failure) => Err(certify::told(&failure.error)),
    };
    // Nobody else sets it.
    let _ = ending.set(told);
    ended
}

fn panicked() -> Failure {
    Failure {
        exit: model::ExitCode::HarnessFault,
        error: anyhow::anyhow!("the run ended by a panic; its message stands above"),
    }
}

/// Cargo starts a test in its package's folder; people think of the project's.
fn working_folder() -> std::io::Result<()> {
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(package) => std::env::set_current_dir(Path::new(&package).join("../..")),
        None => Ok(()),
    }
}
