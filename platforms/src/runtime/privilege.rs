//! With whose rights containers are run: root's, or a normal user's in a user namespace.

use engine::{Blame, SessionError};
use serde::Deserialize;

use super::{Kind, Runtime, command};

/// With whose rights containers are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Privilege {
    /// Root's: any user id, control groups.
    Root,
    /// A normal user's: the image's user stands for the caller, no control groups.
    Normal {
        /// Why a container's root has to be a copy, if an overlay cannot be had.
        copied: Option<String>,
    },
}

/// What `launch features` prints; each part `yes` or why not.
#[derive(Debug, Deserialize)]
struct Features {
    namespaces: String,
    overlay: String,
}

impl Privilege {
    /// Finds out what this caller can have, by trying.
    pub(crate) async fn look(runtime: &Runtime) -> Result<Self, SessionError> {
        if rustix::process::geteuid().is_root() {
            return rights_of_root(runtime);
        }
        let attempted = format!("run containers with {} as a normal user", runtime.program);
        let fail = |why: String| SessionError::environment(&attempted, why);
        if runtime.kind != Kind::Embedded {
            return Err(fail("this runtime is driven as root only".to_owned())
                .try_this("run it as root, or use `--platform oci`")
                .blamed_on(Blame::Environment));
        }
        let text = command::run(command::new(&runtime.program).arg("features"))
            .await
            .map_err(fail)?;
        let features: Features =
            serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        if features.namespaces != "yes" {
            return Err(fail(features.namespaces).try_this(
                "allow user namespaces (sysctl user.max_user_namespaces, \
                 kernel.apparmor_restrict_unprivileged_userns) or run it as root",
            ));
        }
        let copied = (features.overlay != "yes").then_some(features.overlay);
        Ok(Self::Normal { copied })
    }

    /// For fingerprints.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Normal { .. } => {
                "rootless: a normal user, one user id in a user namespace, no control group"
            }
        }
    }

    /// What cannot be measured with these rights, by metric, and why.
    pub(crate) fn cannot_measure(&self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Root => Vec::new(),
            Self::Normal { .. } => vec![
                (
                    "working_set_bytes",
                    "a normal user has no control group here: density rests on PSS",
                ),
                (
                    "limits",
                    "memory, processor and process limits need a control group: not enforced",
                ),
                (
                    "ownership",
                    "a single user id is mapped: every file belongs to the image's user, so owners are not \
                     compared",
                ),
                ("ports", "ports below 1024 cannot be opened"),
            ],
        }
    }
}

/// Root inside a container often lacks the one right that everything here rests on.
fn rights_of_root(runtime: &Runtime) -> Result<Privilege, SessionError> {
    use rustix::thread::{CapabilitySet, capabilities};
    let attempted = format!("run containers with {} as root", runtime.program);
    let own = capabilities(None).map_err(|error| SessionError::environment(&attempted, error))?;
    if own.effective.contains(CapabilitySet::SYS_ADMIN) {
        return Ok(Privilege::Root);
    }
    let why = "this root may make no namespaces: it lacks CAP_SYS_ADMIN";
    Err(SessionError::environment(attempted, why).try_this(
        "give the container that certify runs in this right (`--privileged`), or run certify as a \
         normal user where user namespaces are allowed",
    ))
}
