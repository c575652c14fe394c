//! The contract against daemons that run: Docker's and Podman's.
//!
//! Class `docker`, class `podman`. A daemon is not started here: `cargo xtask testbed up` starts
//! them, and the gate does that first.

use crate::battery::{self, Kind};
use crate::ground::{Ground, skipped};
use crate::{block_on, platform, work};

fn holds(name: &str) {
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let platform = platform(name);
    let work = work(&ground, name);
    block_on(async {
        match platform.detect(&Ground::surroundings(&ground.folder)).await {
            engine::Detection::Available(line) => {
                println!("{line}");
                battery::all(platform, Kind::Daemon, &ground.folder, &work).await;
            }
            engine::Detection::Absent { why, .. } => skipped(name, &why),
        }
    });
}

#[test]
fn docker() {
    holds("docker");
}

#[test]
fn podman() {
    holds("podman");
}
