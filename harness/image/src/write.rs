//! Writing an image as an OCI layout folder.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use fs_err as fs;
use model::{Arch, Digest};

use crate::document::{
    Descriptor, Empty, History, ImageDocument, Index, MEDIA_CONFIG, MEDIA_MANIFEST, Manifest,
    Platform, REF_NAME, RawDocument, RootfsSection, RuntimeSection,
};
use crate::{ImageError, PackedLayer};

/// What an image configuration says. Every field is the caller's decision; nothing is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageConfig {
    /// Architecture.
    pub arch: Arch,
    /// The one time of the image, in seconds since 1970: configuration and history say it.
    pub created_s: u64,
    /// Numeric user and group.
    pub user: (u32, u32),
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// Argument vector of the program.
    pub entrypoint: Vec<String>,
    /// Default arguments.
    pub cmd: Vec<String>,
    /// Working directory.
    pub working_dir: String,
    /// TCP ports it listens on.
    pub exposed_ports: Vec<u16>,
    /// The signal that asks it to stop.
    pub stop_signal: String,
    /// Labels of the configuration.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the manifest (`org.opencontainers.image.*`).
    pub annotations: BTreeMap<String, String>,
    /// The name of the image inside the layout.
    pub ref_name: String,
}

/// An image as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenImage {
    /// The manifest: its digest is the image's identity.
    pub manifest: RawDocument,
    /// The configuration.
    pub config: RawDocument,
    /// The index that names the manifest.
    pub index: RawDocument,
}

/// Writes the layers (lowest first, each with its history text) and documents into the layout
/// folder `dir`, which must not exist or be empty. Everything is written under a temporary name
/// beside it and renamed at the end, so `dir` is never half an image.
pub fn write_layout(
    dir: &Path,
    config: &ImageConfig,
    layers: &[(PackedLayer, &str)],
) -> Result<WrittenImage, ImageError> {
    let written = documents(config, layers)?;
    let layout = NewLayout::beside(dir)?;
    for (layer, _) in layers {
        let pieces: Vec<&[u8]> = layer.pieces.iter().map(|piece| &piece[..]).collect();
        layout.put(layer.digest, &pieces)?;
    }
    for document in [&written.config, &written.manifest] {
        layout.put(document.digest(), &[document.bytes()])?;
    }
    layout.finish(&written.index)?;
    Ok(written)
}

/// A layout folder that is filled bit by bit under a temporary name. It appears whole, or it is
/// removed when dropped.
#[derive(Debug)]
pub struct NewLayout {
    staging: Staging,
    target: PathBuf,
}

impl NewLayout {
    /// An empty one, which will be the folder `dir`; that must not exist or be empty.
    pub fn beside(dir: &Path) -> Result<Self, ImageError> {
        let staging = Staging::beside(dir)?;
        let blobs = staging.path.join("blobs/sha256");
        fs::create_dir_all(blobs).map_err(ImageError::io("the layout"))?;
        Ok(Self {
            staging,
            target: dir.to_owned(),
        })
    }

    /// Where it lies until it is finished.
    pub fn path(&self) -> &Path {
        &self.staging.path
    }

    /// Where the blob `digest` lies. Whoever writes there has verified it before finishing.
    pub fn blob(&self, digest: Digest) -> PathBuf {
        self.staging.path.join("blobs/sha256").join(digest.hex())
    }

    /// Writes the blob `digest`, whose bytes the caller has verified, given in pieces.
    pub fn put(&self, digest: Digest, pieces: &[&[u8]]) -> Result<(), ImageError> {
        let told = || ImageError::io(format!("blob {}", digest.short()));
        let file = fs::File::create(self.blob(digest)).map_err(told())?;
        let mut out = std::io::BufWriter::with_capacity(1 << 16, file);
        for piece in pieces {
            out.write_all(piece).map_err(told())?;
        }
        out.flush().map_err(told())
    }

    /// Writes what makes the folder a layout: its version and `index`.
    pub fn index(&self, index: &RawDocument) -> Result<(), ImageError> {
        for (name, bytes) in [
            ("oci-layout", &br#"{"imageLayoutVersion":"1.0.0"}"#[..]),
            ("index.json", index.bytes()),
        ] {
            let path = self.staging.path.join(name);
            fs::write(path, bytes).map_err(ImageError::io("the layout"))?;
        }
        Ok(())
    }

    /// Writes the index and gives the folder its name.
    pub fn finish(self, index: &RawDocument) -> Result<(), ImageError> {
        self.index(index)?;
        self.staging.become_real(&self.target)
    }
}

fn documents(
    config: &ImageConfig,
    layers: &[(PackedLayer, &str)],
) -> Result<WrittenImage, ImageError> {
    let created = created(config.created_s)?;
    let platform = Platform::of(config.arch);
    let document = ImageDocument {
        created: Some(created.clone()),
        architecture: platform.architecture.clone(),
        variant: platform.variant.clone(),
        os: platform.os.clone(),
        config: Some(runtime(config)),
        rootfs: RootfsSection {
            r#type: "layers".to_owned(),
            diff_ids: layers.iter().map(|(layer, _)| layer.diff_id).collect(),
        },
        history: Some(
            layers
                .iter()
                .map(|(_, created_by)| History {
                    created: Some(created.clone()),
                    created_by: Some((*created_by).to_owned()),
                })
                .collect(),
        ),
    };
    let document = RawDocument::of("the configuration", &document)?;
    let descriptor = Descriptor::new;
    let stored = |(layer, _): &(PackedLayer, _)| {
        descriptor(layer.media_type, layer.digest, layer.stored_bytes)
    };
    let manifest = Manifest {
        schema_version: 2,
        media_type: MEDIA_MANIFEST.to_owned(),
        artifact_type: None,
        config: descriptor(MEDIA_CONFIG, document.digest(), document.size()),
        layers: layers.iter().map(stored).collect(),
        subject: None,
        annotations: Some(config.annotations.clone()),
    };
    let manifest = RawDocument::of("the manifest", &manifest)?;
    let name = BTreeMap::from([(REF_NAME.to_owned(), config.ref_name.clone())]);
    let index = Index::naming(vec![Descriptor {
        platform: Some(platform),
        annotations: Some(name),
        ..descriptor(MEDIA_MANIFEST, manifest.digest(), manifest.size())
    }])?;
    Ok(WrittenImage {
        manifest,
        config: document,
        index,
    })
}

fn created(seconds: u64) -> Result<String, ImageError> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds);
    time.map(|time| time.to_string())
        .map_err(|error| crate::document::invalid("the creation time", error.to_string()))
}

fn runtime(config: &ImageConfig) -> RuntimeSection {
    let port = |port: &u16| (format!("{port}/tcp"), Empty {});
    let ports: BTreeMap<String, Empty> = config.exposed_ports.iter().map(port).collect();
    let variable = |(name, value): (&String, &String)| format!("{name}={value}");
    let (uid, gid) = config.user;
    RuntimeSection {
        user: Some(format!("{uid}:{gid}")),
        exposed_ports: Some(ports).filter(|ports| !ports.is_empty()),
        env: Some(config.env.iter().map(variable).collect()),
        entrypoint: Some(config.entrypoint.clone()).filter(|argv| !argv.is_empty()),
        cmd: Some(config.cmd.clone()).filter(|argv| !argv.is_empty()),
        volumes: None,
        working_dir: Some(config.working_dir.clone()),
        labels: Some(config.labels.clone()).filter(|labels| !labels.is_empty()),
        stop_signal: Some(config.stop_signal.clone()),
        healthcheck: None,
        on_build: None,
        shell: None,
    }
}

/// A folder under a temporary name; removed again unless it becomes the real one.
#[derive(Debug)]
pub(crate) struct Staging {
    pub(crate) path: PathBuf,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Staging {
    /// A fresh folder in the same parent as `target`, whose parents are made.
    pub(crate) fn beside(target: &Path) -> Result<Self, ImageError> {
        let path = partial_name(target)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(ImageError::io("the parent folder"))?;
        }
        fs::create_dir(&path).map_err(ImageError::io("the temporary folder"))?;
        Ok(Self { path })
    }

    /// Takes the place of `target`, which must be absent or an empty folder.
    fn become_real(self, target: &Path) -> Result<(), ImageError> {
        fs::rename(&self.path, target).map_err(|error| match error.kind() {
            std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::NotADirectory => {
                ImageError::Occupied(target.display().to_string())
            }
            _ => ImageError::io("the finished layout")(error),
        })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Absent after a rename; a leftover of a failed write carries its purpose in its name.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// `.NAME.partial-PID-N` beside `target`: two runs never meet, and a leftover is recognisable.
pub(crate) fn partial_name(target: &Path) -> Result<PathBuf, ImageError> {
    let name = target.file_name().ok_or_else(|| ImageError::Reference {
        reference: target.display().to_string(),
        why: "has no file name".to_owned(),
    })?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let pid = std::process::id();
    let partial = format!(".{}.partial-{pid}-{number}", name.to_string_lossy());
    Ok(target.with_file_name(partial))
}
