//! What an existing image's own configuration says where its spec says nothing.

use anyhow::{Context, Result, bail};
use image::OciImage;
use model::{ImageSpec, Readiness, UserId};
use rootfs::read::Accounts;

/// The spec with what it leaves to the image; what was taken from there is noted.
pub(super) fn fill(
    spec: &ImageSpec,
    image: &OciImage,
    notes: &mut Vec<String>,
) -> Result<ImageSpec> {
    let mut spec = spec.clone();
    if spec.config.entrypoint.is_empty() {
        program(&mut spec, image)?;
        let config = &spec.config;
        notes.push(format!(
            "run as its own configuration says: {} as user {}",
            [&config.entrypoint[..], &config.command].concat().join(" "),
            config.user
        ));
    }
    if spec.readiness == Readiness::Exposed {
        let port = exposed(image).into_iter().min().context(
            "the image exposes no TCP port, so nothing says when it is ready; write a spec with \
             `from:` and `readiness:`",
        )?;
        spec.readiness = Readiness::Tcp { port };
        notes.push(format!(
            "ready when TCP port {port}, which it exposes, accepts a connection"
        ));
    }
    Ok(spec)
}

/// Everything about how it runs; what the spec does say wins.
fn program(spec: &mut ImageSpec, image: &OciImage) -> Result<()> {
    let own = image.runtime();
    let config = &mut spec.config;
    config.entrypoint = own.entrypoint.unwrap_or_default();
    if config.command.is_empty() {
        config.command = own.cmd.unwrap_or_default();
    }
    if config.entrypoint.is_empty() && config.command.is_empty() {
        bail!(
            "the image says no program to run (neither Entrypoint nor Cmd); write a spec with \
             `from:` and `config.entrypoint`"
        );
    }
    for variable in own.env.unwrap_or_default() {
        if let Some((name, value)) = variable.split_once('=') {
            let of_spec = config.env.entry(name.to_owned());
            of_spec.or_insert_with(|| value.to_owned());
        }
    }
    if config.workdir == "/" {
        let own = own.working_dir.filter(|folder| !folder.is_empty());
        config.workdir = own.unwrap_or_else(|| "/".to_owned());
    }
    if config.user == UserId::nonroot() {
        let user = own.user.unwrap_or_default();
        let who = Accounts::of(&image.tree).run_as(&user);
        let who = who.with_context(|| format!("whom the image runs as (`{user}`)"))?;
        config.user = UserId {
            uid: who.uid,
            gid: who.gid,
        };
    }
    if config.ports.is_empty() {
        config.ports = exposed(image);
    }
    if let Some(signal) = own.stop_signal.filter(|_| config.stop_signal == "SIGTERM") {
        config.stop_signal = signal;
    }
    Ok(())
}

/// The TCP ports that the image exposes.
fn exposed(image: &OciImage) -> Vec<u16> {
    let ports = image.runtime().exposed_ports.unwrap_or_default();
    let port = |text: &String| {
        let number = text.strip_suffix("/tcp").unwrap_or(text);
        number.parse().ok()
    };
    ports.keys().filter_map(port).collect()
}
