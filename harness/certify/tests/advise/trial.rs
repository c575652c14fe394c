//! Making, advising, cutting and running one application.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::application::Application;
use crate::needs::{self, certify};
use crate::opened::{Figures, compare, opened};

pub(crate) struct Trial<'a> {
    application: &'a Application,
    _folder: tempfile::TempDir,
    /// Its folder.
    app: Utf8PathBuf,
    /// The release with drafts.
    draft: Utf8PathBuf,
    /// The root.
    root: Utf8PathBuf,
    log: Utf8PathBuf,
}

impl<'a> Trial<'a> {
    /// The application made; none, and said so, where a tool or what it fetches is absent.
    pub(crate) fn of(application: &'a Application, test: &str) -> Option<Self> {
        for tool in &application.tools {
            if Command::new(tool).arg("--version").output().is_err() {
                needs::skip("tools", test, &format!("no {tool} on this host"));
                return None;
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let at = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        let trial = Self {
            application,
            app: at.join("app"),
            draft: at.join("draft"),
            root: at.join("root"),
            log: at.join("log"),
            _folder: folder,
        };
        fs::create_dir(&trial.app).unwrap();
        for (path, text) in &application.files {
            let path = trial.app.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for words in &application.build {
            let done = Command::new(&words[0])
                .args(&words[1..])
                .current_dir(&trial.app)
                .output()
                .unwrap();
            if !done.status.success() {
                let said = said(&done);
                // What compiles here is ours; what is fetched may not be reachable.
                assert!(
                    matches!(words[0].as_str(), "pip3" | "mvn"),
                    "{words:?}: {said}"
                );
                needs::skip("registry", test, &format!("{}: {said}", words[0]));
                return None;
            }
        }
        for path in &application.remove {
            fs::remove_file(trial.app.join(path)).unwrap();
        }
        Some(trial)
    }

    pub(crate) fn run(&self) -> Figures {
        let name = &self.application.name;
        let subject = match self.application.language.as_str() {
            "package" => self.application.advise.clone(),
            _ => self.app.join(&self.application.advise).into_string(),
        };
        let done = certify()
            .args(["slices", "advise", &subject, "--json", "--draft"])
            .arg(&self.draft)
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(0), "{name}: {}", said(&done));
        let advice: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        self.cut(&advice);
        let lines = self.start();
        let files = opened(&lines, &self.root);
        let advised: BTreeSet<String> = paths(&advice);
        compare(&advised, &files).unwrap_or_else(|complaint| panic!("{name}: {complaint}"))
    }

    /// Cuts what is advised, the drafts included, and puts the application beside it.
    fn cut(&self, advice: &serde_json::Value) {
        fs::create_dir(&self.root).unwrap();
        let slices = advice["slices"].as_array().unwrap().iter();
        let slices = slices.map(|slice| slice["slice"].as_str().unwrap());
        let done = certify()
            .args(["slices", "cut", "--release", self.draft.as_str(), "--root"])
            .arg(&self.root)
            .args(slices)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}: {}",
            self.application.name,
            said(&done)
        );
        for folder in ["tmp", "proc", "dev"] {
            fs::create_dir_all(self.root.join(folder)).unwrap();
        }
        let done = Command::new("cp")
            .arg("-a")
            .arg(&self.app)
            .arg(self.root.join("app"))
            .output();
        assert!(done.unwrap().status.success());
    }

    /// Starts it in the root; what it says must be right. The trace, from the change of root on.
    fn start(&self) -> Vec<String> {
        let words = self.application.run.iter().map(|word| self.named(word));
        let script = "mount -t proc proc \"$1/proc\" && mount --bind /dev \"$1/dev\" && log=$2 && \
                      shift 2 && exec strace -f -qq -s 4096 -e trace=%file -o \"$log\" \"$@\"";
        let done = Command::new("unshare")
            .args(["--mount", "sh", "-c", script, "sh"])
            .arg(&self.root)
            .arg(&self.log)
            .arg("chroot")
            .arg(&self.root)
            .args(words)
            .env_remove("LD_LIBRARY_PATH")
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        let (name, text) = (&self.application.name, said(&done));
        assert!(done.status.success(), "{name}: {text}");
        for wanted in &self.application.says {
            assert!(
                text.contains(wanted),
                "{name} does not say {wanted:?}: {text}"
            );
        }
        let log = fs::read(&self.log).unwrap();
        let log = String::from_utf8_lossy(&log);
        let lines = log.lines().skip_while(|line| !line.contains(" chroot("));
        lines.skip(1).map(str::to_owned).collect()
    }

    /// `word` with a `*` replaced by the one name that is there.
    fn named(&self, word: &str) -> String {
        let Some((before, after)) = word.split_once("/*/") else {
            return word.to_owned();
        };
        let folder = self.root.join(before.trim_start_matches('/'));
        let names = folder.read_dir_utf8().unwrap().map(|entry| entry.unwrap());
        let mut real: Vec<String> = names
            .filter(|entry| entry.file_type().unwrap().is_dir())
            .map(|entry| entry.file_name().to_owned())
            .filter(|name| folder.join(name).join(after).is_file())
            .collect();
        assert_eq!(real.len(), 1, "{word}: {real:?}");
        format!("{before}/{}/{after}", real.remove(0))
    }
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn paths(advice: &serde_json::Value) -> BTreeSet<String> {
    let packages = advice["packages"].as_array().unwrap().iter();
    let files = packages.flat_map(|package| package["files"].as_array().unwrap());
    files
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect()
}
