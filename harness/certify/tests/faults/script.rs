//! What goes wrong in a scripted cluster, and whether it did.

use std::sync::Mutex;
use std::time::Duration;

/// One run's faults: at most one of each kind.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) call: Option<CallFault>,
    pub(crate) pod: Option<(usize, PodFault)>,
    pub(crate) watch: Option<WatchFault>,
    pub(crate) program: Option<(usize, ProgramFault)>,
    /// What is said of a filter that only first processes are under; `None`: all are.
    pub(crate) first_only: Option<Apart>,
    /// Pods that go without a word of how their containers ended.
    pub(crate) untold: Option<Lasts>,
    /// Where the fault was first met.
    pub(crate) met: Mutex<Option<String>>,
}

/// A fault of a call: the one with this number, counted from 0 in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallFault {
    pub(crate) number: usize,
    pub(crate) how: Answer,
    pub(crate) lasts: Lasts,
}

/// For how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// This once.
    Once,
    /// From then on.
    ForEver,
}

/// How a call is answered instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// `429`: turned away, nothing was done.
    TooManyRequests,
    /// `500`: nothing was done.
    InternalError,
    /// `401`: the token has expired.
    Unauthorized,
    /// Everything was done; the answer comes after so long.
    Slow(Duration),
    /// Everything was done; the connection is cut instead of an answer.
    Lost,
}

/// What the first process of a container of its own says where it alone is under the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Apart {
    /// Everything dangerous is refused.
    Refused,
    /// The filter allows a user namespace.
    Allowed,
    /// It is under no filter either.
    Unfiltered,
}

/// What becomes of a pod: the one with this number, counted from 0 as they are created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PodFault {
    /// Its image cannot be pulled.
    PullBackOff,
    /// No node takes it.
    Unschedulable,
    /// The node evicts it before its container runs.
    EvictedWaiting,
    /// The node evicts it a moment after its container began to run.
    EvictedRunning,
    /// Somebody's finalizer holds it.
    Held,
}

/// A fault of watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchFault {
    /// Behind so many events, counted over all watches.
    pub(crate) after: usize,
    pub(crate) how: WatchEnd,
    pub(crate) lasts: Lasts,
}

/// How a watch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchEnd {
    /// The connection breaks.
    Broken,
    /// The server closes it, as it does after its time-out.
    Closed,
    /// `410`: what it stands on is compacted away.
    Gone,
    /// Nothing comes any more, and the connection stays.
    Silent,
}

/// What becomes of a program in a container: the one with this number, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProgramFault {
    /// The connection breaks in the middle of its output.
    Broken,
    /// Nothing comes from it, and the connection stays.
    Silent,
}

impl Answer {
    /// Code, reason and message of a refusal, as an API server words it.
    pub(crate) const fn refusal(self) -> Option<(u16, &'static str, &'static str)> {
        match self {
            Self::TooManyRequests => Some((
                429,
                "TooManyRequests",
                "Too many requests, please try again later.",
            )),
            Self::InternalError => Some((
                500,
                "InternalError",
                "Internal error occurred: etcdserver: leader changed",
            )),
            Self::Unauthorized => Some((401, "Unauthorized", "Unauthorized")),
            Self::Slow(_) | Self::Lost => None,
        }
    }
}

impl PodFault {
    /// What the cluster says of it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::PullBackOff => "Back-off pulling image: registry answers 503 Service Unavailable",
            Self::Unschedulable => "0/1 nodes are available: 1 Insufficient memory",
            Self::EvictedWaiting | Self::EvictedRunning => {
                "The node was low on resource: memory. Threshold quantity: 100Mi"
            }
            Self::Held => "example.invalid/hold",
        }
    }
}

impl Script {
    /// What becomes of the call `number`.
    pub(crate) fn of_call(&self, number: usize, what: &str) -> Option<Answer> {
        let fault = self.call?;
        let strikes = match fault.lasts {
            Lasts::Once => number == fault.number,
            Lasts::ForEver => number >= fault.number,
        };
        strikes.then(|| {
            self.note(format!("call {number}, {what}"));
            fault.how
        })
    }

    /// What becomes of the pod `number`.
    pub(crate) fn of_pod(&self, number: usize) -> Option<PodFault> {
        let (wanted, fault) = self.pod?;
        (wanted == number).then(|| {
            self.note(format!("pod {number}"));
            fault
        })
    }

    /// How a watch that has shown `shown` events ends before it shows the one with this number.
    pub(crate) fn of_watch(&self, number: usize, shown: usize) -> Option<WatchEnd> {
        let fault = self.watch?;
        let strikes = match fault.lasts {
            Lasts::Once => number == fault.after,
            // One that never showed anything would be no API server's.
            Lasts::ForEver => number >= fault.after && shown > 0,
        };
        strikes.then(|| {
            self.note(format!("watch, at event {number}"));
            fault.how
        })
    }

    /// What becomes of the program `number`.
    pub(crate) fn of_program(&self, number: usize, what: &str) -> Option<ProgramFault> {
        let (wanted, fault) = self.program?;
        (wanted == number).then(|| {
            self.note(format!("program {number}, {what}"));
            fault
        })
    }

    /// Whether the pod that is the `number`th to end goes without a word.
    pub(crate) fn of_end(&self, number: usize) -> bool {
        match self.untold {
            None => false,
            Some(Lasts::Once) => number == 0,
            Some(Lasts::ForEver) => true,
        }
    }

    /// Where the fault was first met.
    pub(crate) fn met(&self) -> Option<String> {
        self.met.lock().unwrap().clone()
    }

    fn note(&self, place: String) {
        self.met.lock().unwrap().get_or_insert(place);
    }
}
