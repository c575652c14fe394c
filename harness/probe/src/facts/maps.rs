//! `/proc/PID/maps`: code that is not from a file of the image. Source: proc_pid_maps(5).

use std::collections::BTreeMap;

use probe::{MapFindings, MappedFile, Mapping};

use super::unescape;

const DELETED: &str = " (deleted)";

/// Parses all lines; the error shows the first that is odd.
pub(crate) fn maps(text: &str) -> Result<MapFindings, String> {
    let mut found = MapFindings {
        mappings: 0,
        deleted_executable: Vec::new(),
        memfd: Vec::new(),
        anonymous_rwx: Vec::new(),
        file_rwx: Vec::new(),
        anonymous_executable: Vec::new(),
        files: Vec::new(),
    };
    let mut files = BTreeMap::new();
    for line in text.lines() {
        let (mapping, of_file) = mapping(line).ok_or_else(|| format!("a line is `{line}`"))?;
        found.mappings += 1;
        sort(&mut found, &mut files, mapping, of_file);
    }
    found.files = files.into_values().collect();
    Ok(found)
}

/// Puts one mapping wherever it belongs; in several lists if it is several things at once.
fn sort(
    found: &mut MapFindings,
    files: &mut BTreeMap<String, MappedFile>,
    mapping: Mapping,
    of_file: OfFile,
) {
    let executable = mapping.permissions.as_bytes()[2] == b'x';
    let writable = mapping.permissions.as_bytes()[1] == b'w';
    let memfd = mapping.path.starts_with("/memfd:");
    if memfd {
        found.memfd.push(mapping.clone());
    }
    match of_file {
        OfFile::Yes => {
            let deleted = mapping.path.ends_with(DELETED);
            let path = mapping.path.strip_suffix(DELETED).unwrap_or(&mapping.path);
            let file = files.entry(mapping.path.clone()).or_insert(MappedFile {
                path: path.to_owned(),
                executable: false,
                deleted,
            });
            file.executable |= executable;
            if deleted && executable && !memfd {
                found.deleted_executable.push(mapping.clone());
            }
            if writable && executable {
                found.file_rwx.push(mapping);
            }
        }
        OfFile::No if writable && executable => found.anonymous_rwx.push(mapping),
        OfFile::No if executable && !of_kernel(&mapping.path) => {
            found.anonymous_executable.push(mapping);
        }
        OfFile::No => {}
    }
}

/// Whether a mapping has a file behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OfFile {
    Yes,
    No,
}

/// Code that the kernel itself maps into every program.
fn of_kernel(path: &str) -> bool {
    matches!(
        path,
        "[vdso]" | "[vsyscall]" | "[vectors]" | "[sigpage]" | "[uprobes]"
    )
}

fn mapping(line: &str) -> Option<(Mapping, OfFile)> {
    let mut rest = line;
    let mut next = || {
        let (word, tail) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = tail;
        (!word.is_empty()).then_some(word)
    };
    let (start, end) = next()?.split_once('-')?;
    let permissions = next()?;
    let _offset = next()?;
    let _device = next()?;
    let inode = next()?.parse::<u64>().ok()?;
    let mapping = Mapping {
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        permissions: permissions.to_owned(),
        path: unescape(rest.trim_start_matches(' ')),
    };
    let shape = permissions.len() == 4 && permissions.is_ascii();
    let of_file = if inode != 0 && mapping.path.starts_with('/') {
        OfFile::Yes
    } else {
        OfFile::No
    };
    shape.then_some((mapping, of_file))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::maps;

    #[test]
    fn sorts_every_kind_of_mapping() {
        let text = "\
            5500-5600 r--p 00000000 fe:00 11                         /usr/bin/app\n\
            5600-5700 r-xp 00001000 fe:00 11                         /usr/bin/app\n\
            6000-6100 r-xp 00000000 fe:00 12                         /tmp/gone x (deleted)\n\
            6100-6200 rw-s 00000000 00:01 13                         /memfd:data (deleted)\n\
            6200-6300 r-xp 00000000 00:01 14                         /memfd:code (deleted)\n\
            7000-7100 rwxp 00000000 00:00 0 \n\
            7100-7200 rwxp 00000000 00:00 0                          [heap]\n\
            7200-7300 rwxp 00000000 fe:00 15                         /lib/odd.so\n\
            7300-7400 r-xp 00000000 00:00 0 \n\
            7400-7500 rw-p 00000000 00:00 0                          [stack]\n\
            7500-7600 r-xp 00000000 00:00 0                          [vdso]\n\
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n";
        let got = maps(text).expect("maps");
        let paths =
            |list: &[probe::Mapping]| list.iter().map(|one| one.path.clone()).collect::<Vec<_>>();
        assert_eq!(got.mappings, 12);
        assert_eq!(paths(&got.deleted_executable), ["/tmp/gone x (deleted)"]);
        assert_eq!(
            paths(&got.memfd),
            ["/memfd:data (deleted)", "/memfd:code (deleted)"]
        );
        assert_eq!(paths(&got.anonymous_rwx), ["", "[heap]"]);
        assert_eq!(paths(&got.file_rwx), ["/lib/odd.so"]);
        assert_eq!(got.anonymous_executable.len(), 1);
        let app = got
            .files
            .iter()
            .find(|one| one.path == "/usr/bin/app")
            .expect("the program");
        assert!(app.executable && !app.deleted);
        let gone = got
            .files
            .iter()
            .find(|one| one.path == "/tmp/gone x")
            .expect("the file");
        assert!(gone.deleted);
        assert_eq!(got.files.len(), 5);
    }

    #[test]
    fn refuses_odd_lines() {
        for bad in [
            "x",
            "1-2 rwxp 0 0:0",
            "1-2 rwx 0 0:0 0",
            "1-g rwxp 0 0:0 0",
            "12 rwxp 0 0:0 0",
        ] {
            assert!(maps(bad).is_err(), "{bad}");
        }
    }
}
