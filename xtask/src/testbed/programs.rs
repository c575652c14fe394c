//! The testbed's programs, built from Go modules whose versions and sums lie in `testbed/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::lanes::side_by_side;
use super::options::Options;
use super::root;
use super::shell::{self, call};
use super::stage::{self, Input};

/// Programs that share what they are made of, and so are compiled by one call: two calls beside each
/// other would compile the shared packages twice.
struct Tool {
    /// The stage's name.
    name: &'static str,
    /// Folder below `testbed/tools`.
    module: &'static str,
    /// Whether it needs the C compiler.
    cgo: bool,
    tags: &'static str,
    /// Flags of the linker besides `-s -w`.
    flags: &'static str,
    packages: &'static [&'static str],
}

const KIND: Tool = Tool {
    name: "kind",
    module: "kind",
    cgo: false,
    tags: "",
    flags: "",
    packages: &["sigs.k8s.io/kind"],
};

const RUNC: Tool = Tool {
    name: "runc",
    module: "runc",
    cgo: true,
    tags: "seccomp",
    flags: "-X main.version=1.5.2",
    packages: &["github.com/opencontainers/runc"],
};

/// What a node runs below Kubernetes, and the registry beside the nodes.
const NODE: Tool = Tool {
    name: "node",
    module: "node",
    cgo: false,
    tags: "",
    flags: "-X github.com/containerd/containerd/v2/version.Version=2.4.2 \
            -X sigs.k8s.io/cri-tools/pkg/version.Version=v1.37.0",
    packages: &[
        "./registry",
        "github.com/containerd/containerd/v2/cmd/containerd",
        "github.com/containerd/containerd/v2/cmd/ctr",
        "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
        "github.com/containernetworking/plugins/plugins/main/ptp",
        "github.com/containernetworking/plugins/plugins/main/loopback",
        "github.com/containernetworking/plugins/plugins/ipam/host-local",
        "github.com/containernetworking/plugins/plugins/meta/portmap",
        "sigs.k8s.io/cri-tools/cmd/crictl",
    ],
};

/// The registry alone, for nodes of kind's own image.
const REGISTRY: Tool = Tool {
    name: "registry",
    packages: &["./registry"],
    ..NODE
};

/// The scanner that reads our images; no part of a cluster.
const SYFT: Tool = Tool {
    name: "syft",
    module: "syft",
    cgo: false,
    tags: "",
    flags: "",
    packages: &["github.com/anchore/syft/cmd/syft"],
};

/// The release of the runtime youki.
const YOUKI: &str = "0.7.0";

/// Built programs, by name.
#[derive(Debug, Clone)]
pub(super) struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// Where a program is.
    pub(super) fn get(&self, name: &str) -> Result<&Path> {
        let found = self.0.get(name);
        found
            .map(PathBuf::as_path)
            .with_context(|| format!("the testbed has no program `{name}`"))
    }

    fn add(&mut self, folder: &Path) -> Result<()> {
        for entry in fs_err::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            self.0.insert(name.into_owned(), path.clone());
        }
        Ok(())
    }
}

/// Builds everything that the wanted cluster needs; `hyper`, all of Kubernetes in one program, is
/// called by the name of the part.
pub(super) fn build(options: &Options) -> Result<Programs> {
    let mut programs = Programs(BTreeMap::new());
    let go = go()?;
    root::install_missing(options)?;
    // Before the others, which would each compile the standard library for themselves.
    programs.add(&build_tool(options, &KIND, &go)?)?;
    let mut steps: Vec<Box<dyn Fn() -> Result<PathBuf> + Sync + '_>> = Vec::new();
    // The longest first.
    steps.push(Box::new(|| hyper(options, &go)));
    if options.runtimes.iter().any(|name| name == "youki") && !options.upstream {
        steps.push(Box::new(|| youki(options)));
    }
    let tools: &[&Tool] = if options.upstream {
        &[&REGISTRY]
    } else {
        &[&NODE, &RUNC]
    };
    for tool in tools {
        let go = &go;
        steps.push(Box::new(move || build_tool(options, tool, go)));
    }
    if !options.upstream {
        steps.push(Box::new(|| pause(options)));
    }
    for folder in side_by_side(&steps)? {
        programs.add(&folder)?;
    }
    if !options.upstream {
        let clamp = clamp(options)?;
        programs.0.insert("clamp".to_owned(), clamp);
    }
    Ok(programs)
}

/// The program that stands in front of every OCI runtime.
pub(super) fn clamp(options: &Options) -> Result<PathBuf> {
    let go = go()?;
    let source = options.sources().join("clamp");
    let inputs = [Input::Path(&source), Input::Word(&go)];
    let folder = stage::keep(&options.cache(), "clamp", &inputs, |out| {
        let mut command = compiler(&source, false);
        command.args(["-ldflags", "-s -w", "-o"]).arg(out).arg(".");
        shell::run("go build of clamp", command)
    })?;
    Ok(folder.join("clamp"))
}

/// The scanner syft.
pub(super) fn syft(options: &Options) -> Result<PathBuf> {
    Ok(build_tool(options, &SYFT, &go()?)?.join("syft"))
}

fn build_tool(options: &Options, tool: &Tool, go: &str) -> Result<PathBuf> {
    let source = options.sources().join("tools").join(tool.module);
    let how = format!(
        "{} {} {} {:?}",
        tool.cgo, tool.tags, tool.flags, tool.packages
    );
    let inputs = [Input::Path(&source), Input::Word(go), Input::Word(&how)];
    stage::keep(&options.cache(), tool.name, &inputs, |out| {
        let mut command = compiler(&source, tool.cgo);
        command
            .args(["-tags", tool.tags, "-ldflags"])
            .arg(format!("-s -w {}", tool.flags))
            .arg("-o")
            .arg(format!("{}/", out.display()))
            .args(tool.packages);
        shell::run(&format!("go build of {}", tool.name), command)
    })
}

/// All parts of Kubernetes, etcd and the pod network in one program; and beside it CoreDNS, most of
/// which is made of the same packages.
fn hyper(options: &Options, go: &str) -> Result<PathBuf> {
    let source = options.sources().join("hyper");
    let version = options.kubernetes.as_str();
    let module = source.join(format!("{version}.mod"));
    let files = ["main.go", "netd.go", "coredns"].map(|name| source.join(name));
    let sums = source.join(format!("{version}.sum"));
    let inputs = [
        Input::Path(&files[0]),
        Input::Path(&files[1]),
        Input::Path(&files[2]),
        Input::Path(&module),
        Input::Path(&sums),
        Input::Word(go),
    ];
    let name = format!("hyper-{version}");
    stage::keep(&options.cache(), &name, &inputs, |out| {
        let mut numbers = version.trim_start_matches('v').split('.');
        let (major, minor) = (numbers.next().unwrap_or(""), numbers.next().unwrap_or(""));
        let of = "k8s.io/component-base/version";
        let flags = format!(
            "-s -w -X {of}.gitVersion={version} -X {of}.gitMajor={major} -X {of}.gitMinor={minor} \
             -X {of}.gitTreeState=archive"
        );
        let mut command = compiler(&source, false);
        command
            .arg(format!("-modfile={version}.mod"))
            .args(["-ldflags", &flags, "-o"])
            .arg(format!("{}/", out.display()))
            .args([".", "./coredns"]);
        shell::run("go build of Kubernetes", command)?;
        for part in ["kubectl", "kubeadm"] {
            fs_err::os::unix::fs::symlink("hyper", out.join(part))?;
        }
        Ok(())
    })
}

/// The program that holds a pod's namespaces.
fn pause(options: &Options) -> Result<PathBuf> {
    let source = options.sources().join("node/pause.c");
    stage::keep(&options.cache(), "pause", &[Input::Path(&source)], |out| {
        let mut command = call("gcc", ["-Os", "-static", "-s", "-o"]);
        command.arg(out.join("pause")).arg(&source);
        shell::run("compiling pause", command)
    })
}

/// The runtime youki, built from its crate. Without `v1` it refuses hosts with version 1 of control
/// groups.
fn youki(options: &Options) -> Result<PathBuf> {
    let inputs = [Input::Word(YOUKI)];
    stage::keep(&options.cache(), "youki", &inputs, |out| {
        let work = out.join("work");
        let mut command = call("cargo", ["install", "--locked", "--quiet", "youki"]);
        command
            .args(["--version", YOUKI, "--features", "v1,seccomp", "--root"])
            .arg(&work)
            .env("CARGO_TARGET_DIR", out.join("target"));
        shell::run("cargo install of youki", command)?;
        fs_err::rename(work.join("bin/youki"), out.join("youki"))?;
        for folder in ["work", "target"] {
            fs_err::remove_dir_all(out.join(folder))?;
        }
        Ok(())
    })
}

fn compiler(folder: &Path, cgo: bool) -> Command {
    let mut command = call("go", ["build", "-mod=readonly", "-trimpath"]);
    // Every program is stripped: what a debugger would need is not even compiled, one seventh less work.
    command
        .arg("-gcflags=all=-dwarf=false")
        .current_dir(folder)
        .env("GOFLAGS", "-buildvcs=false")
        .env("GOTOOLCHAIN", "local")
        .env("CGO_ENABLED", if cgo { "1" } else { "0" });
    command
}

/// The compiler's version, which every program depends on.
fn go() -> Result<String> {
    ensure!(
        shell::there_is("go"),
        "the testbed's programs are built from Go modules: install Go 1.26 or later (`go` in PATH)"
    );
    shell::output("asking for Go's version", call("go", ["version"]))
}
