//! The main job as a normal user: the real program, run by somebody without rights, with a home and
//! caches of its own.
//!
//! Class `rootless`: needs user namespaces for normal users; class `archive`: needs packages. Run as
//! root the tests drop to another user, else they run as whoever calls.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a test speaks, starts programs and reads files by itself"
)]

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;
use tempfile::TempDir;

/// Somebody whom no host knows.
const NORMAL: u32 = 4242;

/// Runs measure time; two at once would disturb each other.
static ALONE: Mutex<()> = Mutex::new(());

/// A folder that everybody may enter, with the program, what it needs and the user's own folders.
struct Ground {
    _temporary: TempDir,
    folder: PathBuf,
    is_root: bool,
}

/// What is missing here: the class of tests that it shuts out, and why.
type Lack = (&'static str, String);

impl Ground {
    fn shared() -> Result<&'static Self, Lack> {
        static GROUND: OnceLock<Result<Ground, Lack>> = OnceLock::new();
        GROUND
            .get_or_init(Self::prepare)
            .as_ref()
            .map_err(Clone::clone)
    }

    fn prepare() -> Result<Self, Lack> {
        let id = Command::new("id").arg("-u").output().unwrap();
        let is_root = id.stdout == b"0\n";
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().to_owned();
        open_to_all(&folder);
        let program = Path::new(env!("CARGO_BIN_EXE_certify"));
        link(program, &folder.join("certify"));
        let libexec = std::env::var_os("CERTIFY_LIBEXEC")
            .map_or_else(|| program.with_file_name("libexec"), PathBuf::from);
        std::fs::create_dir(folder.join("libexec")).unwrap();
        for name in ["probe", "launch"] {
            if !libexec.join(name).is_file() {
                let why = format!("no {name} in {}: cargo xtask libexec", libexec.display());
                return Err(("rootless", why));
            }
            link(&libexec.join(name), &folder.join("libexec").join(name));
        }
        for name in ["home", "tmp"] {
            let own = folder.join(name);
            std::fs::create_dir(&own).unwrap();
            if is_root {
                chown(&own, Some(NORMAL), Some(NORMAL)).unwrap();
            }
        }
        let ground = Self {
            _temporary: temporary,
            folder,
            is_root,
        };
        ground.assert_able()?;
        Ok(ground)
    }

    /// Asks the program itself, as that user.
    fn assert_able(&self) -> Result<(), Lack> {
        let doctor = self.normal(&["doctor", "--json"]);
        let findings: Value = serde_json::from_slice(&doctor.stdout).unwrap_or_default();
        let state = |what: &str| {
            let mut all = findings.as_array().into_iter().flatten();
            let found = all.find(|finding| finding["what"] == what);
            let found = found.cloned().unwrap_or_default();
            (found["state"] == "fine", found["found"].to_string())
        };
        for (class, what) in [
            ("rootless", "platform oci"),
            ("archive", "archive debian-13"),
        ] {
            let (fine, said) = state(what);
            if !fine {
                return Err((class, format!("{what}: {said}{}", said_by(&doctor))));
            }
        }
        Ok(())
    }

    /// Runs the program as the normal user, in its home.
    fn normal(&self, arguments: &[&str]) -> Output {
        let mut call = self.call(arguments);
        if self.is_root {
            call.uid(NORMAL).gid(NORMAL);
        }
        call.env("HOME", self.folder.join("home"))
            .env("TMPDIR", self.folder.join("tmp"))
            .output()
            .unwrap()
    }

    fn call(&self, arguments: &[&str]) -> Command {
        let mut call = Command::new(self.folder.join("certify"));
        call.args(arguments)
            .current_dir(self.folder.join("home"))
            .env_remove("CERTIFY_LIBEXEC")
            .env_remove("XDG_CACHE_HOME");
        call
    }

    /// Nothing of a run may be left: folders, containers, mounts.
    fn assert_clean(&self) {
        let left: Vec<_> = std::fs::read_dir(self.folder.join("tmp"))
            .unwrap()
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// The ground for a test; nothing, with the reason told, where something is missing.
fn able(test: &str) -> Option<&'static Ground> {
    match Ground::shared() {
        Ok(ground) => Some(ground),
        Err((class, why)) => {
            let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
            let is_required = required.split(',').any(|word| word == class);
            assert!(!is_required, "{test} needs {class}: {why}");
            println!("skipped ({class}): {test}: {why}");
            None
        }
    }
}

fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A link where possible: a copy still open for writing in a fork of another test's thread cannot
/// be executed.
fn link(from: &Path, to: &Path) {
    std::fs::hard_link(from, to)
        .or_else(|_| std::fs::copy(from, to).map(drop))
        .unwrap();
}

fn said_by(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_normal_user_certifies_to_the_end() {
    let Some(ground) = able("certifying as a normal user") else {
        return;
    };
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let words = [
        "run", "--image", "valkey", "--image", "python", "--out", "run",
    ];
    let done = ground.normal(&words);
    let said = said_by(&done);
    // On a busy machine an honest exit 3 of the timed suites is right; a refusal, a void run or
    // one that broke off is not.
    let code = done.status.code().unwrap_or(-1);
    println!("exit {code}: {}", said.lines().last().unwrap_or_default());
    assert!(matches!(code, 0 | 3), "exit {code}: {said}");
    let run = ground.folder.join("home/run");
    let text = std::fs::read(run.join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(report["complete"], true);
    assert_eq!(report["exit_code"], code, "{said}");
    reaches_l2(&report);
    names_its_mode(&report);
    for control in report["controls"].as_array().unwrap() {
        assert_eq!(control["refused"], true, "{control}");
    }
    assert_eq!(report["cleanup"]["left"], Value::Array(Vec::new()));
    certificates_name_it(&run.join("certificates"));
    ground.assert_clean();
}

/// Every check of immutability is decided and passes for both images; nothing that needs a control
/// group passes.
fn reaches_l2(report: &Value) {
    for subject in report["subjects"].as_array().unwrap() {
        assert_eq!(subject["levels"][0]["level"], "L2", "{}", subject["levels"]);
    }
    let cells = report["cells"].as_array().unwrap();
    let subjects = cells.iter().filter(|cell| cell["role"] == "subject");
    let mut immutable = 0;
    for cell in subjects {
        let decided = ["pass", "inconclusive"];
        let timed = cell["suite"] != "immutability";
        let outcome = cell["outcome"].as_str().unwrap();
        assert!(
            decided[..1 + usize::from(timed)].contains(&outcome),
            "{cell}"
        );
        immutable += u32::from(!timed);
        for check in cell["checks"].as_array().unwrap() {
            let message = check["message"].as_str().unwrap();
            // What rests on less than as root says so.
            match check["id"].as_str().unwrap() {
                "IMM-105" => assert!(message.contains("as the runtime installed"), "{message}"),
                "IMM-113" => assert!(message.contains("owners are not compared"), "{message}"),
                _ => {}
            }
        }
    }
    assert_eq!(immutable, 2);
    let numbers = cells
        .iter()
        .filter_map(|cell| cell["measurements"].as_array());
    let memory: Vec<&Value> = numbers
        .flatten()
        .filter(|one| one["metric"] == "density.memory.marginal")
        .collect();
    assert!(!memory.is_empty());
    for one in memory {
        let method = one["method"].as_str().unwrap();
        assert!(method.contains("pss_bytes"), "{method}");
    }
}

/// The platform's facts say that it ran rootless, and what that kept from being measured.
fn names_its_mode(report: &Value) {
    let platform = &report["platforms"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert!(
        text(&platform["summary"]).contains("rootless"),
        "{platform}"
    );
    assert!(
        text(&platform["facts"]["privilege"]).contains("rootless"),
        "{platform}"
    );
    for metric in ["working_set_bytes", "limits", "ownership", "ports", "pull"] {
        let why = text(&platform["cannot_measure"][metric]);
        assert!(!why.is_empty(), "{metric}");
    }
}

fn certificates_name_it(folder: &Path) {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        let statement: Value = serde_json::from_slice(&text).unwrap();
        let predicate = &statement["predicate"];
        assert!(
            predicate["platform_summary"]
                .to_string()
                .contains("rootless"),
            "{predicate}"
        );
        assert!(
            predicate["not_measured"]["limits"].is_string(),
            "{predicate}"
        );
        count += 1;
    }
    assert_eq!(count, 2);
}

/// Finish steps run in a user namespace of the caller's, and still give the same bytes.
#[test]
fn a_normal_user_and_root_build_the_same_bytes() {
    let Some(ground) = able("building as a normal user") else {
        return;
    };
    if !ground.is_root {
        let required = std::env::var("CERTIFY_REQUIRE").unwrap_or_default();
        assert!(
            !required.split(',').any(|word| word == "root"),
            "needs root"
        );
        println!("skipped (root): only root can be compared with a normal user");
        return;
    }
    let _alone = ALONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let done = ground.normal(&["build", "python", "--out", "built"]);
    assert!(done.status.success(), "{}", said_by(&done));
    // A cache of its own too: what the normal user has made is not what root is given.
    let root = ground.folder.join("root");
    std::fs::create_dir(&root).unwrap();
    let mut call = ground.call(&["build", "python", "--out"]);
    let done = call
        .arg(root.join("built"))
        .env("HOME", &root)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", said_by(&done));
    let (own, roots) = (
        files(&ground.folder.join("home/built")),
        files(&root.join("built")),
    );
    assert!(
        own.keys().any(|name| name.contains("/blobs/sha256/")),
        "{:?}",
        own.keys()
    );
    assert_eq!(
        own.keys().collect::<Vec<_>>(),
        roots.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &own {
        assert!(roots[name] == *bytes, "{name} differs");
    }
    ground.assert_clean();
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}
