//! Advice put to work: real applications of three languages are advised, drafted, cut and run in a
//! root that holds nothing else, and the files they open are compared with the advice.
//!
//! Each application is one file below `applications`; adding one needs no change of code.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

mod application;
mod endings;
#[path = "../needs/mod.rs"]
mod needs;
mod opened;
mod trial;

use application::Application;
use needs::Need;

const NEEDS: [Need; 3] = [Need::Root, Need::Archive, Need::Peer("strace")];

fn run(language: &str) {
    let all = Application::all();
    let own: Vec<&Application> = all.iter().filter(|one| one.language == language).collect();
    assert!(own.len() >= 2, "two applications in {language}");
    for application in own {
        let test = format!("advising {}", application.name);
        if needs::have(&test, &NEEDS)
            && let Some(trial) = trial::Trial::of(application, &test)
        {
            let figures = trial.run();
            println!("figure: {} ({language}): {figures}", application.name);
        }
    }
}

#[test]
fn applications_in_cpp_run_on_what_is_advised() {
    run("c++");
}

#[test]
fn applications_in_python_run_on_what_is_advised() {
    run("python");
}

#[test]
fn applications_in_java_run_on_what_is_advised() {
    run("java");
}

#[test]
fn packages_run_on_what_is_advised() {
    run("package");
}
