//! The machinery that runs a plan: the traits [`Platform`], [`Session`], [`Container`] and
//! [`Suite`], the journal, the ledger, the clock, deadlines and the verdict's fold.
//!
//! Invariant: no platform, suite or report format is named here. They are handed in as slices.

pub mod clock;
mod delivery;
mod error;
mod event;
mod host_lock;
pub mod journal;
mod judge;
mod ledger;
mod observing;
mod platform;
mod queue;
mod residue;
mod run;
mod session;
mod suite;
mod turns;
pub mod wait;

pub use delivery::UNPACK_SPAN;
pub use error::{Blame, SessionError, StartError};
pub use event::{Event, Listener, Silent};
pub use host_lock::{Attempt, HostLock, HostLockHeld, NoHostLock};
pub use judge::{judge, voided_by};
pub use ledger::{Ledger, Object};
pub use observing::{NOT_READY, NotReady, Observing, REFUSED, Started};
pub use platform::{Detection, Libexec, OpenRequest, Platform, Surroundings};
pub use queue::QUEUE_SPAN;
pub use residue::Residue;
pub use run::{ImagePair, Run, RunError, Unbuilt};
pub use session::{
    Admission, Container, ContainerMemory, Delivered, Delivery, Exit, Inspection, Killed,
    LoadRequest, Policy, Recipe, Session, SessionMemory, SmokeReply, Stamper, StartRequest,
    StartStamps, Stopped, TreeOrigin, Verification,
};
pub use suite::{ArmImage, Judgement, Judging, ObserveError, Suite};
pub use turns::{InPlaceStart, InTurn, LapError};
