//! Package tools, and what they leave behind.

use super::{Finding, programs};
use crate::{Tree, TreePath};

/// Programs that install software, by name; a version may follow (`pip3.13`).
const PROGRAMS: [(&str, &[&str]); 24] = [
    (
        "apt",
        &[
            "apt",
            "apt-get",
            "apt-cache",
            "apt-config",
            "apt-key",
            "apt-mark",
            "aptitude",
        ],
    ),
    (
        "dpkg",
        &["dpkg", "dpkg-deb", "dpkg-query", "dpkg-divert", "dselect"],
    ),
    ("rpm", &["rpm", "rpm2cpio", "rpmdb", "rpmkeys"]),
    ("dnf", &["dnf", "dnf5", "microdnf", "yum", "tdnf"]),
    ("zypper", &["zypper"]),
    ("apk", &["apk"]),
    ("pacman", &["pacman"]),
    ("opkg", &["opkg"]),
    ("portage", &["emerge"]),
    ("nix", &["nix", "nix-env", "nix-store"]),
    ("guix", &["guix"]),
    ("snap", &["snap", "snapd"]),
    ("flatpak", &["flatpak"]),
    ("brew", &["brew"]),
    (
        "pip",
        &["pip", "pipx", "easy_install", "uv", "uvx", "poetry", "pdm"],
    ),
    ("conda", &["conda", "mamba", "micromamba"]),
    (
        "npm",
        &["npm", "npx", "yarn", "yarnpkg", "pnpm", "corepack"],
    ),
    ("gem", &["gem", "bundle", "bundler"]),
    ("composer", &["composer", "pecl", "pear"]),
    ("cpan", &["cpan", "cpanm"]),
    ("luarocks", &["luarocks"]),
    ("cargo", &["cargo", "rustup"]),
    ("go", &["go"]),
    ("maven", &["mvn", "gradle"]),
];

/// Folders and files that such tools keep; the path itself or anything below it counts.
const REMAINS: [(&str, &str); 19] = [
    ("apt", "/var/lib/apt"),
    ("apt", "/var/cache/apt"),
    ("apt", "/etc/apt"),
    ("apt", "/usr/lib/apt"),
    ("dpkg", "/var/lib/dpkg"),
    ("dpkg", "/etc/dpkg"),
    ("rpm", "/var/lib/rpm"),
    ("rpm", "/usr/lib/sysimage/rpm"),
    ("dnf", "/var/lib/dnf"),
    ("dnf", "/var/cache/dnf"),
    ("dnf", "/var/cache/yum"),
    ("zypper", "/var/cache/zypp"),
    ("apk", "/lib/apk/db"),
    ("apk", "/usr/lib/apk/db"),
    ("apk", "/etc/apk"),
    ("pacman", "/var/lib/pacman"),
    ("snap", "/var/lib/snapd"),
    ("conda", "/opt/conda"),
    ("nix", "/nix/store"),
];

/// Folder names that hold a language's package tool wherever they lie: parent's name, own name.
const MODULES: [(&str, &str, &str); 6] = [
    ("pip", "site-packages", "pip"),
    ("pip", "dist-packages", "pip"),
    ("npm", "node_modules", "npm"),
    ("npm", "node_modules", "corepack"),
    ("npm", "node_modules", "yarn"),
    ("gem", "gems", "bundler"),
];

/// The package tools of the tree: programs one can run, and the data they leave. `what` is the
/// tool; `why` starts with `program` or `remains`.
pub fn package_tools(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, end) in programs(tree) {
        if let Some(tool) = tool(path.name()).or_else(|| tool(end.name())) {
            found.push(Finding::new(
                path,
                tool,
                format!("program `{}`", end.name()),
            ));
        }
    }
    for (tool, text) in REMAINS {
        if let Some((path, _)) = tree.iter().find(|(path, _)| path.as_str() == text) {
            let count = tree.below(path).count();
            if are_records(tree, path) {
                continue;
            }
            found.push(Finding::new(
                path,
                tool,
                format!("remains: {count} paths below"),
            ));
        }
    }
    for (path, _) in tree.iter().filter(|(_, entry)| entry.is_directory()) {
        if let Some(tool) = module(path) {
            found.push(Finding::new(
                path,
                tool,
                "remains: a module that installs packages",
            ));
        }
    }
    found.sort();
    found
}

/// Whether a tool's folder holds nothing but `status.d`: records that scanners read, of which no
/// tool can make an installation.
fn are_records(tree: &Tree, folder: &TreePath) -> bool {
    let records = format!("{folder}/status.d");
    let mut below = tree.below(folder).peekable();
    let is_record = |path: &TreePath| {
        let rest = path.as_str().strip_prefix(&records);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    below.peek().is_some() && below.all(|(path, entry)| is_record(path) && !entry.is_executable())
}

fn tool(name: &str) -> Option<&'static str> {
    let is_named = |program: &&str| {
        name.strip_prefix(*program)
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    };
    let mut tools = PROGRAMS.iter();
    let tool = tools.find(|(_, names)| names.iter().any(is_named));
    tool.map(|(tool, _)| *tool)
}

fn module(path: &TreePath) -> Option<&'static str> {
    let parent = path.parent()?;
    let is_it =
        |(_, folder, name): &&(&str, &str, &str)| parent.name() == *folder && path.name() == *name;
    MODULES.iter().find(is_it).map(|(tool, _, _)| *tool)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Entry, Origin};

    #[test]
    fn finds_programs_and_remains() {
        let table = [
            ("/usr/bin/apt-get", Some("apt program")),
            ("/usr/bin/dpkg", Some("dpkg program")),
            ("/usr/local/bin/pip3.13", Some("pip program")),
            ("/sbin/apk", Some("apk program")),
            ("/usr/bin/npm", Some("npm program")),
            ("/var/lib/dpkg/status", Some("dpkg remains")),
            ("/var/lib/dpkg/status.d/libc6", None),
            ("/var/lib/dpkg/status.dx", Some("dpkg remains")),
            ("/var/lib/apt/lists/x", Some("apt remains")),
            ("/usr/lib/python3/dist-packages/pip/x", Some("pip remains")),
            ("/usr/lib/node_modules/npm/x", Some("npm remains")),
            ("/lib/apk/db/installed", Some("apk remains")),
            ("/usr/bin/golint", None),
            ("/var/lib/misc/x", None),
            ("/usr/share/doc/dpkg/copyright", None),
        ];
        for (path, expected) in table {
            let mut tree = Tree::new();
            let mode = if path.contains("bin/") { 0o755 } else { 0o644 };
            let entry = Entry::file(Blob::new(&b"x"[..]), mode, Origin::User);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
            let found = package_tools(&tree);
            let first = found.first().map(|f| format!("{} {}", f.what, f.why));
            match expected {
                Some(start) => assert!(first.unwrap().starts_with(start), "{path}"),
                None => assert_eq!(first, None, "{path}"),
            }
        }
    }
}
