//! What an archive must be before it is used.

use crate::keyring::Keyring;

/// One archive of a release: what to read from it and how to know that it is the right one. The
/// address is not part of it.
#[derive(Debug, Clone)]
pub struct ArchiveSpec {
    /// The name in the release, such as `debian-security`; mirrors can be given for it.
    pub name: String,
    /// Suites to read, such as `trixie` and `trixie-updates`.
    pub suites: Vec<String>,
    /// Components to read, such as `main`.
    pub components: Vec<String>,
    /// What may stand before a component in the `InRelease`, such as `updates`, while paths and
    /// [`ArchiveSpec::components`] go without.
    pub component_prefix: Option<String>,
    /// The `Label` that the `InRelease` must carry.
    pub label: Option<String>,
    /// The `Origin` that the `InRelease` must carry.
    pub origin: Option<String>,
    /// Keys that may sign.
    pub keys: Keyring,
    /// Archives of one group are one version space: the highest version of all wins.
    pub version_group: Option<String>,
    /// Of several version spaces the one with the highest priority wins. Negative: only when the
    /// archive is asked for by name.
    pub priority: i32,
}
