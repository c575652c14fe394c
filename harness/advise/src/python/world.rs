//! Where modules are: folders, file names, what starts with the interpreter, and what compiled
//! code imports without showing it.

use model::Arch;

/// The folders and names of one minor version on one architecture.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// `3.N`.
    pub(crate) minor: u32,
    /// Endings of module files, in the order the interpreter tries them.
    endings: Vec<String>,
}

/// What exists, where modules are looked for.
pub(crate) trait Place {
    /// Whether there is a file of that path.
    fn has_file(&self, path: &str) -> bool;
    /// Whether there is a folder of that path with something in it.
    fn has_folder(&self, path: &str) -> bool;
}

/// Modules that the interpreter itself imports, at its start or when it shows an error.
pub(crate) const STARTS_WITH: &[&str] = &[
    "_collections_abc",
    "_sitebuiltins",
    "abc",
    "codecs",
    "encodings",
    "encodings.aliases",
    "encodings.ascii",
    "encodings.latin_1",
    "encodings.utf_8",
    "genericpath",
    "importlib",
    "importlib.abc",
    "importlib.machinery",
    "importlib.util",
    "io",
    "linecache",
    "os",
    "posixpath",
    "runpy",
    "site",
    "sitecustomize",
    "stat",
    "traceback",
    "warnings",
    "zipimport",
];

/// Modules that are imported by compiled code inside the interpreter, or by a computed name: module,
/// what it imports.
const SECRETLY: &[(&str, &[&str])] = &[
    ("_ctypes", &["ctypes"]),
    ("_decimal", &["collections", "numbers"]),
    (
        "_elementtree",
        &["copy", "pyexpat", "xml.etree.ElementPath"],
    ),
    ("_zoneinfo", &["zoneinfo"]),
    ("datetime", &["_strptime"]),
    ("time", &["_strptime"]),
    ("socket", &["encodings.idna"]),
    ("zipfile", &["encodings.cp437"]),
    ("pickle", &["copyreg", "_compat_pickle"]),
    // Its name is put together from the platform's.
    ("sysconfig", &["_sysconfigdata__linux_{multiarch}"]),
    ("weakref", &["_weakrefset"]),
];

/// Words of compiled code that name modules nobody means: methods are called so as well.
const HIDDEN_WORDS: &[&str] = &[
    "antigravity",
    "idlelib",
    "lib2to3",
    "test",
    "this",
    "tkinter",
    "turtle",
    "turtledemo",
];

/// What importing `module` imports besides what its source says.
pub(crate) fn secretly(module: &str, arch: Arch) -> Vec<String> {
    let found = SECRETLY.iter().find(|(name, _)| *name == module);
    let names = found.map_or(&[][..], |(_, names)| names).iter();
    names
        .map(|name| name.replace("{multiarch}", arch.multiarch()))
        .collect()
}

/// Whether a word is taken for no module.
pub(crate) fn is_hidden_word(word: &str) -> bool {
    let first = word.split('.').next().unwrap_or(word);
    HIDDEN_WORDS.contains(&first)
}

impl World {
    /// Python `3.minor` on `arch`.
    pub(crate) fn new(minor: u32, arch: Arch) -> Self {
        let endings = [
            format!(".cpython-3{minor}-{}.so", arch.multiarch()),
            ".abi3.so".to_owned(),
            ".so".to_owned(),
            ".py".to_owned(),
        ];
        Self {
            minor,
            endings: endings.into(),
        }
    }

    /// The interpreter.
    pub(crate) fn interpreter(&self) -> String {
        format!("/usr/bin/python3.{}", self.minor)
    }

    /// The standard library.
    pub(crate) fn library(&self) -> String {
        format!("/usr/lib/python3.{}", self.minor)
    }

    /// Folders of the standard library, in the order of `sys.path`.
    pub(crate) fn library_folders(&self) -> [String; 2] {
        [self.library(), format!("{}/lib-dynload", self.library())]
    }

    /// Where packages of the archive put modules.
    pub(crate) fn packages_folder() -> &'static str {
        "/usr/lib/python3/dist-packages"
    }

    /// Files that show that the packages' folder has the module.
    pub(crate) fn packaged(&self, name: &str) -> Vec<String> {
        let top = name.split('.').next().unwrap_or(name);
        let stem = format!("{}/{top}", Self::packages_folder());
        let files = self.endings.iter().map(|ending| format!("{stem}{ending}"));
        files.chain([format!("{stem}/__init__.py")]).collect()
    }

    /// The top-level module that a file of the standard library belongs to.
    pub(crate) fn top<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(&self.library())?.strip_prefix('/')?;
        let rest = rest.strip_prefix("lib-dynload/").unwrap_or(rest);
        rest.split(['/', '.']).next()
    }

    /// Whether `files` end with the module `name` itself, not with one whose attribute it is.
    pub(crate) fn is_whole(files: &[String], name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        files.last().is_some_and(|path| {
            let mut parts = path.rsplit('/');
            let stem = |part: &str| part.split('.').next().map(str::to_owned);
            match parts.next().and_then(stem).as_deref() {
                Some("__init__") => parts.next() == Some(last),
                file => file == Some(last),
            }
        })
    }

    /// The files of `name` below `folder`, those of the packages around it first. None if its first
    /// part is not there. What lies below a plain module is an attribute.
    pub(crate) fn find(&self, place: &dyn Place, folder: &str, name: &str) -> Option<Vec<String>> {
        let mut files = Vec::new();
        let mut at = folder.to_owned();
        for (depth, part) in name.split('.').enumerate() {
            let here = format!("{at}/{part}");
            let init = self
                .endings
                .iter()
                .map(|ending| format!("{here}/__init__{ending}"));
            let mut modules = self.endings.iter().map(|ending| format!("{here}{ending}"));
            if let Some(init) = init.rev().find(|path| place.has_file(path)) {
                files.push(init);
            } else if let Some(module) = modules.find(|path| place.has_file(path)) {
                files.push(module);
                return Some(files);
            } else if !place.has_folder(&here) {
                return (depth > 0).then_some(files);
            }
            at = here;
        }
        Some(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Files(&'static [&'static str]);

    impl Place for Files {
        fn has_file(&self, path: &str) -> bool {
            self.0.contains(&path)
        }

        fn has_folder(&self, path: &str) -> bool {
            let below = format!("{path}/");
            self.0.iter().any(|file| file.starts_with(&below))
        }
    }

    #[test]
    fn modules_are_found_as_the_interpreter_does() {
        let world = World::new(13, Arch::Amd64);
        let files = Files(&[
            "/l/a/__init__.py",
            "/l/a/b.py",
            "/l/c.cpython-313-x86_64-linux-gnu.so",
            "/l/c.py",
            "/l/d.cpython-312-x86_64-linux-gnu.so",
            "/l/n/m/x.py",
        ]);
        let find = |name| world.find(&files, "/l", name).map(|found| found.join(" "));
        assert_eq!(find("a.b").as_deref(), Some("/l/a/__init__.py /l/a/b.py"));
        assert_eq!(find("a.attribute").as_deref(), Some("/l/a/__init__.py"));
        assert_eq!(
            find("c").as_deref(),
            Some("/l/c.cpython-313-x86_64-linux-gnu.so")
        );
        assert_eq!(find("d"), None);
        assert_eq!(find("n.m.x.attribute").as_deref(), Some("/l/n/m/x.py"));
        assert_eq!(find("absent.b"), None);
        let whole = |name| World::is_whole(&world.find(&files, "/l", name).unwrap(), name);
        assert!(whole("a") && whole("a.b") && whole("c"));
        assert!(!whole("a.attribute") && !whole("c.h"));
        assert_eq!(
            world.top("/usr/lib/python3.13/lib-dynload/_ssl.x.so"),
            Some("_ssl")
        );
        assert_eq!(
            world.top("/usr/lib/python3.13/email/utils.py"),
            Some("email")
        );
        assert_eq!(world.top("/usr/lib/python3/dist-packages/x.py"), None);
    }
}
