//! What `testbed` is told, and where it keeps things.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::runtimes;
use crate::cargo;

/// Releases of Kubernetes that can be built: each has a `testbed/hyper/<release>.mod`.
const RELEASES: [&str; 4] = ["v1.36.3", "v1.37.2", "v1.35.4", "v1.34.4"];

/// What was asked for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    /// The exact release.
    pub(super) kubernetes: String,
    /// Nodes, the control plane's among them.
    pub(super) nodes: usize,
    /// Whether kind's own node image is pulled instead of composing one.
    pub(super) upstream: bool,
    /// OCI runtimes beside runc, each with a RuntimeClass of its name.
    pub(super) runtimes: Vec<String>,
    /// Whether `down` takes the registry as well.
    pub(super) all: bool,
}

impl Options {
    /// Reads the words after the verb.
    pub(super) fn read(words: &[String]) -> Result<Self> {
        let mut options = Self {
            kubernetes: RELEASES[0].to_owned(),
            nodes: 2,
            upstream: false,
            runtimes: vec!["crun".to_owned()],
            all: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                let value = words.next();
                value.with_context(|| format!("`{word}` needs a value"))
            };
            match word.as_str() {
                "--kubernetes" => options.kubernetes = release(value()?)?,
                "--nodes" => {
                    options.nodes = value()?.parse().context("--nodes takes a number")?;
                    anyhow::ensure!(options.nodes > 0, "a cluster has at least one node");
                }
                "--upstream" => options.upstream = true,
                "--runtimes" => options.runtimes = runtimes::named(value()?)?,
                "--all" => options.all = true,
                other => bail!(
                    "unknown option `{other}` (known: --kubernetes, --nodes, --runtimes, --upstream, \
                     --all)"
                ),
            }
        }
        Ok(options)
    }

    /// Name of the cluster, for kind and in its nodes' names.
    pub(super) fn cluster(&self) -> &'static str {
        "certify"
    }

    /// Where everything built is kept.
    pub(super) fn cache(&self) -> PathBuf {
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || {
            let home = std::env::var_os("HOME").map_or_else(|| "/tmp".into(), PathBuf::from);
            home.join(".cache")
        };
        base.filter(|path| path.is_absolute())
            .unwrap_or_else(home)
            .join("certify-testbed")
    }

    /// The cluster's kubeconfig.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.cache().join("kubeconfig")
    }

    /// The project's own files of the testbed.
    pub(super) fn sources(&self) -> PathBuf {
        cargo::root().join("testbed")
    }
}

/// The exact release that `1.36`, `v1.36` or `v1.36.3` means.
fn release(word: &str) -> Result<String> {
    let wanted = word.strip_prefix('v').unwrap_or(word);
    let found = RELEASES.iter().find(|release| {
        let known = release.trim_start_matches('v');
        known == wanted
            || known
                .rsplit_once('.')
                .is_some_and(|(minor, _)| minor == wanted)
    });
    match found {
        Some(release) => Ok((*release).to_owned()),
        None => bail!(
            "no Kubernetes `{word}` can be built here (known: {})",
            RELEASES.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Options::read(&words)
    }

    #[test]
    fn a_minor_means_its_release() {
        for word in ["1.37", "v1.37", "v1.37.2", "1.37.2"] {
            assert_eq!(read(&["--kubernetes", word]).unwrap().kubernetes, "v1.37.2");
        }
        assert_eq!(read(&[]).unwrap().kubernetes, "v1.36.3");
    }

    #[test]
    fn runtimes_are_chosen() {
        assert_eq!(read(&[]).unwrap().runtimes, ["crun"]);
        let both = read(&["--runtimes", "crun,youki"]).unwrap();
        assert_eq!(both.runtimes, ["crun", "youki"]);
        assert!(read(&["--runtimes", ""]).unwrap().runtimes.is_empty());
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [
            &["--kubernetes"][..],
            &["--kubernetes", "1.3"],
            &["--nodes", "none"],
            &["--nodes", "0"],
            &["--sideways"],
            &["--runtimes", "crun,runsc"],
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn every_release_has_its_module_file() {
        let folder = read(&[]).unwrap().sources().join("hyper");
        for release in RELEASES {
            for ending in ["mod", "sum"] {
                assert!(
                    folder.join(format!("{release}.{ending}")).is_file(),
                    "{release}"
                );
            }
        }
    }
}
