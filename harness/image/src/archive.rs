//! A layout folder as one archive file: for whoever reads OCI archives, and for daemons, of which
//! older ones know only the list that `docker save` writes.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use model::Digest;
use serde_json::json;

use crate::ImageError;
use crate::document::{Manifest, invalid};
use crate::tar::{BLOCK, Header};
use crate::write::partial_name;

/// Something in an archive.
enum Part {
    /// A file of the layout, by its name there.
    Stored(PathBuf),
    /// Bytes made for the archive.
    Made(&'static str, Vec<u8>),
}

/// Writes the layout folder `layout` as an OCI archive (a tar of the layout) to `file`, which is
/// replaced at the end: never half an archive. The same layout gives the same bytes.
pub fn write_archive(layout: &Path, file: &Path) -> Result<(), ImageError> {
    let mut digests: Vec<_> = fs::read_dir(layout.join(BLOBS))
        .and_then(|dir| {
            dir.map(|item| Ok(item?.file_name()))
                .collect::<Result<_, _>>()
        })
        .map_err(ImageError::io("the layout's blobs"))?;
    digests.sort();
    let blobs = digests.iter().map(|name| Path::new(BLOBS).join(name));
    let mut parts = vec![
        Part::Stored("oci-layout".into()),
        Part::Stored("index.json".into()),
    ];
    parts.extend(blobs.map(Part::Stored));
    replace(layout, file, &parts)
}

/// Writes the image `manifest` of the layout folder `layout` to `file` so that every daemon loads it
/// under the name `tag` (`repository:tag`): an OCI archive with the name in its index, and beside it
/// `manifest.json`, which names the same blobs to daemons that know no layouts. Replaced at the end.
pub fn write_daemon_archive(
    layout: &Path,
    manifest: Digest,
    tag: &str,
    file: &Path,
) -> Result<(), ImageError> {
    let what = || ImageError::io(format!("manifest {manifest} of the layout"));
    let name = |digest: &Digest| format!("{BLOBS}/{}", digest.hex());
    let bytes = fs::read(layout.join(name(&manifest))).map_err(what())?;
    let image: Manifest = serde_json::from_slice(&bytes)
        .map_err(|error| invalid(&format!("manifest {manifest}"), error.to_string()))?;
    let layers: Vec<String> = image
        .layers
        .iter()
        .map(|layer| name(&layer.digest))
        .collect();
    let list = json!([{
        "Config": name(&image.config.digest), "RepoTags": [tag], "Layers": layers,
    }]);
    let (_, short) = tag.rsplit_once(':').unwrap_or((tag, "latest"));
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": manifest,
            "size": bytes.len(),
            "annotations": {
                "io.containerd.image.name": tag,
                "org.opencontainers.image.ref.name": short,
            },
        }],
    });
    let mut blobs = vec![name(&manifest), name(&image.config.digest)];
    // A layer may stand in an image twice.
    blobs.extend(layers);
    blobs.sort();
    blobs.dedup();
    let mut parts = vec![
        Part::Stored("oci-layout".into()),
        Part::Made("index.json", index.to_string().into_bytes()),
        Part::Made("manifest.json", list.to_string().into_bytes()),
    ];
    parts.extend(blobs.into_iter().map(|name| Part::Stored(name.into())));
    replace(layout, file, &parts)
}

const BLOBS: &str = "blobs/sha256";

fn replace(layout: &Path, file: &Path, parts: &[Part]) -> Result<(), ImageError> {
    let told = || ImageError::io(format!("archive `{}`", file.display()));
    let partial = partial_name(file)?;
    let written = write(layout, &partial, parts);
    let renamed = written.and_then(|()| fs::rename(&partial, file).map_err(told()));
    if renamed.is_err() {
        let _ = fs::remove_file(&partial);
    }
    renamed
}

fn write(layout: &Path, file: &Path, parts: &[Part]) -> Result<(), ImageError> {
    let told = || ImageError::io(format!("archive `{}`", file.display()));
    let out = fs::File::create(file).map_err(told())?;
    let mut out = std::io::BufWriter::with_capacity(1 << 17, out);
    for folder in ["blobs/", "blobs/sha256/"] {
        out.write_all(&header(folder.as_bytes(), b'5', 0))
            .map_err(told())?;
    }
    for part in parts {
        let size = match part {
            Part::Made(name, bytes) => {
                let size = bytes.len() as u64;
                out.write_all(&header(name.as_bytes(), b'0', size))
                    .and_then(|()| out.write_all(bytes))
                    .map_err(told())?;
                size
            }
            Part::Stored(name) => stored(layout, name, &mut out, &told)?,
        };
        let padding = size.next_multiple_of(BLOCK as u64) - size;
        out.write_all(&[0; BLOCK][..padding as usize])
            .map_err(told())?;
    }
    out.write_all(&[0; 2 * BLOCK]).map_err(told())?;
    out.flush().map_err(told())
}

/// Writes the header and the bytes of a file of the layout; how many.
fn stored<F: FnOnce(std::io::Error) -> ImageError>(
    layout: &Path,
    name: &Path,
    out: &mut impl std::io::Write,
    told: &impl Fn() -> F,
) -> Result<u64, ImageError> {
    let what = || ImageError::io(format!("`{}` of the layout", name.display()));
    let content = fs::File::open(layout.join(name)).map_err(what())?;
    let size = content.metadata().map_err(what())?.len();
    let text = name.to_string_lossy();
    out.write_all(&header(text.as_bytes(), b'0', size))
        .map_err(told())?;
    let copied = std::io::copy(&mut content.take(size), out).map_err(told())?;
    if copied == size {
        return Ok(size);
    }
    Err(ImageError::WrongSize {
        what: format!("`{text}` of the layout"),
        declared: size,
        found: copied,
    })
}

fn header(name: &[u8], kind: u8, size: u64) -> [u8; BLOCK] {
    let header = Header {
        name,
        kind,
        mode: if kind == b'5' { 0o755 } else { 0o644 },
        uid: 0,
        gid: 0,
        size,
        mtime: 0,
        link: b"",
        device: None,
    };
    header.bytes()
}
