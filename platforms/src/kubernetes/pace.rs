//! How long the engine waits for what in a cluster: every deadline and pause, in one place.
//!
//! Only a rehearsal has others than [`Pace::STANDARD`]: `CERTIFY_CLUSTER_REHEARSAL` holds all of them
//! as one JSON object of milliseconds, and what a session with it finds out can never read as said
//! of a real cluster ([`standing`]). It is for tests against a cluster that is scripted to fail.

use std::sync::LazyLock;
use std::time::Duration;

use model::Standing;
use serde::{Deserialize, Deserializer};

/// What holds the pace of a rehearsal.
const VARIABLE: &str = "CERTIFY_CLUSTER_REHEARSAL";

/// Deadlines and pauses. In a rehearsal's JSON each is a number of milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pace {
    /// Longest wait for one answer of the API server.
    #[serde(deserialize_with = "ms")]
    pub(crate) answer: Duration,
    /// Longest time over which a call that a busy server turned away is made again.
    #[serde(deserialize_with = "ms")]
    pub(crate) insistence: Duration,
    /// Pause before a call is made again, unless the server names one.
    #[serde(deserialize_with = "ms")]
    pub(crate) pause: Duration,
    /// Longest time for a cluster to bring a pod to where its container runs.
    #[serde(deserialize_with = "ms")]
    pub(crate) placed: Duration,
    /// How much earlier than the measured container the prober may begin to ask.
    #[serde(deserialize_with = "ms")]
    pub(crate) lead: Duration,
    /// How long after a container runs its log is first looked at, and then again.
    #[serde(deserialize_with = "ms")]
    pub(crate) look: Duration,
    /// Longest wait until the kubelet tells what runs.
    #[serde(deserialize_with = "ms")]
    pub(crate) identified: Duration,
    /// How much longer than a prober can take its last word is awaited.
    #[serde(deserialize_with = "ms")]
    pub(crate) last_word: Duration,
    /// How long the cluster is given to finish its own work for a container before starts in place.
    #[serde(deserialize_with = "ms")]
    pub(crate) hold: Duration,
    /// How long starts in place are begun for each place of a lap.
    #[serde(deserialize_with = "ms")]
    pub(crate) starting: Duration,
    /// Longest wait for a kubelet's events: they are sent behind the work.
    #[serde(deserialize_with = "ms")]
    pub(crate) events: Duration,
    /// Longest time for one document of the probe.
    #[serde(deserialize_with = "ms")]
    pub(crate) document: Duration,
    /// Longest wait, beyond its grace, until a deleted pod is gone.
    #[serde(deserialize_with = "ms")]
    pub(crate) pod_gone: Duration,
    /// Longest wait until a deleted namespace is gone with all in it.
    #[serde(deserialize_with = "ms")]
    pub(crate) namespace_gone: Duration,
}

impl Pace {
    /// For every real cluster.
    pub(crate) const STANDARD: Self = Self {
        answer: Duration::from_secs(15),
        insistence: Duration::from_secs(40),
        pause: Duration::from_millis(500),
        placed: Duration::from_secs(60),
        lead: Duration::from_secs(5),
        look: Duration::from_millis(200),
        identified: Duration::from_secs(15),
        last_word: Duration::from_secs(10),
        hold: Duration::from_millis(400),
        starting: Duration::from_millis(600),
        events: Duration::from_secs(5),
        document: Duration::from_secs(90),
        pod_gone: Duration::from_secs(60),
        namespace_gone: Duration::from_secs(120),
    };
}

fn ms<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_millis)
}

/// The pace of this program, read once.
static PACE: LazyLock<Result<Option<Pace>, String>> = LazyLock::new(|| {
    let Ok(text) = std::env::var(VARIABLE) else {
        return Ok(None);
    };
    let read = serde_json::from_str(&text).map(Some);
    read.map_err(|error| format!("{VARIABLE}: {error}"))
});

/// The pace of all sessions in clusters.
pub(crate) fn pace() -> &'static Pace {
    match &*PACE {
        Ok(Some(pace)) => pace,
        // What cannot be read opens no session.
        Ok(None) | Err(_) => &Pace::STANDARD,
    }
}

/// What a session at this pace may count as; an error when the pace cannot be read.
pub(crate) fn standing() -> Result<Standing, String> {
    match &*PACE {
        Ok(None) => Ok(Standing::Real),
        Ok(Some(_)) => Ok(Standing::Rehearsal),
        Err(why) => Err(why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsals_pace_is_whole_or_refused() {
        let mut all = serde_json::json!({
            "answer": 1, "insistence": 2, "pause": 3, "placed": 4, "lead": 5, "look": 6,
            "identified": 7, "last_word": 8, "hold": 9, "starting": 10, "events": 11,
            "document": 12, "pod_gone": 13, "namespace_gone": 14,
        });
        let read: Pace = serde_json::from_value(all.clone()).unwrap();
        assert_eq!(read.namespace_gone, Duration::from_millis(14));
        all["anything"] = 1.into();
        assert!(serde_json::from_value::<Pace>(all.clone()).is_err());
        all.as_object_mut().unwrap().remove("anything");
        all.as_object_mut().unwrap().remove("answer");
        assert!(serde_json::from_value::<Pace>(all).is_err());
    }
}
