//! Parsing and validating the two real releases of the corpus.

use std::process::Command;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use chisel::{Release, ReleaseFiles, Strictness};
use serde_json::{Map, Value, json};

use crate::calls::{certify, cost, mean, own, reference, spread};
use crate::world::scratch;

const RELEASES: [&str; 2] = ["ubuntu-24.04", "ubuntu-26.04"];
/// Calls of the program; the reference takes long and is called twice, in turn with ours.
const TIMES: u32 = 20;

pub(crate) fn measure(rows: &mut Map<String, Value>) -> Result<()> {
    let corpus = match std::env::var("CERTIFY_CORPUS") {
        Ok(path) => Utf8PathBuf::from(path),
        Err(_) => Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
    };
    for name in RELEASES {
        let packed = corpus
            .join("chisel-releases")
            .join(format!("{name}.tar.zst"));
        if !packed.is_file() {
            crate::row(
                rows,
                &format!("validate {name}"),
                json!({"skipped": packed}),
            );
            continue;
        }
        let folder = scratch()?;
        let folder = Utf8Path::from_path(folder.path()).context("a temporary path")?;
        let reader = zstd::Decoder::new(fs_err::File::open(&packed)?)?;
        tar::Archive::new(reader).unpack(folder.join("release"))?;
        crate::row(rows, &format!("validate {name}"), validate(folder)?);
    }
    Ok(())
}

fn validate(folder: &Utf8Path) -> Result<Value> {
    let release = folder.join("release");
    let find = |cache: &str| {
        let mut call = certify();
        call.args([
            "slices",
            "find",
            "--release",
            release.as_str(),
            "no-such-name",
        ]);
        call.env("XDG_CACHE_HOME", folder.join(cache));
        call
    };
    let mut fresh = 0;
    let anew = mean(TIMES, || {
        fresh += 1;
        find(&format!("cache-{fresh}"))
    })?;
    cost(find("kept"))?;
    let kept = mean(TIMES, || find("kept"))?;
    let files = ReleaseFiles::from_folder(&release)?;
    let (_, in_one_process_s) = own(|| Ok(Release::from_files(&files, Strictness::Foreign)?))?;
    let theirs = reference().map(|program| {
        let call = || {
            let mut call = Command::new(&program);
            call.args(["find", "--release", release.as_str(), "no-such-name"]);
            cost(call)
        };
        Ok::<_, anyhow::Error>(spread(&[call()?, call()?]))
    });
    Ok(json!({
        "anew": anew,
        "kept": kept,
        "read_and_checked_in_process_cpu_s": in_one_process_s,
        "reference": theirs.transpose()?,
    }))
}
