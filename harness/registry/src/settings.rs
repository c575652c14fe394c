//! How a client behaves. Every value is the caller's decision.

use std::time::Duration;

use image::Limits;

use crate::{Keychain, Trust};

/// Settings of a client.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose credentials are used.
    pub keychain: Keychain,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// Hosts, each `HOST` or `HOST:PORT`, that are spoken to without encryption because somebody
    /// asked for it. Loopback addresses are so without being named, unless there are certificates
    /// for them.
    pub plain_http: Vec<String>,
    /// What is taken in.
    pub limits: Limits,
    /// How long anything may take.
    pub patience: Patience,
}

/// How long and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until an answer begins, and between two pieces of one.
    pub stall: Duration,
    /// Until a whole document is there.
    pub document: Duration,
    /// A blob may take as long as a document and its size at this rate, in bytes a second.
    pub slowest: u64,
    /// How often anything is tried while the registry is busy or the connection breaks.
    pub tries: u32,
    /// The pause before the second try; it doubles from try to try.
    pub pause: Duration,
    /// The longest pause that a registry may ask for.
    pub longest_pause: Duration,
    /// Until a credential helper answers.
    pub helper: Duration,
}

impl Patience {
    /// For registries anywhere: a slow link passes, a dead one is given up within minutes.
    pub const fn standard() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            document: Duration::from_secs(60),
            slowest: 64 << 10,
            tries: 4,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(60),
            helper: Duration::from_secs(20),
        }
    }

    /// How long the transfer of so many bytes may take.
    pub(crate) fn for_bytes(&self, bytes: u64) -> Duration {
        self.document + Duration::from_secs(bytes / self.slowest.max(1))
    }

    /// The pause after so many failed tries.
    pub(crate) fn after(&self, tries: u32) -> Duration {
        let doubled = self.pause * 2_u32.saturating_pow(tries.saturating_sub(1).min(10));
        doubled.min(self.longest_pause)
    }
}
