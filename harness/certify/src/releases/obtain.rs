//! Releases that others publish: fetched when they changed, kept between runs.

use std::time::Duration;

use anyhow::{Context, anyhow};
use chisel::{ReleaseFiles, Strictness};
use deb::{Address, Kept, KeptCopy, KeptOrigin, KeptPace};
use jiff::Timestamp;
use model::{ExitCode, Hosts};

use super::{FoundRelease, Freshness, Releases, tarball};
use crate::{Failure, OrExit, host};

/// How a packed release is fetched. The real ones have about 1 MB; ten seconds is how long the
/// reference tool waits for another one of itself.
const PACE: KeptPace = KeptPace {
    most_bytes: 64 << 20,
    tries: 3,
    deadline: Duration::from_secs(120),
    lock_deadline: Duration::from_secs(10),
};

impl Releases<'_> {
    /// The published release `label`.
    pub(super) fn obtain(&self, label: &str) -> Result<FoundRelease, Failure> {
        let base: Address = Hosts::known().ubuntu.releases.parse().or_fault()?;
        let address = base.join(label);
        let kept = Kept::at(self.cache.join(format!("{label}.tar.gz")));
        let now = self.clock.utc();
        let copy = match self.freshness {
            Freshness::Newest => self.newest(label, &kept, &address, now)?,
            Freshness::Kept => kept.read(&address).or_unavailable()?.ok_or_else(|| {
                let text = format!("release {label}: no copy of it is kept; try without --offline");
                Failure::new(ExitCode::Unavailable, anyhow!(text))
            })?,
        };
        let note = match copy.origin {
            KeptOrigin::Fetched => format!("{label} fetched, {} bytes", copy.bytes.len()),
            KeptOrigin::Unchanged => format!("{label} did not change, the kept copy is used"),
            KeptOrigin::Unasked => format!(
                "{label} as it was {}, its server was not asked",
                age(copy.checked, now)
            ),
        };
        let files = tarball::files(&copy.bytes)
            .with_context(|| format!("release {label} from {address}"))
            .or_unavailable()?;
        Ok(FoundRelease {
            files: ReleaseFiles::from_pairs(label, files),
            strictness: Strictness::Foreign,
            note: Some(note),
        })
    }

    /// Asks the server; without an answer the kept copy is not taken in silence.
    fn newest(
        &self,
        label: &str,
        kept: &Kept,
        address: &Address,
        now: Timestamp,
    ) -> Result<KeptCopy, Failure> {
        let proxies = deb::apt_proxies(&host::root());
        let client = deb::client(&proxies).or_unavailable()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .or_unavailable()?;
        let asking = kept.refresh(address, &client, PACE, now);
        let Some(asked) = runtime.block_on(self.stop.run_until_cancelled(asking)) else {
            let text = format!("obtaining the release {label}: interrupted");
            return Err(anyhow!(text)).or_incomplete();
        };
        asked.map_err(|error| {
            let hint = match kept.read(address) {
                Ok(Some(copy)) => format!(
                    "a copy from {} is kept: --offline takes it",
                    age(copy.checked, now)
                ),
                _ => "no copy of it is kept; --release takes a folder too".to_owned(),
            };
            let text = format!("obtaining the release {label}: {error}; {hint}");
            Failure::new(ExitCode::Unavailable, anyhow!(text))
        })
    }
}

/// How long ago `then` was, in words.
fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    let (count, unit) = match seconds {
        0..=119 => (seconds, "seconds"),
        120..=7199 => (seconds / 60, "minutes"),
        7200..=172_799 => (seconds / 3600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit} ago")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_one_unit() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        for (seconds, wanted) in [
            (5, "5 seconds ago"),
            (600, "10 minutes ago"),
            (7200, "2 hours ago"),
            (864_000, "10 days ago"),
            (-5, "0 seconds ago"),
        ] {
            assert_eq!(age(at(1000), at(1000 + seconds)), wanted);
        }
    }
}
