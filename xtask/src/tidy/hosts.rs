//! Default hosts stand in one data file; no path of a person's machine stands anywhere.

use anyhow::Result;

use super::files;
use crate::cargo;

/// Domains of documents and identifiers that may be cited; nothing connects to them.
const CITED: &[&str] = &[
    "cyclonedx.org",
    "docs.rs",
    "doc.rust-lang.org",
    "example.com",
    "example.invalid",
    "example.org",
    "github.com",
    "in-toto.io",
    "json-schema.org",
    "manpages.debian.org",
    "opencontainers.org",
    "openvex.dev",
    "prng.di.unimi.it",
    "spdx.org",
    "www.debian.org",
    "www.w3.org",
];

pub(super) fn check() -> Result<Vec<String>> {
    let mut paths = files::sources()?;
    for (folder, extension) in [
        ("images", "yaml"),
        ("releases", "yaml"),
        ("suites", "yaml"),
        ("reports", "html"),
        ("docs", "json"),
    ] {
        files::walk(&cargo::root().join(folder), extension, &mut paths)?;
    }
    let mut findings = Vec::new();
    for path in paths {
        let name = path
            .strip_prefix(cargo::root())
            .unwrap_or(&path)
            .display()
            .to_string();
        // This file names what it looks for.
        if name.ends_with("tidy/hosts.rs") {
            continue;
        }
        for (number, line) in (1..).zip(fs_err::read_to_string(&path)?.lines()) {
            for host in hosts_in(line) {
                if !allowed(&host) {
                    findings.push(format!("{name}:{number}: names the host {host}"));
                }
            }
            // What a base image holds below /root is the image's, not somebody's.
            let image = name.ends_with("whole/table.rs");
            if !image && is_somebodys(line) {
                findings.push(format!(
                    "{name}:{number}: names a path of somebody's machine"
                ));
            }
        }
    }
    Ok(findings)
}

/// Whether a line names a path in somebody's home folder.
fn is_somebodys(line: &str) -> bool {
    line.contains("/home/") || line.contains("/root/.")
}

fn allowed(host: &str) -> bool {
    let bare = host.split(':').next().unwrap_or(host);
    bare.starts_with("127.")
        || bare == "localhost"
        || bare.contains(['{', '$', '<', '%'])
        || bare.ends_with(".test")
        || bare.ends_with(".invalid")
        || bare.ends_with(".example")
        || !bare.contains('.')
        || CITED.contains(&bare)
}

/// Host parts of the web addresses in a line.
fn hosts_in(line: &str) -> Vec<String> {
    let mut hosts = Vec::new();
    for scheme in ["http://", "https://"] {
        for rest in line.split(scheme).skip(1) {
            let part = |c: &char| c.is_ascii_alphanumeric() || ".-:{$<%".contains(*c);
            hosts.push(rest.chars().take_while(part).collect());
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strange_host_is_found() {
        let hosts = hosts_in("see http://archive.strange.net/debian and https://docs.rs/x");
        assert_eq!(hosts, ["archive.strange.net", "docs.rs"]);
        assert!(!allowed("archive.strange.net"));
        assert!(is_somebodys("runtime: /home/somebody/crun") && !is_somebodys("runtime: crun"));
        assert!(allowed("127.0.0.1:8080") && allowed("docs.rs"));
    }
}
