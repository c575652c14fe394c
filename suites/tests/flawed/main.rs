//! Real containers of one image: a good one, and one for each flaw that a container can have while
//! its image is right. Each run-time check must fail by the flaws that are made for it, naming the
//! path or field, and pass everywhere else; the good container must pass them all.
//!
//! As root on the embedded runtime and on runc, and as a normal user on the embedded one. A test
//! binary with a `main` of its own, since it also stands in for the runtime (`wrapper.rs`).

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::format_push_string,
    unreachable_pub,
    reason = "a test speaks, starts programs and reads files by itself"
)]

mod flaws;
mod ground;
mod judging;
mod planting;
mod wrapper;

use std::ffi::OsString;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use camino::{Utf8Path, Utf8PathBuf};
use flaws::{FLAWS, Mode, NONE};
use ground::{Ground, Lack, NORMAL};
use libtest_mimic::{Arguments, Failed, Trial};

/// The argument that judges one flaw as the user who calls.
const ONE: &str = "--one";

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    if words
        .first()
        .is_some_and(|name| wrapper::is_meant(Path::new(name)))
    {
        let error = wrapper::run(&words);
        println!("{error}");
        return ExitCode::FAILURE;
    }
    match words.get(1).and_then(|word| word.to_str()) {
        Some(planting::DRIFT) => {
            planting::drift(Path::new(&words[2]));
            return ExitCode::SUCCESS;
        }
        Some(ONE) => return one(&words[2..]),
        _ => {}
    }
    let mut trials = Vec::new();
    for mode in Mode::ALL {
        let flawed = FLAWS.iter().filter(|flaw| flaw.on.contains(&mode));
        for name in flawed.map(|flaw| flaw.name).chain([NONE]) {
            let number = trials.len();
            let label = format!("{mode:?}: {name}");
            trials.push(Trial::test(label, move || attempt(mode, name, number)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn attempt(mode: Mode, name: &'static str, number: usize) -> Result<(), Failed> {
    let tried = match Ground::shared() {
        Ok(ground) => try_on(ground, mode, name, number),
        Err(lack) => Err(lack),
    };
    match tried {
        Ok(wrong) if wrong.is_empty() => Ok(()),
        Ok(wrong) => Err(wrong.into()),
        Err((class, why)) => {
            let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
            if required.split(',').any(|word| word == class) {
                return Err(format!("{class} is required: {why}").into());
            }
            // A line of its own, which the count of skipped tests looks for.
            println!("\nskipped ({class}): {mode:?}: {name}: {why}");
            Ok(())
        }
    }
}

fn try_on(ground: &Ground, mode: Mode, name: &str, number: usize) -> Result<String, Lack> {
    let folder = &ground.folder;
    let work = folder.join(format!("work{number}"));
    std::fs::create_dir(&work).unwrap();
    ground::open_to_all(&work);
    match mode {
        Mode::Embedded => Ok(judging::judge(
            folder,
            &folder.join("launch"),
            mode,
            name,
            &work,
        )),
        Mode::Runc => {
            let missing = (
                "peers",
                "runc is not on PATH: apt-get install runc".to_owned(),
            );
            let runc = which("runc").ok_or(missing)?;
            Ok(judging::judge(folder, &runc, mode, name, &work))
        }
        Mode::Rootless => {
            if let Some(lack) = ground.lacks_user_namespaces() {
                return Err(lack);
            }
            chown(&work, Some(NORMAL), Some(NORMAL)).unwrap();
            let output = Command::new(folder.join("test"))
                .args([ONE, folder.as_str(), name, work.as_str()])
                .current_dir(&work)
                .uid(NORMAL)
                .gid(NORMAL)
                .output()
                .unwrap();
            let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
            if !output.status.success() {
                said += &String::from_utf8_lossy(&output.stderr);
                said += &format!("{}\n", output.status);
            }
            Ok(said)
        }
    }
}

/// `--one FOLDER NAME WORK`: as the caller, on the embedded runtime; prints what is wrong.
fn one(words: &[OsString]) -> ExitCode {
    let word = |at: usize| words[at].to_str().expect("UTF-8");
    let (folder, work) = (Utf8Path::new(word(0)), Utf8Path::new(word(2)));
    let real = folder.join("launch");
    print!(
        "{}",
        judging::judge(folder, &real, Mode::Rootless, word(1), work)
    );
    ExitCode::SUCCESS
}

fn which(name: &str) -> Option<Utf8PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut all = std::env::split_paths(&path).map(|folder: PathBuf| folder.join(name));
    Utf8PathBuf::from_path_buf(all.find(|one| one.is_file())?).ok()
}
