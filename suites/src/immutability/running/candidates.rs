//! Programs that are tried in a running container, by name.

/// Folders in which programs are looked for.
const FOLDERS: [&str; 5] = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/// Shells.
const SHELLS: [&str; 12] = [
    "sh", "bash", "dash", "ash", "busybox", "toybox", "zsh", "ksh", "mksh", "fish", "csh", "tcsh",
];

/// Interpreters: language, as the spec's `interpreters` names it, and program.
const INTERPRETERS: [(&str, &str); 16] = [
    ("python", "python"),
    ("python", "python3"),
    ("python", "python3.13"),
    ("perl", "perl"),
    ("lua", "lua"),
    ("lua", "luajit"),
    ("awk", "awk"),
    ("awk", "mawk"),
    ("awk", "gawk"),
    ("node", "node"),
    ("ruby", "ruby"),
    ("tcl", "tclsh"),
    ("php", "php"),
    ("java", "java"),
    ("gdb", "gdb"),
    ("sed", "sed"),
];

/// Paths of every known shell.
pub(crate) fn shells() -> Vec<String> {
    everywhere(&SHELLS)
}

/// Paths of every known interpreter but the declared ones.
pub(crate) fn interpreters(declared: &[String]) -> Vec<String> {
    let names: Vec<&str> = INTERPRETERS
        .iter()
        .filter(|(language, _)| declared.iter().all(|name| name != language))
        .map(|(_, program)| *program)
        .collect();
    everywhere(&names)
}

fn everywhere(names: &[&str]) -> Vec<String> {
    FOLDERS
        .iter()
        .flat_map(|folder| names.iter().map(move |name| format!("{folder}/{name}")))
        .collect()
}
