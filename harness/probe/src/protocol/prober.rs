//! What the prober is told on standard input and what it answers, one JSON line each.
//!
//! All instants are nanoseconds of `CLOCK_MONOTONIC`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// One line to the prober. `"ping"`, `"cancel"` and `"quit"` may also stand without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Ask again and again until the first correct reply.
    Poll(Poll),
    /// Ask once.
    Request(Request),
    /// Ask many times on several connections.
    Load(Load),
    /// Are you there?
    Ping,
    /// Stop the poll or load that is running.
    Cancel,
    /// End. The end of standard input does the same.
    Quit,
}

/// One line from the prober.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The first line: namespaces are made, `lo` is up, commands are read.
    Ready(Up),
    /// The end of a poll.
    Polled(Polled),
    /// The answer to a request.
    Requested(Requested),
    /// The end of a load.
    Loaded(Loaded),
    /// The answer to a ping.
    Pong(Pong),
    /// A command could not be obeyed.
    Error(Failure),
}

/// Where a prober is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Up {
    /// Its pid, as its parent sees it; `/proc/PID/ns/net` is the network it watches.
    pub pid: u32,
    /// Inode of its network namespace.
    pub net_namespace: u64,
    /// Inode of its user namespace.
    pub user_namespace: u64,
    /// When it was ready.
    pub monotonic_ns: u64,
}

/// Polls until the first correct reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// What is asked.
    pub question: Question,
    /// Distance of attempts on an absolute grid; 100 to 10,000,000, default 1000.
    #[serde(default = "default_interval")]
    pub interval_us: u64,
    /// Longest wait from the receipt of the command; at most one hour.
    pub deadline_ms: u64,
}

/// Asks once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What is asked.
    pub question: Question,
    /// Longest wait; default 5000, at most one hour.
    #[serde(default = "default_deadline")]
    pub deadline_ms: u64,
}

/// Asks many times, each time on a new connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// What is asked.
    pub question: Question,
    /// Askers in parallel, 1 to 256.
    pub connections: u32,
    /// When it ends.
    pub extent: Extent,
    /// Longest wait for one answer; default 5000, at most one hour.
    #[serde(default = "default_deadline")]
    pub deadline_ms: u64,
}

/// When a load ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// After this time; at most one hour.
    DurationMs(u64),
    /// After this many requests; at most two million, which also bounds `duration-ms`.
    Count(u64),
}

/// A question with its only correct answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// A GET request over HTTP/1.1.
    Http(HttpRequest),
    /// A connection that is accepted.
    Tcp(TcpConnect),
    /// Bytes sent, bytes expected.
    TcpExchange(Exchange),
}

/// One GET request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRequest {
    /// Where; 127.0.0.1 unless told.
    #[serde(default = "loopback")]
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// Path and query, beginning with a slash.
    #[serde(default = "root_path")]
    pub path: String,
    /// The `Host` header; `localhost` unless told.
    #[serde(default = "localhost")]
    pub host: String,
    /// The wanted status; 200 unless told.
    #[serde(default = "status_ok")]
    pub expect_status: u16,
    /// Text that the body must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_body_contains: Option<String>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TcpConnect {
    /// Where; 127.0.0.1 unless told.
    #[serde(default = "loopback")]
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

/// Bytes sent and text expected back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Where; 127.0.0.1 unless told.
    #[serde(default = "loopback")]
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// What is sent once connected; may be empty for a server that greets.
    pub send: String,
    /// What must appear in the first 64 KiB of the answer; not empty.
    pub expect_contains: String,
}

/// How a poll went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polled {
    /// How it ended.
    pub end: PollEnd,
    /// What counts as "ready": the first byte, or for a `tcp` question the connection.
    pub ready_ns: Option<u64>,
    /// When the connection of the correct answer stood.
    pub connected_ns: Option<u64>,
    /// When the first byte of the correct answer was there.
    pub first_byte_ns: Option<u64>,
    /// When the command was received.
    pub began_ns: u64,
    /// When the poll ended.
    pub ended_ns: u64,
    /// Attempts made; every one is the correct one, refused or wrong.
    pub polls: u64,
    /// Attempts that nobody listened to.
    pub refused: u64,
    /// Attempts that were answered wrongly, cut off or not at all.
    pub wrong: u64,
    /// The largest lateness of an attempt against its grid: the poll's own precision.
    pub late_ns_max: u64,
    /// Why the last attempt that failed did.
    pub last_error: Option<String>,
}

/// How a poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PollEnd {
    /// With a correct answer.
    Ready,
    /// At its deadline.
    Timeout,
    /// By a command.
    Cancelled,
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// Whether the answer was correct.
    pub ok: bool,
    /// Why not.
    pub why: Option<String>,
    /// The HTTP status, if one was read.
    pub status: Option<u16>,
    /// The first bytes of the answer's body, at most 512, with replacement characters.
    pub body_start: String,
    /// Bytes of the body read.
    pub body_bytes: u64,
    /// When the connection stood.
    pub connected_ns: Option<u64>,
    /// When the first byte of the answer was there.
    pub first_byte_ns: Option<u64>,
    /// When the command was received.
    pub began_ns: u64,
    /// When the answer was complete or given up.
    pub ended_ns: u64,
}

/// How a load went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Correct answers.
    pub ok: u64,
    /// All others.
    pub failed: u64,
    /// Whether it was cancelled before its end.
    pub cancelled: bool,
    /// Why the first that failed did.
    pub first_failure: Option<String>,
    /// From connect to the last byte, of correct answers; nothing without one.
    pub latency: Option<Latency>,
    /// When it began.
    pub began_ns: u64,
    /// When it ended.
    pub ended_ns: u64,
}

/// Latencies in nanoseconds; quantiles are order statistics (nearest rank).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// The shortest.
    pub min_ns: u64,
    /// The median.
    pub median_ns: u64,
    /// The 95th percentile.
    pub p95_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

/// The answer to a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// When it was answered.
    pub monotonic_ns: u64,
}

const fn default_interval() -> u64 {
    1000
}

const fn default_deadline() -> u64 {
    5000
}

const fn status_ok() -> u16 {
    200
}

const fn loopback() -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)
}

fn root_path() -> String {
    "/".to_owned()
}

fn localhost() -> String {
    "localhost".to_owned()
}
