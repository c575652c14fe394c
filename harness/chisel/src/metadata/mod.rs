//! Documents beside an image: what scanners, lawyers and people ask of what it is made of.
//!
//! A [`Bill`] says it once; each document is a pure function of it, one file here and one line in
//! [`DOCUMENTS`]. The same bill gives the same bytes.

mod bill;
mod collect;
mod contents;
mod copyright;
mod cyclonedx;
mod expression;
mod file_map;
mod licences;
mod openvex;
mod purl;
mod spdx;
mod status_d;

pub use bill::{
    Bill, BillFile, BillPackage, Content, CopyrightFile, Distribution, Identity, Licensing, Subject,
};
pub use collect::Ingredients;
pub(crate) use contents::ContentsReader;
pub use contents::{Copyright, PackageContents, PackagedFile};
pub use copyright::NamedLicence;
pub use status_d::records as status_d;

use model::Digest;

/// A kind of document.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    /// Its name: `spdx`.
    pub name: &'static str,
    /// Its media type; of each file for a folder.
    pub media_type: &'static str,
    /// Its file name; a folder's ends in a slash.
    pub path: &'static str,
    /// What it is for, in a line.
    pub says: &'static str,
    render: fn(&Bill) -> Vec<Leaf>,
}

/// One file of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Its path: the document's, or below it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Every kind of document.
pub const DOCUMENTS: &[Document] = &[
    spdx::DOCUMENT,
    cyclonedx::DOCUMENT,
    status_d::DOCUMENT,
    file_map::DOCUMENT,
    licences::DOCUMENT,
    licences::TEXTS,
    openvex::DOCUMENT,
];

impl Document {
    /// The files of this document for `bill`, by path; none where it has nothing to say.
    pub fn render(&self, bill: &Bill) -> Vec<Leaf> {
        (self.render)(bill)
    }

    /// Whether it is a folder of files.
    pub fn is_folder(&self) -> bool {
        self.path.ends_with('/')
    }

    /// What identifies the document made of `leaves`: the digest of its one file; for a folder that
    /// of the lines that `sha256sum` prints for its files.
    pub fn digest(&self, leaves: &[Leaf]) -> Digest {
        match leaves {
            [leaf] if !self.is_folder() => Digest::of(leaf.text.as_bytes()),
            leaves => {
                let line = |leaf: &Leaf| {
                    let name = leaf.path.strip_prefix(self.path).unwrap_or(&leaf.path);
                    format!("{}  {name}\n", Digest::of(leaf.text.as_bytes()).hex())
                };
                Digest::of(leaves.iter().map(line).collect::<String>().as_bytes())
            }
        }
    }
}

/// A document that is one JSON text.
fn json(path: &str, value: &serde_json::Value) -> Vec<Leaf> {
    vec![Leaf {
        path: path.to_owned(),
        text: format!("{value:#}\n"),
    }]
}
