//! Whether every program and library finds its loader and libraries inside the tree.

use std::collections::BTreeSet;

use model::Arch;

use super::{Elf, elves};
use crate::{Tree, TreePath};

/// A library or loader that an ELF file needs and the tree does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingLibrary {
    /// Who needs it.
    pub path: TreePath,
    /// The name needed, or the loader's path.
    pub name: String,
}

/// Everything that ELF files of architecture `arch` need and would not find: in their own RPATH or
/// RUNPATH, in the folders of `/etc/ld.so.conf` and its inclusions, in the default folders, or
/// beside or below themselves (plug-ins are loaded by programs that have loaded their libraries
/// already: Java's need `server/libjvm.so`).
pub fn missing_libraries(tree: &Tree, arch: Arch) -> Vec<MissingLibrary> {
    let files = elves(tree);
    let files = files.iter().filter(|(_, elf)| elf.arch == Some(arch));
    let files: Vec<&(TreePath, Elf)> = files.collect();
    let folders = system_folders(tree, arch);
    let mut missing = Vec::new();
    for (path, elf) in files {
        let mut lacks = |name: &str| {
            missing.push(MissingLibrary {
                path: path.clone(),
                name: name.to_owned(),
            });
        };
        if let Some(loader) = elf.interpreter.as_ref()
            && tree.read(loader).is_none()
        {
            lacks(loader);
        }
        let own = path.parent().unwrap_or_else(TreePath::root);
        let listed = elf.rpath.iter().chain(&elf.runpath);
        let listed: Vec<String> = listed.map(|folder| origin(folder, own.as_str())).collect();
        for name in &elf.needed {
            let all = listed.iter().chain(&folders);
            let mut all = all.map(String::as_str).chain([own.as_str()]);
            let is_there = match name.contains('/') {
                true => is_library(tree, name, arch),
                false => {
                    all.any(|folder| is_library(tree, &format!("{folder}/{name}"), arch))
                        || is_below(tree, &own, name, arch)
                }
            };
            if !is_there {
                lacks(name);
            }
        }
    }
    missing
}

/// Library folders of the system, such as `/usr/lib/x86_64-linux-gnu`, lie at most this deep.
const DEEPEST_OF_SYSTEM: usize = 3;

fn is_library(tree: &Tree, path: &str, arch: Arch) -> bool {
    let bytes = tree.read(path).and_then(|blob| blob.bytes());
    bytes
        .and_then(|bytes| Elf::parse(bytes))
        .is_some_and(|elf| elf.arch == Some(arch))
}

/// Whether a folder below `own`, which is no folder of the system's, holds the library.
fn is_below(tree: &Tree, own: &TreePath, name: &str, arch: Arch) -> bool {
    own.depth() > DEEPEST_OF_SYSTEM
        && tree
            .below(own)
            .any(|(path, _)| path.name() == name && is_library(tree, path.as_str(), arch))
}

fn origin(folder: &str, own: &str) -> String {
    folder.replace("${ORIGIN}", own).replace("$ORIGIN", own)
}

fn system_folders(tree: &Tree, arch: Arch) -> Vec<String> {
    let name = arch.multiarch();
    let mut folders = vec![
        format!("/lib/{name}"),
        format!("/usr/lib/{name}"),
        "/lib".to_owned(),
        "/usr/lib".to_owned(),
        "/lib64".to_owned(),
        "/usr/lib64".to_owned(),
    ];
    let mut seen = BTreeSet::new();
    read_conf(tree, "/etc/ld.so.conf", &mut folders, &mut seen);
    folders
}

fn read_conf(tree: &Tree, path: &str, folders: &mut Vec<String>, seen: &mut BTreeSet<String>) {
    let Some(bytes) = tree.read(path).and_then(|blob| blob.bytes()) else {
        return;
    };
    if !seen.insert(path.to_owned()) || seen.len() > 100 || bytes.len() > 1 << 20 {
        return;
    }
    for line in crate::escape(bytes).lines() {
        let line = line.split('#').next().unwrap_or("").trim();
        match line.strip_prefix("include ") {
            // Real files only say `include /etc/ld.so.conf.d/*.conf`.
            Some(pattern) => {
                let (folder, end) = pattern.trim().split_once('*').unwrap_or((pattern, ""));
                let Ok(folder) = tree.resolve(folder.trim_end_matches('/')) else {
                    continue;
                };
                let inside: Vec<TreePath> = tree
                    .children(&folder)
                    .map(|(path, _)| path.clone())
                    .filter(|path| path.name().ends_with(end))
                    .collect();
                for path in inside {
                    read_conf(tree, path.as_str(), folders, seen);
                }
            }
            None if line.starts_with('/') => folders.push(line.to_owned()),
            None => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::elf::tests::Made;
    use super::*;
    use crate::{Blob, Entry, Origin};

    fn tree(members: &[(&str, Vec<u8>)]) -> Tree {
        let mut tree = Tree::new();
        for (path, bytes) in members {
            let entry = Entry::file(Blob::new(bytes.clone()), 0o755, Origin::User);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        tree
    }

    #[test]
    fn libraries_are_found_where_a_loader_looks() {
        let program = Made {
            needed: vec!["liba.so", "libb.so", "libc.so", "libd.so", "libe.so"],
            runpath: Some("$ORIGIN/../own"),
            ..Made::program()
        };
        let library = |name| Made {
            needed: vec![],
            ..Made::library(name)
        };
        let foreign = Made {
            machine: 183,
            ..library("libd.so")
        };
        let tree = tree(&[
            ("/app/bin/p", program.bytes()),
            ("/app/own/liba.so", library("liba.so").bytes()),
            (
                "/usr/lib/x86_64-linux-gnu/libb.so",
                library("libb.so").bytes(),
            ),
            ("/opt/libc.so", library("libc.so").bytes()),
            ("/usr/lib/libd.so", foreign.bytes()),
            ("/elsewhere/libe.so", library("libe.so").bytes()),
            (
                "/etc/ld.so.conf",
                b"include /etc/ld.so.conf.d/*.conf\n".to_vec(),
            ),
            ("/etc/ld.so.conf.d/x.conf", b"# here\n/opt\n".to_vec()),
        ]);
        let missing = missing_libraries(&tree, Arch::Amd64);
        let missing: Vec<&str> = missing.iter().map(|m| &*m.name).collect();
        assert_eq!(
            missing,
            ["/lib64/ld-linux-x86-64.so.2", "libd.so", "libe.so"]
        );
    }

    #[test]
    fn an_inclusion_loop_ends() {
        let tree = tree(&[
            ("/etc/ld.so.conf", b"include /etc/c/*.conf\n".to_vec()),
            ("/etc/c/a.conf", b"include /etc/c/*\n".to_vec()),
            ("/bin/p", Made::program().bytes()),
        ]);
        assert_eq!(missing_libraries(&tree, Arch::Amd64).len(), 2);
    }

    #[test]
    fn plug_ins_find_what_lies_below_them_in_a_folder_of_their_own() {
        let plug_in = |name| Made {
            needed: vec!["libvm.so"],
            ..Made::library(name)
        };
        let vm = Made {
            needed: vec![],
            ..Made::library("libvm.so")
        };
        let own = tree(&[
            (
                "/usr/lib/vm/v1/lib/libplug.so",
                plug_in("libplug.so").bytes(),
            ),
            ("/usr/lib/vm/v1/lib/server/libvm.so", vm.bytes()),
        ]);
        assert_eq!(missing_libraries(&own, Arch::Amd64), []);
        let system = tree(&[
            (
                "/usr/lib/x86_64-linux-gnu/libplug.so",
                plug_in("libplug.so").bytes(),
            ),
            ("/usr/lib/x86_64-linux-gnu/server/libvm.so", vm.bytes()),
        ]);
        let missing = missing_libraries(&system, Arch::Amd64);
        assert_eq!((missing.len(), missing[0].name.as_str()), (1, "libvm.so"));
    }
}
