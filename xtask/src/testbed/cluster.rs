//! The kind cluster.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::engine::Engine;
use super::options::Options;
use super::programs::Programs;
use super::runtimes;
use super::shell::{self, call};
use crate::cargo;

/// Longest wait until nodes are ready and names are answered.
const PATIENCE: Duration = Duration::from_secs(180);

/// Creates the cluster on `image`, or on kind's own; one that is there and healthy is kept.
pub(super) fn create(
    options: &Options,
    engine: &Engine,
    programs: &Programs,
    image: Option<&str>,
) -> Result<()> {
    if !nodes(options, engine, programs)?.is_empty() {
        if is_as_wanted(options, engine, programs, image)? {
            cargo::say(" Testbed  the cluster is there already");
            return Ok(());
        }
        cargo::say(" Testbed  the cluster is of another kind: it is made anew");
        remove(
            options,
            engine,
            &programs.get("kind")?.display().to_string(),
        )?;
    }
    let config = options.cache().join("kind.yaml");
    fs_err::write(&config, configuration(options)?)?;
    cargo::say(" Testbed  creating the cluster");
    let mut create = kind(engine, programs, ["create", "cluster", "--quiet"])?;
    create
        .args(["--name", options.cluster(), "--config"])
        .arg(&config)
        .arg("--kubeconfig")
        .arg(options.kubeconfig());
    if let Some(image) = image {
        create.args(["--image", image]);
    }
    shell::run("kind create cluster", create)?;
    // `kubectl` and `down` find kind and kubectl without building anything.
    for name in ["kind", "kubectl"] {
        let link = options.cache().join("bin").join(name);
        fs_err::create_dir_all(options.cache().join("bin"))?;
        if fs_err::symlink_metadata(&link).is_ok() {
            fs_err::remove_file(&link)?;
        }
        fs_err::os::unix::fs::symlink(programs.get(name)?, &link)?;
    }
    Ok(())
}

/// Waits until every node is ready, names are answered and pods may be made.
pub(super) fn await_ready(options: &Options) -> Result<()> {
    let seconds = format!("--timeout={}s", PATIENCE.as_secs());
    let mut wait = client(options)?;
    wait.args(["wait", "--for=condition=Ready", "nodes", "--all", &seconds]);
    shell::run("waiting for the nodes", wait)?;
    let mut rollout = client(options)?;
    rollout.args([
        "-n",
        "kube-system",
        "rollout",
        "status",
        "deployment/coredns",
        &seconds,
    ]);
    shell::run("waiting for the cluster's names", rollout)?;
    shell::until("the default service account", PATIENCE, || {
        let mut get = client(options)?;
        get.args(["-n", "default", "get", "serviceaccount", "default"]);
        shell::run("looking for it", get)
    })?;
    cargo::say(&format!(
        " Testbed  ready: Kubernetes {}",
        options.kubernetes
    ));
    Ok(())
}

/// Makes a RuntimeClass for every runtime beside runc.
pub(super) fn runtime_classes(options: &Options) -> Result<()> {
    if options.upstream || options.runtimes.is_empty() {
        return Ok(());
    }
    let file = options.cache().join("runtime-classes.yaml");
    let classes: String = options
        .runtimes
        .iter()
        .map(|name| runtimes::class(name))
        .collect();
    fs_err::write(&file, classes)?;
    let mut apply = client(options)?;
    apply.args(["apply", "--filename"]).arg(&file);
    shell::run("making runtime classes", apply)
}

/// Takes the cluster away.
pub(super) fn delete(options: &Options, engine: &Engine) -> Result<()> {
    let kind = options.cache().join("bin/kind");
    if !kind.exists() {
        cargo::say(" Testbed  no cluster was made here");
        return Ok(());
    }
    remove(options, engine, &kind.display().to_string())
}

fn remove(options: &Options, engine: &Engine, kind: &str) -> Result<()> {
    let mut delete = call(
        kind,
        ["delete", "cluster", "--quiet", "--name", options.cluster()],
    );
    delete.arg("--kubeconfig").arg(options.kubeconfig());
    engine.point(&mut delete);
    shell::run("kind delete cluster", delete)
}

/// The cluster's nodes, by their containers' names.
pub(super) fn nodes(
    options: &Options,
    engine: &Engine,
    programs: &Programs,
) -> Result<Vec<String>> {
    let get = kind(
        engine,
        programs,
        ["get", "nodes", "--name", options.cluster()],
    )?;
    let listed = shell::output("kind get nodes", get)?;
    let own = |line: &&str| line.starts_with(options.cluster());
    Ok(listed.lines().filter(own).map(str::to_owned).collect())
}

/// Whether the cluster was made as it would be now, and answers.
fn is_as_wanted(
    options: &Options,
    engine: &Engine,
    programs: &Programs,
    image: Option<&str>,
) -> Result<bool> {
    let made_with = fs_err::read_to_string(options.cache().join("kind.yaml")).unwrap_or_default();
    if made_with != configuration(options)? {
        return Ok(false);
    }
    let nodes = nodes(options, engine, programs)?;
    for node in &nodes {
        let format = "{{.Config.Image}} {{.State.Running}}";
        let inspect = engine.docker(["inspect", "--format", format, node]);
        let said = shell::output("looking at a node", inspect)?;
        let (of, running) = said.trim().split_once(' ').unwrap_or_default();
        if running != "true" || image.is_some_and(|image| image != of) {
            return Ok(false);
        }
    }
    let mut ask = client(options)?;
    ask.args(["get", "--raw=/readyz"]);
    Ok(nodes.len() == options.nodes && shell::run("asking the cluster", ask).is_ok())
}

/// Engine, nodes and version, for people.
pub(super) fn describe(options: &Options, engine: &Engine) -> Result<Vec<String>> {
    let filter = format!("label=io.x-k8s.kind.cluster={}", options.cluster());
    let format = "{{.Names}}  {{.Image}}  {{.Status}}";
    let list = engine.docker(["ps", "-a", "--filter", &filter, "--format", format]);
    let listed = shell::output("listing nodes", list)?;
    let mut lines: Vec<String> = listed.lines().map(|line| format!("node: {line}")).collect();
    if lines.is_empty() {
        lines.push("no cluster: cargo xtask testbed up".to_owned());
    } else {
        lines.push(format!("kubeconfig: {}", options.kubeconfig().display()));
    }
    Ok(lines)
}

/// Namespaces with the label of a run, one a line.
pub(super) fn left_by_runs(options: &Options) -> Result<String> {
    let mut get = client(options)?;
    get.args(["get", "namespaces", "--selector", "dev.certify/run"]);
    get.args(["--output", "name"]);
    Ok(shell::output("looking for namespaces of runs", get)?
        .trim()
        .to_owned())
}

/// Becomes kubectl of the cluster.
pub(super) fn kubectl(options: &Options, words: &[String]) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let mut command = client(options)?;
    command.args(words).stdin(std::process::Stdio::inherit());
    Err(command.exec()).context("starting kubectl")
}

fn client(options: &Options) -> Result<Command> {
    let program = options.cache().join("bin/kubectl");
    if !program.exists() {
        bail!("there is no testbed: cargo xtask testbed up");
    }
    let mut command = call(&program.display().to_string(), [""; 0]);
    command.env("KUBECONFIG", options.kubeconfig());
    Ok(command)
}

fn kind<const N: usize>(engine: &Engine, programs: &Programs, words: [&str; N]) -> Result<Command> {
    let mut command = call(&programs.get("kind")?.display().to_string(), words);
    engine.point(&mut command);
    Ok(command)
}

/// The project's kind configuration with the wanted nodes.
fn configuration(options: &Options) -> Result<String> {
    let mut text = if options.upstream {
        "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n".to_owned()
    } else {
        fs_err::read_to_string(options.sources().join("kind.yaml"))?
    };
    text.push_str("nodes:\n- role: control-plane\n");
    for _ in 1..options.nodes {
        text.push_str("- role: worker\n");
    }
    Ok(text)
}
