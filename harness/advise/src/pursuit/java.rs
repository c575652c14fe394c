//! The Java runtime and its files.

use std::collections::BTreeSet;

use deb::EntryKind;

use super::{Met, Pursuit};
use crate::error::Result;
use crate::java::{is_left_out, is_long_term, module_of, needs_screen, release_of, runtimes};
use crate::need::{Findings, Need};

/// What the application's classes showed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    major: u16,
    packages: BTreeSet<String>,
    modules: BTreeSet<&'static str>,
    screens: BTreeSet<String>,
}

impl Seen {
    pub(super) fn provides(&mut self, findings: &Findings) {
        self.packages.extend(findings.provides.iter().cloned());
    }

    pub(super) fn needs(&mut self, need: &Need) {
        match need {
            Need::Java(major) => self.major = self.major.max(*major),
            Need::JavaPackage(name) => {
                self.modules.extend(module_of(name));
                if needs_screen(name) {
                    self.screens.insert(name.clone());
                }
            }
            _ => {}
        }
    }
}

impl Pursuit<'_> {
    pub(super) fn java_package(&self, name: &str) -> Met {
        match module_of(name).is_some() || self.java.packages.contains(name) {
            true => Met::Files(Vec::new()),
            false => Met::No("no jar or folder of the application has it, nor has the JDK".into()),
        }
    }

    /// The newest runtime supported for long that reads all classes; `lib/modules` cannot be cut
    /// apart, so all of it is needed but for native parts and programs nobody asks for.
    pub(super) fn java_runtime(&mut self) -> Result<Met> {
        let major = self.java.major;
        let mut chosen = None;
        for runtime in runtimes(major) {
            if self.shelf.record(&runtime.package)?.is_some() {
                chosen = Some(runtime);
                break;
            }
        }
        let Some(runtime) = chosen else {
            return Ok(Met::No(format!(
                "classes are of version {major}; no package openjdk-N-jre-headless with N of {} or \
                 more is in the archive",
                release_of(major)
            )));
        };
        if !is_long_term(runtime.release) {
            self.notes.insert(format!(
                "Java {} is not supported for long",
                runtime.release
            ));
        }
        self.shelf
            .open(std::slice::from_ref(&runtime.package), self.release)?;
        let mut files = Vec::new();
        let mut home = String::new();
        if let Some(opened) = self.shelf.package(&runtime.package) {
            let start = format!("/usr/lib/jvm/java-{}-openjdk-", runtime.release);
            let settings = format!("/etc/java-{}-openjdk/", runtime.release);
            for (path, entry) in &opened.entries {
                let below = path
                    .strip_prefix(&start)
                    .and_then(|rest| rest.split_once('/'));
                let wanted = match below {
                    Some((_, below)) => !is_left_out(below, &self.java.modules),
                    None => path.starts_with(&settings),
                };
                if wanted && !matches!(entry.kind, EntryKind::Dir) {
                    files.push((runtime.package.clone(), path.clone()));
                }
                if path.ends_with("/bin/java") {
                    home = path.trim_end_matches("/bin/java").to_owned();
                }
            }
        }
        files.sort();
        self.java_notes(&runtime.package, &home);
        Ok(Met::Files(files))
    }

    fn java_notes(&mut self, package: &str, home: &str) {
        let modules: Vec<&str> = self.java.modules.iter().copied().collect();
        self.notes.insert(format!(
            "modules used: {}; {package} keeps all modules in one file, {home}/lib/modules, which \
             is needed whole; start {home}/bin/java",
            modules.join(", ")
        ));
        if !self.java.screens.is_empty() {
            let screens: Vec<&str> = self.java.screens.iter().map(String::as_str).collect();
            self.notes.insert(format!(
                "{} are used: windows, sound and printing need {} as well, which is not advised \
                 here; the headless runtime does the rest of java.desktop",
                screens.join(", "),
                package.trim_end_matches("-headless")
            ));
        }
        self.notes.insert(format!(
            "{home}/lib/security/cacerts leads to a file that ca-certificates-java makes when it \
             is installed: without one, TLS trusts nobody"
        ));
    }
}
