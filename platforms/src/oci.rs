//! `oci`: a bare OCI runtime on this host; no daemon, no cluster, no network but loopback.
//!
//! `oci` is the harness's own embedded runtime (libcontainer with a pure Rust seccomp filter), the
//! others are `runc`, `crun` and `youki` from PATH. One driver serves all: the OCI runtime command line.

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use engine::{Detection, Libexec, OpenRequest, Platform, Session, SessionError, Surroundings};
use model::PlatformFamily;

use crate::runtime::{self, Privilege, Runtime};

/// The embedded runtime.
pub(crate) static OCI: Oci = Oci {
    name: "oci",
    summary: "the embedded runtime (libcontainer) on this host",
    program: Program::Embedded,
};

/// `runc` from PATH.
pub(crate) static OCI_RUNC: Oci = Oci {
    name: "oci-runc",
    summary: "runc from PATH on this host",
    program: Program::OnPath("runc"),
};

/// `crun` from PATH.
pub(crate) static OCI_CRUN: Oci = Oci {
    name: "oci-crun",
    summary: "crun from PATH on this host",
    program: Program::OnPath("crun"),
};

/// `youki` from PATH.
pub(crate) static OCI_YOUKI: Oci = Oci {
    name: "oci-youki",
    summary: "youki from PATH on this host",
    program: Program::OnPath("youki"),
};

/// A bare OCI runtime.
pub(crate) struct Oci {
    name: &'static str,
    summary: &'static str,
    program: Program,
}

/// Which program runs containers.
enum Program {
    Embedded,
    OnPath(&'static str),
}

impl Oci {
    fn find(&self, libexec: &Libexec) -> Result<Utf8PathBuf, (String, String)> {
        match self.program {
            Program::Embedded => Ok(libexec.launch.clone()),
            Program::OnPath(name) => runtime::command::which(name).ok_or_else(|| {
                (
                    format!("{name} is not on PATH"),
                    format!("install it: {}", how_to_install(name)),
                )
            }),
        }
    }
}

fn how_to_install(name: &str) -> String {
    match name {
        "youki" => "cargo install youki --features v1,seccomp".to_owned(),
        name => format!("apt-get install {name}"),
    }
}

/// The runtime's version, and with whose rights it would run.
async fn look(program: &Utf8Path, launch: &Utf8Path) -> Result<String, SessionError> {
    let runtime = Runtime::look(program, launch).await?;
    let privilege = Privilege::look(&runtime).await?;
    Ok(format!("{}, as {}", runtime.version, privilege.word()))
}

#[async_trait]
impl Platform for Oci {
    fn name(&self) -> &str {
        self.name
    }

    fn summary(&self) -> &str {
        self.summary
    }

    fn family(&self) -> PlatformFamily {
        PlatformFamily::Oci
    }

    async fn detect(&self, around: &Surroundings) -> Detection {
        let found = match self.find(&around.libexec) {
            Ok(program) => look(&program, &around.libexec.launch).await,
            Err((why, remedy)) => return Detection::Absent { why, remedy },
        };
        match found {
            Ok(line) => Detection::Available(line),
            Err(error) => Detection::Absent {
                why: error.why,
                remedy: error.remedy.unwrap_or_default(),
            },
        }
    }

    async fn open(&self, request: OpenRequest) -> Result<Box<dyn Session>, SessionError> {
        let attempted = format!("open a session on {}", self.name);
        let program = self
            .find(&request.libexec)
            .map_err(|(why, remedy)| SessionError::environment(&attempted, why).try_this(remedy))?;
        runtime::session::open(self.name, &program, request).await
    }
}
