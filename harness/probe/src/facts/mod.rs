//! `probe facts`: kernel truth about a container, read from `/proc` and nowhere else.
//!
//! Nothing is entered and nothing is stopped. What cannot be read is listed, never guessed.

mod ids;
mod limits;
mod maps;
mod mountinfo;
mod net;
mod status;
mod tasks;

use std::io;

use probe::{Facts, Failure, FailureKind, Namespaces, Scope, Status, Unreadable};

use crate::target::{Pinned, failure};

pub(crate) use mountinfo::mounts;

/// Reads everything about the container of `pid`.
pub(crate) fn facts(pid: u32) -> Result<Facts, Failure> {
    let target = Pinned::target(pid)?;
    let mut gaps = Gaps(Vec::new());
    let status = status_of(&target)?;
    let namespaces = namespaces(&target, &mut gaps);
    let scope = scope(pid, &namespaces)?;
    let mounts = gaps.parsed(&target, "mountinfo", mountinfo::mounts);
    let limits = gaps.parsed(&target, "limits", limits::limits);
    let oom = gaps.parsed(&target, "oom_score_adj", |text| {
        let number = text.trim().parse::<i32>();
        number.map_err(|_| "not a number".to_owned())
    });
    let maps = ids::Maps::of(&target);
    let mut facts = Facts {
        pid,
        scope,
        status,
        lsm_label: lsm_label(&target, &mut gaps),
        mounts: mounts.unwrap_or_default(),
        tasks: tasks::tasks(&target, scope, &namespaces, &mut gaps)?,
        sockets: net::sockets(&target, &mut gaps),
        limits: limits.unwrap_or_default(),
        oom_score_adj: oom,
        env_names: env_names(&target, &mut gaps),
        namespaces,
        unreadable: gaps.0,
    };
    maps.all(&mut facts);
    // Half of a dying container would read as a container that lacks things.
    target.assert_alive()?;
    Ok(facts)
}

/// The target's status, its ids as the container itself sees them.
pub(crate) fn status_inside(target: &Pinned) -> Result<Status, Failure> {
    let mut status = status_of(target)?;
    ids::Maps::of(target).one(&mut status);
    Ok(status)
}

fn status_of(target: &Pinned) -> Result<Status, Failure> {
    let text = target
        .text("status")
        .map_err(|error| failure("read the status of", target.pid(), &error))?;
    status::status(&text).map_err(|what| unexpected("status", &what))
}

/// What could not be read.
pub(crate) struct Gaps(Vec<Unreadable>);

impl Gaps {
    /// Notes a refusal.
    pub(crate) fn refused(&mut self, what: impl Into<String>, error: &io::Error) {
        self.0.push(Unreadable {
            what: what.into(),
            why: error.to_string(),
            errno: error.raw_os_error(),
        });
    }

    /// Notes text that is not as the kernel writes it.
    pub(crate) fn unexpected(&mut self, what: impl Into<String>, why: String) {
        self.0.push(Unreadable {
            what: what.into(),
            why,
            errno: None,
        });
    }

    /// Reads and parses a file of the target.
    pub(crate) fn parsed<T>(
        &mut self,
        target: &Pinned,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match target.text(name).map(|text| parse(&text)) {
            Ok(Ok(value)) => Some(value),
            Ok(Err(why)) => {
                self.unexpected(name, why);
                None
            }
            Err(error) => {
                self.refused(name, &error);
                None
            }
        }
    }
}

fn unexpected(what: &str, why: &str) -> Failure {
    Failure::new(
        FailureKind::System,
        format!("cannot understand {what}: {why}"),
    )
}

fn namespaces(target: &Pinned, gaps: &mut Gaps) -> Namespaces {
    let mut inode = |name: &str| {
        let read = target.namespace(name);
        read.map_err(|error| gaps.refused(format!("ns/{name}"), &error))
            .ok()
    };
    Namespaces {
        cgroup: inode("cgroup"),
        ipc: inode("ipc"),
        mnt: inode("mnt"),
        net: inode("net"),
        pid: inode("pid"),
        user: inode("user"),
        uts: inode("uts"),
    }
}

/// A target with a pid namespace of its own, or the first task of ours, stands for all in it.
fn scope(pid: u32, namespaces: &Namespaces) -> Result<Scope, Failure> {
    let own = Pinned::own()
        .and_then(|own| own.namespace("pid"))
        .map_err(|error| failure("compare ourselves with", pid, &error))?;
    let apart = namespaces.pid.is_some_and(|theirs| theirs != own);
    Ok(if apart || pid == 1 {
        Scope::Namespace
    } else {
        Scope::Descendants
    })
}

fn lsm_label(target: &Pinned, gaps: &mut Gaps) -> Option<String> {
    match target.text("attr/current") {
        Ok(label) => {
            let label = label.trim_end_matches(['\0', '\n']).to_owned();
            (!label.is_empty()).then_some(label)
        }
        // No module keeps labels here.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOENT)) => None,
        Err(error) => {
            gaps.refused("attr/current", &error);
            None
        }
    }
}

fn env_names(target: &Pinned, gaps: &mut Gaps) -> Vec<String> {
    match target.bytes("environ") {
        Ok(bytes) => names(&bytes),
        Err(error) => {
            gaps.refused("environ", &error);
            Vec::new()
        }
    }
}

fn names(environ: &[u8]) -> Vec<String> {
    environ
        .split(|byte| *byte == 0)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            String::from_utf8_lossy(name).into_owned()
        })
        .collect()
}

/// Resolves the octal escapes (`\040`) with which the kernel protects separators.
pub(crate) fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let octal = bytes.get(at + 1..at + 4).and_then(|digits| {
            let text = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(text, 8).ok()
        });
        match octal {
            Some(byte) if bytes[at] == b'\\' && bytes[at + 1] != b'+' => {
                plain.push(byte);
                at += 4;
            }
            _ => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::{limits, maps, mountinfo, names, net, status, unescape};

    #[test]
    fn escapes_are_resolved_once() {
        let table = [
            ("/plain", "/plain"),
            ("/a\\040b", "/a b"),
            ("/a\\134040b", "/a\\040b"),
            ("/tab\\011\\012", "/tab\t\n"),
            ("\\", "\\"),
            ("\\04", "\\04"),
            ("\\999", "\\999"),
            ("\\+77", "\\+77"),
            ("/\\303\\244", "/\u{e4}"),
        ];
        for (text, plain) in table {
            assert_eq!(unescape(text), plain, "{text}");
        }
    }

    #[test]
    fn only_names_of_variables_are_kept() {
        let environ = b"PATH=/bin\0SECRET=hunter2=x\0EMPTY=\0bare\0";
        assert_eq!(names(environ), ["PATH", "SECRET", "EMPTY", "bare"]);
        assert!(names(b"").is_empty());
    }

    #[test]
    fn no_text_makes_a_parser_panic() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let alphabet = b"0123 -:fr\\wxp/\n\tUid:[]()ameMax unlimited 0A\xc3\xa4";
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..60 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let at = usize::try_from(state >> 33).unwrap() % alphabet.len();
                bytes.push(alphabet[at]);
            }
            let text = String::from_utf8_lossy(&bytes);
            let _ = status::status(&text);
            let _ = mountinfo::mounts(&text);
            let _ = maps::maps(&text);
            let _ = limits::limits(&text);
            let _ = net::table(&format!("head\n{text}"), probe::SocketKind::Udp6);
            let _ = unescape(&text);
        }
    }
}
