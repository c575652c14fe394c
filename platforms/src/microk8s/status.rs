//! What `microk8s status --format yaml` says.
//!
//! It is printed line by line, not by a writer of YAML: descriptions of add-ons stand there as they
//! are, and one with `: ` in it is no YAML. So it is read line by line as well, and only what is asked
//! for. Booleans are Python's.

use crate::calling::Said;
use crate::snap::Missing;

/// A cluster that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    /// Add-ons that are enabled.
    pub(super) enabled: Vec<String>,
}

/// Sentences that are printed instead, by what they contain, and what to try.
const SENTENCES: [(&str, &str); 4] = [
    (
        "Insufficient permissions",
        "run as root, or as a member of the group microk8s who may use sudo without a password",
    ),
    ("not running, try", "microk8s start"),
    ("is not running", "microk8s start; microk8s inspect"),
    (
        "acting as a node in a cluster",
        "run on a node that keeps the cluster's control plane",
    ),
];

/// Reads it. Running is only what says so and ended well.
pub(super) fn read(said: &Said) -> Result<Status, Missing> {
    match running(&said.stdout) {
        Some(true) if said.is_success() => Ok(Status {
            enabled: enabled(&said.stdout),
        }),
        _ => Err(refused(said)),
    }
}

/// Why it is not running.
fn refused(said: &Said) -> Missing {
    let words = said.words();
    let known = SENTENCES
        .iter()
        .find(|(sentence, _)| words.contains(sentence));
    match known {
        Some((_, remedy)) => Missing::new(
            format!("MicroK8s is installed and not to be used: {words}"),
            *remedy,
        ),
        None => Missing::new(
            format!("MicroK8s is installed, and its status is not understood: {words}"),
            "microk8s inspect",
        ),
    }
}

/// `running:` of the section `microk8s`; nothing where it is neither true nor false.
fn running(text: &str) -> Option<bool> {
    let mut lines = text
        .lines()
        .skip_while(|line| line.trim_end() != "microk8s:");
    lines.next()?;
    let inside = lines.take_while(|line| line.starts_with(' '));
    let value = inside
        .filter_map(|line| line.trim().strip_prefix("running:"))
        .next()?;
    match value.trim().to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Names of the add-ons whose `status:` is enabled.
fn enabled(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| line.trim_end() != "addons:");
    let mut enabled = Vec::new();
    let mut name = None;
    for line in lines.skip(1) {
        let line = line.trim();
        if let Some(of) = line.strip_prefix("- name:") {
            name = Some(of.trim());
        } else if line == "status: enabled" {
            enabled.extend(name.take().map(str::to_owned));
        }
    }
    enabled
}
