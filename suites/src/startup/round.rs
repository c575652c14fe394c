//! One round: a start of every arm, one by one or in turn.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{InPlaceStart, ObserveError, Observing, Stamper, StartStamps, Started};
use model::{Arm, Readiness, Trial};

use super::readings::{APP_READY_MS, implausible, readings};

/// One round being made. What it gives is app-ready by arm, in milliseconds, without the starts that do
/// not count; nothing when the candidate never became ready.
pub(super) struct Round<'a> {
    pub(super) observing: &'a Observing<'a>,
    pub(super) round: u32,
    pub(super) warmup: bool,
}

type Values = Option<BTreeMap<Arm, f64>>;

impl Round<'_> {
    pub(super) async fn one_by_one(&self, order: &[Arm]) -> Result<Values, ObserveError> {
        let observing = self.observing;
        let mut values = BTreeMap::new();
        for (position, arm) in (0u32..).zip(order) {
            let began = observing.clock.monotonic();
            let container = match observing
                .start(*arm, Stamper::InFront, self.within())
                .await?
            {
                Started::Ready(container) => container,
                Started::NotReady => return Ok(None),
            };
            let stamps = *container.stamps();
            // Where the end is what was waited for, nothing runs any more.
            let rejected = match observing.candidate.spec.readiness {
                Readiness::Exit { .. } => None,
                _ => container.disqualified().await,
            };
            let rejected = rejected.or(implausible(&stamps));
            // How it stops is the immutability suite's to see; here it would only make rounds longer.
            container.kill().await?;
            let read = readings(&[stamps], &[]);
            values.extend(self.keep(position, *arm, read, rejected)?);
            observing.span("trial", observing.clock.monotonic().since(began))?;
            self.settle()?;
        }
        Ok(Some(values))
    }

    pub(super) async fn in_turn(&self, order: &[Arm]) -> Result<Values, ObserveError> {
        let observing = self.observing;
        let began = observing.clock.monotonic();
        let lap = alternating(order);
        let Some(places) = observing.in_turn(&lap, self.within()).await? else {
            return Ok(None);
        };
        let mut values = BTreeMap::new();
        for arm in order {
            let own = || lap.iter().zip(&places).filter(|(other, _)| *other == arm);
            let stamps: Vec<StartStamps> = own().map(|(_, place)| place.stamps).collect();
            let starts: Vec<InPlaceStart> = own().flat_map(|(_, p)| p.starts.clone()).collect();
            let mut rejected = own().filter_map(|(_, place)| place.rejected.clone());
            let rejected = rejected.next();
            let rejected = rejected.or_else(|| stamps.iter().find_map(implausible));
            let position = lap
                .iter()
                .position(|other| other == arm)
                .unwrap_or_default();
            let read = readings(&stamps, &starts);
            values.extend(self.keep(position as u32, *arm, read, rejected)?);
        }
        observing.span("trial", observing.clock.monotonic().since(began))?;
        self.settle()?;
        Ok(Some(values))
    }

    /// Records a trial; the arm and its app-ready if it counts.
    fn keep(
        &self,
        position: u32,
        arm: Arm,
        values: BTreeMap<String, f64>,
        rejected: Option<String>,
    ) -> Result<Option<(Arm, f64)>, ObserveError> {
        let ready = values.get(APP_READY_MS).copied();
        let counts = rejected.is_none();
        self.observing.trial(Trial {
            cell: self.observing.cell.id.clone(),
            attempt: self.observing.attempt,
            round: self.round,
            position,
            arm,
            warmup: self.warmup,
            values,
            rejected,
        })?;
        Ok(ready.filter(|_| counts).map(|ms| (arm, ms)))
    }

    fn within(&self) -> Duration {
        Duration::from_millis(self.observing.profile.startup.ready_deadline_ms)
    }

    fn settle(&self) -> Result<(), ObserveError> {
        let settle = Duration::from_millis(self.observing.profile.startup.settle_ms);
        self.observing.clock.spin(settle);
        self.observing.span("settle", settle)
    }
}

/// The lap of a round: candidate and baseline alternate, so that each start follows one of the other
/// image. Otherwise the baseline, which is there twice, would more often find its own pages in the
/// processor's caches.
fn alternating(order: &[Arm]) -> Vec<Arm> {
    let (candidates, baselines): (Vec<Arm>, Vec<Arm>) =
        order.iter().partition(|arm| **arm == Arm::Candidate);
    let begins = order.first().copied().unwrap_or(Arm::Candidate) == Arm::Candidate;
    let Some(candidate) = candidates.first().copied() else {
        return baselines;
    };
    if baselines.is_empty() {
        return candidates;
    }
    let pairs = baselines.into_iter().map(|baseline| {
        if begins {
            [candidate, baseline]
        } else {
            [baseline, candidate]
        }
    });
    pairs.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_of_a_lap_follows_one_of_the_other_image() {
        use Arm::{Baseline, BaselineAgain, Candidate};
        for order in [
            [Candidate, Baseline, BaselineAgain],
            [BaselineAgain, Candidate, Baseline],
            [Baseline, BaselineAgain, Candidate],
        ] {
            let lap = alternating(&order);
            assert_eq!(lap.len(), 4);
            for (place, arm) in lap.iter().enumerate() {
                let next = lap[(place + 1) % lap.len()];
                assert_ne!(*arm == Candidate, next == Candidate, "{lap:?}");
            }
            assert!(order.iter().all(|arm| lap.contains(arm)), "{lap:?}");
        }
        assert_eq!(alternating(&[Candidate]), [Candidate]);
    }
}
