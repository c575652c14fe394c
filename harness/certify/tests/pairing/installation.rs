//! A real installation, by `mmdebstrap --variant=minbase`: apt resolves, dpkg unpacks, maintainer
//! scripts run.
//!
//! It comes from where the default baseline comes from: the archives are looked for as the program
//! looks for them and verified with the release's keys. The result is kept in the project's cache
//! folder by the digest of everything it depends on, so that it is made once per set of versions.

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use certify::command;
use certify::rooms::archives::{self, Archives, Mirrors};
use certify::shipped::Shelf;
use chisel::{PathExcludes, Release, ReleaseFiles, Strictness};
use deb::Place;
use engine::clock::{Clock, millis};
use model::{Arch, Baseline, Digest, ImageFacts, ImageSpec};
use tokio_util::sync::CancellationToken;

/// The release the shipped images are cut from.
const RELEASE: &str = "debian-13";

/// Bytes of a digest in hexadecimal and a line break, in front of what is kept.
const HEAD: usize = 65;

/// The installation of a spec's `baseline.install` packages as a tar archive, without address,
/// lists, caches and logs of the package tools. `facts` are those of the default baseline: its
/// packages and versions are part of the key.
pub(crate) fn tar(program: &str, spec: &ImageSpec, facts: &ImageFacts) -> Bytes {
    let Baseline::Install(releases) = &spec.baseline else {
        panic!("{program} has no baseline of whole packages");
    };
    let options = options(&releases[RELEASE]);
    let tools: Vec<String> = ["mmdebstrap", "dpkg", "apt-get"].map(version).into();
    let key = model::canonical::digest(&(tools, &options, &facts.packages));
    let folder = archives::cache().join("pairing");
    let kept = folder.join(format!("{program}-{}.tar.zst", key.short()));
    if let Some(tar) = load(&kept) {
        return tar;
    }
    let clock = Clock::system();
    let started = clock.monotonic();
    let tar = install(&options);
    let took = millis(clock.monotonic().since(started)) / 1000.0;
    println!("figure: {program}: installed by mmdebstrap in {took:.0} s, kept as {kept}");
    save(&folder, program, &kept, &tar);
    tar
}

/// What mmdebstrap is told beside the archives. Nothing of the host is in it.
fn options(packages: &[String]) -> Vec<String> {
    let mut options = vec![
        "--mode=root".to_owned(),
        "--variant=minbase".to_owned(),
        "--format=tar".to_owned(),
        format!("--include={}", packages.join(",")),
        // What mmdebstrap took over from this host, and where the packages came from.
        r#"--customize-hook=rm "$1"/etc/apt/sources.list.d/0000sources.list"#.to_owned(),
        r#"--customize-hook=rm -f "$1"/etc/hostname "$1"/etc/resolv.conf"#.to_owned(),
    ];
    let excludes = PathExcludes::slim().dpkg_options();
    options.extend(excludes.iter().map(|rule| format!("--dpkgopt={rule}")));
    options
}

/// The first line in which a tool says what it is.
fn version(tool: &str) -> String {
    let output = command::new(tool.into()).arg("--version").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

/// Installs; the archive it made.
fn install(options: &[String]) -> Bytes {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    open_to_all(root);
    let (sources, proxies) = sources(root);
    let out = root.join("installed.tar");
    let mut call = command::new("mmdebstrap".into());
    // A date would make scripts write other bytecode than on a user's machine.
    call.env_remove("SOURCE_DATE_EPOCH").envs(proxies);
    call.args(options).args([suite(), out.to_string()]);
    call.arg(&sources);
    let done = call.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "mmdebstrap failed: {said}");
    fs_err::read(&out).unwrap().into()
}

/// apt drops its rights and still has to read the keys.
fn open_to_all(folder: &Utf8Path) {
    use std::os::unix::fs::PermissionsExt;
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn release() -> Release {
    let files = Shelf::open(None).unwrap().release(RELEASE).unwrap();
    let files = ReleaseFiles::from_pairs(RELEASE, files);
    Release::from_files(&files, Strictness::Own).unwrap()
}

/// The first suite of the release.
fn suite() -> String {
    let specs = chisel::archive_specs(&release(), |_| true).unwrap();
    let first = specs.iter().find(|spec| spec.component_prefix.is_none());
    first.unwrap().suites[0].clone()
}

/// Writes the archives that the program finds, verified, as apt's sources, with the release's keys;
/// and the proxies that lead there.
fn sources(root: &Utf8Path) -> (Utf8PathBuf, Vec<(&'static str, String)>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut keys = Vec::new();
    for (name, bytes) in Shelf::open(None).unwrap().release(RELEASE).unwrap() {
        if let Some(key) = name.strip_prefix("keys/") {
            let path = root.join(key);
            fs_err::write(&path, bytes).unwrap();
            keys.push(path.to_string());
        }
    }
    let release = release();
    let arch = Arch::host().unwrap();
    let shelf = Shelf::open(None).unwrap();
    let mirrors = Mirrors::read(&[], &shelf).unwrap();
    let when = (arch, Clock::system());
    let stop = CancellationToken::new();
    let opened = Archives::open(&archives::cache(), &release, &mirrors, when, &stop).unwrap();
    let specs = chisel::archive_specs(&release, |_| true).unwrap();
    let mut text = String::new();
    for found in opened.archive().suites() {
        let spec = specs.iter().find(|spec| spec.name == found.archive);
        let components = spec.unwrap().components.join(" ");
        let base = match found.base.place().unwrap() {
            Place::Remote(url) => url.to_string(),
            Place::Local(path) => format!("copy://{path}"),
        };
        let line = format!(
            "deb [signed-by={}] {base} {} {components}\n",
            keys.join(","),
            found.suite
        );
        text.push_str(&line);
    }
    let path = root.join("sources.list");
    fs_err::write(&path, text).unwrap();
    let proxies = deb::apt_proxies("/".into());
    let named = [("http_proxy", proxies.http), ("https_proxy", proxies.https)];
    let set = |(name, value): (&'static str, Option<String>)| {
        Some((name, value.or_else(|| std::env::var(name).ok())?))
    };
    (path, named.into_iter().filter_map(set).collect())
}

/// What is kept, if it is whole.
fn load(kept: &Utf8Path) -> Option<Bytes> {
    let bytes = fs_err::read(kept).ok()?;
    let (head, body) = bytes.split_at_checked(HEAD)?;
    let whole = Digest::of(body).hex().as_bytes() == head.trim_ascii_end();
    whole.then(|| zstd::decode_all(body).ok().map(Bytes::from))?
}

/// Keeps an installation and drops earlier ones of the same program.
fn save(folder: &Utf8Path, program: &str, kept: &Utf8Path, tar: &Bytes) {
    fs_err::create_dir_all(folder).unwrap();
    for entry in folder.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().starts_with(&format!("{program}-")) {
            fs_err::remove_file(entry.path()).unwrap();
        }
    }
    let body = zstd::encode_all(&tar[..], 1).unwrap();
    let mut bytes = format!("{}\n", Digest::of(&body).hex()).into_bytes();
    bytes.extend(body);
    let part = kept.with_extension(format!("part-{}", std::process::id()));
    fs_err::write(&part, bytes).unwrap();
    fs_err::rename(&part, kept).unwrap();
}
