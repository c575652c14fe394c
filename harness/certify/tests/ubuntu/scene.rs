//! A host of its own, the network around it, and the program on it.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use testkit::{ArchiveBuilder, ArchiveKey, KeyPlan, SignPlan, SuiteBuilder};

use crate::web::Web;

/// When texts are signed: in the past of any clock.
const SIGNED: u32 = 1_760_000_000;

pub(crate) struct Scene {
    folder: tempfile::TempDir,
    pub(crate) web: Web,
    pub(crate) key: ArchiveKey,
}

/// A program that ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let scene = Self {
            folder: tempfile::tempdir().unwrap(),
            web: Web::start(),
            key: ArchiveKey::make(&KeyPlan::PLAIN),
        };
        for name in ["host", "cache", "work"] {
            std::fs::create_dir(scene.path(name)).unwrap();
        }
        scene.write("authority.pem", &scene.web.authority());
        scene
    }

    /// A path in the scene.
    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).unwrap().join(name)
    }

    /// Writes a file of the scene.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// An empty folder of the scene, for a cut.
    pub(crate) fn root(&self, name: &str) -> Utf8PathBuf {
        let path = self.path(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// The suite `name` as Ubuntu's archives describe theirs.
    pub(crate) fn suite(name: &str, codename: &str, label: &str) -> SuiteBuilder {
        SuiteBuilder::new(name)
            .field("Date", "Thu, 09 Oct 2025 08:53:20 UTC")
            .field("Origin", "Ubuntu")
            .field("Label", label)
            .field("Codename", codename)
    }

    /// Writes suites, signed by `key`, into a folder, and says where it is.
    pub(crate) fn archive(
        &self,
        name: &str,
        key: &ArchiveKey,
        suites: Vec<SuiteBuilder>,
    ) -> Utf8PathBuf {
        let folder = self.path(name);
        let mut archive = ArchiveBuilder::new(key, SignPlan::at(SIGNED));
        for suite in suites {
            archive = archive.suite(suite);
        }
        archive.write(&folder);
        folder
    }

    /// A call of the program. Nothing of the caller's environment or host is seen.
    pub(crate) fn certify(&self, words: &[&str]) -> Command {
        let mut call = Command::new(env!("CARGO_BIN_EXE_certify"));
        call.args(words)
            .current_dir(self.path("work"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("CERTIFY_HOST_ROOT", self.path("host"))
            .env("SSL_CERT_FILE", self.path("authority.pem"))
            .env("http_proxy", self.web.proxy())
            .env("https_proxy", self.web.proxy());
        for name in [
            "CERTIFY_CONFIG",
            "CERTIFY_MIRROR",
            "CHISEL_AUTH_DIR",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "SSL_CERT_DIR",
            "all_proxy",
            "ALL_PROXY",
            "no_proxy",
            "NO_PROXY",
        ] {
            call.env_remove(name);
        }
        call
    }

    /// A call that cuts for amd64 by the release in `checkout` into the fresh folder `root`; slices
    /// and whatever else are `words`.
    pub(crate) fn cutting(&self, words: &[&str]) -> Command {
        let mut call = self.certify(&["slices", "cut", "--arch", "amd64", "--release"]);
        call.arg(self.path("checkout"))
            .arg("--root")
            .arg(self.root("root"));
        call.args(words);
        call
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        Ended::of(self.certify(words))
    }
}

impl Ended {
    pub(crate) fn of(mut call: Command) -> Self {
        let output = call.output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts its exit code, and that it said each of `texts` on standard error.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "no `{text}` in: {}",
                self.stderr
            );
        }
    }
}
