//! Passes over steps of containers.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Container, ObserveError, Observing, SessionMemory, Stamper, Started};
use model::{Arm, DensityPlan, Role, Trial};
use stats::Xoshiro;

/// Names of the readings of a step.
pub(super) const CONTAINERS: &str = "containers";
pub(super) const WORKING_SET: &str = "working_set_bytes";
pub(super) const PSS: &str = "pss_bytes";
pub(super) const ONE_PSS: &str = "one_container_pss_bytes";

/// Containers started side by side: nothing is timed here, only memory is read, and only when all
/// stand still.
const AT_ONCE: usize = 2;

/// Pause between two readings that must agree.
const STILL_PAUSE: Duration = Duration::from_millis(20);
/// Most pauses.
const STILL_TRIES: usize = 50;
/// Change that counts as none.
const STILL_BYTES: u64 = 65_536;

/// Makes every planned pass. Without a baseline a pass has one arm.
pub(super) async fn passes(observing: &Observing<'_>) -> Result<(), ObserveError> {
    if super::is_memory_meaningless(observing.cell) {
        return Ok(());
    }
    let plan = plan(observing);
    let arms: &[Arm] = if observing.baseline.is_some() {
        &Arm::ROUND
    } else {
        &[Arm::Candidate]
    };
    let mut random = Xoshiro::new(u64::from(observing.attempt) + 0x5eed);
    let total = plan.passes * arms.len() as u32;
    let mut done = 0;
    for pass in 0..plan.passes {
        let mut order = arms.to_vec();
        random.shuffle(&mut order);
        for (position, arm) in (0u32..).zip(order) {
            let mut running: Vec<Box<dyn Container>> = Vec::new();
            await_stillness(observing).await?;
            let result = climb(observing, pass, position, arm, &mut running).await;
            let ended = end(observing, running).await;
            if result? == Climb::NotReady {
                return Ok(());
            }
            ended?;
            done += 1;
            observing.progress(done, total, format!("{done} of {total} climbs"));
        }
    }
    Ok(())
}

/// The cell's plan: a control's is fixed beforehand, since it has to be caught, not measured.
fn plan(observing: &Observing<'_>) -> DensityPlan {
    match observing.cell.role {
        Role::Subject => observing.profile.density.clone(),
        Role::Control => observing.profile.controls.density.clone(),
    }
}

#[derive(PartialEq)]
enum Climb {
    Done,
    NotReady,
}

async fn climb(
    observing: &Observing<'_>,
    pass: u32,
    position: u32,
    arm: Arm,
    running: &mut Vec<Box<dyn Container>>,
) -> Result<Climb, ObserveError> {
    let plan = plan(observing);
    let settle = Duration::from_millis(plan.settle_ms);
    for step in &plan.steps {
        let began = observing.clock.monotonic();
        if start_up_to(observing, arm, *step as usize, running).await? == Climb::NotReady {
            return Ok(Climb::NotReady);
        }
        observing.clock.sleep(settle).await;
        let values = read(observing, running).await?;
        let rejected = disqualified(running).await;
        observing.trial(Trial {
            cell: observing.cell.id.clone(),
            attempt: observing.attempt,
            round: pass,
            position,
            arm,
            warmup: false,
            values,
            rejected,
        })?;
        observing.span("trial", observing.clock.monotonic().since(began))?;
    }
    Ok(Climb::Done)
}

/// Starts containers until `wanted` run. Those that started are kept whatever became of the
/// others, so that they are stopped.
async fn start_up_to(
    observing: &Observing<'_>,
    arm: Arm,
    wanted: usize,
    running: &mut Vec<Box<dyn Container>>,
) -> Result<Climb, ObserveError> {
    let within = Duration::from_millis(observing.profile.startup.ready_deadline_ms);
    while running.len() < wanted {
        let now = (wanted - running.len()).min(AT_ONCE);
        let starts = (0..now).map(|_| observing.start(arm, Stamper::Absent, within));
        let mut failed = None;
        let mut climb = Climb::Done;
        for started in futures::future::join_all(starts).await {
            match started {
                Ok(Started::Ready(container)) => running.push(container),
                Ok(Started::NotReady) => climb = Climb::NotReady,
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if climb == Climb::NotReady {
            return Ok(climb);
        }
    }
    Ok(Climb::Done)
}

/// Ends all; the last failure is told after every one was ended.
async fn end(
    observing: &Observing<'_>,
    running: Vec<Box<dyn Container>>,
) -> Result<(), ObserveError> {
    let began = observing.clock.monotonic();
    let ends = running.into_iter().map(Container::kill);
    let ended = futures::future::join_all(ends).await;
    let result = ended.into_iter().rev().find(Result::is_err);
    let result = result.unwrap_or(Ok(())).map_err(ObserveError::from);
    observing.span("trial", observing.clock.monotonic().since(began))?;
    result
}

/// Waits, within a bounded number of tries, until what ended containers used was given back: two
/// readings in a row agree. Given back later it would be missing from some step. Memory that never
/// stands still shows as a wide interval.
async fn await_stillness(observing: &Observing<'_>) -> Result<(), ObserveError> {
    let session = observing.session()?;
    let began = observing.clock.monotonic();
    let mut last = session.memory().await?;
    for _ in 0..STILL_TRIES {
        observing.clock.sleep(STILL_PAUSE).await;
        let now = session.memory().await?;
        let bytes = |memory: &SessionMemory| memory.working_set_bytes.unwrap_or(memory.pss_bytes);
        if bytes(&now).abs_diff(bytes(&last)) <= STILL_BYTES {
            break;
        }
        last = now;
    }
    observing.span("settle", observing.clock.monotonic().since(began))
}

async fn read(
    observing: &Observing<'_>,
    running: &[Box<dyn Container>],
) -> Result<BTreeMap<String, f64>, ObserveError> {
    let memory = observing.session()?.memory().await?;
    #[allow(
        clippy::cast_precision_loss,
        reason = "memory of a host is far below 2^52 bytes"
    )]
    let number = |bytes: u64| bytes as f64;
    let mut values = BTreeMap::from([
        (CONTAINERS.to_owned(), number(running.len() as u64)),
        (PSS.to_owned(), number(memory.pss_bytes)),
    ]);
    if let Some(bytes) = memory.working_set_bytes {
        values.insert(WORKING_SET.to_owned(), number(bytes));
    }
    if let Some(last) = running.last() {
        values.insert(ONE_PSS.to_owned(), number(last.memory().await?.pss_bytes));
    }
    Ok(values)
}

/// A container that ended while memory was read makes the reading worthless.
async fn disqualified(running: &[Box<dyn Container>]) -> Option<String> {
    for container in running {
        if let Some(why) = container.disqualified().await {
            return Some(format!("a container of the step does not count: {why}"));
        }
    }
    None
}
