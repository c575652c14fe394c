//! Three packages made for the purpose, a release that cuts a part of them, and their bill.

use chisel::metadata::{Bill, DOCUMENTS, Identity, Ingredients, Leaf, Subject};
use chisel::{Cut, Release, ReleaseFiles, ScriptLimits, SliceKey, Strictness, cut, select};
use model::{Arch, Digest};
use testkit::DebBuilder;

use crate::shelf::Shelf;

const RELEASE: &str = "format: v3
archives:
  debian: {version: 13, suites: [trixie, trixie-updates], components: [main], public-keys: [key], \
priority: 1}
public-keys:
  key: {path: keys/key.asc}
maintenance: {standard: 2025-01-01, end-of-life: 2030-01-01}
";

const SLICES: [(&str, &str); 3] = [
    (
        "slices/tool.yaml",
        "package: tool\nslices:\n  bins:\n    essential: {libtool1_libs: null, tool-data_all: null}\n    \
         contents:\n      /usr/bin/tool:\n      /usr/bin/tool-link:\n      \
         /usr/lib/moved: {copy: /usr/lib/tool/original}\n      /etc/tool.conf: {text: x, mutable: true}\n      \
         /etc/changed: {mutable: true}\n      /usr/share/doc/tool/copyright:\n    mutate: |\n      \
         content.write(\"/etc/changed\", \"other\\n\")\n",
    ),
    (
        "slices/libtool1.yaml",
        "package: libtool1\nslices:\n  libs:\n    contents:\n      /usr/lib/*.so.*:\n      \
         /usr/share/doc/libtool1:\n",
    ),
    (
        "slices/tool-data.yaml",
        "package: tool-data\nslices:\n  all:\n    contents:\n      /usr/share/tool/**:\n",
    ),
];

const DEP5: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: somebody
License: GPL-2+ or Expat

Files: debian/*
Copyright: somebody
License: public-domain
 Do as you like.

License: Expat
 Permission is granted.
";

/// A package with its source's name and version.
fn packages() -> Vec<(DebBuilder, &'static str, &'static str)> {
    let deb = |name: &str, version: &str| {
        DebBuilder::new(name, version)
            .field("Maintainer", "Some Team <team@example.org>")
            .field("Homepage", "https://example.org/tool")
    };
    let tool = deb("tool", "1:2.0-1+b1")
        .field("Depends", "libtool1 (>= 2.0), tool-data | other, libc6")
        .file("/usr/bin/tool", 0o755, b"the tool\n")
        .hardlink("/usr/bin/tool-link", "/usr/bin/tool")
        .file("/usr/lib/tool/original", 0o644, b"moved\n")
        .file("/etc/changed", 0o644, b"first\n")
        .file("/usr/share/man/man1/tool.1", 0o644, b"manual\n")
        .file("/usr/share/doc/tool/copyright", 0o644, DEP5.as_bytes());
    let library = deb("libtool1", "2.0-1")
        .field("Provides", "libtool-abi (= 1)")
        .file("/usr/lib/libtool.so.1.0", 0o644, b"library\n")
        .symlink("/usr/lib/libtool.so.1", "libtool.so.1.0")
        .symlink("/usr/share/doc/libtool1", "tool");
    let data = deb("tool-data", "2.0-1")
        .architecture("all")
        .file("/usr/share/tool/data", 0o644, b"data\n")
        .file(
            "/usr/share/doc/tool-data/copyright",
            0o644,
            b"Free, says the author.\n",
        );
    vec![
        (tool, "tool", "1:2.0-1"),
        (library, "tool", "1:2.0-1"),
        (data, "tool-data", "2.0-1"),
    ]
}

fn shelf() -> Shelf {
    let built = |(deb, source, version): (DebBuilder, &str, &str)| {
        (deb.build(), source.to_owned(), version.to_owned())
    };
    Shelf::of(packages().into_iter().map(built))
}

/// The release with its definitions.
fn release() -> Release {
    let fixed = [
        ("chisel.yaml", RELEASE),
        ("keys/key.asc", "not looked at here"),
    ];
    let all = fixed.into_iter().chain(SLICES);
    let files = all.map(|(path, text)| (path, text.as_bytes().to_vec()));
    Release::from_files(&ReleaseFiles::from_pairs("test", files), Strictness::Own).unwrap()
}

/// The cut of `slices` with its release.
pub(crate) fn cut_of(slices: &[&str]) -> (Cut, Release) {
    let release = release();
    let keys: Vec<SliceKey> = slices.iter().map(|slice| slice.parse().unwrap()).collect();
    let selection = select(&release, &keys, Arch::Amd64).unwrap();
    let cut = cut(&selection, &shelf(), ScriptLimits::STANDARD).unwrap();
    (cut, release)
}

/// The bill of everything that `tool_bins` needs.
pub(crate) fn bill() -> Bill {
    let (cut, release) = cut_of(&["tool_bins"]);
    let subject = Subject {
        name: "test image".to_owned(),
        arch: Arch::Amd64,
        identity: Identity::Image(Digest::of(b"manifest")),
    };
    let ingredients = Ingredients {
        rootfs: &cut.rootfs,
        records: &cut.records,
        contents: &cut.contents,
        release: &release,
    };
    Bill::of(ingredients, subject, 1_754_697_600, ("certify", "1.2.3")).unwrap()
}

/// The files of the document `name`.
pub(crate) fn document(name: &str, bill: &Bill) -> Vec<Leaf> {
    let document = DOCUMENTS
        .iter()
        .find(|document| document.name == name)
        .unwrap();
    document.render(bill)
}

/// The document `name`, which is one JSON text.
pub(crate) fn json(name: &str, bill: &Bill) -> serde_json::Value {
    serde_json::from_str(&document(name, bill)[0].text).unwrap()
}
