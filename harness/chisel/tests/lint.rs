//! Every rule of `slices lint`: a release it reproaches, and one that it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod shelf;

use chisel::{
    ErrorClass, Lint, RULES, Release, ReleaseFiles, Strictness, UnpackedPackages, lint_alone,
};
use model::Arch;
use shelf::{CHISEL_YAML, Shelf};
use testkit::DebBuilder;

fn release(definitions: &[(&str, &str)]) -> Release {
    let fixed = [
        ("chisel.yaml", CHISEL_YAML),
        ("keys/key.asc", "not looked at"),
    ];
    let all = fixed.iter().chain(definitions);
    let all = all.map(|(path, text)| (*path, text.as_bytes().to_vec()));
    Release::from_files(&ReleaseFiles::from_pairs("test", all), Strictness::Own).unwrap()
}

/// Judges one slice of a release with two packages, `tool` and `lib`, whose files stand below.
fn judge(slice: &str, tool: &str, lib: &str) -> Vec<Lint> {
    let (tool, lib) = (
        format!("package: tool\n{tool}"),
        format!("package: lib\n{lib}"),
    );
    let release = release(&[("slices/tool.yaml", &tool), ("slices/lib.yaml", &lib)]);
    let (slice, shelf) = (slice.parse().unwrap(), shelf());
    let found = lint_alone(&release, &slice, Arch::Amd64, &shelf).unwrap();
    // Packages that are unpacked once are judged alike, the second time too.
    let kept = UnpackedPackages::new(&shelf);
    for _ in 0..2 {
        let again = lint_alone(&release, &slice, Arch::Amd64, &kept).unwrap();
        assert_eq!(again, found);
    }
    found
}

fn shelf() -> Shelf {
    let tool = DebBuilder::new("tool", "1.0")
        .file(
            "/usr/bin/tool",
            0o755,
            &elf(Some("/lib64/ld.so.2"), &["libx.so.1"]),
        )
        .file("/usr/bin/alone", 0o755, &elf(None, &[]))
        .file("/usr/bin/script", 0o755, b"#!/usr/bin/shell -e\n")
        .file("/usr/bin/found", 0o755, b"#!/usr/bin/env shell\n")
        .file("/usr/share/tool/data", 0o644, b"data")
        .file("/usr/share/tool/more", 0o644, b"data")
        .file("/usr/share/doc/tool/copyright", 0o644, b"free")
        .symlink("/usr/bin/link", "tool")
        .symlink("/etc/mounts", "/proc/mounts");
    let lib = DebBuilder::new("lib", "1.0")
        .file(
            "/usr/lib/libx.so.1",
            0o644,
            &[elf(None, &[]), b"libplug.so".to_vec()].concat(),
        )
        .file("/usr/lib/libplug.so", 0o644, &elf(None, &[]))
        .file("/usr/lib/liby.so.1", 0o644, &elf(None, &[]))
        .file("/lib64/ld.so.2", 0o755, &elf(None, &[]))
        .file("/usr/bin/shell", 0o755, &elf(None, &[]))
        .file("/usr/bin/env", 0o755, &elf(None, &[]))
        .file("/usr/lib/python3.9/a.py", 0o755, b"#!/usr/bin/absent\n")
        .file("/usr/share/lib/data", 0o644, b"data")
        .file("/usr/share/lib/more", 0o644, b"data");
    Shelf::new([tool.build(), lib.build()])
}

/// An ELF file of amd64 that asks for a loader and libraries: one segment from address 0 holds
/// the header, the loader's name, the strings and the dynamic table.
fn elf(loader: Option<&str>, needed: &[&str]) -> Vec<u8> {
    let loader = loader
        .map(|text| format!("{text}\0").into_bytes())
        .unwrap_or_default();
    let mut strings = vec![0u8];
    let mut tags: Vec<(u64, u64)> = Vec::new();
    for name in needed {
        tags.push((1, strings.len() as u64));
        strings.extend(name.bytes().chain([0]));
    }
    let loader_at = 64 + 3 * 56;
    let strings_at = loader_at + loader.len() as u64;
    let table_at = (strings_at + strings.len() as u64).next_multiple_of(8);
    tags.extend([(5, strings_at), (10, strings.len() as u64), (0, 0)]);
    let end = table_at + tags.len() as u64 * 16;
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    for half in [3u16, 62] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(1u32.to_le_bytes());
    for word in [0u64, 64, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0u32.to_le_bytes());
    for half in [64u16, 56, 3, 64, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    let mut segment = |kind: u32, at: u64, size: u64| {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(5u32.to_le_bytes());
        for word in [at, at, at, size, size, 8] {
            bytes.extend(word.to_le_bytes());
        }
    };
    segment(1, 0, end);
    segment(2, table_at, end - table_at);
    // PT_INTERP, or PT_NULL.
    segment(
        if loader.is_empty() { 0 } else { 3 },
        loader_at,
        loader.len() as u64,
    );
    bytes.extend(&loader);
    bytes.extend(&strings);
    bytes.resize(usize::try_from(table_at).unwrap(), 0);
    for (tag, value) in tags {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes
}

const LIB: &str = "slices:
  libs: {contents: {/usr/lib/libx.so.1: }}
  other: {contents: {/usr/lib/liby.so.1: }}
  plugin: {contents: {/usr/lib/libplug.so: }}
  loader: {contents: {/lib64/ld.so.2: }}
  shell: {contents: {/usr/bin/shell: , /usr/bin/env: }}
  data: {contents: {/usr/share/lib/data: }}
  module: {contents: {/usr/lib/python3.9/a.py: }}
  chain: {essential: {lib_libs: }}
";

/// A slice `bins` of `tool` with essentials and contents, and the package's copyright slice.
fn tool(essential: &str, contents: &str) -> String {
    let mut text = String::from("slices:\n  bins:\n    essential:\n      tool_copyright:\n");
    for name in essential.split_whitespace() {
        text.push_str(&format!("      {name}:\n"));
    }
    text.push_str("    contents:\n");
    for path in contents.split_whitespace() {
        text.push_str(&format!("      {path}:\n"));
    }
    text.push_str("  copyright: {contents: {/usr/share/doc/tool/copyright: }}\n");
    text
}

#[track_caller]
fn assert_found(found: &[Lint], rule: &str, text: &str) {
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].rule, found[0].slice.as_str()),
        (rule, "tool_bins")
    );
    assert!(found[0].found.contains(text), "{found:?}");
}

#[track_caller]
fn assert_clean(found: &[Lint]) {
    assert_eq!(found, [], "{found:?}");
}

#[test]
fn rules_are_told_apart_and_explained() {
    for rule in &RULES {
        assert!(
            !rule.title.is_empty() && rule.rationale.ends_with('.'),
            "{}",
            rule.id
        );
        assert_eq!(
            RULES.iter().filter(|other| other.id == rule.id).count(),
            1,
            "{}",
            rule.id
        );
    }
}

#[test]
fn an_absent_library_is_found() {
    let found = judge("tool_bins", &tool("lib_loader", "/usr/bin/tool"), LIB);
    assert_found(&found, "libraries", "/usr/bin/tool needs libx.so.1");
    assert_clean(&judge(
        "tool_bins",
        &tool("lib_loader lib_libs", "/usr/bin/tool"),
        LIB,
    ));
}

#[test]
fn an_absent_loader_is_found() {
    let found = judge("tool_bins", &tool("lib_libs", "/usr/bin/tool"), LIB);
    assert_found(&found, "loader", "/usr/bin/tool asks for /lib64/ld.so.2");
}

#[test]
fn an_absent_interpreter_of_a_script_is_found() {
    for script in ["/usr/bin/script", "/usr/bin/found"] {
        let found = judge("tool_bins", &tool("", script), LIB);
        assert_found(&found, "script-interpreter", &format!("{script} is run by"));
        assert_clean(&judge("tool_bins", &tool("lib_shell", script), LIB));
    }
    // A module of Python's library is imported.
    assert_clean(&judge("lib_module", &tool("", "/usr/bin/alone"), LIB));
    // `env` is there, what it is to find is not.
    let lib = "slices:\n  env: {contents: {/usr/bin/env: }}\n";
    let found = judge("tool_bins", &tool("lib_env", "/usr/bin/found"), lib);
    assert_found(
        &found,
        "script-interpreter",
        "run by shell, which PATH has not",
    );
}

#[test]
fn a_dangling_link_is_found() {
    let found = judge("tool_bins", &tool("", "/usr/bin/link"), LIB);
    assert_found(&found, "dangling-link", "/usr/bin/link leads to tool");
    let needs = "lib_loader lib_libs";
    assert_clean(&judge(
        "tool_bins",
        &tool(needs, "/usr/bin/link /usr/bin/tool"),
        LIB,
    ));
    assert_clean(&judge("tool_bins", &tool("", "/etc/mounts"), LIB));
}

#[test]
fn an_absent_copyright_file_is_found() {
    let without = "slices:\n  bins: {contents: {/usr/bin/alone: }}\n";
    let found = judge("tool_bins", without, LIB);
    assert_found(&found, "copyright", "/usr/share/doc/tool/copyright");
    assert_clean(&judge("tool_bins", &tool("", "/usr/bin/alone"), LIB));
    // This package ships none.
    assert_clean(&judge("lib_libs", without, LIB));
    // A slice that takes nothing owes nothing.
    assert_clean(&judge(
        "tool_none",
        "slices:\n  none: {essential: {lib_libs: }}\n",
        LIB,
    ));
}

#[test]
fn an_unused_essential_is_found() {
    let needs = "lib_loader lib_libs lib_other";
    let found = judge("tool_bins", &tool(needs, "/usr/bin/tool"), LIB);
    assert_found(&found, "unused-essential", "lib_other");
    // Needed through an essential of the essential.
    assert_clean(&judge(
        "tool_bins",
        &tool("lib_loader lib_chain", "/usr/bin/tool"),
        LIB,
    ));
    // Loaded by name by a library that is needed.
    let needs = "lib_loader lib_libs lib_plugin";
    assert_clean(&judge("tool_bins", &tool(needs, "/usr/bin/tool"), LIB));
    // Data, and what data needs, cannot be seen.
    assert_clean(&judge(
        "tool_bins",
        &tool("lib_data", "/usr/bin/alone"),
        LIB,
    ));
    assert_clean(&judge(
        "tool_bins",
        &tool("lib_other", "/usr/share/tool/data"),
        LIB,
    ));
}

#[test]
fn a_slice_that_does_not_cut_is_found() {
    let found = judge("tool_bins", &tool("", "/usr/bin/absent"), LIB);
    assert_found(&found, "cuts-alone", "no content at /usr/bin/absent");
    let release = release(&[(
        "slices/gone.yaml",
        "package: gone\nslices:\n  all:\n    contents: {/a: }\n",
    )]);
    let found = lint_alone(
        &release,
        &"gone_all".parse().unwrap(),
        Arch::Amd64,
        &shelf(),
    )
    .unwrap();
    assert_eq!((found.len(), found[0].rule), (1, "cuts-alone"), "{found:?}");
}

#[test]
fn a_slice_that_takes_most_of_its_package_must_say_why() {
    let paths = "/usr/share/tool/data /usr/share/tool/more /usr/bin/alone /etc/mounts";
    assert_clean(&judge("tool_bins", &tool("", paths), LIB));
    let all = format!("{paths} /usr/share/doc/tool/");
    assert_clean(&judge("tool_bins", &tool("", &all), LIB));
    let most = "slices:\n  bins:\n    contents:\n      /usr/share/tool/**:\n      /usr/share/doc/tool/**:\n      /etc/mounts:\n      \
                /usr/bin/alone:\n";
    let found = judge("tool_bins", most, LIB);
    assert_found(&found, "whole", "takes 5 of 9 files");
    let told = format!("{most}    whole: it is a fixture\n");
    assert_clean(&judge("tool_bins", &told, LIB));
}

#[test]
fn an_archive_that_fails_is_no_finding() {
    let text = "package: unreachable\nslices:\n  all:\n    contents: {/a: }\n";
    let release = release(&[("slices/unreachable.yaml", text)]);
    let key = "unreachable_all".parse().unwrap();
    let error = lint_alone(&release, &key, Arch::Amd64, &shelf()).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Archive);
}
