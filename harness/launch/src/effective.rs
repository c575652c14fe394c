//! The spec as it is really run: the bundle's, with every path absolute and what this runtime does
//! itself taken out.

use std::path::{Path, PathBuf};

use oci_spec::runtime::{LinuxNamespaceType, LinuxSeccomp, Spec};

use crate::arguments::Mode;
use crate::cgroup::Cgroup;
use crate::error::{LaunchError, Result, container};

/// The annotation that asks for an overlay: its value is the lower folder. The container's root is
/// then that folder with a memory-backed upper one, mounted where only the container sees it, and
/// gone with the container's last process.
pub(crate) const LOWER: &str = "dev.certify.overlay.lower";

/// The annotation that keeps what such a container writes: a folder of the caller's, in which
/// `upper` and `work` are made.
pub(crate) const KEPT: &str = "dev.certify.overlay.kept";

/// What has to be made before libcontainer takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The container's network.
    pub(crate) network: Network,
    /// The overlay that becomes its root.
    pub(crate) overlay: Option<Layers>,
    /// The user and group of the program.
    pub(crate) user: (u32, u32),
}

/// The folders of an overlay, absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layers {
    /// What is seen through it.
    pub(crate) lower: PathBuf,
    /// Where what is written stays; in memory without one.
    pub(crate) kept: Option<PathBuf>,
}

/// A container's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Network {
    /// The caller's.
    Shared,
    /// A new one with nothing but loopback.
    New,
    /// The one at this path.
    At(PathBuf),
}

/// A spec ready to be run.
#[derive(Debug)]
pub(crate) struct Effective {
    /// The spec.
    pub(crate) spec: Spec,
    /// What it needs made.
    pub(crate) needs: Needs,
    /// Its cgroup.
    pub(crate) cgroup: Cgroup,
}

impl Effective {
    /// Reads `config.json` of the folder `bundle`, which must be absolute.
    pub(crate) fn read(bundle: &Path, id: &str, mode: Mode) -> Result<Self> {
        let spec = Spec::load(bundle.join("config.json")).map_err(container)?;
        Self::of(spec, bundle, id, mode)
    }

    fn of(mut spec: Spec, bundle: &Path, id: &str, mode: Mode) -> Result<Self> {
        let missing = |what| LaunchError::Refused {
            what,
            why: "missing".to_owned(),
        };
        let root = spec.root().clone().ok_or_else(|| missing("root"))?;
        let mut linux = spec.linux().clone().ok_or_else(|| missing("linux"))?;
        let mut process = spec.process().clone().ok_or_else(|| missing("process"))?;
        let cgroup = Cgroup::new(linux.cgroups_path().as_deref(), id)?;
        linux.set_cgroups_path(Some(Path::new("/").join(cgroup.path())));

        let annotation = |name| {
            let all = spec.annotations().as_ref()?;
            all.get(name).map(|path| bundle.join(path))
        };
        let overlay = annotation(LOWER).map(|lower| Layers {
            lower,
            kept: annotation(KEPT),
        });
        let needs = Needs {
            network: network(&linux)?,
            overlay,
            user: (process.user().uid(), process.user().gid()),
        };

        // The network is entered by us when it needs loopback brought up or another user namespace.
        let ours = needs.network == Network::New || mode == Mode::Rootless;
        let namespaces = linux.namespaces().clone().unwrap_or_default();
        let keep = |kind: LinuxNamespaceType| match kind {
            LinuxNamespaceType::Network => !ours,
            LinuxNamespaceType::User => mode == Mode::Root,
            _ => true,
        };
        linux.set_namespaces(Some(
            namespaces.into_iter().filter(|n| keep(n.typ())).collect(),
        ));
        if mode == Mode::Rootless {
            // Without a cgroup there is nothing to limit with.
            linux.set_resources(None);
        }

        let mut root = root;
        root.set_path(bundle.join(root.path()));
        let mut user = process.user().clone();
        if user.umask().is_none() {
            // Not the caller's: the same container must not depend on who starts it.
            user.set_umask(Some(0o022));
        }
        process.set_user(user);
        let mounts = spec.mounts().clone().map(|mounts| {
            mounts
                .into_iter()
                .map(|mut mount| {
                    if is_bind(&mount) {
                        mount.set_source(mount.source().as_ref().map(|s| bundle.join(s)));
                    }
                    mount
                })
                .collect()
        });
        spec.set_mounts(mounts);
        spec.set_root(Some(root));
        spec.set_process(Some(process));
        spec.set_linux(Some(linux));
        Ok(Self {
            spec,
            needs,
            cgroup,
        })
    }

    /// The profile that the program runs under.
    pub(crate) fn seccomp(&self) -> Option<&LinuxSeccomp> {
        self.spec.linux().as_ref()?.seccomp().as_ref()
    }

    /// Replaces the root, once the overlay stands.
    pub(crate) fn set_root(&mut self, path: &Path) {
        let mut root = self.spec.root().clone();
        if let Some(root) = &mut root {
            root.set_path(path.to_owned());
        }
        self.spec.set_root(root);
    }

    /// Host paths that must stay visible while the container is made.
    pub(crate) fn sources(&self) -> Vec<PathBuf> {
        let mounts = self.spec.mounts().iter().flatten();
        let binds = mounts
            .filter(|mount| is_bind(mount))
            .filter_map(|mount| mount.source().clone());
        let root = match &self.needs.overlay {
            Some(layers) => Some(layers.lower.clone()),
            None => self.spec.root().as_ref().map(|root| root.path().clone()),
        };
        let kept = self.needs.overlay.as_ref().and_then(|l| l.kept.clone());
        binds.chain(root).chain(kept).collect()
    }
}

/// Whether a mount takes its content from a path of the host.
fn is_bind(mount: &oci_spec::runtime::Mount) -> bool {
    mount.typ().as_deref() == Some("bind")
        || mount
            .options()
            .iter()
            .flatten()
            .any(|option| option == "bind" || option == "rbind")
}

fn network(linux: &oci_spec::runtime::Linux) -> Result<Network> {
    let mut found = Network::Shared;
    for namespace in linux.namespaces().iter().flatten() {
        if namespace.typ() != LinuxNamespaceType::Network {
            continue;
        }
        if found != Network::Shared {
            return Err(LaunchError::Refused {
                what: "linux.namespaces",
                why: "names two networks".to_owned(),
            });
        }
        found = match namespace.path() {
            Some(path) => Network::At(path.clone()),
            None => Network::New,
        };
    }
    Ok(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn effective(linux: &str, mode: Mode) -> Result<Effective> {
        let spec: Spec = serde_json::from_str(&format!(
            r#"{{"ociVersion":"1.0.2","root":{{"path":"rootfs"}},
                "annotations":{{"dev.certify.overlay.lower":"tree"}},
                "process":{{"user":{{"uid":7,"gid":8}},"args":["/x"],"cwd":"/"}},
                "mounts":[{{"destination":"/a","type":"bind","source":"a","options":["rbind"]}},
                          {{"destination":"/t","type":"tmpfs","source":"tmpfs"}}],
                "linux":{linux}}}"#
        ))
        .unwrap();
        Effective::of(spec, Path::new("/b"), "id", mode)
    }

    #[test]
    fn paths_become_absolute_and_the_umask_fixed() {
        let made = effective(r#"{"cgroupsPath":"x/y"}"#, Mode::Root).unwrap();
        let layers = made.needs.overlay.as_ref().unwrap();
        assert_eq!(layers.lower, Path::new("/b/tree"));
        assert_eq!(layers.kept, None);
        assert_eq!(made.sources(), [Path::new("/b/a"), Path::new("/b/tree")]);
        assert_eq!(made.needs.user, (7, 8));
        let user = made.spec.process().as_ref().unwrap().user().clone();
        assert_eq!(user.umask(), Some(0o022));
        let linux = made.spec.linux().as_ref().unwrap();
        assert_eq!(linux.cgroups_path().as_deref(), Some(Path::new("/x/y")));
    }

    #[test]
    fn an_empty_cgroup_path_never_reaches_libcontainer() {
        let refused = effective(r#"{"cgroupsPath":""}"#, Mode::Root).unwrap_err();
        assert!(refused.to_string().starts_with("linux.cgroupsPath: "));
    }

    #[test]
    fn what_a_normal_user_cannot_have_is_taken_out() {
        let linux = r#"{"cgroupsPath":"x","resources":{"pids":{"limit":5}},
            "namespaces":[{"type":"pid"},{"type":"user"},
                          {"type":"network","path":"/proc/1/ns/net"}]}"#;
        let kinds = |made: &Effective| -> Vec<LinuxNamespaceType> {
            let linux = made.spec.linux().as_ref().unwrap();
            linux
                .namespaces()
                .iter()
                .flatten()
                .map(|n| n.typ())
                .collect()
        };
        let made = effective(linux, Mode::Rootless).unwrap();
        assert_eq!(kinds(&made), [LinuxNamespaceType::Pid]);
        assert!(made.spec.linux().as_ref().unwrap().resources().is_none());
        assert_eq!(made.needs.network, Network::At("/proc/1/ns/net".into()));
        let made = effective(linux, Mode::Root).unwrap();
        assert_eq!(kinds(&made).len(), 3);
    }
}
