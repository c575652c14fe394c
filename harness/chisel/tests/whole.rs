//! Whole packages of a real archive, when a folder with their files is at hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test, which prints how long things took"
)]
use std::collections::BTreeMap;

use bytes::Bytes;
use camino::Utf8PathBuf;
use chisel::{PackageRecord, PackageSource, PathExcludes, Result, cut_whole};
use model::{Arch, Digest};

struct Folder {
    records: Vec<PackageRecord>,
    files: BTreeMap<Digest, Bytes>,
}

impl Folder {
    /// Every package file in the folder that `CERTIFY_DEBS` names.
    fn at_hand() -> Option<Self> {
        let Ok(folder) = std::env::var("CERTIFY_DEBS") else {
            println!("skipped (archive): set CERTIFY_DEBS to a folder with package files");
            return None;
        };
        let mut folder_of = Self {
            records: Vec::new(),
            files: BTreeMap::new(),
        };
        for entry in Utf8PathBuf::from(folder).read_dir_utf8().unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_owned();
            let Some(stem) = name.strip_suffix(".deb") else {
                continue;
            };
            let mut parts = stem.split('_');
            let (name, version) = (parts.next().unwrap(), parts.next().unwrap());
            let bytes = Bytes::from(fs_err::read(entry.path()).unwrap());
            let record = PackageRecord {
                name: name.to_owned(),
                version: version.replace("%3a", ":"),
                arch: parts.next().unwrap().to_owned(),
                source: name.to_owned(),
                source_version: version.to_owned(),
                digest: Digest::of(&bytes),
                size: bytes.len() as u64,
                archive: "debian".to_owned(),
                file: entry.file_name().to_owned(),
            };
            folder_of.files.insert(record.digest, bytes);
            folder_of.records.push(record);
        }
        Some(folder_of)
    }
}

impl PackageSource for Folder {
    fn lookup(&self, name: &str, _: Arch, _: Option<&str>) -> Result<Option<PackageRecord>> {
        Ok(self
            .records
            .iter()
            .find(|record| record.name == name)
            .cloned())
    }

    fn open(&self, record: &PackageRecord) -> Result<Bytes> {
        Ok(self.files[&record.digest].clone())
    }
}

#[test]
fn a_real_system() {
    let Some(folder) = Folder::at_hand() else {
        return;
    };
    let start = std::time::Instant::now();
    let cut = cut_whole(&folder.records, Arch::Amd64, &PathExcludes::slim(), &folder).unwrap();
    println!(
        "{} packages, {} paths in {:?}",
        cut.packages.len(),
        cut.tree.len(),
        start.elapsed()
    );
    for note in &cut.notes {
        println!("{note}");
    }
    if let Ok(out) = std::env::var("CERTIFY_OUT") {
        let mut listing = Vec::new();
        cut.tree.write_listing(&mut listing).unwrap();
        fs_err::write(format!("{out}/whole.tree"), listing).unwrap();
        for path in [
            "/etc/ld.so.cache",
            "/var/lib/dpkg/status",
            "/etc/passwd",
            "/etc/group",
        ] {
            let name = path.rsplit('/').next().unwrap();
            let bytes = cut.tree.read(path).unwrap().bytes().unwrap();
            fs_err::write(format!("{out}/{name}"), bytes).unwrap();
        }
    }
}

#[test]
fn a_real_cut() {
    let Some(folder) = Folder::at_hand() else {
        return;
    };
    let release = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../releases/debian-13");
    let start = std::time::Instant::now();
    let release = chisel::Release::load(&release, chisel::Strictness::Own).unwrap();
    println!("release in {:?}", start.elapsed());
    for (name, slices) in [
        (
            "python",
            &["base-files_base", "base-passwd_data", "python3.13_full"][..],
        ),
        ("nginx", &["nginx_bins"]),
        ("valkey", &["valkey-server_bins"]),
    ] {
        let keys: Vec<chisel::SliceKey> =
            slices.iter().filter_map(|key| key.parse().ok()).collect();
        let keys: Vec<_> = keys
            .into_iter()
            .filter(|key| release.slice(key).is_some())
            .collect();
        let start = std::time::Instant::now();
        let selection = chisel::select(&release, &keys, Arch::Amd64).unwrap();
        let limits = chisel::ScriptLimits::STANDARD;
        match chisel::cut(&selection, &folder, limits) {
            Ok(cut) => println!(
                "{name}: {} slices, {} packages, {} paths in {:?}",
                selection.slices.len(),
                cut.records.len(),
                cut.rootfs.tree.len(),
                start.elapsed()
            ),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}
