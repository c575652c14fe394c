//! A layout folder as one archive file.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::ImageError;
use crate::tar::{BLOCK, Header};
use crate::write::partial_name;

/// Writes the layout folder `layout` as an OCI archive (a tar of the layout) to `file`, which is
/// replaced at the end: never half an archive. The same layout gives the same bytes.
pub fn write_archive(layout: &Path, file: &Path) -> Result<(), ImageError> {
    let told = || ImageError::io(format!("archive `{}`", file.display()));
    let partial = partial_name(file)?;
    let written = write(layout, &partial);
    let renamed = written.and_then(|()| fs::rename(&partial, file).map_err(told()));
    if renamed.is_err() {
        let _ = fs::remove_file(&partial);
    }
    renamed
}

fn write(layout: &Path, file: &Path) -> Result<(), ImageError> {
    let told = || ImageError::io(format!("archive `{}`", file.display()));
    let mut names: Vec<PathBuf> = vec!["oci-layout".into(), "index.json".into()];
    let blobs = layout.join("blobs/sha256");
    let mut digests: Vec<_> = fs::read_dir(&blobs)
        .and_then(|dir| {
            dir.map(|item| Ok(item?.file_name()))
                .collect::<Result<_, _>>()
        })
        .map_err(ImageError::io("the layout's blobs"))?;
    digests.sort();
    names.extend(
        digests
            .iter()
            .map(|name| Path::new("blobs/sha256").join(name)),
    );

    let out = fs::File::create(file).map_err(told())?;
    let mut out = std::io::BufWriter::with_capacity(1 << 17, out);
    for folder in ["blobs/", "blobs/sha256/"] {
        out.write_all(&header(folder.as_bytes(), b'5', 0))
            .map_err(told())?;
    }
    for name in names {
        let what = || ImageError::io(format!("`{}` of the layout", name.display()));
        let content = fs::File::open(layout.join(&name)).map_err(what())?;
        let size = content.metadata().map_err(what())?.len();
        let text = name.to_string_lossy();
        out.write_all(&header(text.as_bytes(), b'0', size))
            .map_err(told())?;
        let copied = std::io::copy(&mut content.take(size), &mut out).map_err(told())?;
        if copied != size {
            return Err(ImageError::WrongSize {
                what: format!("`{text}` of the layout"),
                declared: size,
                found: copied,
            });
        }
        let padding = size.next_multiple_of(BLOCK as u64) - size;
        out.write_all(&[0; BLOCK][..padding as usize])
            .map_err(told())?;
    }
    out.write_all(&[0; 2 * BLOCK]).map_err(told())?;
    out.flush().map_err(told())
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
