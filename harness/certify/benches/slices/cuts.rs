//! Cutting all files of the packages of python and of a JRE, in xz as they come and in zstd.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use bytes::Bytes;
use camino::Utf8Path;
use chisel::PackageRecord;
use serde_json::{Map, Value, json};

use crate::calls::{certify, cost, reference, spread};
use crate::parts;
use crate::world::World;

const PROGRAMS: [(&str, &[&str]); 2] = [
    ("python", &["python3.13"]),
    ("jre", &["openjdk-21-jre-headless"]),
];
const TIMES: usize = 5;

pub(crate) fn measure(rows: &mut Map<String, Value>) -> Result<()> {
    for (name, roots) in PROGRAMS {
        let packages = World::of(roots)?;
        crate::row(rows, &format!("cut {name}, xz"), cut(&packages)?);
        let repacked: Vec<(PackageRecord, Bytes)> = packages
            .into_iter()
            .map(|(record, bytes)| Ok((record, in_zstd(&bytes)?)))
            .collect::<Result<_>>()?;
        crate::row(rows, &format!("cut {name}, zstd"), cut(&repacked)?);
    }
    Ok(())
}

fn cut(packages: &[(PackageRecord, Bytes)]) -> Result<Value> {
    let world = World::build(packages)?;
    let mut roots = 0;
    let mut root = || {
        roots += 1;
        let path = world.path(&format!("root-{roots}"));
        fs_err::create_dir(&path).map(|()| path)
    };
    let program = reference();
    let theirs = program
        .as_deref()
        .map(|program| (program, &world))
        .map(|(program, world)| move |root: &Utf8Path| theirs(world, program, root));
    // Roots are removed when their clock has stopped: ten of a JRE would fill a disk.
    let mut timed = |call: &dyn Fn(&Utf8Path) -> Command| {
        let root = root()?;
        let done = cost(call(&root));
        fs_err::remove_dir_all(&root)?;
        done
    };
    let anew_call = |root: &Utf8Path| ours(&world, root, &["--no-cache"]);
    let again_call = |root: &Utf8Path| ours(&world, root, &[]);
    // Once each before the clock runs, so that everything is downloaded.
    timed(&anew_call)?;
    let mut reference = Vec::new();
    if let Some(theirs) = &theirs {
        timed(theirs)?;
    }
    let (mut anew, mut again) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        anew.push(timed(&anew_call)?);
    }
    // Two pairs are enough to see a factor of ten.
    if let Some(theirs) = &theirs {
        for _ in 0..2 {
            reference.push(timed(theirs)?);
            anew.push(timed(&anew_call)?);
        }
    }
    timed(&again_call)?;
    for _ in 0..TIMES {
        again.push(timed(&again_call)?);
    }
    let image = second_image(&world)?;
    let packed: usize = packages.iter().map(|(_, bytes)| bytes.len()).sum();
    Ok(json!({
        "packages": packages.len(),
        "packed_mb": packed as f64 / 1e6,
        "anew": spread(&anew),
        "second_root": spread(&again),
        "second_image_of_a_lock": image,
        "parts": parts::measure(&world.packages)?,
        "reference": (!reference.is_empty()).then(|| spread(&reference)),
    }))
}

/// Our program's cut of every slice.
fn ours(world: &World, root: &Utf8Path, more: &[&str]) -> Command {
    let mut call = certify();
    call.args(["slices", "cut", "--quiet", "--release"])
        .arg(world.path("release"));
    call.args(["--arch", "amd64", "--mirror"])
        .arg(format!("{}/site", world.server.address()));
    call.arg("--root").arg(root).args(more).args(&world.slices);
    call.env("XDG_CACHE_HOME", world.path("cache"))
        .env("no_proxy", "127.0.0.1");
    call.env_remove("http_proxy");
    call
}

/// The reference tool's.
fn theirs(world: &World, program: &Path, root: &Utf8Path) -> Command {
    let mut call = Command::new(program);
    call.args(["cut", "--release"]).arg(world.path("release"));
    call.args(["--arch", "amd64", "--root"])
        .arg(root)
        .args(&world.slices);
    call.env("XDG_CACHE_HOME", world.path("cache-of-reference"));
    call.env("http_proxy", world.server.address())
        .env_remove("no_proxy");
    call
}

/// An image of all slices, built again under the lock it was built under before.
fn second_image(world: &World) -> Result<Value> {
    let slices = world.slices.join(", ");
    let text = format!(
        "summary: All files\nslices:\n  release: [{slices}]\nconfig: {{entrypoint: [/usr/bin/true]}}\n\
         readiness: {{log: {{contains: ready}}}}\nresources: {{memory_mib: 64, pids: 16}}\nbaseline: \
         none\n"
    );
    fs_err::write(world.path("image.yaml"), text)?;
    let call = |words: &[&str]| {
        let mut call = certify();
        call.args(words).arg("--release").arg(world.path("release"));
        call.arg("--mirror")
            .arg(format!("{}/site", world.server.address()));
        call.arg("--lock").arg(world.path("slices.lock"));
        call.env("XDG_CACHE_HOME", world.path("cache"))
            .env("no_proxy", "127.0.0.1");
        call.env_remove("http_proxy").current_dir(world.path(""));
        call
    };
    cost(call(&["slices", "lock", "--image", "image.yaml"]))?;
    let build = |at: usize| {
        let mut call = call(&["build", "image.yaml"]);
        call.arg("--out").arg(format!("image-{at}"));
        cost(call)
    };
    build(0)?;
    let again: Vec<_> = (1..=TIMES).map(build).collect::<Result<_>>()?;
    Ok(spread(&again))
}

/// The package with its data archive in zstd.
fn in_zstd(package: &Bytes) -> Result<Bytes> {
    const HEAD: usize = 60;
    let mut out = b"!<arch>\n".to_vec();
    let mut at = out.len();
    while let Some(head) = package.get(at..at + HEAD) {
        let name = std::str::from_utf8(&head[..16])?
            .trim_end()
            .trim_end_matches('/');
        let size: usize = std::str::from_utf8(&head[48..58])?.trim_end().parse()?;
        let body = package
            .get(at + HEAD..at + HEAD + size)
            .context("a cut off member")?;
        let (name, body) = match name.strip_prefix("data.tar") {
            Some(".xz") => {
                let member = Bytes::copy_from_slice(body);
                let plain = deb::unpack(deb::Compression::Xz, &member, &deb::Limits::PACKAGE)?;
                ("data.tar.zst", zstd::encode_all(&plain[..], 19)?)
            }
            _ => (name, body.to_vec()),
        };
        let (zero, mode, length) = (0, 100_644, body.len());
        let head = format!("{name:<16}{zero:<12}{zero:<6}{zero:<6}{mode:<8}{length:<10}`\n");
        out.extend(head.into_bytes());
        out.extend(&body);
        if length % 2 == 1 {
            out.push(b'\n');
        }
        at += HEAD + size + size % 2;
    }
    Ok(out.into())
}
