//! The recorded cases of the reference tool: ours must do the same, or say in
//! `chisel::DIFFERENCES` why not.

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
mod checked;
mod classes;
#[path = "../corpus/mod.rs"]
mod corpus;
mod elsewhere;
mod keys;
mod listing;
mod package;
mod shelf;

use std::collections::BTreeMap;

use camino::Utf8Path;
use chisel::{
    Cut, DIFFERENCES, Error, ErrorClass, Ignored, Release, ReleaseFiles, Result, ScriptLimits,
    SliceKey, Strictness, cut_over, records, select,
};
use model::Arch;
use rootfs::{Blob, Entry, Origin, Spool, Tree, TreePath};

use case::{Case, Outcome};
use elsewhere::ELSEWHERE;

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
    let (mut passed, mut slow, mut wrong, mut done) = (0, 0, Vec::new(), Vec::new());
    let mut tally: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let asked = names
        .iter()
        .filter(|name| only.as_ref().is_none_or(|only| only == *name));
    for name in asked.filter(|name| !ELSEWHERE.contains(&name.as_str())) {
        let case = Case::read(&folder.join(name));
        if cfg!(debug_assertions) && SLOW.contains(&name.as_str()) && only.is_none() {
            println!("skipped (slow): {name} takes half a minute here, ask with CASE={name}");
            slow += 1;
            continue;
        }
        let result = run(&case);
        let verdict = agrees(&result, &case.outcomes);
        let differs = DIFFERENCES
            .iter()
            .any(|known| known.cases.contains(&name.as_str()));
        let count = tally.entry(case.run.feature.clone()).or_default();
        count.1 += 1;
        match (&verdict, differs) {
            (Ok(()), false) => {
                passed += 1;
                count.0 += 1;
            }
            (Ok(()), true) => wrong.push(format!("{name}: passes, yet is listed as a difference")),
            (Err(_), true) => {}
            (Err(difference), false) => wrong.push(format!("{name}: {difference}")),
        }
        done.push((case, result));
    }
    let differ: usize = DIFFERENCES.iter().map(|known| known.cases.len()).sum();
    println!(
        "recorded cases: {passed} of {} pass, {differ} differ on purpose, {} are the program's",
        names.len(),
        ELSEWHERE.len()
    );
    for (feature, (passed, all)) in tally {
        println!("  {feature}: {passed} of {all}");
    }
    if only.is_none() {
        let (apart, pairs) = told_apart(&done);
        println!("  told apart from another case: {apart} of {pairs} pairs");
        assert!(
            apart * 100 >= pairs * 95,
            "only {apart} of {pairs} pairs are told apart"
        );
    }
    assert!(
        wrong.is_empty(),
        "{} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Does what a case says.
fn run(case: &Case) -> Comparison {
    match case.run.args.first().map(String::as_str) {
        Some("cut") => Comparison::Cut(Box::new(do_cut(case))),
        Some("find" | "info") => Comparison::Printed(asked::ask(case)),
        Some("debug") => Comparison::Printed(checked::check(case)),
        other => panic!("a command that no test knows: {other:?}"),
    }
}

/// Compares what was done with every outcome that was recorded.
fn agrees(done: &Comparison, outcomes: &[Outcome]) -> Result<(), String> {
    let mut differences = Vec::new();
    for outcome in outcomes {
        let compared = match done {
            Comparison::Cut(result) => compare(result, outcome),
            Comparison::Printed(printed) => asked::compare(printed, outcome),
        };
        match compared {
            Ok(()) => return Ok(()),
            Err(difference) => differences.push(difference),
        }
    }
    Err(differences.join(" / "))
}

/// Of all pairs of a case and what is recorded of another one, how many are told apart. A
/// comparison that lets too much pass would show here.
fn told_apart(done: &[(Case, Comparison)]) -> (usize, usize) {
    let (mut apart, mut pairs) = (0, 0);
    for (at, (_, done_here)) in done.iter().enumerate() {
        // Strides that share no factor meet every part of the list.
        for step in (1..done.len()).step_by(7) {
            let (other, _) = &done[(at + step) % done.len()];
            pairs += 1;
            apart += usize::from(agrees(done_here, &other.outcomes).is_err());
        }
    }
    (apart, pairs)
}

/// What was done for a case.
enum Comparison {
    Cut(Box<Result<(Cut, BTreeMap<String, String>)>>),
    Printed(Result<asked::Printed>),
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
    let arch = arch(case)?;
    // No case brings credentials for a subscription.
    release.check_maintained(TODAY.parse().unwrap(), &ignored, |archive| {
        archive.pro.is_none()
    })?;
    let selection = select(&release, &keys, arch)?;
    let root = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(root.path()).unwrap();
    let waiting = waiting();
    let shelf = waiting.block_on(shelf::open(case, &release, arch, root))?;
    let records = records(&selection, &shelf.source)?;
    waiting.block_on(shelf.source.fetch(&records, &shelf.fetcher))?;
    let spool = Spool::new(root.as_std_path());
    let cut = |spool| {
        let limits = ScriptLimits::STANDARD;
        cut_over(&selection, &shelf.source, limits, existing(case), spool)
    };
    let (whole, passing) = (cut(None), cut(Some(&spool)));
    assert_same(case, &whole, &passing);
    Ok((whole?, shelf.ids))
}

/// How packages are read must not be seen in anything that comes of it.
fn assert_same(case: &Case, whole: &Result<Cut>, passing: &Result<Cut>) {
    let of = |cut: &Result<Cut>| match cut {
        Ok(cut) => format!(
            "{:?}\n{}\n{:?}\n{:?}",
            cut.rootfs, cut.manifest.text, cut.records, cut.contents
        ),
        Err(error) => format!("{:?}: {error}", error.class()),
    };
    assert_eq!(of(whole), of(passing), "{}", case.folder);
}

/// The architecture that was asked for.
pub(crate) fn arch(case: &Case) -> Result<Arch> {
    let unknown = |error: model::UnknownArch| Error::new(ErrorClass::Reference, error.to_string());
    case.run
        .arch
        .as_ref()
        .map_or(Ok(Arch::Amd64), |arch| arch.parse().map_err(unknown))
}

/// A runtime for downloads.
pub(crate) fn waiting() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// What the folder holds that is cut into.
fn existing(case: &Case) -> Tree {
    let mut tree = Tree::new();
    for entry in case.run.root.iter().flat_map(|root| &root.entries) {
        let mode = |default| match &entry.mode {
            Some(mode) => u32::from_str_radix(mode, 8).unwrap(),
            None => default,
        };
        let made = match entry.kind.as_str() {
            "dir" => Entry::directory(mode(0o755), Origin::Disk),
            "file" => {
                let text = entry.content.clone().unwrap_or_default();
                Entry::file(Blob::new(text.into_bytes()), mode(0o644), Origin::Disk)
            }
            "symlink" => Entry::symlink(entry.link.clone().unwrap(), Origin::Disk),
            other => panic!("type {other}"),
        };
        let path = TreePath::new(format!("/{}", entry.path)).unwrap();
        tree.insert(path, made).unwrap();
    }
    tree
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
