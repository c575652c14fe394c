//! The last steps inside the container: find the program, put on the filter, become the program.
//!
//! What fails in [`Executor::validate`] reaches the caller of `create`; what fails in
//! [`Executor::exec`] comes after `start` has succeeded and can only be said on the container's
//! standard error. So everything that can be checked is checked in `validate`.

use std::collections::HashMap;
use std::ffi::CString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use libcontainer::workload::{
    Executor, ExecutorError, ExecutorSetEnvsError, ExecutorValidationError,
};
use nix::unistd::{AccessFlags, access, execve};
use oci_spec::runtime::{Capability, Process, Spec};

use crate::dispositions;
use crate::seccomp;

/// Runs the spec's program under the spec's filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filtered;

impl Filtered {
    fn become_program(self, spec: &Spec) -> Result<(), String> {
        let process = spec.process().as_ref().ok_or("process: missing")?;
        // Resolved before the filter is on, so that under it only execve(2) itself runs.
        let program = resolve(process)?;
        let path = c_string(program.as_os_str().as_bytes())?;
        let arguments = process
            .args()
            .iter()
            .flatten()
            .map(|argument| c_string(argument.as_bytes()))
            .collect::<Result<Vec<_>, _>>()?;
        let environment = environment(process)?;
        let filter = spec
            .linux()
            .as_ref()
            .and_then(|linux| linux.seccomp().as_ref())
            .map(seccomp::compile)
            .transpose()
            .map_err(|error| error.to_string())?;
        dispositions::reset();
        if let Some(filter) = filter {
            seccomp::install(&filter).map_err(|why| format!("seccomp filter: {why}"))?;
        }
        match execve(&path, &arguments, &environment) {
            Ok(never) => match never {},
            Err(why) => Err(format!("exec {}: {why}", program.display())),
        }
    }
}

impl Executor for Filtered {
    fn exec(&self, spec: &Spec) -> Result<(), ExecutorError> {
        self.become_program(spec).map_err(|why| {
            // After `start` nobody listens but whoever reads the container's output.
            let _ = writeln!(std::io::stderr(), "launch: {why}");
            ExecutorError::Other(why)
        })
    }

    fn validate(&self, spec: &Spec) -> Result<(), ExecutorValidationError> {
        validate(spec).map_err(ExecutorValidationError::ArgValidationError)
    }

    // The default writes into this process's own environment; the program gets the spec's.
    fn setup_envs(&self, _: HashMap<String, String>) -> Result<(), ExecutorSetEnvsError> {
        Ok(())
    }
}

/// The spec's environment in its order, and `HOME` when it has none, as runc has it: from the
/// container's own list of users, else `/`.
fn environment(process: &Process) -> Result<Vec<CString>, String> {
    let mut entries: Vec<String> = process
        .env()
        .iter()
        .flatten()
        .filter(|entry| entry.contains('='))
        .cloned()
        .collect();
    if !entries.iter().any(|entry| entry.starts_with("HOME=")) {
        let users = fs_err::read_to_string("/etc/passwd").unwrap_or_default();
        let home = home(&users, process.user().uid()).unwrap_or("/");
        entries.push(format!("HOME={home}"));
    }
    entries
        .iter()
        .map(|entry| c_string(entry.as_bytes()))
        .collect()
}

/// The home of `uid` in the text of a passwd file.
fn home(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let matches = fields.nth(2)?.parse() == Ok(uid);
        let home = fields.nth(2)?;
        (matches && !home.is_empty()).then_some(home)
    })
}

fn validate(spec: &Spec) -> Result<(), String> {
    let process = spec.process().as_ref().ok_or("process: missing")?;
    resolve(process)?;
    let locked = nix::sys::prctl::get_no_new_privs().map_err(|why| why.to_string())?;
    // libcontainer asks for it and does not look at the answer.
    if process.no_new_privileges() == Some(true) && !locked {
        return Err("process.noNewPrivileges: the kernel did not take it".to_owned());
    }
    let Some(profile) = spec.linux().as_ref().and_then(|l| l.seccomp().as_ref()) else {
        return Ok(());
    };
    seccomp::compile(profile).map_err(|error| error.to_string())?;
    let mighty = process
        .capabilities()
        .as_ref()
        .and_then(|sets| sets.effective().as_ref())
        .is_some_and(|set| set.contains(&Capability::SysAdmin));
    if !locked && !mighty {
        return Err(
            "linux.seccomp: the kernel takes a filter only with process.noNewPrivileges or \
             CAP_SYS_ADMIN"
                .to_owned(),
        );
    }
    Ok(())
}

/// The program's path: as it stands when it has a slash, else from the spec's own `PATH`.
fn resolve(process: &Process) -> Result<PathBuf, String> {
    let name = process
        .args()
        .as_ref()
        .and_then(|args| args.first())
        .filter(|name| !name.is_empty())
        .ok_or("process.args: empty")?;
    if name.contains('/') {
        let path = PathBuf::from(name);
        return runnable(&path).map(|()| path);
    }
    let path = process
        .env()
        .iter()
        .flatten()
        .find_map(|entry| entry.strip_prefix("PATH="))
        .ok_or_else(|| format!("process.args: {name} has no slash and the environment no PATH"))?;
    path.split(':')
        .map(|folder| Path::new(if folder.is_empty() { "." } else { folder }).join(name))
        .find(|candidate| runnable(candidate).is_ok())
        .ok_or_else(|| format!("process.args: {name} is not in PATH ({path})"))
}

/// Whether it is a file that this user may execute; asked as that user.
fn runnable(path: &Path) -> Result<(), String> {
    let told = |why: &dyn std::fmt::Display| format!("process.args: {}: {why}", path.display());
    if path.is_dir() {
        return Err(told(&"is a folder"));
    }
    access(path, AccessFlags::X_OK).map_err(|why| told(&why))
}

fn c_string(bytes: &[u8]) -> Result<CString, String> {
    CString::new(bytes).map_err(|_| "process: an argument or variable contains a zero byte".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes() {
        let users = "root:x:0:0:root:/root:/bin/sh\nbad\nweb:x:33:33::/var/www:\nno:x:7:7:::\n";
        for (uid, expected) in [
            (0, Some("/root")),
            (33, Some("/var/www")),
            (7, None),
            (9, None),
        ] {
            assert_eq!(home(users, uid), expected, "{uid}");
        }
    }
}
