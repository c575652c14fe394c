//! What the program `probe` is asked and what it answers: types only, no system calls.
//!
//! One-shot verbs (`facts`, `attempts`, `hash`, `memory`) print one JSON document on standard output: the
//! type of that name on success (exit 0), [`Failed`] otherwise (exit 1; 2 when the call itself
//! was wrong). `prober` reads one [`Command`] and writes one [`Reply`] per line. `stamp` writes
//! one line, [`Stamp::PREFIX`] and a [`Stamp`].

mod protocol;

pub use protocol::attempts::{
    AttemptRequest, AttemptedAs, Attempts, Calls, Counts, DirectoryAttempts, ExecAttempt, Executed,
    FileAttempts, LoaderAttempt, Permitted, Refusal, Refusals, SeccompCarried, SetIdFile,
    SkippedMount, Stopped, Tried, WritableDirectory, WritableFile,
};
pub use protocol::build::BuildInfo;
pub use protocol::facts::{
    Capabilities, Facts, Ids, Limit, MapFindings, MappedFile, Mapping, Mount, Namespaces, Scope,
    Socket, SocketKind, Status, Task, Unreadable,
};
pub use protocol::failure::{Failed, Failure, FailureKind};
pub use protocol::memory::{Memory, rollup_bytes};
pub use protocol::prober::{
    Command, Exchange, Extent, HttpRequest, Latency, Load, Loaded, Poll, PollEnd, Polled, Pong,
    Question, Reply, Request, Requested, TcpConnect, Up,
};
pub use protocol::repeat::{InPlace, Repeat, Repeated, Turn};
pub use protocol::stamp::Stamp;
pub use protocol::tree::{EntryKind, Tree, TreeEntry};
