//! `/proc/PID/mountinfo`. Source: proc_pid_mountinfo(5).

use probe::Mount;

use super::unescape;

/// Parses all lines; the error shows the first that is odd.
pub(crate) fn mounts(text: &str) -> Result<Vec<Mount>, String> {
    text.lines()
        .map(|line| mount(line).ok_or_else(|| format!("a line is `{line}`")))
        .collect()
}

fn mount(line: &str) -> Option<Mount> {
    // Not split at every white space: only a space separates, and a source may be empty.
    let (place, system) = line.split_once(" - ")?;
    let mut place = place.split(' ');
    let mut system = system.split(' ');
    let mount = Mount {
        id: place.next()?.parse().ok()?,
        parent: place.next()?.parse().ok()?,
        device: place.next()?.to_owned(),
        root: unescape(place.next()?),
        point: unescape(place.next()?),
        options: list(place.next()?),
        propagation: place.map(str::to_owned).collect(),
        fs_type: unescape(system.next()?),
        source: unescape(system.next()?),
        super_options: list(system.next()?),
    };
    mount.point.starts_with('/').then_some(mount)
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(unescape).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::mounts;

    #[test]
    fn reads_escapes_and_optional_fields() {
        let text = "36 35 98:0 /mnt1 /a\\040b\\134c ro,noexec shared:1 master:2 \
                    - ext4 /dev/x rw,errors=c\n\
                    37 36 0:5 / / rw - tmpfs  rw\n";
        let got = mounts(text).expect("mounts");
        assert_eq!(got.len(), 2);
        assert_eq!(
            (got[0].id, got[0].parent, got[0].point.as_str()),
            (36, 35, "/a b\\c")
        );
        assert_eq!(got[0].options, ["ro", "noexec"]);
        assert_eq!(got[0].propagation, ["shared:1", "master:2"]);
        assert_eq!(
            (got[0].fs_type.as_str(), got[0].super_options.len()),
            ("ext4", 2)
        );
        assert_eq!((got[1].propagation.len(), got[1].source.as_str()), (0, ""));
    }

    #[test]
    fn refuses_odd_lines() {
        for bad in [
            "x",
            "1 2 0:1 / / rw tmpfs t rw",
            "1 2 0:1 / rel rw - t t rw",
            "a 2 0:1 / / rw - t t rw",
        ] {
            assert!(mounts(bad).is_err(), "{bad}");
        }
    }
}
