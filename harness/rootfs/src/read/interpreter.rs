//! Language interpreters, debuggers and virtual machines, by name, library name and content.

use memchr::memmem;

use super::{Elf, Finding, programs};
use crate::{Kind, Tree, TreePath};

/// How one language is recognised.
struct Language {
    name: &'static str,
    /// Program names without a version: `python` finds `python3.13` as well.
    programs: &'static [&'static str],
    /// Starts of library names up to the version.
    libraries: &'static [&'static str],
    /// A text that only a program which starts the interpreter holds: modules hold it as well,
    /// since they call the program that loads them.
    holds: Option<&'static str>,
    /// A text of the interpreter's own code: whatever ELF file holds it has the interpreter linked
    /// in, be it a program or a module.
    is_in: &'static [&'static str],
}

const fn language(
    name: &'static str,
    programs: &'static [&'static str],
    libraries: &'static [&'static str],
    holds: Option<&'static str>,
) -> Language {
    Language {
        name,
        programs,
        libraries,
        holds,
        is_in: &[],
    }
}

impl Language {
    const fn with_text(mut self, is_in: &'static [&'static str]) -> Self {
        self.is_in = is_in;
        self
    }
}

const LANGUAGES: [Language; 18] = [
    language(
        "python",
        &["python", "pypy"],
        &["libpython", "libpypy"],
        Some("Py_BytesMain"),
    ),
    // perl.c, `-v`.
    language("perl", &["perl"], &["libperl.so"], Some("perl_parse"))
        .with_text(&["Perl may be copied only"]),
    language(
        "lua",
        &["lua", "luajit", "luac"],
        &["liblua", "libluajit"],
        Some("luaL_openlibs"),
    )
    // lapi.c, `lua_ident`, in every 5.x; LuaJIT's lib_jit.c, `jit.version`.
    .with_text(&["Lua.org, PUC-Rio", "LuaJIT 2."]),
    language(
        "awk",
        &["awk", "gawk", "mawk", "nawk", "original-awk"],
        &[],
        Some("AWKPATH"),
    ),
    language(
        "node",
        &["node", "nodejs"],
        &["libnode.so"],
        Some("NODE_OPTIONS"),
    ),
    language("deno", &["deno"], &[], None),
    language("bun", &["bun"], &[], None),
    language(
        "ruby",
        &["ruby", "irb", "jruby", "mruby"],
        &["libruby"],
        Some("ruby_run_node"),
    )
    // version.c, `RUBY_COPYRIGHT`.
    .with_text(&["ruby - Copyright (C)"]),
    language(
        "tcl",
        &["tclsh", "wish", "expect"],
        &["libtcl", "libexpect"],
        Some("Tcl_MainEx"),
    ),
    language(
        "php",
        &["php", "php-cgi", "php-fpm", "phpdbg"],
        &["libphp"],
        Some("php_request_"),
    ),
    language(
        "gdb",
        &["gdb", "gdbserver", "lldb", "lldb-server"],
        &["liblldb"],
        None,
    ),
    language(
        "java",
        &["java", "jshell", "javac", "jdb"],
        &["libjvm.so"],
        Some("JLI_Launch"),
    ),
    language("guile", &["guile"], &["libguile"], None),
    language("r", &["R", "Rscript"], &["libR.so"], None),
    language(
        "erlang",
        &["erl", "escript", "beam.smp", "elixir"],
        &[],
        None,
    ),
    language("ocaml", &["ocaml", "ocamlrun"], &["libcamlrun"], None),
    language(
        "dotnet",
        &["dotnet", "mono", "pwsh"],
        &["libcoreclr.so", "libmonosgen"],
        None,
    ),
    language(
        "javascript",
        &["qjs", "js", "gjs", "d8"],
        &["libmozjs", "libv8.so"],
        None,
    ),
];

/// Every interpreter of the tree. `what` is the language; `why` starts with `program` for something
/// one can run, `library` for the interpreter as a library, `embedded` for a program or module that
/// links it, dynamically or statically. One that is renamed, linked statically and without the
/// texts looked for is not found.
pub fn interpreters(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, end) in programs(tree) {
        let by_name = |path: &TreePath| LANGUAGES.iter().find(|l| l.runs_as(path.name()));
        if let Some(language) = by_name(path).or_else(|| by_name(&end)) {
            let why = format!("program `{}`", end.name());
            found.push(Finding::new(path, language.name, why));
        }
    }
    for (path, entry) in tree.iter() {
        let Kind::File(blob) = &entry.kind else {
            continue;
        };
        let Some((bytes, elf)) = blob.bytes().and_then(|b| Some((b, Elf::parse(b)?))) else {
            continue;
        };
        for language in &LANGUAGES {
            let is_known = |f: &Finding| f.path == *path && f.what == language.name;
            if let Some(why) = language.in_elf(&elf, bytes)
                && !found.iter().any(is_known)
            {
                found.push(Finding::new(path, language.name, why));
            }
        }
    }
    found.sort();
    found
}

impl Language {
    fn runs_as(&self, name: &str) -> bool {
        let is_version = |rest: &str| {
            rest.bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        };
        let is_named = |program: &&str| name.strip_prefix(*program).is_some_and(is_version);
        self.programs.iter().any(is_named)
    }

    fn is_library(&self, name: &str) -> bool {
        // `libpython3.13.so.1.0`, but not `libpythonic.so`: a version or the end of the stem.
        self.libraries.iter().any(|stem| {
            name.strip_prefix(stem).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(|c: char| !c.is_ascii_alphabetic())
            })
        })
    }

    fn in_elf(&self, elf: &Elf, bytes: &[u8]) -> Option<String> {
        if let Some(soname) = elf.soname.as_ref().filter(|name| self.is_library(name)) {
            return Some(format!("library `{soname}`"));
        }
        let held = |text: &str| memmem::find(bytes, text.as_bytes()).is_some();
        if let Some(text) = self.is_in.iter().find(|text| held(text)) {
            return Some(format!("embedded: holds `{text}`"));
        }
        if !elf.is_program() {
            return None;
        }
        if let Some(needed) = elf.needed.iter().find(|name| self.is_library(name)) {
            return Some(format!("embedded: needs `{needed}`"));
        }
        let holds = self.holds?;
        held(holds).then(|| format!("embedded: holds `{holds}`"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::elf::tests::Made;
    use super::*;
    use crate::{Blob, Entry, Origin};

    fn elf(made: &Made) -> Entry {
        Entry::file(Blob::new(made.bytes()), 0o755, Origin::User)
    }

    #[test]
    fn finds_programs_libraries_and_embedders() {
        let plain = || Entry::file(Blob::new(&b"x"[..]), 0o755, Origin::User);
        let embeds = Made {
            needed: vec!["liblua5.1.so.0", "libc.so.6"],
            ..Made::program()
        };
        let hidden = Made {
            tail: b"\0Py_BytesMain\0",
            ..Made::program()
        };
        let module = Made {
            tail: b"\0Py_BytesMain\0",
            ..Made::library("_ssl.so")
        };
        // As valkey has it: the interpreter linked in, its library openers replaced.
        let linked = || Made {
            tail: b"\0$Lua: Lua 5.1.5 Copyright (C) 1994-2012 Lua.org, PUC-Rio $\0",
            ..Made::program()
        };
        let linked_module = Made {
            tail: b"\0LuaJIT 2.1.0\0",
            ..Made::library("http_lua.so")
        };
        let members = vec![
            ("/usr/bin/python3.13", plain()),
            (
                "/usr/bin/python3",
                Entry::symlink("python3.13", Origin::User),
            ),
            ("/usr/bin/perl5.40-x", plain()),
            ("/usr/bin/nodemon", plain()),
            ("/usr/bin/server", elf(&embeds)),
            ("/usr/bin/innocent", elf(&hidden)),
            ("/usr/bin/store", elf(&linked())),
            ("/usr/lib/_ssl.so", elf(&module)),
            ("/usr/lib/http_lua.so", elf(&linked_module)),
            ("/usr/lib/libjvm.so", elf(&Made::library("libjvm.so"))),
            (
                "/usr/lib/libpythonic.so",
                elf(&Made::library("libpythonic.so")),
            ),
            (
                "/usr/lib/libruby-3.3.so.3.3",
                elf(&Made::library("libruby-3.3.so.3.3")),
            ),
        ];
        let mut tree = Tree::new();
        for (path, entry) in members {
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        let found = interpreters(&tree);
        let found: Vec<String> = found
            .iter()
            .map(|f| format!("{} {} {}", f.path, f.what, f.why))
            .collect();
        assert_eq!(
            found,
            [
                "/usr/bin/innocent python embedded: holds `Py_BytesMain`",
                "/usr/bin/python3 python program `python3.13`",
                "/usr/bin/python3.13 python program `python3.13`",
                "/usr/bin/server lua embedded: needs `liblua5.1.so.0`",
                "/usr/bin/store lua embedded: holds `Lua.org, PUC-Rio`",
                "/usr/lib/http_lua.so lua embedded: holds `LuaJIT 2.`",
                "/usr/lib/libjvm.so java library `libjvm.so`",
                "/usr/lib/libruby-3.3.so.3.3 ruby library `libruby-3.3.so.3.3`",
            ]
        );
    }
}
