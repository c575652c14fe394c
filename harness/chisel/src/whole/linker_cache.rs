//! The dynamic linker's cache, `/etc/ld.so.cache`, made from what lies in a tree.
//!
//! Format: glibc's "new" cache, version 1.1 (`sysdeps/generic/dl-cache.h` describes it): a
//! header, one record per library, a table of strings. Records are sorted downwards by name, digits
//! by value, as the loader searches them so.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use model::Arch;
use rootfs::read::Elf;
use rootfs::{Blob, Kind, Tree, TreePath};

/// Bytes of the header and of one record.
const HEADER: usize = 48;
const RECORD: usize = 24;

/// How deep `include` lines nest.
const MAX_INCLUDES: usize = 8;

/// The finished cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkerCache {
    /// The content of the file.
    pub bytes: Vec<u8>,
    /// How many libraries it names.
    pub libraries: usize,
    /// Names of libraries that only their files' names lead to: the link that is needed, and its
    /// target in the same folder. `ldconfig` makes these links.
    pub missing_links: Vec<(TreePath, String)>,
}

/// One library of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Library {
    name: String,
    path: String,
}

/// The cache of the libraries in `tree` for `arch`.
pub fn linker_cache(tree: &Tree, arch: Arch) -> LinkerCache {
    let mut libraries = Vec::new();
    let mut missing_links = Vec::new();
    let mut seen = BTreeSet::new();
    for folder in folders(tree) {
        let Ok(real) = tree.resolve(&folder) else {
            continue;
        };
        if !seen.insert(real.clone()) {
            continue;
        }
        for (name, file) in folder_libraries(tree, &real, arch) {
            if let Ok(link) = real.join(&name)
                && !tree.contains(&link)
            {
                missing_links.push((link, file));
            }
            let path = format!("{folder}/{name}");
            libraries.push(Library { name, path });
        }
    }
    libraries.sort_by(|a, b| compare(&b.name, &a.name));
    LinkerCache {
        bytes: encode(&libraries, arch),
        libraries: libraries.len(),
        missing_links,
    }
}

/// The folders that the loader looks in: the configured ones, then the built-in ones.
fn folders(tree: &Tree) -> Vec<String> {
    let mut folders = Vec::new();
    configured(tree, "/etc/ld.so.conf", 0, &mut folders);
    folders.extend(["/lib".to_owned(), "/usr/lib".to_owned()]);
    folders
}

/// Reads one configuration file and those it includes.
fn configured(tree: &Tree, path: &str, depth: usize, folders: &mut Vec<String>) {
    let bytes = tree.read(path).and_then(Blob::bytes);
    let Some(text) = bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()) else {
        return;
    };
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(pattern) = line
            .strip_prefix("include")
            .filter(|_| depth < MAX_INCLUDES)
        {
            let pattern = pattern.trim();
            let folder = pattern
                .rsplit_once('/')
                .map_or("/etc", |(folder, _)| folder);
            let Ok(folder) = tree.resolve(folder) else {
                continue;
            };
            let glob = crate::glob::Pattern::new(pattern.rsplit('/').next().unwrap_or_default());
            let files: Vec<String> = tree
                .children(&folder)
                .filter(|(path, _)| glob.meets(&crate::glob::Pattern::literal(path.name())))
                .map(|(path, _)| path.to_string())
                .collect();
            files
                .iter()
                .for_each(|file| configured(tree, file, depth + 1, folders));
        } else if line.starts_with('/') {
            folders.push(line.trim_end_matches('/').to_owned());
        }
    }
}

/// The libraries in one folder: the name each is loaded by, and the file that has it.
fn folder_libraries(tree: &Tree, real: &TreePath, arch: Arch) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, (Source, String)> = BTreeMap::new();
    for (path, entry) in tree.children(real) {
        let file = path.name();
        if !is_library_name(file) {
            continue;
        }
        let Some(elf) = tree
            .read(path.as_str())
            .and_then(Blob::bytes)
            .and_then(|b| Elf::parse(b))
        else {
            continue;
        };
        if elf.arch != Some(arch) || (elf.soname.is_none() && elf.interpreter.is_some()) {
            continue;
        }
        let soname = elf.soname.unwrap_or_else(|| file.to_owned());
        // A link that the compiler looks for (`libx.so` to `libx.so.1`) stays under its own name.
        let for_compiler = file.ends_with(".so") && soname.starts_with(file);
        let is_link = matches!(entry.kind, Kind::Symlink { .. });
        let (name, source) = match is_link && (file == soname || for_compiler) {
            true => (file.to_owned(), Source::Link),
            false => (soname, Source::File),
        };
        let better = found.get(&name).is_none_or(|(old, other)| {
            source > *old || (source == *old && compare(other, file) == Ordering::Less)
        });
        if better {
            found.insert(name, (source, file.to_owned()));
        }
    }
    let names = found.into_iter();
    names.map(|(name, (_, file))| (name, file)).collect()
}

/// What gave a library its name; later ones are preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Link,
    File,
}

/// `lib*.so*` and `ld-*.so*`, as the loader's own tool looks at.
fn is_library_name(name: &str) -> bool {
    (name.starts_with("lib") || name.starts_with("ld-")) && name.contains(".so")
}

/// Compares names with runs of digits by value.
fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some(&x), Some(&y)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        match (x.is_ascii_digit(), y.is_ascii_digit()) {
            (true, true) => {
                let (left, right) = (digits(&mut a), digits(&mut b));
                if left != right {
                    return left.cmp(&right);
                }
            }
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) if x != y => return x.cmp(&y),
            (false, false) => (a, b) = (&a[1..], &b[1..]),
        }
    }
}

/// Takes the digits at the start off `text`; their value.
fn digits(text: &mut &[u8]) -> u64 {
    let mut value = 0_u64;
    while let Some((digit, rest)) = text.split_first().filter(|(byte, _)| byte.is_ascii_digit()) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        *text = rest;
    }
    value
}

/// The flags of a library: ELF for glibc, and the calling convention.
const fn flags(arch: Arch) -> u32 {
    let machine = match arch {
        Arch::Amd64 => 0x0300,
        Arch::Arm64 => 0x0a00,
        Arch::Armhf => 0x0900,
        Arch::I386 => 0,
        Arch::Ppc64el => 0x0500,
        Arch::Riscv64 => 0x1000,
        Arch::S390x => 0x0400,
    };
    machine | 3
}

/// The bytes of the cache. All but s390x are little endian.
fn encode(libraries: &[Library], arch: Arch) -> Vec<u8> {
    let big = arch == Arch::S390x;
    let number = |value: usize| {
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let start = HEADER + RECORD * libraries.len();
    let mut strings = Vec::new();
    let mut place = |text: &str| {
        let at = start + strings.len();
        strings.extend_from_slice(text.as_bytes());
        strings.push(0);
        at
    };
    let mut records = Vec::new();
    for library in libraries {
        let (name, path) = (place(&library.name), place(&library.path));
        records.extend(number(flags(arch) as usize));
        records.extend(number(name));
        records.extend(number(path));
        // The minimum kernel and the hardware needs, both unused.
        records.extend([0; 12]);
    }
    let mut cache = b"glibc-ld.so.cache1.1".to_vec();
    cache.extend(number(libraries.len()));
    cache.extend(number(strings.len()));
    cache.extend([if big { 3 } else { 2 }, 0, 0, 0]);
    // No extensions, and three unused words.
    cache.extend([0; 16]);
    cache.extend(records);
    cache.extend(strings);
    cache
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_compare_by_value() {
        let pairs = [
            ("libc.so.6", "libc.so.6", Ordering::Equal),
            ("libx.so.10", "libx.so.9", Ordering::Greater),
            ("libx.so.1", "libx.so.1.2", Ordering::Less),
            ("liba.so", "libb.so", Ordering::Less),
            ("lib1.so", "liba.so", Ordering::Greater),
        ];
        for (a, b, expected) in pairs {
            assert_eq!(compare(a, b), expected, "{a} {b}");
            assert_eq!(compare(b, a), expected.reverse(), "{b} {a}");
        }
    }

    #[test]
    fn an_empty_cache_is_a_header() {
        let cache = linker_cache(&Tree::new(), Arch::Amd64);
        assert_eq!((cache.bytes.len(), cache.libraries), (HEADER, 0));
    }
}
