//! Writing an image's layers and documents, and what is known of it afterwards.

use std::collections::BTreeMap;

use anyhow::Result;
use camino::Utf8Path;
use engine::ArmImage;
use image::{ImageConfig, PackedLayer, write_layout};
use model::{Arm, Digest, ImageFacts, ImageSpec, LayerFacts};
use rootfs::{CutRootfs, Tree};

use super::importing::Imported;
use super::intent::IntendedImage;
use super::{metadata, own_words};

/// The one time of all images: 2025-08-09, Debian 13's release. A real time would change bytes.
pub(super) const CREATED_S: u64 = 1_754_697_600;

/// What is written.
pub struct Writing<'a> {
    /// Whose image.
    pub image: &'a IntendedImage,
    /// Which arm.
    pub arm: Arm,
    /// The cut.
    pub cut: &'a CutRootfs,
    /// The user's files.
    pub own: &'a Tree,
    /// The cut with files and everything finish steps made, and those alone.
    pub made: &'a super::finish::Finished,
    /// Where packages came from.
    pub origin: String,
    /// What its packages say of themselves, for the documents beside it.
    pub described: Option<metadata::Described<'a>>,
    /// Where it goes.
    pub place: &'a Utf8Path,
}

/// Writes the layout and the listing beside it.
pub fn write(writing: &Writing<'_>) -> Result<ArmImage> {
    let spec = &writing.image.spec;
    let whole = &writing.made.whole;
    image::hash_contents(&whole.tree);
    let mut layers: Vec<(&str, Tree)> = vec![("packages", writing.cut.tree.clone())];
    if !writing.own.is_empty() {
        layers.push(("files", image::stack(&writing.cut.tree, writing.own)?));
    }
    if let Some(generated) = &writing.made.generated {
        layers.push(("finish", generated.clone()));
    }
    let packed: Vec<(PackedLayer, &str)> = layers
        .iter()
        .map(|(content, tree)| {
            Ok((
                PackedLayer::of(tree, CREATED_S, spec.layer.level)?,
                *content,
            ))
        })
        .collect::<Result<_>>()?;
    let config = config(writing);
    let written = write_layout(writing.place.as_std_path(), &config, &packed)?;
    let listing = writing.place.join("rootfs.tree");
    let mut bytes = Vec::new();
    whole.write(&mut bytes)?;
    fs_err::write(&listing, bytes)?;
    let documents = metadata::beside(writing, written.manifest.digest())?;
    let totals = whole.tree.totals();
    let facts = ImageFacts {
        image: writing.image.name.clone(),
        arm: writing.arm,
        arch: whole.arch,
        manifest: written.manifest.digest(),
        config: written.config.digest(),
        tree: whole.tree.digest(),
        compressed_bytes: packed.iter().map(|(layer, _)| layer.stored_bytes).sum(),
        layer_bytes: packed.iter().map(|(layer, _)| layer.tar_bytes).sum(),
        file_bytes: totals.bytes,
        entries: totals.entries(),
        layers: packed
            .iter()
            .map(|(layer, content)| LayerFacts {
                digest: layer.digest,
                diff_id: layer.diff_id,
                bytes: layer.stored_bytes,
                content: (*content).to_owned(),
            })
            .collect(),
        packages: packages(whole),
        slices: whole.slices.clone(),
        origin: writing.origin.clone(),
        notes: whole.notes.clone(),
        documents,
    };
    Ok(known(writing.image, facts, writing.place))
}

/// An image whose layout and listing lie at `place` already.
pub fn known(image: &IntendedImage, facts: ImageFacts, place: &Utf8Path) -> ArmImage {
    ArmImage {
        facts,
        layout: place.to_owned(),
        listing: Some(place.join("rootfs.tree")),
        spec: image.spec.clone(),
        delivered: None,
    }
}

/// An existing image that was brought to `place`. What its spec leaves open, its own configuration
/// says.
pub fn existing(
    imported: Imported,
    image: &IntendedImage,
    arm: Arm,
    place: &Utf8Path,
) -> Result<ArmImage> {
    let Imported {
        image: opened,
        origin,
        mut notes,
    } = imported;
    let spec = match arm {
        Arm::Candidate => own_words::fill(&image.spec, &opened, &mut notes)?,
        _ => image.spec.clone(),
    };
    let sizes = opened.sizes();
    let facts = ImageFacts {
        image: image.name.clone(),
        arm,
        arch: opened.arch,
        manifest: opened.manifest.digest(),
        config: opened.config.digest(),
        tree: opened.tree.digest(),
        compressed_bytes: sizes.stored_bytes,
        layer_bytes: sizes.tar_bytes,
        file_bytes: sizes.file_bytes,
        entries: sizes.entries,
        layers: opened
            .layers
            .iter()
            .map(|layer| LayerFacts {
                digest: layer.digest,
                diff_id: layer.diff_id,
                bytes: layer.stored_bytes,
                content: "existing".to_owned(),
            })
            .collect(),
        packages: Vec::new(),
        slices: Vec::new(),
        origin,
        notes,
        documents: Vec::new(),
    };
    Ok(ArmImage {
        facts,
        layout: place.to_owned(),
        listing: None,
        spec,
        delivered: None,
    })
}

fn packages(cut: &CutRootfs) -> Vec<String> {
    cut.packages
        .iter()
        .map(|package| format!("{}={}", package.name, package.version))
        .collect()
}

fn config(writing: &Writing<'_>) -> ImageConfig {
    let spec: &ImageSpec = &writing.image.spec;
    let name = writing.image.name.to_string();
    let annotations = BTreeMap::from([
        (
            "org.opencontainers.image.created".to_owned(),
            "2025-08-09T00:00:00Z".to_owned(),
        ),
        ("org.opencontainers.image.title".to_owned(), name.clone()),
        (
            "org.opencontainers.image.description".to_owned(),
            spec.summary.clone(),
        ),
        (
            "org.opencontainers.image.version".to_owned(),
            version(writing.cut),
        ),
    ]);
    ImageConfig {
        arch: writing.cut.arch,
        created_s: CREATED_S,
        user: (spec.config.user.uid, spec.config.user.gid),
        env: spec.config.env.clone(),
        entrypoint: spec.config.entrypoint.clone(),
        cmd: spec.config.command.clone(),
        working_dir: spec.config.workdir.clone(),
        exposed_ports: spec.config.ports.clone(),
        stop_signal: spec.config.stop_signal.clone(),
        labels: BTreeMap::new(),
        annotations,
        ref_name: name,
    }
}

/// A version for people: the digest of all packages' versions, short.
fn version(cut: &CutRootfs) -> String {
    Digest::of(packages(cut).join("\n").as_bytes()).short()
}
