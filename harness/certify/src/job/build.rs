//! Building both arms of every planned image.

use std::collections::BTreeMap;

use engine::clock::millis;
use engine::journal::Record;
use engine::{Event, ImagePair, Libexec, Listener, Unbuilt};
use model::{ExitCode, ImageName, Outcome, RunId};

use super::{Job, Scratch};
use crate::rooms::archives;
use crate::rooms::building::{Builder, Setting};
use crate::{Failure, told};

type Built = (BTreeMap<ImageName, ImagePair>, BTreeMap<ImageName, Unbuilt>);

/// Builds every image that a cell needs. An image that cannot be built ends its cells; the others
/// go on. Bad input ends the run.
pub(super) fn images(
    job: &Job<'_>,
    run: &RunId,
    libexec: &Libexec,
    scratch: &Scratch,
) -> Result<Built, Failure> {
    let mut builder = Builder::new(Setting {
        run,
        shelf: job.shelf,
        mirrors: &job.order.wanted.mirrors,
        plain_http: &job.order.wanted.plain_http,
        libexec,
        scratch: scratch.path().join("finish"),
        cache: archives::cache(),
        ledger: scratch.ledger(),
        clock: job.clock,
        listener: job.terminal,
        stop: &job.stop,
    });
    let wanted = &job.order.wanted;
    builder = builder.of_release(wanted.release.clone(), wanted.freshness);
    let (mut images, mut unbuilt) = (BTreeMap::new(), BTreeMap::new());
    for image in &job.order.intent.images {
        let cells = &job.order.plan.cells;
        let mut own = cells
            .iter()
            .filter(|cell| cell.image == image.name)
            .peekable();
        if own.peek().is_none() || job.stop.is_cancelled() {
            continue;
        }
        let comparing = own.any(|cell| cell.needs_session);
        let started = job.clock.monotonic();
        let built = builder.pair(image, &job.folder, comparing);
        let took = millis(job.clock.monotonic().since(started));
        job.write(&Record::Span {
            what: "build".to_owned(),
            ms: took,
        })?;
        match built {
            Ok(pair) => {
                for arm in std::iter::once(&pair.candidate).chain(pair.baseline.as_ref()) {
                    job.write(&Record::Image(arm.facts.clone()))?;
                }
                images.insert(image.name.clone(), pair);
            }
            // Whatever it was, it met a run that was being stopped.
            Err(_) if job.stop.is_cancelled() => {}
            Err(failure) if failure.exit == ExitCode::Usage => return Err(failure),
            Err(failure) => {
                let reason = told(&failure.error);
                job.terminal
                    .on(&Event::Note(format!("{}: {reason}", image.name)));
                let outcome = ended(failure.exit);
                unbuilt.insert(image.name.clone(), Unbuilt { outcome, reason });
            }
        }
    }
    Ok((images, unbuilt))
}

/// How the cells of an image end that could not be built.
const fn ended(exit: ExitCode) -> Outcome {
    match exit {
        ExitCode::Unavailable => Outcome::EnvironmentError,
        ExitCode::NotCertified => Outcome::Fail,
        ExitCode::Incomplete => Outcome::Cancelled,
        _ => Outcome::HarnessError,
    }
}
