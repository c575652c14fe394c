//! What goes into an image beside its slices.

use serde::{Deserialize, Serialize};

/// How the layers of an image are packed. Part of the image's bytes, so it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayerFormat {
    /// Deflate level, 1 to 9.
    #[schemars(range(min = 1, max = 9))]
    pub level: u32,
}

impl LayerFormat {
    /// Level 6, gzip's own default: what a reader of sizes expects.
    pub const fn standard() -> Self {
        Self { level: 6 }
    }
}

/// A record of what an image is made of that goes into the image itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Inside {
    /// `/var/lib/dpkg/status.d`, one record for each package, where scanners look for it.
    #[serde(rename = "status.d")]
    StatusD,
}

/// A file of the user's, put over the cut in both arms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserFile {
    /// Where it goes, absolute.
    pub path: String,
    /// Where its bytes come from.
    pub source: FileSource,
    /// Octal permission bits as text, `"0644"` unless told.
    #[serde(default = "default_mode")]
    pub mode: String,
    /// Owner `UID:GID`, `0:0` unless told.
    #[serde(default = "default_owner")]
    pub owner: String,
}

/// Where a user file's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileSource {
    /// A file under `images/files/`, relative to it.
    File(String),
    /// The text itself.
    Text(String),
    /// An empty folder.
    Folder,
}

impl UserFile {
    /// The permission bits, 0 to 0o7777.
    pub fn mode_bits(&self) -> Option<u32> {
        u32::from_str_radix(&self.mode, 8)
            .ok()
            .filter(|mode| *mode <= 0o7777)
    }

    /// The numeric owner and group.
    pub fn owner_ids(&self) -> Option<(u32, u32)> {
        let (uid, gid) = self.owner.split_once(':')?;
        Some((uid.parse().ok()?, gid.parse().ok()?))
    }
}

fn default_mode() -> String {
    "0644".to_owned()
}

fn default_owner() -> String {
    "0:0".to_owned()
}
