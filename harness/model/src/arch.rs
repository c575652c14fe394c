//! Processor architectures, under the names of Debian and of OCI.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An architecture an image can be cut for. Serialized under Debian's name.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Arch {
    Amd64,
    Arm64,
    Armhf,
    I386,
    Ppc64el,
    Riscv64,
    S390x,
}

/// A name that is no architecture the harness knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown architecture `{0}` (known: amd64, arm64, armhf, i386, ppc64el, riscv64, s390x)")]
pub struct UnknownArch(String);

impl Arch {
    /// Every architecture, by name.
    pub const ALL: [Self; 7] = [
        Self::Amd64,
        Self::Arm64,
        Self::Armhf,
        Self::I386,
        Self::Ppc64el,
        Self::Riscv64,
        Self::S390x,
    ];

    /// The architecture this program was built for, if it is one of ours.
    pub fn host() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::Amd64),
            "aarch64" => Some(Self::Arm64),
            "arm" => Some(Self::Armhf),
            "x86" => Some(Self::I386),
            "powerpc64" => Some(Self::Ppc64el),
            "riscv64" => Some(Self::Riscv64),
            "s390x" => Some(Self::S390x),
            _ => None,
        }
    }

    /// Debian's name (`dpkg --print-architecture`).
    pub const fn debian(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
            Self::Armhf => "armhf",
            Self::I386 => "i386",
            Self::Ppc64el => "ppc64el",
            Self::Riscv64 => "riscv64",
            Self::S390x => "s390x",
        }
    }

    /// The name of its library folder below `/usr/lib` (Debian's multiarch tuples).
    pub const fn multiarch(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64-linux-gnu",
            Self::Arm64 => "aarch64-linux-gnu",
            Self::Armhf => "arm-linux-gnueabihf",
            Self::I386 => "i386-linux-gnu",
            Self::Ppc64el => "powerpc64le-linux-gnu",
            Self::Riscv64 => "riscv64-linux-gnu",
            Self::S390x => "s390x-linux-gnu",
        }
    }

    /// The name in an OCI image configuration (GOARCH), and its variant if it has one.
    pub const fn oci(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Amd64 => ("amd64", None),
            Self::Arm64 => ("arm64", Some("v8")),
            Self::Armhf => ("arm", Some("v7")),
            Self::I386 => ("386", None),
            Self::Ppc64el => ("ppc64le", None),
            Self::Riscv64 => ("riscv64", None),
            Self::S390x => ("s390x", None),
        }
    }

    /// The architecture of an OCI image configuration.
    pub fn from_oci(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| arch.oci().0 == name)
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.debian())
    }
}

impl FromStr for Arch {
    type Err = UnknownArch;

    fn from_str(text: &str) -> Result<Self, UnknownArch> {
        Self::ALL
            .into_iter()
            .find(|arch| arch.debian() == text)
            .ok_or_else(|| UnknownArch(text.to_owned()))
    }
}
