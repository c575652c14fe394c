//! The image that holds the probe alone: for platforms that can only start images.

use std::collections::BTreeMap;

use camino::Utf8Path;
use model::Digest;
use rootfs::{Blob, Entry, Origin, Tree, TreePath};

/// The folder of the probe in its image, and where it lies in a container that is stamped.
pub(crate) const FOLDER: &str = "/.certify";

/// Writes it as an OCI layout to the folder `layout`; its manifest.
pub(crate) async fn write(probe: &Utf8Path, layout: &Utf8Path) -> Result<Digest, String> {
    let (probe, layout) = (probe.to_owned(), layout.to_owned());
    let written = tokio::task::spawn_blocking(move || pack(&probe, &layout));
    written.await.map_err(|error| error.to_string())?
}

fn pack(probe: &Utf8Path, layout: &Utf8Path) -> Result<Digest, String> {
    let bytes = fs_err::read(probe).map_err(|error| error.to_string())?;
    let mut tree = Tree::new();
    let mut put = |path: &str, entry| -> Result<(), String> {
        let path = TreePath::new(path).map_err(|error| error.to_string())?;
        tree.insert(path, entry)
            .map_err(|error| error.to_string())
            .map(drop)
    };
    put(FOLDER, Entry::directory(0o755, Origin::User))?;
    let file = Entry::file(Blob::new(bytes), 0o755, Origin::User);
    put(&format!("{FOLDER}/probe"), file.clone())?;
    // A cluster mounts the image's root on the folder.
    put("/probe", file)?;
    let config = image::ImageConfig {
        arch: model::Arch::host().ok_or("this architecture is unknown")?,
        created_s: 0,
        user: (65534, 65534),
        env: BTreeMap::new(),
        entrypoint: vec![format!("{FOLDER}/probe")],
        cmd: Vec::new(),
        working_dir: "/".to_owned(),
        exposed_ports: Vec::new(),
        stop_signal: "SIGTERM".to_owned(),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        ref_name: "probe".to_owned(),
    };
    let layer = image::PackedLayer::of(&tree, 0, 1).map_err(|error| error.to_string())?;
    let written = image::write_layout(layout.as_std_path(), &config, &[(layer, "the probe")]);
    Ok(written
        .map_err(|error| error.to_string())?
        .manifest
        .digest())
}
