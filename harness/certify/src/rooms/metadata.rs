//! Documents about an image: beside it in the run folder, and records of it inside where its spec
//! asks for them.

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use chisel::metadata::{
    Bill, DOCUMENTS, Identity, Ingredients, Leaf, PackageContents, Subject, status_d,
};
use chisel::{PackageRecord, Release};
use model::{Digest, DocumentFacts, ImageSpec, Inside};
use rootfs::{Blob, CutRootfs, Entry, Origin, TreePath};
use walkdir::WalkDir;

use super::layout::{CREATED_S, Writing};

/// The folder beside an image's layout.
pub const FOLDER: &str = "metadata";

/// What documents say they were made by.
const TOOL: (&str, &str) = ("certify", env!("CARGO_PKG_VERSION"));

/// The packages of a cut, as archives announce them and as they describe themselves.
#[derive(Debug, Clone, Copy)]
pub struct Described<'d> {
    /// What they were cut by.
    pub release: &'d Release,
    /// As archives announce them.
    pub records: &'d [PackageRecord],
    /// As they describe themselves, in the same order.
    pub contents: &'d [PackageContents],
}

impl<'d> Described<'d> {
    /// The bill of `subject`, whose tree is `rootfs`.
    pub fn bill(&self, rootfs: &'d CutRootfs, subject: Subject, created_s: i64) -> Result<Bill> {
        let ingredients = Ingredients {
            rootfs,
            records: self.records,
            contents: self.contents,
            release: self.release,
        };
        Ok(Bill::of(ingredients, subject, created_s, TOOL)?)
    }
}

/// Puts the records that `spec` asks for into the tree of its cut.
pub(super) fn inside(
    spec: &ImageSpec,
    cut: &mut CutRootfs,
    described: Described<'_>,
) -> Result<()> {
    for record in &spec.metadata {
        match record {
            Inside::StatusD => {
                let subject = tree(cut, "image");
                let bill = described.bill(cut, subject, created_s())?;
                for leaf in status_d(&bill) {
                    let place = TreePath::new(format!("/var/lib/dpkg/status.d/{}", leaf.path))?;
                    let origin = Origin::Generated("status.d".into());
                    let entry = Entry::file(Blob::new(leaf.text.into_bytes()), 0o644, origin);
                    let place = cut.tree.place(&place)?;
                    cut.tree.insert(place, entry.with_owner("generated"))?;
                }
                let count = bill.packages.len();
                cut.notes.push(format!(
                    "generated: /var/lib/dpkg/status.d for {count} packages"
                ));
            }
        }
    }
    Ok(())
}

/// Writes every document about an image into its folder; nothing for whole packages.
pub(super) fn beside(writing: &Writing<'_>, manifest: Digest) -> Result<Vec<DocumentFacts>> {
    let Some(described) = writing.described else {
        return Ok(Vec::new());
    };
    let whole = &writing.made.whole;
    let image = &writing.image.name;
    let subject = Subject {
        name: image.to_string(),
        arch: whole.arch,
        identity: Identity::Image(manifest),
    };
    let bill = described.bill(whole, subject, created_s())?;
    let (arm, arch) = (writing.arm.word(), whole.arch.debian());
    let told = format!("images/{image}/{arm}/{arch}/{FOLDER}");
    write(&bill, &writing.place.join(FOLDER), &told)
}

/// Writes every document of `bill` into `folder`, which reads will call `told`.
pub fn write(bill: &Bill, folder: &Utf8Path, told: &str) -> Result<Vec<DocumentFacts>> {
    let mut facts = Vec::new();
    for document in DOCUMENTS {
        let leaves = document.render(bill);
        if leaves.is_empty() {
            continue;
        }
        for Leaf { path, text } in &leaves {
            put(&folder.join(path), text.as_bytes())?;
        }
        facts.push(DocumentFacts {
            name: document.name.to_owned(),
            path: format!("{told}/{}", document.path),
            media_type: document.media_type.to_owned(),
            summary: document.says.to_owned(),
            bytes: leaves.iter().map(|leaf| leaf.text.len() as u64).sum(),
            digest: document.digest(&leaves),
        });
    }
    Ok(facts)
}

/// What a tree is called that is no image.
pub fn tree(cut: &CutRootfs, name: &str) -> Subject {
    Subject {
        name: name.to_owned(),
        arch: cut.arch,
        identity: Identity::Tree(cut.tree.digest()),
    }
}

/// The one time in the documents of images.
fn created_s() -> i64 {
    i64::try_from(CREATED_S).unwrap_or(i64::MAX)
}

/// The time in the documents of a tree: `SOURCE_DATE_EPOCH`, else that of images.
pub fn source_date_s() -> i64 {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok();
    told.and_then(|text| text.parse().ok())
        .unwrap_or_else(created_s)
}

/// Refuses a folder for documents that has something in it: old documents would read as new ones.
pub fn check_empty(folder: &Utf8Path) -> Result<()> {
    let occupied = folder.exists()
        && folder
            .read_dir_utf8()
            .map_or(true, |mut d| d.next().is_some());
    if occupied {
        bail!("the folder {folder} for documents is not empty; give an absent or an empty one");
    }
    Ok(())
}

/// Copies the documents beside the image at `place` into `folder`.
pub fn copy(place: &Utf8Path, folder: &Utf8Path) -> Result<()> {
    let from = place.join(FOLDER);
    if !from.is_dir() {
        bail!("{place} was not cut from packages, so there is nothing to describe");
    }
    for entry in WalkDir::new(&from).sort_by_file_name() {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let path = Utf8PathBuf::try_from(entry.into_path()).context("a document's name")?;
        let name = path.strip_prefix(&from).context("a document's place")?;
        put(&folder.join(name), &fs_err::read(&path)?)?;
    }
    Ok(())
}

fn put(path: &Utf8Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    Ok(fs_err::write(path, bytes)?)
}
