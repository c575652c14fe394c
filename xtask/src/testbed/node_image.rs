//! The node image: Debian, the programs, and inside the node's containerd the images of the control
//! plane, so that a node pulls nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::engine::Engine;
use super::options::Options;
use super::programs::Programs;
use super::root;
use super::runtimes;
use super::shell::{self, call, install};
use super::stage::{self, Input};
use crate::cargo;

/// The registry that images of the control plane are named after. There is no such host: nothing can
/// be pulled by accident.
pub(super) const REPOSITORY: &str = "testbed.invalid";

/// Parts of Kubernetes that are called by name inside the image of the control plane.
const PARTS: [&str; 7] = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "etcd",
    "netd",
    "kubectl",
];

/// Tools of the packet filter that kube-proxy calls.
const FILTER_TOOLS: [&str; 4] = [
    "/usr/sbin/nft",
    "/usr/sbin/conntrack",
    "/usr/sbin/xtables-nft-multi",
    "/usr/bin/kmod",
];

const FILTER_NAMES: [&str; 6] = [
    "iptables",
    "iptables-save",
    "iptables-restore",
    "ip6tables",
    "ip6tables-save",
    "ip6tables-restore",
];

/// Units of the system that have nothing to do inside a container.
const MASKED: [&str; 11] = [
    "e2scrub_reap.service",
    "getty.target",
    "timers.target",
    "systemd-networkd.service",
    "systemd-resolved.service",
    "systemd-logind.service",
    "systemd-update-utmp.service",
    "systemd-modules-load.service",
    "console-getty.service",
    "dev-hugepages.mount",
    "systemd-tmpfiles-clean.timer",
];

/// The image's name; composed unless the engine has it.
pub(super) fn compose(options: &Options, engine: &Engine, programs: &Programs) -> Result<String> {
    let archive = root::archive(options)?;
    let own = options.sources().join("node");
    let mut inputs = vec![
        Input::Path(&archive),
        Input::Path(&own),
        Input::Word(include_str!("node_image.rs")),
    ];
    let names = [
        "hyper",
        "clamp",
        "coredns",
        "containerd",
        "ctr",
        "containerd-shim-runc-v2",
        "runc",
        "ptp",
        "loopback",
        "host-local",
        "portmap",
        "crictl",
        "pause",
    ];
    let paths: Vec<&Path> = names
        .iter()
        .map(|name| programs.get(name))
        .collect::<Result<_>>()?;
    inputs.extend(paths.into_iter().map(Input::Path));
    let runtimes = options.runtimes.join(",");
    inputs.push(Input::Word(&runtimes));
    if let Ok(youki) = programs.get("youki") {
        inputs.push(Input::Path(youki));
    }
    let digest = stage::digest(&inputs)?;
    let image = format!("testbed/node:{}-{}", options.kubernetes, &digest[..12]);
    let known = engine.docker(["image", "inspect", "--format", "{{.Id}}", image.as_str()]);
    if shell::output("looking for the node image", known).is_ok() {
        return Ok(image);
    }
    cargo::say(&format!(" Testbed  composing {image}"));
    let work = options
        .cache()
        .join(format!("part-node-{}", std::process::id()));
    let composing = Composing {
        options,
        engine,
        programs,
        root: work.join("root"),
        programs_root: work.join("programs"),
        base: format!("testbed/base:{}", &digest[..12]),
    };
    fs_err::create_dir_all(&composing.root)?;
    let done = composing.all(&archive, &image);
    fs_err::remove_dir_all(&work)?;
    done?;
    Ok(image)
}

struct Composing<'a> {
    options: &'a Options,
    engine: &'a Engine,
    programs: &'a Programs,
    /// The node's file system.
    root: PathBuf,
    /// The file system of the image being made of some programs.
    programs_root: PathBuf,
    /// The node image without images in it.
    base: String,
}

impl Composing<'_> {
    fn all(&self, archive: &Path, image: &str) -> Result<()> {
        let mut unpack = call("tar", ["-C"]);
        unpack.arg(&self.root).arg("-xf").arg(archive);
        shell::run("unpacking the node's system", unpack)?;
        let images = self.images()?;
        self.node_files(&images)?;
        let import = self.engine.docker([
            "import",
            "--change",
            "ENV container=docker",
            "--change",
            "ENTRYPOINT [\"/usr/local/bin/entrypoint\",\"/sbin/init\"]",
            "-",
            &self.base,
        ]);
        shell::pipe("importing the node's system", tar_of(&self.root), import)?;
        let baked = self.bake(&images, image);
        let mut remove = self.engine.docker(["rmi", "--no-prune"]);
        remove.args(&images).arg(&self.base);
        let removed = shell::run("removing what the node image was made of", remove);
        baked.and(removed)
    }

    /// Makes the images that kubeadm asks for, under our own name; their names.
    fn images(&self) -> Result<Vec<String>> {
        let version = &self.options.kubernetes;
        let kubeadm = self.programs.get("kubeadm")?.display().to_string();
        let mut list = call(&kubeadm, ["config", "images", "list"]);
        list.args([
            "--kubernetes-version",
            version,
            "--image-repository",
            REPOSITORY,
        ]);
        let listed = shell::output("asking kubeadm for its images", list)?;
        let mut names: Vec<String> = listed.lines().map(str::to_owned).collect();
        let named = |part: &str| -> Result<String> {
            let start = format!("{REPOSITORY}/{part}:");
            let found = names.iter().find(|name| name.starts_with(&start));
            found
                .cloned()
                .with_context(|| format!("kubeadm asks for no image of {part}"))
        };
        let control = [
            named("kube-apiserver")?,
            named("kube-controller-manager")?,
            named("kube-scheduler")?,
            named("kube-proxy")?,
            named("etcd")?,
            netd(version),
        ];
        let (coredns, pause) = (
            named("coredns/coredns").or_else(|_| named("coredns"))?,
            named("pause")?,
        );
        self.control_plane()?;
        self.import(&[], &control)?;
        self.fresh()?;
        self.put("coredns", "usr/local/bin/coredns")?;
        self.import(&[], &[coredns])?;
        self.fresh()?;
        self.put("pause", "pause")?;
        self.import(&["CMD [\"/pause\"]"], &[pause])?;
        names.push(netd(version));
        Ok(names)
    }

    /// One image holds all parts of Kubernetes and etcd, and the packet filter's tools.
    fn control_plane(&self) -> Result<()> {
        self.fresh()?;
        for folder in ["usr/sbin", "etc", "tmp", "run"] {
            fs_err::create_dir_all(self.programs_root.join(folder))?;
        }
        self.put("hyper", "usr/local/bin/hyper")?;
        for part in PARTS {
            link(
                "hyper",
                &self.programs_root.join("usr/local/bin").join(part),
            )?;
        }
        for tool in FILTER_TOOLS {
            self.with_libraries(tool)?;
        }
        for name in FILTER_NAMES {
            link(
                "xtables-nft-multi",
                &self.programs_root.join("usr/sbin").join(name),
            )?;
        }
        let modules = format!("usr/lib/{}-linux-gnu/xtables", std::env::consts::ARCH);
        for entry in fs_err::read_dir(self.root.join(&modules))? {
            let from = entry?.path();
            let name = from.file_name().context("a module without a name")?;
            install(&from, &self.programs_root.join(&modules).join(name))?;
        }
        Ok(())
    }

    /// Copies a program of the node's system and the libraries it is linked with.
    fn with_libraries(&self, program: &str) -> Result<()> {
        let mut ldd = call("chroot", [&self.root]);
        ldd.args(["ldd", program]);
        let linked = shell::output("asking for libraries", ldd)?;
        let mut files: BTreeSet<String> = linked
            .split_whitespace()
            .filter(|word| word.starts_with('/'))
            .map(str::to_owned)
            .collect();
        files.insert(program.to_owned());
        for file in files {
            let to = self.programs_root.join(file.trim_start_matches('/'));
            if to.exists() {
                continue;
            }
            let mut readlink = call("chroot", [&self.root]);
            readlink.args(["readlink", "-f", &file]);
            let real = shell::output("following a link", readlink)?;
            install(&self.root.join(real.trim().trim_start_matches('/')), &to)?;
        }
        Ok(())
    }

    fn fresh(&self) -> Result<()> {
        if self.programs_root.exists() {
            fs_err::remove_dir_all(&self.programs_root)?;
        }
        Ok(fs_err::create_dir_all(&self.programs_root)?)
    }

    fn put(&self, program: &str, at: &str) -> Result<()> {
        install(self.programs.get(program)?, &self.programs_root.join(at))
    }

    /// Imports the programs as an image of one layer, under every name.
    fn import(&self, changes: &[&str], names: &[String]) -> Result<()> {
        let (first, others) = names.split_first().context("an image without a name")?;
        let mut import = self.engine.docker(["import"]);
        for change in changes
            .iter()
            .chain(&["ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/"])
        {
            import.args(["--change", change]);
        }
        import.args(["-", first]);
        shell::pipe(
            &format!("importing {first}"),
            tar_of(&self.programs_root),
            import,
        )?;
        for name in others {
            let tag = self.engine.docker(["tag", first, name]);
            shell::run(&format!("naming {name}"), tag)?;
        }
        Ok(())
    }

    fn node_files(&self, images: &[String]) -> Result<()> {
        for folder in [
            "etc/cni/net.d",
            "etc/containerd/certs.d",
            "etc/kubernetes/manifests",
        ] {
            fs_err::create_dir_all(self.root.join(folder))?;
        }
        let mut copy = call("cp", ["-a", "--no-preserve=ownership"]);
        let own = self.options.sources().join("node").join("root");
        copy.arg(own.join(".")).arg(&self.root);
        shell::run("copying the node's own files", copy)?;
        let image = |part: &str| {
            let found = images
                .iter()
                .find(|name| name.contains(&format!("/{part}:")));
            found.cloned().unwrap_or_default()
        };
        self.fill("etc/containerd/config.toml", &[("@PAUSE@", image("pause"))])?;
        self.fill(
            "kind/manifests/default-cni.yaml",
            &[
                ("@HYPER@", netd(&self.options.kubernetes)),
                ("@COREDNS@", image("coredns")),
            ],
        )?;
        let version = format!("{}\n", self.options.kubernetes);
        fs_err::write(self.root.join("kind/version"), version)?;
        let places = [
            ("hyper", "usr/bin/hyper"),
            ("containerd", "usr/local/bin/containerd"),
            ("ctr", "usr/local/bin/ctr"),
            (
                "containerd-shim-runc-v2",
                "usr/local/bin/containerd-shim-runc-v2",
            ),
            ("crictl", "usr/local/bin/crictl"),
            ("ptp", "opt/cni/bin/ptp"),
            ("loopback", "opt/cni/bin/loopback"),
            ("host-local", "opt/cni/bin/host-local"),
            ("portmap", "opt/cni/bin/portmap"),
            ("runc", "usr/local/sbin/runc.real"),
            ("clamp", "usr/local/sbin/runc"),
        ];
        for (program, place) in places {
            install(self.programs.get(program)?, &self.root.join(place))?;
        }
        for part in ["kubeadm", "kubelet", "kubectl"] {
            link("hyper", &self.root.join("usr/bin").join(part))?;
        }
        for name in &self.options.runtimes {
            self.runtime(name)?;
        }
        self.units()
    }

    /// A runtime beside runc.
    fn runtime(&self, name: &str) -> Result<()> {
        let place = self.root.join(runtimes::place(name));
        install(self.programs.get("clamp")?, &place)?;
        let real = place.with_extension("real");
        match self.programs.get(name) {
            Ok(program) => install(program, &real)?,
            Err(_) => link(&format!("/usr/bin/{name}"), &real)?,
        }
        let path = self.root.join("etc/containerd/config.toml");
        let known = fs_err::read_to_string(&path)?;
        Ok(fs_err::write(&path, known + &runtimes::handler(name))?)
    }

    fn fill(&self, file: &str, values: &[(&str, String)]) -> Result<()> {
        let path = self.root.join(file);
        let mut text = fs_err::read_to_string(&path)?;
        for (mark, value) in values {
            anyhow::ensure!(!value.is_empty(), "{file}: there is nothing for {mark}");
            text = text.replace(mark, value);
        }
        Ok(fs_err::write(&path, text)?)
    }

    fn units(&self) -> Result<()> {
        let units = self.root.join("etc/systemd/system");
        fs_err::create_dir_all(units.join("multi-user.target.wants"))?;
        link(
            "/lib/systemd/system/multi-user.target",
            &units.join("default.target"),
        )?;
        for unit in ["containerd", "kubelet"] {
            link(
                &format!("../{unit}.service"),
                &units.join(format!("multi-user.target.wants/{unit}.service")),
            )?;
        }
        for folder in [
            "getty.target.wants",
            "timers.target.wants",
            "sysinit.target.wants",
        ] {
            let folder = units.join(folder);
            if folder.exists() {
                fs_err::remove_dir_all(&folder)?;
            }
        }
        MASKED
            .iter()
            .try_for_each(|unit| link("/dev/null", &units.join(unit)))
    }

    /// The images go into the node's content store while its containerd runs for a moment.
    fn bake(&self, images: &[String], image: &str) -> Result<()> {
        let baker = format!("testbed-bake-{}", std::process::id());
        let start = self.engine.docker([
            "run",
            "-d",
            "--privileged",
            "--name",
            &baker,
            "--network",
            "none",
            "--entrypoint",
            "/usr/local/bin/containerd",
            &self.base,
        ]);
        let baked = shell::run("starting containerd in the node image", start)
            .and_then(|()| self.bake_in(&baker, images, image));
        let remove = self.engine.docker(["rm", "-f", &baker]);
        let removed = shell::run("removing the container that was baked in", remove);
        baked.and(removed)
    }

    fn bake_in(&self, baker: &str, images: &[String], image: &str) -> Result<()> {
        shell::until(
            "containerd of the node image",
            std::time::Duration::from_secs(30),
            || {
                let ask = self.engine.docker(["exec", baker, "ctr", "version"]);
                shell::run("asking containerd", ask)
            },
        )?;
        let mut save = self.engine.docker(["save"]);
        save.args(images);
        let load = self.engine.docker([
            "exec",
            "-i",
            baker,
            "ctr",
            "--namespace",
            "k8s.io",
            "images",
            "import",
            "--no-unpack",
            "--label",
            "io.cri-containerd.pinned=pinned",
            "-",
        ]);
        shell::pipe("loading the control plane's images", save, load)?;
        let stop = self.engine.docker(["stop", "-t", "5", baker]);
        shell::run("stopping containerd", stop)?;
        let entrypoint = "ENTRYPOINT [\"/usr/local/bin/entrypoint\",\"/sbin/init\"]";
        let commit = self
            .engine
            .docker(["commit", "--change", entrypoint, baker, image]);
        shell::run("keeping the node image", commit)
    }
}

fn netd(version: &str) -> String {
    format!("{REPOSITORY}/netd:{version}")
}

fn link(to: &str, at: &Path) -> Result<()> {
    if fs_err::symlink_metadata(at).is_ok() {
        fs_err::remove_file(at)?;
    }
    Ok(fs_err::os::unix::fs::symlink(to, at)?)
}

/// Sorted, with one time and owner: the same folder gives the same bytes.
fn tar_of(folder: &Path) -> std::process::Command {
    let mut command = call("tar", ["--sort=name", "--mtime=@0", "-C"]);
    command.arg(folder).args(["-cf", "-", "."]);
    command
}
