//! This program in the place of the runtime: it plants a flaw in the bundle of each `create`, then
//! becomes the runtime.
//!
//! So the driver, the runtime and the suite are the real ones, and nothing of them knows of flaws.
//! Beside it lie `real`, the path of the runtime, `flaw`, the flaw's name, and `mode`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::flaws::{self, Mode};

/// What the driver calls the embedded runtime.
pub const NAME: &str = "launch";

/// Whether a program called like this is the wrapper.
pub fn is_meant(name: &Path) -> bool {
    name.file_name().is_some_and(|last| last == NAME)
}

/// Makes a wrapper in `folder` out of this program, which is at `program`.
pub fn make(folder: &Path, program: &Path, real: &Path, flaw: &str, mode: Mode) {
    // By a link: the path by which it is called tells where the files are.
    std::os::unix::fs::symlink(program, folder.join(NAME)).expect("a link");
    std::fs::write(folder.join("real"), real.to_str().expect("a path")).expect("written");
    std::fs::write(folder.join("flaw"), flaw).expect("written");
    std::fs::write(folder.join("mode"), format!("{mode:?}")).expect("written");
}

/// Plants and becomes.
pub fn run(words: &[OsString]) -> std::io::Error {
    let folder = Path::new(&words[0]).parent().expect("a folder");
    let beside = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    if words.iter().any(|word| word == "create") {
        let at = words
            .iter()
            .position(|word| word == "--bundle")
            .expect("a bundle");
        let bundle = PathBuf::from(&words[at + 1]);
        let config = bundle.join("config.json");
        let text = std::fs::read(&config).expect("a config.json");
        let mut spec = serde_json::from_slice(&text).expect("JSON");
        let mode = Mode::named(&beside("mode")).expect("a mode");
        flaws::plant(&beside("flaw"), mode, &mut spec, &bundle);
        std::fs::write(&config, spec.to_string()).expect("written");
    }
    Command::new(beside("real")).args(&words[1..]).exec()
}
