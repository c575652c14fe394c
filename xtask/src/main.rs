//! `cargo xtask`: the project's own tasks, and the door to the certify binary.
//!
//! The project's own verbs are done here. Every other verb belongs to certify: what it needs is
//! built, then this program becomes it (`exec`), so signals, terminal and exit code are certify's.

mod become_certify;
mod bench;
mod build;
mod cargo;
mod ci;
mod dist;
mod nightly;
mod test;
mod testbed;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask certify [OPTIONS]   the main job: cut, run, measure, judge, report
cargo xtask VERB [OPTIONS]      any verb of certify: plan, report, judge, show, explain, list, ...
cargo xtask test [FILTER]       everything this machine can test; ends with a count line
cargo xtask ci [--after-test]   test, format, clippy, docs, tidy (--after-test: all but test)
cargo xtask ci --nightly [--row NAME]...   what takes too long for every landing
cargo xtask bench [slices [ROW]]   how fast images are cut; slices: releases, growth, indexes, cuts; JSON
cargo xtask tidy                what the project demands of its own files
cargo xtask dist                one archive of certify, launch and probe, built for release
cargo xtask testbed VERB        a real Kubernetes cluster on this machine: up, down, status, kubectl ...
cargo xtask libexec             build the programs that run beside and inside containers
";

fn main() -> ExitCode {
    if let Some(sentence) = unsupported(std::env::consts::OS) {
        cargo::say(&sentence);
        return ExitCode::from(UNAVAILABLE);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("--help", &[][..]),
    };
    let done = match verb {
        "--help" | "-h" | "help" => {
            cargo::say(USAGE.trim_end());
            Ok(())
        }
        "test" => test::run(rest),
        "ci" => match rest.split_first() {
            Some((first, rows)) if first == "--nightly" => nightly::run(rows),
            _ => ci::run(rest),
        },
        "bench" => bench::run(rest),
        "tidy" => tidy::run(),
        "dist" => dist::run(),
        "libexec" => build::libexec(),
        "testbed" => testbed::run(rest),
        "certify" => become_certify::run("run", rest),
        verb => become_certify::run(verb, rest),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cargo::say(&format!("error: {error:#}"));
            ExitCode::from(FAULT)
        }
    }
}

/// Exit code of a build or task that failed: a harness fault, never a verdict.
const FAULT: u8 = 6;

/// Exit code of an environment in which nothing can be done.
const UNAVAILABLE: u8 = 5;

/// What to say on a system that is not Linux, before anything is built: most of it would not even
/// compile there.
fn unsupported(system: &str) -> Option<String> {
    (system != "linux").then(|| {
        format!(
            "certify starts containers itself and so needs Linux; this is {system}: run it in a \
             Linux virtual machine or on a Linux host (exit {UNAVAILABLE})"
        )
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn another_system_is_told_so_in_one_sentence() {
        assert_eq!(super::unsupported("linux"), None);
        let said = super::unsupported("macos").unwrap_or_default();
        assert!(said.contains("needs Linux; this is macos"), "{said}");
        assert!(!said.contains('\n') && !said.contains(". "), "{said}");
    }
}
