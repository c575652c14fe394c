//! A registry on the clusters' network, reached as `localhost:5001` from here and by the nodes.

use anyhow::Result;

use super::engine::Engine;
use super::options::Options;
use super::programs::Programs;
use super::shell::{call, install};
use super::{cluster, shell};

/// Its port on loopback, and in the names of images pushed to it.
pub(super) const PORT: u16 = 5001;

const NAME: &str = "testbed-registry";
const NETWORK: &str = "kind";

/// Starts it if it does not run, and tells every node where it is, the way kind documents.
pub(super) fn serve(options: &Options, engine: &Engine, programs: &Programs) -> Result<()> {
    let format = "{{.State.Running}}";
    let runs = engine.docker(["inspect", "--format", format, NAME]);
    if shell::output("looking for the registry", runs).is_ok_and(|said| said.trim() == "true") {
        return tell_nodes(options, engine, programs);
    }
    let _ = shell::run(
        "removing a stopped registry",
        engine.docker(["rm", "-f", NAME]),
    );
    let work = options
        .cache()
        .join(format!("part-registry-{}", std::process::id()));
    install(programs.get("registry")?, &work.join("registry"))?;
    install(
        &options.sources().join("registry.yaml"),
        &work.join("etc/registry.yaml"),
    )?;
    for folder in ["tmp", "data"] {
        fs_err::create_dir_all(work.join(folder))?;
    }
    let mut tar = call("tar", ["-C"]);
    tar.arg(&work).args(["-cf", "-", "."]);
    let import = engine.docker(["import", "-", "testbed/registry"]);
    let imported = shell::pipe("importing the registry", tar, import);
    fs_err::remove_dir_all(&work)?;
    imported?;
    let publish = format!("127.0.0.1:{PORT}:5000");
    let volume = format!("{NAME}:/data");
    let start = engine.docker([
        "run",
        "-d",
        "--restart=always",
        "--name",
        NAME,
        "--network",
        NETWORK,
        "-p",
        &publish,
        "-v",
        &volume,
        "testbed/registry",
        "/registry",
        "serve",
        "/etc/registry.yaml",
    ]);
    shell::run("starting the registry", start)?;
    tell_nodes(options, engine, programs)
}

fn tell_nodes(options: &Options, engine: &Engine, programs: &Programs) -> Result<()> {
    let folder = format!("/etc/containerd/certs.d/localhost:{PORT}");
    let text = format!("[host.\"http://{NAME}:5000\"]\n");
    for node in cluster::nodes(options, engine, programs)? {
        let script = format!("mkdir -p {folder} && cat >{folder}/hosts.toml");
        let write = engine.docker(["exec", "-i", &node, "sh", "-c", &script]);
        shell::feed(
            &format!("telling {node} of the registry"),
            write,
            text.as_bytes(),
        )?;
    }
    Ok(())
}

/// Removes it with everything that was pushed to it.
pub(super) fn remove(engine: &Engine) -> Result<()> {
    shell::run("removing the registry", engine.docker(["rm", "-fv", NAME]))?;
    let volume = engine.docker(["volume", "rm", "-f", NAME]);
    shell::run("removing the registry's content", volume)
}
