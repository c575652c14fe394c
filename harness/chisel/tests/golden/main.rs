//! The recorded cases of the reference tool: ours must do the same, or say in
//! `known_gaps.rs` why not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::format_push_string,
    clippy::write_with_newline,
    missing_docs,
    dead_code,
    unused_variables,
    unused_assignments,
    reason = "a test speaks, starts programs and reads files by itself"
)]

mod asked;
mod case;
mod classes;
#[path = "../corpus/mod.rs"]
mod corpus;
mod keys;
mod known_gaps;
mod listing;
mod package;
mod shelf;

use std::collections::BTreeMap;

use camino::Utf8Path;
use chisel::{
    Cut, Error, ErrorClass, Ignored, Release, ReleaseFiles, Result, ScriptLimits, SliceKey,
    Strictness, cut, records, select,
};
use model::Arch;

use case::{Case, Outcome};
use known_gaps::KNOWN_GAPS;

/// The day the cases are run on; their dates are far from it.
pub(crate) const TODAY: &str = "2026-11-24";

/// Cases that are only quick in an optimised build.
const SLOW: [&str; 1] = ["mutate-long-loop"];

#[test]
fn recorded_cases() {
    let Some(folder) = corpus::folder("chisel-golden") else {
        return;
    };
    let mut names: Vec<_> = folder
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("case.yaml").is_file())
        .map(|entry| entry.file_name().to_owned())
        .collect();
    names.sort();
    let only = std::env::var("CASE").ok();
    let (mut passed, mut slow, mut wrong) = (0, 0, Vec::new());
    let mut tally: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for name in names
        .iter()
        .filter(|name| only.as_ref().is_none_or(|only| only == *name))
    {
        let case = Case::read(&folder.join(name));
        if cfg!(debug_assertions) && SLOW.contains(&name.as_str()) && only.is_none() {
            println!("skipped (slow): {name} takes half a minute here, ask with CASE={name}");
            slow += 1;
            continue;
        }
        let verdict = run(&case);
        let gap = KNOWN_GAPS
            .iter()
            .find(|gap| gap.case == name)
            .map(|gap| gap.reason);
        let count = tally.entry(case.run.feature.clone()).or_default();
        count.1 += 1;
        match (&verdict, gap) {
            (Ok(()), None) => {
                passed += 1;
                count.0 += 1;
            }
            (Ok(()), Some(_)) => wrong.push(format!("{name}: passes, yet is listed as a gap")),
            (Err(_), Some(_)) => {}
            (Err(difference), None) => wrong.push(format!("{name}: {difference}")),
        }
    }
    println!(
        "recorded cases: {passed} of {} pass, {} known gaps",
        names.len(),
        KNOWN_GAPS.len()
    );
    for (feature, (passed, all)) in tally {
        println!("  {feature}: {passed} of {all}");
    }
    assert!(
        wrong.is_empty(),
        "{} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Runs a case and compares it with every outcome that was recorded.
fn run(case: &Case) -> Result<(), String> {
    let of = match case.run.args.first().map(String::as_str) {
        Some("cut") if case.run.root.is_some() => {
            return Err("starts from a folder that is not empty".to_owned());
        }
        Some("cut") => Comparison::Cut(Box::new(do_cut(case))),
        Some("find" | "info") => Comparison::Asked,
        _ => return Err("not a cut".to_owned()),
    };
    let mut differences = Vec::new();
    for outcome in &case.outcomes {
        let compared = match &of {
            Comparison::Cut(result) => compare(result, outcome),
            Comparison::Asked => asked::compare(case, outcome),
        };
        match compared {
            Ok(()) => return Ok(()),
            Err(difference) => differences.push(difference),
        }
    }
    Err(differences.join(" / "))
}

/// What was done for a case.
enum Comparison {
    Cut(Box<Result<(Cut, BTreeMap<String, String>)>>),
    Asked,
}

/// Everything from the release to the tree.
fn do_cut(case: &Case) -> Result<(Cut, BTreeMap<String, String>)> {
    let keys = case
        .slices()
        .iter()
        .map(|text| text.parse())
        .collect::<Result<Vec<SliceKey>>>()?;
    let release = release(case)?;
    let mut ignored = Vec::new();
    for pair in case
        .run
        .args
        .windows(2)
        .filter(|pair| pair[0] == "--ignore")
    {
        ignored.push(match pair[1].as_str() {
            "unstable" => Ignored::Unstable,
            _ => Ignored::Unmaintained,
        });
    }
    for word in &case.run.args {
        match word.as_str() {
            "--ignore=unstable" => ignored.push(Ignored::Unstable),
            "--ignore=unmaintained" => ignored.push(Ignored::Unmaintained),
            _ => {}
        }
    }
    let arch: Arch = match &case.run.arch {
        Some(arch) => arch.parse().map_err(|error: model::UnknownArch| {
            Error::new(ErrorClass::Reference, error.to_string())
        })?,
        None => Arch::Amd64,
    };
    // No case brings credentials for a subscription.
    release.check_maintained(TODAY.parse().unwrap(), &ignored, |archive| {
        archive.pro.is_none()
    })?;
    let selection = select(&release, &keys, arch)?;
    let root = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(root.path()).unwrap();
    let waiting = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let shelf = waiting.block_on(shelf::open(case, &release, arch, root))?;
    let records = records(&selection, &shelf.source)?;
    waiting.block_on(shelf.source.fetch(&records, &shelf.fetcher))?;
    Ok((
        cut(&selection, &shelf.source, ScriptLimits::STANDARD)?,
        shelf.ids,
    ))
}

/// The release of a case with its key placeholders filled in.
pub(crate) fn release(case: &Case) -> Result<Release> {
    let folder = case.folder.join("release");
    let text = fs_err::read_to_string(folder.join("chisel.yaml"));
    let filled = tempfile::tempdir().unwrap();
    let filled = Utf8Path::from_path(filled.path()).unwrap();
    if let Ok(text) = text {
        fs_err::write(filled.join("chisel.yaml"), fill(&text, case)).unwrap();
    }
    if folder.join("slices").is_dir() {
        copy(&folder.join("slices"), &filled.join("slices"));
    }
    let files = ReleaseFiles::from_folder(filled)?;
    Release::from_files(&files, Strictness::Foreign)
}

/// Fills in the keys: a whole line for an armored block, a word for an id.
fn fill(text: &str, case: &Case) -> String {
    let mut filled = String::new();
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let Some((before, rest)) = line.split_once("{{") else {
            filled.push_str(&format!("{line}\n"));
            continue;
        };
        let (word, after) = rest.split_once("}}").unwrap();
        let (kind, name) = word.split_once(':').unwrap();
        let key = keys::key(case, name);
        match kind {
            "id" => filled.push_str(&format!("{before}{}{after}\n", keys::id(&key))),
            "id-lower" => {
                let id = keys::id(&key).to_lowercase();
                filled.push_str(&format!("{before}{id}{after}\n"));
            }
            _ => {
                // A secret block is told by its first packet alone, whose tag is 5 and not 6.
                let armor = match kind {
                    "armor" => key.armored(),
                    _ => keys::as_secret(&key),
                };
                for line in armor.lines() {
                    filled.push_str(&format!("{indent}{line}\n"));
                }
            }
        }
    }
    filled
}

fn copy(from: &Utf8Path, to: &Utf8Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in from.read_dir_utf8().unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}

/// Exit, error class, tree and manifests must be those of `outcome`.
fn compare(
    result: &Result<(Cut, BTreeMap<String, String>)>,
    outcome: &Outcome,
) -> Result<(), String> {
    match (result, outcome.exit) {
        (Err(error), 1) => {
            let text = outcome.error.as_deref().unwrap_or_default();
            let expected = classes::class(text).ok_or(format!("no class for {text:?}"))?;
            if error.class() == expected {
                return Ok(());
            }
            Err(format!(
                "{:?} `{error}`, expected {expected:?} `{text}`",
                error.class()
            ))
        }
        (Err(error), _) => Err(format!("failed: {error}")),
        (Ok(_), 1) => Err(format!("no error, expected {:?}", outcome.error)),
        (Ok((cut, ids)), _) => listing::compare(cut, ids, outcome),
    }
}
