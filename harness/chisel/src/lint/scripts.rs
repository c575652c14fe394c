//! Scripts of the slice whose interpreter is absent.

use super::{Rule, Subject};

pub(super) const RULE: Rule = Rule {
    id: "script-interpreter",
    title: "the interpreter that a script of the slice names is there",
    rationale: "An executable script without its interpreter does not start. A program that `env` \
                is to find must lie in a folder that PATH usually names. Modules of Python's own \
                library are not looked at: they are imported, although some can be executed.",
    look,
};

/// Where `env` finds programs.
const PATH: [&str; 5] = ["/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

fn look(subject: &Subject<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for script in rootfs::read::shebangs(subject.tree) {
        let entry = subject.tree.get(&script.path);
        if !entry.is_some_and(|entry| subject.owns(entry)) || is_module(script.path.as_str()) {
            continue;
        }
        let has = |path: &str| subject.tree.read(path).is_some();
        if !has(&script.interpreter) {
            let name = &script.interpreter;
            found.push(format!(
                "{} is run by {name}, which is not there",
                script.path
            ));
        } else if script.interpreter.ends_with("/env")
            && !PATH
                .iter()
                .any(|folder| has(&format!("{folder}/{}", script.program)))
        {
            let name = &script.program;
            found.push(format!(
                "{} is run by {name}, which PATH has not",
                script.path
            ));
        }
    }
    found
}

/// Whether the file is a module of Python's own library, `/usr/lib/python3.11/pdb.py`: the
/// interpreter that imports it is there, whatever its first line asks for.
fn is_module(path: &str) -> bool {
    path.starts_with("/usr/lib/python3") && path.ends_with(".py")
}
