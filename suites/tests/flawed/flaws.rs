//! What can be wrong with a container whose image is right. Each flaw is planted in the bundle that
//! the driver hands to the runtime, and nowhere else; the checks named by it must fail, and no
//! other.
//!
//! Some flaws cannot be had alone, and then the reason stands beside them.

use std::path::Path;

use serde_json::{Value, json};

use super::planting::{self, Plot};

/// With which runtime and whose rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The embedded runtime as root.
    Embedded,
    /// The embedded runtime as a normal user.
    Rootless,
    /// runc as root.
    Runc,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Embedded, Self::Rootless, Self::Runc];

    /// The mode of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mode| format!("{mode:?}") == name)
    }
}

/// A flaw.
pub struct Flaw {
    /// In a few words; the pages of checks name it.
    pub name: &'static str,
    /// The checks that must fail, the one it is made for first.
    pub fails: &'static [&'static str],
    /// What the evidence of the first must name: a path or a field.
    pub names: &'static str,
    /// Where it can be planted.
    pub on: &'static [Mode],
    /// Plants it.
    pub plant: fn(&mut Plot<'_>),
}

use Mode::{Embedded, Rootless, Runc};

const EVERYWHERE: &[Mode] = &[Embedded, Rootless, Runc];
const AS_ROOT: &[Mode] = &[Embedded, Runc];

/// Every flaw. One name may stand twice, with what differs for a normal user.
pub static FLAWS: &[Flaw] = &[
    Flaw {
        name: "a shell mounted into the container",
        fails: &["IMM-101"],
        names: "/bin/sh",
        on: EVERYWHERE,
        plant: |plot| plot.mount_program("/bin/sh"),
    },
    Flaw {
        name: "an interpreter mounted into the container",
        fails: &["IMM-102"],
        names: "/usr/bin/perl",
        on: EVERYWHERE,
        plant: |plot| plot.mount_program("/usr/bin/perl"),
    },
    Flaw {
        name: "a filter that allows user namespaces",
        fails: &["IMM-105"],
        names: "unshare(CLONE_NEWUSER)",
        on: EVERYWHERE,
        plant: |plot| {
            let rule = json!({"names": ["unshare"], "action": "SCMP_ACT_ALLOW"});
            plot.push("/linux/seccomp/syscalls", rule);
        },
    },
    // A capability kept is IMM-109's to find as well.
    Flaw {
        name: "a container that keeps CAP_SETUID",
        fails: &["IMM-105", "IMM-109"],
        names: "setresuid(0)",
        on: AS_ROOT,
        plant: |plot| plot.keep("CAP_SETUID"),
    },
    // With a single id mapped there is no root to become.
    Flaw {
        name: "a container that keeps CAP_SETUID",
        fails: &["IMM-109"],
        names: "CapEff",
        on: &[Rootless],
        plant: |plot| plot.keep("CAP_SETUID"),
    },
    // Where no_new_privs is set, a setuid program lends nothing; so IMM-110 fails as well. The
    // embedded runtime takes a filter only with no_new_privs, and a normal user has no root's file.
    Flaw {
        name: "a setuid root program that works",
        fails: &["IMM-105", "IMM-110"],
        names: "/srv/lends",
        on: &[Runc],
        plant: |plot| {
            plot.set("/process/noNewPrivileges", json!(false));
            plot.mount_set_id("/srv/lends");
        },
    },
    Flaw {
        name: "one more writable mount",
        fails: &["IMM-107"],
        names: "/opt",
        on: EVERYWHERE,
        plant: |plot| {
            plot.mount(
                json!({"destination": "/opt", "type": "tmpfs", "source": "tmpfs",
                "options": ["nosuid", "nodev", "noexec", "mode=1777"]}),
            );
        },
    },
    Flaw {
        name: "a program mounted writable",
        fails: &["IMM-107"],
        names: "/srv/tool",
        on: EVERYWHERE,
        plant: |plot| plot.mount_writable_program("/srv/tool"),
    },
    // As a normal user there is one id only, which the container's user and every process have.
    Flaw {
        name: "another user than the image says",
        fails: &["IMM-108"],
        names: "(server)",
        on: AS_ROOT,
        plant: |plot| plot.set("/process/user", json!({"uid": 1000, "gid": 65532})),
    },
    Flaw {
        name: "another group than the image says",
        fails: &["IMM-108"],
        names: "(server)",
        on: AS_ROOT,
        plant: |plot| plot.set("/process/user", json!({"uid": 65532, "gid": 1000})),
    },
    Flaw {
        name: "a container that keeps CAP_NET_RAW",
        fails: &["IMM-109"],
        names: "CapEff",
        on: EVERYWHERE,
        plant: |plot| plot.keep("CAP_NET_RAW"),
    },
    Flaw {
        name: "a container without no_new_privs",
        fails: &["IMM-110"],
        names: "NoNewPrivs",
        on: &[Runc],
        plant: |plot| plot.set("/process/noNewPrivileges", json!(false)),
    },
    // The embedded runtime takes a filter only with no_new_privs, and without a filter the kernel
    // lets everybody make user namespaces.
    Flaw {
        name: "a container without no_new_privs",
        fails: &["IMM-110", "IMM-105", "IMM-111"],
        names: "NoNewPrivs",
        on: &[Embedded, Rootless],
        plant: |plot| {
            plot.set("/process/noNewPrivileges", json!(false));
            plot.remove("/linux", "seccomp");
        },
    },
    // Without a filter the kernel lets everybody make user namespaces, which IMM-105 tries.
    Flaw {
        name: "a container without a filter",
        fails: &["IMM-111", "IMM-105"],
        names: "Seccomp",
        on: EVERYWHERE,
        plant: |plot| plot.remove("/linux", "seccomp"),
    },
    Flaw {
        name: "a writable root",
        fails: &["IMM-112"],
        names: "/",
        on: AS_ROOT,
        plant: |plot| plot.set("/root/readonly", json!(false)),
    },
    // Every file belongs to the one user there is, so that user may write them and start new ones.
    Flaw {
        name: "a writable root",
        fails: &["IMM-112", "IMM-107", "IMM-114"],
        names: "/",
        on: &[Rootless],
        plant: |plot| plot.set("/root/readonly", json!(false)),
    },
    Flaw {
        name: "a wrong answer under load",
        fails: &["IMM-112"],
        names: "requests under load",
        on: EVERYWHERE,
        plant: |plot| plot.push("/process/env", json!("FLAW=wrong")),
    },
    Flaw {
        name: "a file that is changed from outside under load",
        fails: &["IMM-113"],
        names: "/srv/page.html",
        on: EVERYWHERE,
        plant: |plot| plot.drift("srv/page.html"),
    },
    Flaw {
        name: "a mount that hides what was certified",
        fails: &["IMM-113"],
        names: "/srv/page.html",
        on: EVERYWHERE,
        plant: |plot| {
            plot.mount(
                json!({"destination": "/srv", "type": "tmpfs", "source": "tmpfs",
                "options": ["ro", "nosuid", "nodev", "noexec", "mode=0755"]}),
            );
        },
    },
    Flaw {
        name: "a writable path that executes",
        fails: &["IMM-114"],
        names: "/data",
        on: EVERYWHERE,
        plant: |plot| plot.let_execute("/data"),
    },
    Flaw {
        name: "an application that ignores SIGTERM",
        fails: &["IMM-116"],
        names: "stop signal",
        on: EVERYWHERE,
        plant: |plot| plot.push("/process/env", json!("FLAW=stubborn")),
    },
    Flaw {
        name: "an application that ends with an error",
        fails: &["IMM-116"],
        names: "exit status",
        on: EVERYWHERE,
        plant: |plot| plot.push("/process/env", json!("FLAW=status")),
    },
];

/// The name under which nothing is planted.
pub const NONE: &str = "no flaw";

/// Plants the flaw of this name for this mode into the spec of `bundle`.
pub fn plant(name: &str, mode: Mode, spec: &mut Value, bundle: &Path) {
    if name == NONE {
        return;
    }
    let flaw = FLAWS
        .iter()
        .find(|flaw| flaw.name == name && flaw.on.contains(&mode))
        .expect("a known flaw");
    (flaw.plant)(&mut planting::Plot { spec, bundle });
}
