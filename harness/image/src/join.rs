//! One layout of several: an index with a manifest for each platform.

use std::path::{Path, PathBuf};

use fs_err as fs;
use model::Digest;

use crate::document::{
    Descriptor, ImageDocument, Index, MEDIA_INDEX, Manifest, Platform, REF_NAME, RawDocument,
    invalid,
};
use crate::{ImageError, NewLayout};

/// Joins `layouts`, each of one image, into the layout folder `dir`, which must not exist or be
/// empty. Its index names one thing, an index called `name` with the images by platform, so the
/// order of `layouts` changes nothing. Blobs are linked where that can be done, else copied. Returns that
/// inner index. Two images for one platform are refused.
pub fn join_layouts(
    dir: &Path,
    name: &str,
    layouts: &[PathBuf],
) -> Result<RawDocument, ImageError> {
    let layout = NewLayout::beside(dir)?;
    let mut parts = Vec::new();
    for from in layouts {
        parts.push(part(from, &layout)?);
    }
    parts.sort_by_key(|(platform, _)| platform.text());
    if let Some(twice) = parts.windows(2).find(|two| two[0].0 == two[1].0) {
        let why = format!("{} is there twice", twice[0].0.text());
        return Err(invalid("the joint index", why));
    }
    let named = |(platform, manifest): (Platform, Descriptor)| Descriptor {
        platform: Some(platform),
        ..Descriptor::new(&manifest.media_type, manifest.digest, manifest.size)
    };
    let inner = Index::naming(parts.into_iter().map(named).collect())?;
    layout.put(inner.digest(), &[inner.bytes()])?;
    let called = [(REF_NAME.to_owned(), name.to_owned())].into();
    let outer = Index::naming(vec![Descriptor {
        annotations: Some(called),
        ..Descriptor::new(MEDIA_INDEX, inner.digest(), inner.size())
    }])?;
    layout.finish(&outer)?;
    Ok(inner)
}

/// Takes over the blobs of the one image at `from`; its platform and the pointer to its manifest.
fn part(from: &Path, into: &NewLayout) -> Result<(Platform, Descriptor), ImageError> {
    let told = || ImageError::io(from.display().to_string());
    let index = fs::read(from.join("index.json")).map_err(told())?;
    let index: Index = RawDocument::new(index).view("the index of a layout")?;
    let [named] = &index.manifests[..] else {
        let why = format!("{} images in {}", index.manifests.len(), from.display());
        return Err(invalid("a layout to join", why));
    };
    let manifest = document(from, named, "a manifest")?;
    let view: Manifest = manifest.view("a manifest")?;
    let config = document(from, &view.config, "a configuration")?;
    let image: ImageDocument = config.view("a configuration")?;
    for blob in [named, &view.config].into_iter().chain(&view.layers) {
        take(&place(from, blob.digest), &into.blob(blob.digest))?;
    }
    Ok((image.platform(), named.clone()))
}

/// A document of a layout, if it is what its name says.
fn document(from: &Path, named: &Descriptor, what: &str) -> Result<RawDocument, ImageError> {
    let bytes = fs::read(place(from, named.digest)).map_err(ImageError::io(what))?;
    let document = RawDocument::new(bytes);
    if document.digest() == named.digest {
        Ok(document)
    } else {
        let why = format!("is {} instead of {}", document.digest(), named.digest);
        Err(invalid(what, why))
    }
}

fn place(layout: &Path, digest: Digest) -> PathBuf {
    layout.join("blobs/sha256").join(digest.hex())
}

/// Links or copies a blob; images of several platforms may share one.
fn take(from: &Path, to: &Path) -> Result<(), ImageError> {
    if to.exists() || fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)
        .map(drop)
        .map_err(ImageError::io("a blob"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use model::Arch;
    use rootfs::{Blob, Entry, Origin, Tree, TreePath};

    use super::*;
    use crate::{ImageConfig, Limits, OciImage, PackedLayer, Reference, write_layout};

    fn layout(folder: &Path, arch: Arch) -> PathBuf {
        let mut tree = Tree::new();
        let blob = Blob::new(arch.debian().as_bytes().to_vec());
        let entry = Entry::file(blob, 0o644, Origin::User);
        tree.insert(TreePath::new("/arch").unwrap(), entry).unwrap();
        let config = ImageConfig {
            arch,
            created_s: 0,
            user: (1, 1),
            env: BTreeMap::new(),
            entrypoint: vec!["/arch".to_owned()],
            cmd: Vec::new(),
            working_dir: "/".to_owned(),
            exposed_ports: Vec::new(),
            stop_signal: "SIGTERM".to_owned(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            ref_name: "one".to_owned(),
        };
        let dir = folder.join(arch.debian());
        let layer = PackedLayer::of(&tree, 0, 6).unwrap();
        write_layout(&dir, &config, &[(layer, "all")]).unwrap();
        dir
    }

    #[test]
    fn every_platform_is_found_again_and_order_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let parts: Vec<PathBuf> = [Arch::S390x, Arch::Amd64, Arch::Armhf]
            .iter()
            .map(|arch| layout(folder.path(), *arch))
            .collect();
        let joint = folder.path().join("joint");
        let index = join_layouts(&joint, "all", &parts).unwrap();
        let reversed: Vec<PathBuf> = parts.iter().rev().cloned().collect();
        let again = join_layouts(&folder.path().join("again"), "all", &reversed).unwrap();
        assert_eq!(index, again);
        let reference: Reference = format!("layout:{}:all", joint.display()).parse().unwrap();
        for arch in [Arch::Amd64, Arch::Armhf, Arch::S390x] {
            let image = OciImage::open(&reference, arch, &Limits::standard()).unwrap();
            let blob = image.tree.read("/arch").and_then(Blob::bytes).unwrap();
            assert_eq!(blob, arch.debian().as_bytes());
        }
        assert!(OciImage::open(&reference, Arch::Arm64, &Limits::standard()).is_err());
    }

    #[test]
    fn one_platform_twice_and_damage_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let part = layout(folder.path(), Arch::Amd64);
        let joint = folder.path().join("joint");
        let twice = join_layouts(&joint, "all", &[part.clone(), part.clone()]).unwrap_err();
        assert!(
            twice.to_string().contains("linux/amd64 is there twice"),
            "{twice}"
        );
        let view: Index = RawDocument::new(fs::read(part.join("index.json")).unwrap())
            .view("it")
            .unwrap();
        fs::write(place(&part, view.manifests[0].digest), b"{}").unwrap();
        let damaged = join_layouts(&joint, "all", &[part]).unwrap_err();
        assert!(damaged.to_string().contains("instead of"), "{damaged}");
        assert!(!joint.exists());
    }
}
