//! The contract against daemons that run: Docker's and Podman's.
//!
//! Class `docker`, class `podman`. A daemon is not started here: `cargo xtask testbed up` starts
//! them, and the gate does that first.

use futures::TryStreamExt;

use crate::battery::{self, Kind};
use crate::ground::{Ground, skipped};
use crate::{block_on, ground, platform, work};

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

/// What an engine saves is the image that it holds, whatever kind of archive it writes.
#[test]
fn docker_saves_what_it_holds() {
    let Some(ground) = Ground::prepare() else {
        return;
    };
    let work = work(&ground, "docker-saves");
    block_on(async {
        let around = Ground::surroundings(&ground.folder);
        let detected = platform("docker").detect(&around).await;
        if let engine::Detection::Absent { why, .. } = detected {
            return skipped("docker", &why);
        }
        let delivery = ground::delivery(&ground.folder, &work, "saved");
        let tag = format!("certify-contract/saved:{}", std::process::id());
        let archive = work.join("loaded.tar");
        let layout = delivery.layout.as_std_path();
        image::write_daemon_archive(layout, delivery.manifest, &tag, archive.as_std_path())
            .unwrap();
        let client = client();
        let bytes = fs_err::read(&archive).unwrap();
        let options = bollard::query_parameters::ImportImageOptionsBuilder::new().build();
        let body = bollard::body_full(bytes.into());
        client
            .import_image(options, body, None)
            .try_collect::<Vec<_>>()
            .await
            .unwrap();
        let saved = work.join("saved.tar");
        let held = platforms::save_image(&tag, &saved, 1 << 30).await;
        let absent = platforms::save_image("certify-contract/none:1", &saved, 1 << 30).await;
        let how = None::<bollard::query_parameters::RemoveImageOptions>;
        client.remove_image(&tag, how, None).await.unwrap();
        let held = held.unwrap();
        assert!(matches!(absent, Err(platforms::SaveError::NoImage { .. })));
        let limits = image::Limits::standard();
        let arch = model::Arch::host().unwrap();
        let open = |path: &camino::Utf8Path| {
            let reference = path.as_str().parse().unwrap();
            image::OciImage::open(&reference, arch, &limits).unwrap()
        };
        let (given, saved) = (open(&delivery.layout), open(&saved));
        assert_eq!(given.config, saved.config);
        assert_eq!(given.tree.digest(), saved.tree.digest());
        let known = [saved.manifest.digest(), saved.config.digest()];
        let known = known.map(|digest| digest.to_string());
        assert!(known.contains(&held.id), "{held:?}");
    });
}

/// The engine that the platform finds.
fn client() -> bollard::Docker {
    let sockets = ["/var/run/docker.sock", "/run/certify-testbed/docker.sock"];
    let there = sockets
        .iter()
        .find(|path| std::path::Path::new(path).exists());
    let named = std::env::var("DOCKER_HOST")
        .ok()
        .filter(|name| !name.is_empty());
    let address = named.unwrap_or_else(|| format!("unix://{}", there.unwrap()));
    bollard::Docker::connect_with_unix(&address, 120, bollard::API_DEFAULT_VERSION).unwrap()
}
