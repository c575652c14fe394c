//! Which runtime, and which of its files.

use std::collections::BTreeSet;

/// A runtime that an archive may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Runtime {
    /// The release, such as 21.
    pub(crate) release: u16,
    /// The package.
    pub(crate) package: String,
}

/// The oldest and newest releases that are looked for.
const RELEASES: std::ops::RangeInclusive<u16> = 8..=61;

/// The release whose class files have this major version.
pub(crate) const fn release_of(major: u16) -> u16 {
    major.saturating_sub(44)
}

/// Whether a release is supported for long: 8, 11, and every fourth from 17 on.
pub(crate) const fn is_long_term(release: u16) -> bool {
    release == 8 || release == 11 || (release >= 17 && (release - 17).is_multiple_of(4))
}

/// Runtimes that read class files of `major`: those supported for long first, newest first.
pub(crate) fn runtimes(major: u16) -> Vec<Runtime> {
    let fits = |release: &u16| *release >= release_of(major);
    let (long, short): (Vec<u16>, Vec<u16>) = RELEASES
        .rev()
        .filter(fits)
        .partition(|release| is_long_term(*release));
    long.into_iter()
        .chain(short)
        .map(|release| Runtime {
            release,
            package: format!("openjdk-{release}-jre-headless"),
        })
        .collect()
}

/// Native libraries of modules that few programs use, by file name without `lib` and `.so`.
const NATIVE: &[(&str, &[&str])] = &[
    (
        "java.desktop",
        &[
            "awt",
            "awt_headless",
            "awt_xawt",
            "fontmanager",
            "freetype",
            "javajpeg",
            "jawt",
            "jsound",
            "lcms",
            "mlib_image",
            "splashscreen",
        ],
    ),
    ("java.smartcardio", &["j2pcsc"]),
    ("java.security.jgss", &["j2gss"]),
    ("jdk.sctp", &["sctp"]),
    // Debuggers, profilers and whoever attaches from outside: never the program itself.
    (
        "jdk.jdi",
        &["dt_socket", "jdwp", "saproc", "attach", "debuginfo"],
    ),
];

/// Whether a file of a runtime's package is left out because no module that is used has it.
/// `path` is the path below the runtime's folder.
pub(crate) fn is_left_out(path: &str, modules: &BTreeSet<&str>) -> bool {
    let unused = |folder: &str| path.starts_with(folder);
    if [
        "docs", "man", "jre/man", "legal", "include", "lib/jfr", "jmods",
    ]
    .iter()
    .any(|f| unused(f))
    {
        return true;
    }
    if let Some(program) = path.strip_prefix("bin/") {
        return program != "java";
    }
    // Data of the X11 and sound parts.
    if ["lib/psfont", "lib/fontconfig", "conf/sound.properties"]
        .iter()
        .any(|f| unused(f))
    {
        return !modules.contains("java.desktop");
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(stem) = name
        .strip_prefix("lib")
        .and_then(|rest| rest.strip_suffix(".so"))
    else {
        return false;
    };
    NATIVE
        .iter()
        .any(|(module, names)| names.contains(&stem) && !modules.contains(module))
}

/// Whether classes of `package` open windows, play or print: the headless runtime cannot.
pub(crate) fn needs_screen(package: &str) -> bool {
    ["javax.swing", "javax.sound", "javax.print", "java.applet"]
        .iter()
        .any(|screen| package.starts_with(screen))
        || package == "java.awt"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_is_supported_for_long_comes_first() {
        let first: Vec<u16> = runtimes(65).iter().map(|r| r.release).take(11).collect();
        assert_eq!(first, [61, 57, 53, 49, 45, 41, 37, 33, 29, 25, 21]);
        assert!(runtimes(66).iter().all(|r| r.release >= 22));
        let before_modules = runtimes(45);
        assert!(before_modules.iter().any(|r| r.release == 8));
    }

    #[test]
    fn files_follow_modules() {
        let none = BTreeSet::new();
        let desktop = BTreeSet::from(["java.desktop"]);
        for path in ["lib/libawt.so", "lib/libfontmanager.so"] {
            assert!(
                is_left_out(path, &none) && !is_left_out(path, &desktop),
                "{path}"
            );
        }
        for path in [
            "lib/modules",
            "lib/server/libjvm.so",
            "lib/libnet.so",
            "bin/java",
        ] {
            assert!(!is_left_out(path, &none), "{path}");
        }
        assert!(is_left_out("bin/keytool", &desktop) && is_left_out("man/man1/java.1", &desktop));
        assert!(needs_screen("javax.swing.text") && needs_screen("java.awt"));
        assert!(!needs_screen("java.awt.image"));
    }
}
