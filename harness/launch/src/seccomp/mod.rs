//! The OCI `linux.seccomp` section, compiled to one BPF program in pure Rust and installed.
//!
//! Semantics, as runc with libseccomp has them unless said:
//! - a rule without arguments wins over every rule with arguments for the same system call, and of
//!   two such rules the first one wins;
//! - rules with arguments are tried in the order of the profile, the first match decides;
//! - the same argument twice in one entry means "either";
//! - arguments are compared with all their 64 bits;
//! - names that this architecture does not know are skipped and counted;
//! - an entry whose action is the default one is skipped.
//!
//! Not translated: `SCMP_ACT_NOTIFY` (refused), other architectures than the native one (a call
//! through them, `int 0x80` or x32, kills the process; they are reported). All actions and error
//! numbers fit in one program, so that nothing is ever stacked: a second filter would depend on the
//! first one allowing `seccomp` itself.
//!
//! | step | file |
//! |---|---|
//! | names to numbers | `names.rs` |
//! | actions to return values | `action.rs` |
//! | one argument's comparison to instructions | `condition.rs` |
//! | profile to one decision per system call | `decide.rs` |
//! | decisions to a program | `assemble.rs` |
//! | program into the kernel | `install.rs` |

mod action;
mod assemble;
mod condition;
mod decide;
#[cfg(test)]
mod evaluate;
mod install;
mod names;

use oci_spec::runtime::{LinuxSeccomp, LinuxSeccompFilterFlag};

pub(crate) use install::install;

/// A compiled profile.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// The program; at most [`assemble::MOST_INSTRUCTIONS`] long.
    pub(crate) program: Vec<libc::sock_filter>,
    /// `SECCOMP_FILTER_FLAG_*` bits.
    pub(crate) flags: libc::c_ulong,
    /// What was and was not translated.
    pub(crate) report: Report,
}

impl Filter {
    /// The program in the kernel's own form (`struct sock_filter`), 8 bytes an instruction.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let one = |step: &libc::sock_filter| {
            let ([c0, c1], [k0, k1, k2, k3]) = (step.code.to_ne_bytes(), step.k.to_ne_bytes());
            [c0, c1, step.jt, step.jf, k0, k1, k2, k3]
        };
        self.program.iter().flat_map(one).collect()
    }
}

/// What became of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Report {
    /// Pairs of system call and rule that were translated.
    pub(crate) rules: usize,
    /// Names that this architecture does not know, sorted.
    pub(crate) unknown: Vec<String>,
    /// System calls with a rule that another, unconditional one overrules, sorted.
    pub(crate) overruled: Vec<String>,
    /// Architectures that were asked for and are not covered.
    pub(crate) ignored_architectures: Vec<String>,
    /// Filter flags that have no meaning here.
    pub(crate) ignored_flags: Vec<String>,
    /// Length of the program.
    pub(crate) instructions: usize,
}

/// A profile that cannot be enforced as written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum SeccompError {
    /// It needs a listening agent.
    #[error("seccomp profile: action SCMP_ACT_NOTIFY needs an agent and is not supported")]
    Notify,
    /// A system call has six arguments.
    #[error("seccomp profile: {name}: argument index {index} is not within 0 to 5")]
    ArgumentIndex {
        /// The system call.
        name: String,
        /// The index.
        index: usize,
    },
    /// The kernel would clamp it silently.
    #[error("seccomp profile: error number {0} is above 4095")]
    Errno(u32),
    /// It needs its own ancestor.
    #[error("seccomp profile: {0} instructions, more than the kernel's limit of 4096")]
    TooLong(usize),
    /// The program knows how to read arguments on 64-bit little-endian machines only.
    #[error("seccomp profile: architecture {0} is not supported")]
    Architecture(&'static str),
}

/// Compiles `profile` for the native architecture.
pub(crate) fn compile(profile: &LinuxSeccomp) -> Result<Filter, SeccompError> {
    let mut report = Report::default();
    let native = names::native()?;
    for asked in profile.architectures().iter().flatten() {
        if !native.covers(*asked) {
            report.ignored_architectures.push(format!("{asked:?}"));
        }
    }
    let flags = flags(profile, &mut report);
    let decisions = decide::decide(profile, &mut report)?;
    let program = assemble::assemble(&decisions, &native)?;
    report.instructions = program.len();
    Ok(Filter {
        program,
        flags,
        report,
    })
}

/// The flags that a single-threaded caller without an agent can mean.
fn flags(profile: &LinuxSeccomp, report: &mut Report) -> libc::c_ulong {
    let mut bits = 0;
    for flag in profile.flags().iter().flatten() {
        match flag {
            LinuxSeccompFilterFlag::SeccompFilterFlagLog => bits |= libc::SECCOMP_FILTER_FLAG_LOG,
            LinuxSeccompFilterFlag::SeccompFilterFlagSpecAllow => {
                bits |= libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW;
            }
            // One thread has nobody to synchronise with, and nothing waits for an agent.
            LinuxSeccompFilterFlag::SeccompFilterFlagTsync
            | LinuxSeccompFilterFlag::SeccompFilterFlagWaitKillableRecv => {
                report.ignored_flags.push(format!("{flag:?}"));
            }
        }
    }
    bits
}

#[cfg(test)]
mod tests;
