//! `features`: what works here, found out by doing it, so that nobody has to guess from versions.

use std::io::Write;
use std::path::Path;

use nix::sched::{CloneFlags, unshare};

use crate::arguments::Mode;
use crate::effective::{Layers, Needs, Network};
use crate::error::Result;
use crate::stage;

/// Prints one JSON object: `mode`, `namespaces`, `overlay`, `seccomp`, the latter each `"yes"` or why not. It changes
/// the surroundings of this process only.
pub(crate) fn features(mode: Mode) -> Result<()> {
    let namespace = enter(mode);
    let overlay = match &namespace {
        Ok(()) => try_overlay(mode),
        Err(_) => Err(crate::error::LaunchError::Container(
            "no namespace to try it in".to_owned(),
        )),
    };
    let word = |tried: &Result<()>| match tried {
        Ok(()) => "yes".to_owned(),
        Err(error) => error.to_string(),
    };
    let document = serde_json::json!({
        "mode": mode,
        "namespaces": word(&namespace),
        "overlay": word(&overlay),
        "seccomp": "yes",
    });
    writeln!(std::io::stdout(), "{document}")?;
    Ok(())
}

fn enter(mode: Mode) -> Result<()> {
    match mode {
        Mode::Rootless => {
            let needs = Needs {
                network: Network::New,
                overlay: None,
                user: (65532, 65532),
            };
            stage::user::enter(&needs)?;
            stage::loopback::up()?;
        }
        Mode::Root => {
            unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET)
                .map_err(crate::error::system("make namespaces"))?;
        }
    }
    stage::private_mounts()
}

/// An overlay of an empty folder, in memory mounted over `/tmp` of this namespace.
fn try_overlay(mode: Mode) -> Result<()> {
    let place = Path::new("/tmp");
    // The folder we were called from may lie below it.
    nix::unistd::chdir("/").map_err(crate::error::system("enter /"))?;
    nix::mount::mount(
        Some("tmpfs"),
        place,
        Some("tmpfs"),
        nix::mount::MsFlags::empty(),
        None::<&str>,
    )
    .map_err(crate::error::system("mount memory"))?;
    let lower = place.join("lower");
    fs_err::create_dir(&lower)?;
    let layers = Layers { lower, kept: None };
    stage::overlay::mount(&layers, &place.join("scratch"), mode).map(drop)
}
