//! The archive of a case in a folder, signed with its own keys, and the source that reads it.

use std::collections::BTreeMap;
use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};
use chisel::{ArchiveSource, Error, ErrorClass, Release, Result, archive_specs};
use deb::{AddressBook, Fetcher, Pace, Proxies, Store};
use model::{Arch, Digest};
use testkit::{
    ArchiveBuilder, ArchiveKey, BuiltDeb, Fault, Packing, Server, SuiteBuilder, clearsign,
};

use crate::case::{Case, Publish, Suite};
use crate::{keys, package};

/// The opened archive of a case.
pub(crate) struct Shelf {
    pub(crate) source: ArchiveSource,
    pub(crate) fetcher: Fetcher,
    /// Package ids by digest, for manifests.
    pub(crate) ids: BTreeMap<String, String>,
}

/// Writes the archive below `root` and opens it for `arch`.
pub(crate) async fn open(
    case: &Case,
    release: &Release,
    arch: Arch,
    root: &Utf8Path,
) -> Result<Shelf> {
    let wanted = if matches!(arch, Arch::Amd64 | Arch::I386) {
        "main"
    } else {
        "ports"
    };
    let mut ids = BTreeMap::new();
    for site in case
        .world
        .archives
        .iter()
        .filter(|site| site.site == wanted)
    {
        for suite in &site.suites {
            write(case, wanted, suite, &root.join("site"), &mut ids);
        }
    }
    // Only a server has status codes; everything else is quicker from the folder.
    let statuses: Vec<_> = case
        .world
        .archives
        .iter()
        .flat_map(|site| &site.http_status)
        .collect();
    let server = (!statuses.is_empty()).then(|| {
        let server = Server::start(&root.join("site"));
        for (path, status) in statuses {
            server.spoil(path, Fault::Status(*status));
        }
        server
    });
    let mirror = match &server {
        Some(server) => server.address(),
        None => format!("file://{}", root.join("site")),
    };
    let book = AddressBook::read(&[mirror], None, None).unwrap();
    let store = Store::open(&root.join("store"), 1 << 30).unwrap();
    let client = deb::client(&Proxies::ENVIRONMENT).unwrap();
    let pace = Pace {
        tries: 1,
        ..Pace::STANDARD
    };
    let fetcher = Fetcher::new(client, store.clone(), pace, deb::silent());
    // No case brings credentials for a subscription.
    let specs = archive_specs(release, |archive| archive.pro.is_none())?;
    let now = crate::TODAY.parse::<jiff::civil::Date>().unwrap();
    let now = now.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let archive = deb::open(&specs, &book, (arch, now), &fetcher)
        .await
        .map_err(|error| Error::caused_by(ErrorClass::Archive, error.to_string(), error))?;
    Ok(Shelf {
        source: ArchiveSource::new(archive, store),
        fetcher,
        ids,
    })
}

/// Writes one suite with its packages and faults.
fn write(
    case: &Case,
    site: &str,
    suite: &Suite,
    root: &Utf8Path,
    ids: &mut BTreeMap<String, String>,
) {
    let mut builder = SuiteBuilder::new(&suite.name)
        .without_by_hash()
        .field("Origin", "Ubuntu")
        .architectures(
            &suite
                .architectures
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        );
    for (name, value) in [
        ("Label", suite.label.as_deref()),
        ("Version", suite.version.as_deref()),
    ] {
        builder = builder.field(name, value.unwrap_or_default());
    }
    if let Some(kinds) = &suite.index_kinds {
        builder = builder.forms(&kinds.iter().map(|kind| packing(kind)).collect::<Vec<_>>());
    }
    if let Some(listed) = &suite.listed_components {
        builder = builder.field("Components", &listed.join(" "));
    }
    for (name, value) in &suite.release_fields {
        builder = builder.field(name, value.as_deref().unwrap_or_default());
    }
    let mut faults: Vec<(Utf8PathBuf, String)> = Vec::new();
    for package in &case.world.packages {
        let built = built(package);
        let id = package.id.clone().unwrap_or_else(|| package.name.clone());
        ids.insert(Digest::of(&built.bytes).hex(), id);
        let everywhere = vec![Publish {
            site: None,
            suite: None,
            component: None,
        }];
        for place in package.publish.as_ref().unwrap_or(&everywhere) {
            let component = place.component.as_deref().unwrap_or("main");
            if place.site.as_deref().unwrap_or("main") == site
                && place.suite.as_deref().unwrap_or("noble") == suite.name
            {
                let (name, arch) = (&built.name, &package.arch);
                let version = package
                    .version
                    .split_once(':')
                    .map_or(&*package.version, |v| v.1);
                let path = format!("pool/{component}/{name}_{version}_{arch}.deb");
                if let Some(fault) = package.fault.clone() {
                    faults.push((root.join(path), fault));
                }
                builder = builder.package(component, built.clone());
            }
        }
    }
    let signers: Vec<_> = suite
        .signed_by
        .iter()
        .map(|name| keys::key(case, name))
        .collect();
    let mut archive = ArchiveBuilder::new(&signers[0], keys::signing()).suite(builder);
    for signer in &signers[1..] {
        archive = archive.signer(signer, keys::signing());
    }
    archive.write(root);
    faults
        .iter()
        .for_each(|(path, fault)| spoil_package(path, fault));
    let omitted: Vec<_> = case
        .world
        .packages
        .iter()
        .flat_map(|package| package.omit_fields.iter().map(|field| format!("{field}:")))
        .collect();
    if !omitted.is_empty() {
        let kept = |line: &&str| !omitted.iter().any(|field| line.starts_with(field));
        rewrite_indexes(&root.join("dists").join(&suite.name), &signers, |text| {
            text.lines()
                .filter(kept)
                .map(|line| format!("{line}\n"))
                .collect()
        });
    }
    if let Some(fault) = &suite.fault {
        spoil_suite(&root.join("dists").join(&suite.name), fault, &signers);
    }
}

fn built(package: &crate::case::Package) -> BuiltDeb {
    let mut control = package::control(package);
    for (name, value) in &package.control {
        control.push_str(&format!("{name}: {value}\n"));
    }
    let dropped = |line: &&str| {
        !package
            .omit_fields
            .iter()
            .any(|field| line.starts_with(&format!("{field}:")))
    };
    let control: String = control
        .lines()
        .filter(dropped)
        .map(|line| format!("{line}\n"))
        .collect();
    BuiltDeb {
        // Part of the file's path only.
        name: package.id.clone().unwrap_or_else(|| package.name.clone()),
        version: package.version.clone(),
        architecture: package.arch.clone(),
        control,
        bytes: package::build(package),
    }
}

fn spoil_package(path: &Utf8Path, fault: &str) {
    let mut bytes = fs_err::read(path).unwrap();
    match fault {
        "deb-missing" => return fs_err::remove_file(path).unwrap(),
        "deb-truncated" => bytes.truncate(bytes.len() - 200),
        "deb-altered" => {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
        }
        // These are in the package file itself.
        _ => return,
    }
    fs_err::write(path, bytes).unwrap();
}

fn spoil_suite(dist: &Utf8Path, fault: &str, signers: &[ArchiveKey]) {
    let path = dist.join("InRelease");
    let text = fs_err::read_to_string(&path).unwrap();
    let text = match fault {
        "body-altered-after-signing" => text.replace("Origin: Ubuntu", "Origin: Ubuntx"),
        "text-before-signature" => format!("junk\n{text}"),
        "text-after-signature" => format!("{text}junk\n"),
        "unsigned" => {
            let body = text.split_once("\n\n").unwrap().1;
            body.split("-----BEGIN PGP SIGNATURE")
                .next()
                .unwrap()
                .to_owned()
        }
        "index-missing" => return spoil_indexes(dist, |_| None),
        "index-altered" => {
            return spoil_indexes(dist, |bytes| Some([bytes, b"\n".as_slice()].concat()));
        }
        "index-not-listed" => {
            let kept = |line: &&str| !line.ends_with("/Packages");
            let body: String = body(&text)
                .lines()
                .filter(kept)
                .map(|line| format!("{line}\n"))
                .collect();
            sign(&body, signers)
        }
        "index-garbage" => {
            return rewrite_indexes(dist, signers, |_| "no stanza in here\n".to_owned());
        }
        other => panic!("fault {other}"),
    };
    fs_err::write(path, text).unwrap();
}

/// Changes the text of every index, and the digests with it.
fn rewrite_indexes(dist: &Utf8Path, signers: &[ArchiveKey], change: impl Fn(&str) -> String) {
    let path = dist.join("InRelease");
    let message = fs_err::read_to_string(&path).unwrap();
    let mut signed = String::new();
    for line in body(&message).lines() {
        let name = line.rsplit(' ').next().unwrap();
        let Some((folder, _)) = name
            .split_once("/Packages")
            .filter(|_| line.starts_with(' '))
        else {
            signed.push_str(&format!("{line}\n"));
            continue;
        };
        let plain = dist.join(folder).join("Packages.gz");
        let mut text = String::new();
        let reader = fs_err::File::open(plain).unwrap();
        flate2::read::GzDecoder::new(reader)
            .read_to_string(&mut text)
            .unwrap();
        let packed = packing(name).pack(change(&text).as_bytes());
        let digest = Digest::of(&packed).hex();
        signed.push_str(&format!(" {digest} {} {name}\n", packed.len()));
        fs_err::write(dist.join(format!("{name}.new")), packed).unwrap();
    }
    for line in signed.lines().filter(|line| line.contains("/Packages")) {
        let name = line.rsplit(' ').next().unwrap();
        fs_err::rename(dist.join(format!("{name}.new")), dist.join(name)).unwrap();
    }
    fs_err::write(path, sign(&signed, signers)).unwrap();
}

/// The text that a clear-signed message signs.
fn body(message: &str) -> String {
    let body = message.split_once("\n\n").unwrap().1;
    body.split("-----BEGIN PGP SIGNATURE")
        .next()
        .unwrap()
        .to_owned()
}

fn sign(body: &str, signers: &[ArchiveKey]) -> String {
    let signers: Vec<_> = signers.iter().map(|key| (key, keys::signing())).collect();
    clearsign(body, &signers)
}

fn packing(name: &str) -> Packing {
    match name.rsplit_once('.').map(|(_, suffix)| suffix) {
        Some("gz") => Packing::Gz,
        Some("xz") => Packing::Xz,
        _ => Packing::Plain,
    }
}

fn spoil_indexes(folder: &Utf8Path, spoil: impl Fn(&[u8]) -> Option<Vec<u8>> + Copy) {
    for entry in folder.read_dir_utf8().unwrap() {
        let path = entry.unwrap().into_path();
        if path.is_dir() {
            spoil_indexes(&path, spoil);
        } else if path.file_name().unwrap().starts_with("Packages") {
            match spoil(&fs_err::read(&path).unwrap()) {
                Some(bytes) => fs_err::write(&path, bytes).unwrap(),
                None => fs_err::remove_file(&path).unwrap(),
            }
        }
    }
}
