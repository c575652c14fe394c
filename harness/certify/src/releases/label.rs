//! What a release is called, and what the host's own is.

use camino::Utf8Path;

/// The release that is taken when nobody says otherwise and the host is not Ubuntu.
pub const DEFAULT: &str = "debian-13";

/// What stands before the version in names of releases that others publish.
const PUBLISHED: &str = "ubuntu-";

/// Where a host says what it is, the first that does.
const SAYING: [(&str, &str, &str); 3] = [
    ("etc/os-release", "ID", "VERSION_ID"),
    ("usr/lib/os-release", "ID", "VERSION_ID"),
    ("etc/lsb-release", "DISTRIB_ID", "DISTRIB_RELEASE"),
];

/// Whether `text` has the shape of a release's label: `ubuntu-24.04`.
///
/// Source: `^[a-z](-?[a-z0-9]){2,}-[0-9]+(\.?[0-9])+$`, as the reference tool has it.
pub(super) fn is_label(text: &str) -> bool {
    let Some((name, version)) = text.rsplit_once('-') else {
        return false;
    };
    let parts_are = |text: &str, separator: char, is: fn(u8) -> bool| {
        let mut parts = text.split(separator);
        parts.all(|part| !part.is_empty() && part.bytes().all(is))
    };
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let letters = name.bytes().filter(|byte| *byte != b'-').count();
    let digits = version.bytes().filter(u8::is_ascii_digit).count();
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && parts_are(name, '-', lower)
        && letters >= 3
        && parts_are(version, '.', |byte| byte.is_ascii_digit())
        && digits >= 2
}

/// Whether `text` is the label of a release that others publish.
pub(super) fn is_published(text: &str) -> bool {
    text.starts_with(PUBLISHED) && is_label(text)
}

/// The release of the host whose files lie below `root`, when it is Ubuntu: `ubuntu-24.04`.
pub fn of_host(root: &Utf8Path) -> Option<String> {
    for (path, id, version) in SAYING {
        let Ok(text) = fs_err::read_to_string(root.join(path)) else {
            continue;
        };
        let (Some(id), Some(version)) = (value(&text, id), value(&text, version)) else {
            continue;
        };
        let label = format!("{PUBLISHED}{version}");
        let is_it = id.eq_ignore_ascii_case("ubuntu") && is_label(&label);
        return is_it.then_some(label);
    }
    None
}

/// The value of a variable in a file of `NAME=value` lines, without quotes.
fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut lines = text.lines().filter_map(|line| line.split_once('='));
    let (_, value) = lines.find(|(key, _)| key.trim() == name)?;
    Some(value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_a_name_and_a_version() {
        for good in ["ubuntu-24.04", "debian-13", "my-own-22.10.1", "abc-10"] {
            assert!(is_label(good), "{good}");
        }
        for bad in [
            "Foo",
            "ubuntu",
            "ubuntu-",
            "ubuntu-4",
            "ubuntu-24.",
            "ubuntu-.04",
            "ubuntu-24..04",
            "Ubuntu-24.04",
            "-24.04",
            "ab-24.04",
            "1bc-24.04",
            "a--bc-24.04",
            "ubuntu-24.04x",
            "",
            "../ubuntu-24.04",
            "ubuntu_x-24.04",
        ] {
            assert!(!is_label(bad), "{bad}");
        }
        assert!(is_published("ubuntu-24.04") && !is_published("debian-24.04"));
    }

    #[test]
    fn an_ubuntu_host_has_its_own_release() {
        let host = |path: &str, text: &str| {
            let root = tempfile::tempdir().unwrap();
            let root = Utf8Path::from_path(root.path()).unwrap();
            let path = root.join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
            of_host(root)
        };
        let ubuntu = "NAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=debian\n";
        assert_eq!(
            host("etc/os-release", ubuntu).as_deref(),
            Some("ubuntu-24.04")
        );
        assert_eq!(
            host("usr/lib/os-release", ubuntu).as_deref(),
            Some("ubuntu-24.04")
        );
        let old = "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n";
        assert_eq!(
            host("etc/lsb-release", old).as_deref(),
            Some("ubuntu-22.04")
        );
        assert_eq!(
            host("etc/os-release", "ID=debian\nVERSION_ID=\"13\"\n"),
            None
        );
        assert_eq!(
            host("etc/os-release", "ID=ubuntu\nVERSION_ID=rolling/x\n"),
            None
        );
        assert_eq!(host("etc/os-release", "ID=ubuntu\n"), None);
        assert_eq!(host("etc/hostname", "ubuntu"), None);
    }
}
