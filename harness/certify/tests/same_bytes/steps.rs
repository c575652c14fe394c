//! Finish steps that must be refused, and that a portable one is not.

use std::process::Output;

use camino::Utf8PathBuf;
use testkit::DebBuilder;

use crate::build::Build;
use crate::fixture::{Fixture, Packed};
use crate::needs::{self, Need};

/// Writes a file at each path that it is given, with whatever folder that needs.
const MAKER: &str = r#"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
int main(int count, char **paths) {
    for (int i = 1; i < count; i++) {
        char folder[256];
        strncpy(folder, paths[i], sizeof folder - 1);
        folder[sizeof folder - 1] = 0;
        char *end = strrchr(folder, '/');
        if (end && end != folder) { *end = 0; mkdir(folder, 0777); }
        FILE *file = fopen(paths[i], "w");
        if (!file) { perror(paths[i]); return 1; }
        fputs("made\n", file);
        fclose(file);
    }
    return 0;
}
"#;

/// The tiny distribution with a package that holds [`MAKER`].
fn with_maker() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("maker.c"), folder.path().join("maker"));
    fs_err::write(&source, MAKER).unwrap();
    let mut compile = certify::command::new("cc".into());
    let compiled = compile
        .arg("-static")
        .arg("-o")
        .args([&program, &source])
        .output();
    let compiled = compiled.expect("a C compiler, which the project needs anyway");
    let said = String::from_utf8_lossy(&compiled.stderr).into_owned();
    assert!(compiled.status.success(), "{said}");
    let package = DebBuilder::new("maker", "1.0")
        .file("/usr/bin/maker", 0o755, &fs_err::read(&program).unwrap())
        .file("/usr/share/doc/maker/copyright", 0o644, b"free\n");
    let fixture = Fixture::new(Packed::USUAL, &[package]);
    fixture.put(
        "releases/tiny/slices/maker.yaml",
        "package: maker\n\
         slices:\n\
         \x20 bins:\n\
         \x20   essential: {base-files_base: }\n\
         \x20   contents:\n\
         \x20     /usr/bin/maker:\n\
         \x20     /usr/share/doc/maker/copyright:\n",
    );
    fixture
}

/// A spec whose finish steps are these lines.
fn spec(steps: &str) -> String {
    format!(
        "summary: a tiny program that makes files\n\
         slices: {{tiny: [maker_bins]}}\n\
         config: {{entrypoint: [/usr/bin/maker]}}\n\
         readiness: {{exit: {{code: 0}}}}\n\
         resources: {{memory_mib: 16, pids: 8}}\n\
         baseline: none\n\
         finish:\n{steps}"
    )
}

/// A step that makes files at `paths`.
fn step(name: &str, paths: &str) -> String {
    format!(
        "- name: {name}\n\
         \x20 run: [/usr/bin/maker, {paths}]\n\
         \x20 produces: [/usr/share/made/**]\n"
    )
}

fn build(fixture: &Fixture, name: &str, text: &str, more: &[&str]) -> Output {
    fixture.put(&format!("images/{name}.yaml"), text);
    let before = ["--config".to_owned(), fixture.config().to_string()];
    let mut arguments = vec![name.to_owned(), "--mirror".to_owned(), fixture.mirror()];
    arguments.extend(more.iter().map(|word| (*word).to_owned()));
    let cache: Utf8PathBuf = fixture.root().join("cache");
    let build = Build {
        name,
        before: &before,
        ..Build::plain(&arguments, &cache)
    };
    build.attempt(&fixture.root().join("out"))
}

fn told(done: &Output) -> (Option<i32>, String) {
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    (done.status.code(), said)
}

#[test]
fn a_step_that_makes_more_than_it_says_is_refused() {
    if !needs::have("running finish steps", &[Need::Root]) {
        return;
    }
    let fixture = with_maker();
    let good = spec(&step("good", "/usr/share/made/a, /usr/share/made/b"));
    let (code, said) = told(&build(&fixture, "good", &good, &[]));
    assert_eq!(code, Some(0), "{said}");
    for (name, paths, wanted) in [
        ("outside", "/usr/share/made/a, /etc/more", "made /etc/more"),
        // A name that is itself a glob names one file, not all.
        ("glob", "/**", "made /**"),
        (
            "over",
            "/usr/bin/maker-2, /etc/os-release",
            "changed /etc/os-release",
        ),
    ] {
        let text = spec(&step("bad", paths)).replace("made/**]", "made/**, /usr/bin/*]");
        let (code, said) = told(&build(&fixture, name, &text, &[]));
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(wanted), "{name}: {said}");
        assert!(said.contains("finish step `bad`"), "{name}: {said}");
    }
}

#[test]
fn two_steps_of_one_name_are_refused_with_their_line() {
    let fixture = Fixture::new(Packed::USUAL, &[]);
    let text = spec(&format!("{}{}", step("twin", "/a"), step("twin", "/b")));
    let (code, said) = told(&build(&fixture, "twins", &text, &[]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("two finish steps are named `twin`"), "{said}");
    // Seven lines, three of the first step, then the second.
    assert!(
        said.contains("twins.yaml") && said.contains("line 11 "),
        "{said}"
    );
}

#[test]
fn a_step_of_another_architecture_is_refused_unless_portable() {
    let fixture = Fixture::new(Packed::USUAL, &[]);
    let foreign = model::Arch::ALL
        .into_iter()
        .find(|arch| Some(*arch) != model::Arch::host())
        .unwrap();
    let text = spec(&step("index", "/usr/share/made/a"));
    let arch = ["--arch", foreign.debian()];
    let (code, said) = told(&build(&fixture, "bound", &text, &arch));
    assert_eq!(code, Some(5), "{said}");
    assert!(
        said.contains("step `index`") && said.contains("portable"),
        "{said}"
    );
    // A portable one gets as far as the archive, which has nothing for that architecture.
    let text = text.replace("produces", "portable: true\n  produces");
    let (code, said) = told(&build(&fixture, "portable", &text, &arch));
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("no `") && said.contains("tiny"), "{said}");
    assert!(!said.contains("portable: true"), "{said}");
}
