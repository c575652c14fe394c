//! `cargo xtask testbed`: a real Kubernetes cluster (kind) on a machine that reaches nothing but
//! package registries.
//!
//! Programs are built from Go modules pinned by their sums, the node's system is made of Debian
//! packages; no container registry is asked for anything. Every step is kept by the content of its
//! inputs, so a second `up` only starts the cluster.

mod cluster;
mod engine;
mod lanes;
mod node_image;
mod options;
mod podman;
mod programs;
mod registry;
mod root;
mod runtimes;
mod scanners;
mod shell;
mod stage;

use anyhow::{Result, bail};

use crate::cargo;
use engine::Engine;
use options::Options;
pub(crate) use scanners::{syft, validators};

const USAGE: &str = "\
cargo xtask testbed up [--kubernetes 1.36] [--nodes 2] [--runtimes crun] [--upstream]   bring the cluster up; prints its kubeconfig
cargo xtask testbed down [--all]   take the cluster away, and the engine if it was started here; --all: the registry too
cargo xtask testbed status         what runs
cargo xtask testbed build          build and keep everything that `up` needs, and start nothing
cargo xtask testbed podman up|down start Podman's service beside the engine, and stop it
cargo xtask testbed kubectl ...    kubectl of the cluster";

/// The address of the testbed's container engine, if it runs: tests of daemons use it.
pub(crate) fn engine_address() -> Option<String> {
    engine::own_address()
}

/// What runs have left in the cluster: the names of their namespaces.
pub(crate) fn left_by_runs() -> Result<String> {
    cluster::left_by_runs(&Options::read(&[])?)
}

/// Does what the words say.
pub(crate) fn run(words: &[String]) -> Result<()> {
    let (verb, rest) = match words.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("--help", words),
    };
    match verb {
        "up" => up(&Options::read(rest)?),
        "down" => down(&Options::read(rest)?),
        "status" => status(&Options::read(rest)?),
        "build" => programs::build(&Options::read(rest)?).map(drop),
        "podman" => podman::run(&Options::read(&[])?, rest),
        "kubectl" => cluster::kubectl(&Options::read(&[])?, rest),
        "--help" | "-h" | "help" => {
            cargo::say(USAGE);
            Ok(())
        }
        other => bail!("unknown testbed verb `{other}`\n{USAGE}"),
    }
}

fn up(options: &Options) -> Result<()> {
    let engine = Engine::running_or_started(options)?;
    let programs = programs::build(options)?;
    let image = if options.upstream {
        None
    } else {
        Some(node_image::compose(options, &engine, &programs)?)
    };
    cluster::create(options, &engine, &programs, image.as_deref())?;
    registry::serve(options, &engine, &programs)?;
    cluster::await_ready(options)?;
    cluster::runtime_classes(options)?;
    cargo::print(&options.kubeconfig().display().to_string());
    Ok(())
}

fn down(options: &Options) -> Result<()> {
    let Some(engine) = Engine::running()? else {
        cargo::say(" Testbed  no engine runs, so no cluster does");
        return Ok(());
    };
    cluster::delete(options, &engine)?;
    if options.all {
        registry::remove(&engine)?;
    }
    engine.stop_if_ours(options)
}

fn status(options: &Options) -> Result<()> {
    let Some(engine) = Engine::running()? else {
        cargo::say(" Testbed  down: no container engine answers; cargo xtask testbed up");
        return Ok(());
    };
    cargo::say(&format!(" Testbed  engine: {}", engine.describe()?));
    for line in cluster::describe(options, &engine)? {
        cargo::say(&format!("          {line}"));
    }
    Ok(())
}
