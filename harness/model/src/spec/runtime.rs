//! How a container of the image runs.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What goes into the image configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuntimeConfig {
    /// The argument vector; absolute program path, since there is no shell.
    pub entrypoint: Vec<String>,
    /// Default arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Numeric `UID` or `UID:GID`, `65532:65532` unless told.
    #[serde(default = "UserId::nonroot")]
    pub user: UserId,
    /// Environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Working directory, `/` unless told.
    #[serde(default = "root_dir")]
    pub workdir: String,
    /// TCP ports it listens on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// The signal that asks it to stop.
    #[serde(default = "sigterm")]
    pub stop_signal: String,
    /// How long it may take to stop before it is killed.
    #[serde(default = "default_grace_ms")]
    pub stop_grace_ms: u64,
}

/// A numeric user and group. Names are refused: a cluster's `runAsNonRoot` cannot check them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserId {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// A path that may be written at run time: a tmpfs mounted by the harness, owned by the image's
/// user, `nosuid,nodev` and, unless told, `noexec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WritablePath {
    /// Absolute path; exists as a directory in both arms.
    pub path: String,
    /// Size limit.
    pub size_mib: u32,
    /// Whether files in it may be executed (default no).
    #[serde(default)]
    pub exec: bool,
}

/// Limits a container runs under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// Thousandths of a processor; no limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_millis: Option<u32>,
    /// Memory limit.
    pub memory_mib: u32,
    /// Process and thread limit.
    pub pids: u32,
}

impl UserId {
    /// 65532, the customary numeric user of distroless images.
    pub const fn nonroot() -> Self {
        Self {
            uid: 65532,
            gid: 65532,
        }
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.uid, self.gid)
    }
}

impl FromStr for UserId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (uid, gid) = text.split_once(':').unwrap_or((text, text));
        let number = |part: &str| {
            part.parse()
                .map_err(|_| format!("`{text}` is not a numeric `UID` or `UID:GID`"))
        };
        Ok(Self {
            uid: number(uid)?,
            gid: number(gid)?,
        })
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for UserId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "UserId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9]+(:[0-9]+)?$"})
    }
}

fn root_dir() -> String {
    "/".to_owned()
}

fn sigterm() -> String {
    "SIGTERM".to_owned()
}

const fn default_grace_ms() -> u64 {
    10_000
}
