//! The whole way on an archive in memory: application, needs, packages, slices, drafts.

#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeMap;

use advise::{Advice, Application, Error, Library, Limits, Overlay, Request};
use bytes::Bytes;
use camino::Utf8Path;
use chisel::{PackageRecord, PackageSource, Release, ReleaseFiles, Strictness};
use deb::{ArchiveContents, Compression, ContentsIndex, Priority};
use fs_err as fs;
use model::{Arch, Digest};
use testkit::{BuiltDeb, DebBuilder};

/// Packages by name, and the index of their files.
#[derive(Default)]
struct Shelf {
    packages: BTreeMap<String, BuiltDeb>,
    index: String,
}

impl Shelf {
    /// Adds a package with these files: path, text; `->` starts the target of a link.
    fn with(mut self, name: &str, files: &[(&str, &str)]) -> Self {
        let mut package = DebBuilder::new(name, "1.0");
        let copyright = format!("/usr/share/doc/{name}/copyright");
        let all = files.iter().copied().chain([(copyright.as_str(), "free")]);
        for (path, text) in all {
            package = match text.strip_prefix("->") {
                Some(target) => package.symlink(path, target),
                None => package.file(path, 0o755, text.as_bytes()),
            };
            self.index += &format!("{}  misc/{name}\n", path.trim_start_matches('/'));
        }
        self.packages.insert(name.to_owned(), package.build());
        self
    }

    /// A line of the index that no package keeps.
    fn lying(mut self, line: &str) -> Self {
        self.index += line;
        self
    }
}

impl PackageSource for Shelf {
    fn lookup(
        &self,
        name: &str,
        _: Arch,
        _: Option<&str>,
    ) -> chisel::Result<Option<PackageRecord>> {
        Ok(self.packages.get(name).map(|package| PackageRecord {
            name: package.name.clone(),
            version: package.version.clone(),
            arch: package.architecture.clone(),
            source: package.name.clone(),
            source_version: package.version.clone(),
            digest: Digest::of(&package.bytes),
            size: package.bytes.len() as u64,
            archive: "test".to_owned(),
            suite: "test".to_owned(),
            file: String::new(),
        }))
    }

    fn open(&self, record: &PackageRecord) -> chisel::Result<Bytes> {
        Ok(self.packages[&record.name].bytes.clone().into())
    }
}

impl Library for Shelf {
    fn contents(&self) -> advise::Result<ArchiveContents> {
        let index = ContentsIndex::new("test", Compression::None, self.index.clone().into());
        Ok(ArchiveContents {
            indexes: vec![index],
            unverified: Vec::new(),
        })
    }

    fn fetch(&self, _: &[PackageRecord]) -> advise::Result<()> {
        Ok(())
    }

    fn priority(&self, name: &str) -> Option<Priority> {
        self.packages.get(name).map(|_| Priority::Optional)
    }
}

fn release(format: &str, definitions: &[(&str, &str)]) -> ReleaseFiles {
    let key = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../releases/debian-13/keys/debian-archive-trixie-automatic.asc"
    );
    let text = format!(
        "format: {format}\narchives:\n  test:\n    version: 1\n    suites: [s]\n    components: \
         [main]\n    priority: 1\n    public-keys: [key]\nmaintenance:\n  standard: 2020-01-01\n  \
         end-of-life: 2100-01-01\npublic-keys:\n  key:\n    id: 225629df75b188bd\n    path: \
         keys/k.asc\n"
    );
    let mut files = vec![
        ("chisel.yaml".to_owned(), text.into_bytes()),
        ("keys/k.asc".to_owned(), fs::read(key).unwrap()),
        ("slices/none.yaml".to_owned(), b"package: none\n".to_vec()),
    ];
    for (package, text) in definitions {
        files.push((format!("slices/{package}.yaml"), text.as_bytes().to_vec()));
    }
    ReleaseFiles::from_pairs("test", files)
}

fn advise(shelf: &Shelf, files: &ReleaseFiles, app: &[(&str, &str)]) -> Result<Advice, Error> {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    for (path, text) in app {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).unwrap();
    }
    let application = Application::open(root, &Limits::STANDARD)?;
    ask(shelf, files, &application, &[])
}

fn ask(
    shelf: &Shelf,
    files: &ReleaseFiles,
    application: &Application,
    packages: &[String],
) -> Result<Advice, Error> {
    let release = Release::from_files(files, Strictness::Foreign).unwrap();
    let request = Request {
        application,
        packages,
        release: &release,
        files,
        arch: Arch::Amd64,
        limits: Limits::STANDARD,
    };
    advise::advise(request, shelf)
}

fn slices(advice: &Advice) -> Vec<String> {
    advice
        .slices
        .iter()
        .map(|slice| slice.slice.to_string())
        .collect()
}

fn paths(advice: &Advice) -> Vec<&str> {
    let files = advice.packages.iter().flat_map(|package| &package.files);
    files.map(|file| file.path.as_str()).collect()
}

#[test]
fn a_script_leads_through_links_and_usr_to_an_interpreter() {
    let shelf = Shelf::default()
        .with(
            "shell",
            &[("/usr/bin/sh", "->dash"), ("/usr/bin/dash", "x")],
        )
        .with("other", &[("/usr/bin/more", "x")]);
    let files = release(
        "v3",
        &[(
            "shell",
            "package: shell\nslices:\n  links:\n    contents:\n      /usr/bin/sh:\n",
        )],
    );
    let advice = advise(&shelf, &files, &[("run", "#!/bin/sh\n")]).unwrap();
    assert!(advice.is_complete());
    assert_eq!(slices(&advice), ["shell_advised", "shell_links"]);
    assert_eq!(paths(&advice), ["/usr/bin/dash", "/usr/bin/sh"]);
    assert_eq!(
        advice.packages[0].files[1].why,
        "file /bin/sh, needed by run"
    );
    let text = &advice.drafts[0].text;
    assert_eq!(
        text,
        "package: shell\nslices:\n  advised:\n    contents:\n      /usr/bin/dash:\n\n  links:\n    \
         contents:\n      /usr/bin/sh:\n"
    );
    let overlay = Overlay::new(&files, &advice.drafts).release().unwrap();
    assert!(overlay.unknown_keys.is_empty());
    assert!(advise::table(&advice).contains("shell_advised (draft)"));
}

#[test]
fn the_package_with_slices_is_preferred() {
    let shelf = Shelf::default()
        .with("aaa", &[("/usr/bin/tool", "x")])
        .with("zzz", &[("/usr/bin/tool", "x")]);
    let app = [("run", "#!/usr/bin/tool\n")];
    let none = advise(&shelf, &release("v3", &[]), &app).unwrap();
    assert_eq!(slices(&none), ["aaa_bins"]);
    let text = "package: zzz\nslices:\n  bins:\n    contents:\n      /usr/bin/tool:\n";
    let sliced = advise(&shelf, &release("v3", &[("zzz", text)]), &app).unwrap();
    assert_eq!(slices(&sliced), ["zzz_bins"]);
    assert!(sliced.drafts.is_empty());
}

#[test]
fn drafts_that_need_each_other_are_no_loop() {
    let shelf = Shelf::default()
        .with("one", &[("/usr/bin/one", "#!/usr/bin/two\n")])
        .with("two", &[("/usr/bin/two", "#!/usr/bin/one\n")]);
    for (format, style) in [("v3", "      two_bins:\n"), ("v2", "      - two_bins\n")] {
        let files = release(format, &[]);
        let advice = advise(&shelf, &files, &[("run", "#!/usr/bin/one\n")]).unwrap();
        assert_eq!(slices(&advice), ["one_bins", "two_bins"], "{format}");
        let both: String = advice
            .drafts
            .iter()
            .map(|draft| draft.text.as_str())
            .collect();
        let needs = [style, &style.replace("two", "one")].map(|line| both.contains(line));
        assert!(needs.iter().filter(|is| **is).count() <= 1, "{both}");
        assert!(
            advice
                .notes
                .iter()
                .any(|note| note.contains("need each other"))
        );
        Overlay::new(&files, &advice.drafts).release().unwrap();
    }
}

#[test]
fn python_modules_lead_to_modules() {
    let shelf = python();
    let app = [
        ("main.py", "import a\nfrom vendored import x\n"),
        ("vendor/vendored/__init__.py", "import packaged\n"),
        ("vendor/vendored/x.py", "from . import y\n"),
        ("vendor/vendored/y.py", "def f():\n    import lazy, tried\n"),
        ("vendor/vendored/unused.py", "import no_such\n"),
        ("vendor/vendored-1.dist-info/WHEEL", "Tag: py3-none-any\n"),
    ];
    let advice = advise(&shelf, &release("v3", &[]), &app).unwrap();
    assert!(advice.is_complete(), "{:?}", advice.missing);
    let library = "/usr/lib/python3.13";
    let found: Vec<String> = paths(&advice)
        .into_iter()
        .filter(|path| !path.contains("/doc/"))
        .map(|path| path.replace(library, "L"))
        .collect();
    assert_eq!(
        found,
        [
            "/usr/lib/python3/dist-packages/packaged.py",
            "/usr/bin/python3.13",
            "L/a.py",
            "L/b/__init__.py",
            "L/b/c.py",
            "L/encodings/__init__.py",
            "L/lazy.py",
        ]
    );
    assert!(
        advice
            .unmet
            .iter()
            .any(|unmet| unmet.need == "Python module tried")
    );
    // What is inside a function of a module that the application does not import stays away.
    assert!(!found.contains(&"L/late.py".to_owned()));
}

#[test]
fn what_others_import_on_some_way_only_makes_all_behind_it_optional() {
    let base = [
        ("vendor/v/win.py", "import no_such, packaged\n"),
        ("vendor/v-1.dist-info/WHEEL", "Tag: py3-none-any\n"),
    ];
    let sourced = |main, package| {
        let app = [
            base[0],
            base[1],
            ("main.py", main),
            ("vendor/v/__init__.py", package),
        ];
        advise(&python(), &release("v3", &[]), &app).unwrap()
    };
    let has = |advice: &Advice| slices(advice).contains(&"python3-packaged_core".to_owned());
    let guarded = "if x:\n    from . import win\n";
    let optional = sourced("import v\n", guarded);
    assert!(optional.is_complete(), "{:?}", optional.missing);
    assert!(!has(&optional), "{:?}", slices(&optional));
    let unmet = optional
        .unmet
        .iter()
        .filter(|one| one.by == "vendor/v/win.py");
    let unmet: Vec<&str> = unmet.map(|one| one.need.as_str()).collect();
    assert_eq!(unmet, ["Python module no_such", "Python module packaged"]);
    // Somebody who needs it after all, first or last, makes it needed; so does the application.
    for (main, package) in [
        (
            "import v\n",
            "if x:\n    from . import win\nfrom . import win\n",
        ),
        ("import v\nimport v.win\n", guarded),
        ("if x:\n    import v.win\nimport v\n", guarded),
    ] {
        let needed = sourced(main, package);
        assert_eq!(
            needed.missing.len(),
            1,
            "{main}{package}: {:?}",
            needed.missing
        );
        assert_eq!(needed.missing[0].by, "vendor/v/win.py");
        assert!(has(&needed), "{main}{package}");
    }
}

#[test]
fn a_name_put_together_by_the_standard_library_is_known() {
    let library = "/usr/lib/python3.13";
    let made = format!("{library}/_sysconfigdata__linux_x86_64-linux-gnu.py");
    let other = format!("{library}/_sysconfigdata__linux_aarch64-linux-gnu.py");
    let module = format!("{library}/sysconfig/__init__.py");
    let files = [
        (module.as_str(), ""),
        (made.as_str(), ""),
        (other.as_str(), ""),
    ];
    let shelf = python().with("libpython3.13-stdlib", &files);
    for (source, wanted) in [("import sysconfig\n", true), ("import a\n", false)] {
        let advice = advise(&shelf, &release("v3", &[]), &[("main.py", source)]).unwrap();
        assert_eq!(paths(&advice).contains(&made.as_str()), wanted, "{source}");
        assert!(!paths(&advice).contains(&other.as_str()), "{source}");
    }
}

/// A small Python: `a` needs `b.c`, which needs `late` inside a function.
fn python() -> Shelf {
    let library = "/usr/lib/python3.13";
    let path = |name: &str| format!("{library}/{name}");
    let names = [
        "a.py",
        "b/__init__.py",
        "b/c.py",
        "late.py",
        "lazy.py",
        "encodings/__init__.py",
    ];
    let texts = [
        "import b.c, sys\n",
        "",
        "def f():\n    import late\nif x: import winreg\n",
        "",
        "",
        "",
    ];
    let paths: Vec<String> = names.iter().map(|name| path(name)).collect();
    let mut files: Vec<(&str, &str)> = paths
        .iter()
        .map(String::as_str)
        .zip(texts.iter().copied())
        .collect();
    files.push(("/usr/bin/python3.13", "binary"));
    Shelf::default().with("python3.13-minimal", &files).with(
        "python3-packaged",
        &[("/usr/lib/python3/dist-packages/packaged.py", "")],
    )
}

#[test]
fn another_python_than_the_archives_is_missing() {
    let app = [
        ("main.py", "import a\n"),
        ("x.cpython-311-x86_64-linux-gnu.so", "no ELF"),
    ];
    let advice = advise(&python(), &release("v3", &[]), &app).unwrap();
    assert!(!advice.is_complete());
    assert_eq!(advice.missing.len(), 1);
    assert!(
        advice.missing[0]
            .why
            .ends_with("is made for Python 3.11, the archive has 3.13")
    );
}

#[test]
fn what_nothing_provides_is_named() {
    let shelf = Shelf::default()
        .with(
            "real",
            &[
                ("/usr/bin/real", "#!/usr/bin/gone\n"),
                ("/usr/bin/l", "->nowhere"),
            ],
        )
        .lying("usr/bin/liar  misc/real\nusr/bin/ghost  misc/no-such-package\n");
    let app = [
        ("a", "#!/usr/bin/real\n"),
        ("b", "#!/usr/bin/liar\n"),
        ("c", "#!/usr/bin/ghost\n"),
        ("d", "#!/usr/bin/l\n"),
    ];
    let advice = advise(&shelf, &release("v3", &[]), &app).unwrap();
    let missing: Vec<(&str, &str)> = advice
        .missing
        .iter()
        .map(|missing| (missing.need.as_str(), missing.by.as_str()))
        .collect();
    assert_eq!(
        missing,
        [
            ("file /usr/bin/ghost", "c"),
            ("file /usr/bin/gone", "/usr/bin/real"),
            ("file /usr/bin/liar", "b"),
        ]
    );
    // A link that leads nowhere may be filled when a package is installed.
    assert_eq!(advice.unmet[0].need, "file /usr/bin/nowhere");
}

#[test]
fn packages_can_be_asked_for() {
    let shelf = Shelf::default().with(
        "pp",
        &[
            ("/usr/bin/pp", "#!/usr/bin/pp\n"),
            ("/usr/share/pp/data", "x"),
            ("/usr/share/man/man1/pp.1.gz", "x"),
        ],
    );
    let files = release("v3", &[]);
    let none = Application::none("pp");
    let advice = ask(&shelf, &files, &none, &["pp".to_owned()]).unwrap();
    let wanted = [
        "/usr/bin/pp",
        "/usr/share/pp/data",
        "/usr/share/doc/pp/copyright",
    ];
    assert_eq!(paths(&advice), wanted);
    let error = ask(&shelf, &files, &none, &["qq".to_owned()]).unwrap_err();
    assert!(matches!(error, Error::Unknown(name) if name == "qq"));
}

#[test]
fn limits_and_empty_folders_are_errors() {
    let error = advise(&python(), &release("v3", &[]), &[("text", "hello")]).unwrap_err();
    assert!(matches!(error, Error::Nothing(_)), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(folder.path()).unwrap();
    fs::write(root.join("main.py"), "import a\n").unwrap();
    let application = Application::open(root, &Limits::STANDARD).unwrap();
    let files = release("v3", &[]);
    let read = Release::from_files(&files, Strictness::Foreign).unwrap();
    for (limits, wanted) in [
        (
            Limits {
                needs: 3,
                ..Limits::STANDARD
            },
            "more than 3 needs",
        ),
        (
            Limits {
                packages: 0,
                ..Limits::STANDARD
            },
            "more than 0 packages",
        ),
        (
            Limits {
                package_bytes: 3,
                ..Limits::STANDARD
            },
            "more than 3 bytes of packages",
        ),
    ] {
        let request = Request {
            application: &application,
            packages: &[],
            release: &read,
            files: &files,
            arch: Arch::Amd64,
            limits,
        };
        let error = advise::advise(request, &python()).unwrap_err().to_string();
        assert!(error.ends_with(wanted), "{error}");
    }
}
