//! Packages of the host's archive in an archive and a release of the bench's own, which the
//! reference tool takes for Ubuntu's.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use certify::rooms::archives::{self, Archives, Mirrors};
use certify::shipped::Shelf;
use chisel::{ArchiveSource, PackageRecord, PackageSource, Release, ReleaseFiles, Strictness};
use deb::{DebReader, EntryKind, Limits};
use engine::clock::Clock;
use model::{Arch, Hosts};
use testkit::{
    Algorithm, ArchiveBuilder, ArchiveKey, BuiltDeb, KeyPlan, Server, SignPlan, SuiteBuilder,
};
use tokio_util::sync::CancellationToken;

/// When the archive is signed: in the past of any clock.
const SIGNED: u32 = 1_760_000_000;

/// Memory that looks like a disk.
const MEMORY: &str = "/dev/shm";

/// A folder for everything that is written while a clock runs. In memory where that is possible:
/// ext4 takes up to a second of processor time for the inodes of two thousand files if others were
/// deleted in the last minutes, which a bench does all the time (0.07 to 1.2 s for the same 52 MB).
pub(crate) fn scratch() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir());
    folder.context("a folder for what is written")
}

/// A folder with an archive, a server for it and a release.
pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) server: Server,
    /// Every slice of the release.
    pub(crate) slices: Vec<String>,
    /// The package files.
    pub(crate) packages: Vec<(String, Bytes)>,
}

/// The host's archive of Debian 13.
fn host() -> Result<Archives> {
    let shelf = Shelf::open(None)?;
    let files = shelf.release("debian-13")?;
    let release = Release::from_files(
        &ReleaseFiles::from_pairs("debian-13", files),
        Strictness::Own,
    )?;
    let arch = Arch::host().context("this architecture is not one of ours")?;
    let mirrors = Mirrors::read(&[], &shelf)?;
    let stop = CancellationToken::new();
    let clock = Clock::system();
    Archives::open(&archives::cache(), &release, &mirrors, (arch, clock), &stop)
}

impl World {
    /// The packages that `roots` need, with nothing of a base system.
    pub(crate) fn of(roots: &[&str]) -> Result<Vec<(PackageRecord, Bytes)>> {
        let host = host()?;
        let offers = deb::closure(roots, host.archive())?;
        let records: Vec<PackageRecord> = offers.iter().map(ArchiveSource::record).collect();
        host.fetch(&records)?;
        records
            .into_iter()
            .map(|record| {
                let bytes = host.open(&record)?;
                Ok((record, bytes))
            })
            .collect()
    }

    /// The text of a package index as large as the host's.
    pub(crate) fn index_text() -> Result<String> {
        let host = host()?;
        let mut text = String::new();
        for package in host.archive().packages() {
            text.push_str(&format!(
                "Package: {}\nSource: {} ({})\nVersion: {}\nInstalled-Size: {}\nMaintainer: Nobody \
                 <nobody@example.org>\nArchitecture: {}\nDepends: {}\nDescription: a program, a library or words about \
                 one\nDescription-md5: {:032x}\nSection: libs\nPriority: optional\nFilename: {}\nSize: {}\nMD5sum: {:032x}\n\
                 SHA256: {}\nHomepage: https://example.org/{}\nTag: implemented-in::c, \
                 role::program, scope::utility, works-with::text\n\n",
                package.name,
                package.source,
                package.source_version,
                package.version,
                package.size / 256,
                package.architecture,
                package.depends,
                package.size,
                package.filename,
                package.size,
                package.size,
                package.sha256.hex(),
                package.name,
            ));
        }
        Ok(text)
    }

    /// A world that holds `packages`.
    pub(crate) fn build(packages: &[(PackageRecord, Bytes)]) -> Result<Self> {
        let folder = scratch()?;
        let root = Utf8Path::from_path(folder.path()).context("a temporary path")?;
        let key = ArchiveKey::make(&KeyPlan {
            algorithm: Algorithm::Rsa2048,
            ..KeyPlan::PLAIN
        });
        let arch = Arch::host().context("this architecture is not one of ours")?;
        let mut suite = SuiteBuilder::new("noble")
            .field("Origin", "Ubuntu")
            .field("Label", "Ubuntu")
            .field("Version", "24.04")
            .architectures(&[arch.debian()]);
        let mut slices = Vec::new();
        let mut taken = BTreeSet::new();
        for (record, bytes) in packages {
            let read = DebReader::read(&record.name, bytes, &Limits::PACKAGE)?;
            suite = suite.package(
                "main",
                BuiltDeb {
                    name: record.name.clone(),
                    version: record.version.clone(),
                    architecture: record.arch.clone(),
                    control: read.control(),
                    bytes: bytes.to_vec(),
                },
            );
            let paths = paths(&read, &mut taken);
            if paths.is_empty() {
                continue;
            }
            let name = &record.name;
            let text = format!("package: {name}\nslices:\n  all:\n    contents:\n{paths}");
            let path = root.join(format!("release/slices/{name}.yaml"));
            fs_err::create_dir_all(root.join("release/slices"))?;
            fs_err::write(path, text)?;
            slices.push(format!("{name}_all"));
        }
        ArchiveBuilder::new(&key, SignPlan::at(SIGNED))
            .suite(suite)
            .write(&root.join("site"));
        fs_err::write(root.join("release/chisel.yaml"), chisel_yaml(&key)?)?;
        // As a proxy the server is asked for whole addresses, which are paths here.
        let (_, host) = Hosts::known()
            .ubuntu
            .main
            .split_once("://")
            .context("an address")?;
        let place = root.join("http:").join(host);
        let above = place.parent().context("a host")?;
        fs_err::create_dir_all(above)?;
        fs_err::os::unix::fs::symlink(root.join("site"), &place)?;
        Ok(Self {
            server: Server::start(root),
            slices,
            packages: packages
                .iter()
                .map(|(r, bytes)| (r.name.clone(), bytes.clone()))
                .collect(),
            folder,
        })
    }

    /// A path in the world.
    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        let folder = Utf8PathBuf::from(self.folder.path().to_string_lossy().into_owned());
        folder.join(name)
    }
}

/// The content paths of a package that no package before has, as lines of a definition.
fn paths(read: &DebReader, taken: &mut BTreeSet<String>) -> String {
    let mut lines = BTreeSet::new();
    for entry in read.entries() {
        let is_file = matches!(
            entry.kind,
            EntryKind::File(_) | EntryKind::Symlink(_) | EntryKind::Hardlink(_)
        );
        let plain = |c: char| c.is_ascii_graphic() && !"*?:#'\"{}[],&!|>%@`".contains(c);
        if is_file && entry.path.chars().all(plain) && taken.insert(entry.path.clone()) {
            lines.insert(format!("      {}:\n", entry.path));
        }
    }
    lines.into_iter().collect()
}

fn chisel_yaml(key: &ArchiveKey) -> Result<String> {
    let ring = deb::Keyring::read(&key.binary())?;
    let print = ring
        .fingerprints()
        .first()
        .cloned()
        .context("a fingerprint")?;
    let armor: String = key
        .armored()
        .lines()
        .map(|line| format!("      {line}\n"))
        .collect();
    let id = print[print.len() - 16..].to_uppercase();
    Ok(format!(
        "format: v1\narchives:\n  ubuntu:\n    version: 24.04\n    suites: [noble]\n    components: \
         [main]\n    public-keys: [bench]\npublic-keys:\n  bench:\n    id: {id}\n    armor: \
         |\n{armor}maintenance:\n  standard: 2020-01-01\n  end-of-life: 2100-01-01\n"
    ))
}
