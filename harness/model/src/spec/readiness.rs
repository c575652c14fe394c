//! What says that an application is ready, and what shows that it works.

use serde::{Deserialize, Serialize};

/// The first event that counts as "ready".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Readiness {
    /// The first correct response byte of a request.
    Http(HttpExpectation),
    /// A connection is accepted.
    Tcp {
        /// The port.
        port: u16,
    },
    /// Bytes sent, bytes expected back.
    Exchange(Exchange),
    /// A line on standard output or error that contains this text.
    Log {
        /// The text looked for.
        contains: String,
    },
    /// A connection is accepted at the lowest TCP port that an existing image's own configuration
    /// exposes.
    Exposed,
    /// The program ends with this status.
    Exit {
        /// The expected exit status.
        code: i32,
    },
}

/// One HTTP request and what must come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpExpectation {
    /// The port.
    pub port: u16,
    /// The path, `/` unless told.
    #[serde(default = "root_path")]
    pub path: String,
    /// The wanted status, 200 unless told.
    #[serde(default = "status_ok")]
    pub status: u16,
    /// Text that the body must contain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
}

/// Bytes sent over TCP and text that must come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The port.
    pub port: u16,
    /// What is sent.
    pub send: String,
    /// What the answer must contain.
    pub expect: String,
}

/// A request that shows the application doing its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SmokeRequest {
    /// An HTTP request.
    Http(HttpExpectation),
    /// Bytes over TCP.
    Exchange(Exchange),
}

fn root_path() -> String {
    "/".to_owned()
}

const fn status_ok() -> u16 {
    200
}
