//! The registry program of the CNCF's distribution project, started on a free port.
//!
//! The test bed builds it; where it was not built, whoever asks is told so.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use fs_err as fs;

/// Runs until dropped; what it holds lies in a folder of its own, which goes with it.
#[derive(Debug)]
pub struct ServedRegistry {
    child: Child,
    host: String,
    _folder: tempfile::TempDir,
}

/// The command that builds it.
const REMEDY: &str = "cargo xtask testbed build";

/// Longest wait for it to listen.
const LIMIT: Duration = Duration::from_secs(30);

impl ServedRegistry {
    /// Starts it; with a line of an htpasswd file (bcrypt) it lets in that user alone. The error
    /// says why it is not there, and what would provide it.
    pub fn start(htpasswd: Option<&str>) -> Result<Self, String> {
        Self::serve(|folder| match htpasswd {
            None => (String::new(), String::new()),
            Some(line) => {
                let path = file(folder, "htpasswd", line);
                let auth = format!("auth:\n  htpasswd: {{realm: test, path: {path}}}\n");
                (String::new(), auth)
            }
        })
    }

    /// Starts it with encryption, under a certificate with its key. It lets in only who shows a
    /// certificate of the authority `clients`, if there is one. All in PEM.
    pub fn encrypted(own: (&str, &str), clients: Option<&str>) -> Result<Self, String> {
        Self::serve(|folder| {
            let certificate = file(folder, "own.crt", own.0);
            let key = file(folder, "own.key", own.1);
            let clients = clients.map_or_else(String::new, |pem| {
                format!(", clientcas: [{}]", file(folder, "clients.crt", pem))
            });
            let tls = format!(", tls: {{certificate: {certificate}, key: {key}{clients}}}");
            (tls, String::new())
        })
    }

    /// Starts it; `more` puts files into its folder, and says what its configuration has besides: in
    /// `http`, and after it.
    fn serve(more: impl FnOnce(&Path) -> (String, String)) -> Result<Self, String> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        let (http, auth) = more(folder.path());
        let data = folder.path().join("data");
        let config = folder.path().join("config.yaml");
        let text = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  \
             delete: {{enabled: true}}\nhttp: {{addr: \"127.0.0.1:0\"{http}}}\n{auth}",
            data.display()
        );
        fs::write(&config, text).unwrap();
        #[allow(clippy::disallowed_methods, reason = "the one program of this fake")]
        let mut child = Command::new(program)
            .args(["serve".as_ref(), config.as_os_str()])
            .current_dir(folder.path())
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = child.stderr.take().unwrap();
        let (send, receive) = mpsc::channel();
        // It speaks as long as it runs, and somebody has to listen.
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once("listening on ") {
                    let is_part = |c: char| c.is_ascii_digit() || ".:".contains(c);
                    let host: String = rest.chars().take_while(|c| is_part(*c)).collect();
                    let _ = send.send(host);
                }
            }
        });
        let host = receive.recv_timeout(LIMIT);
        let mut started = Self {
            child,
            host: String::new(),
            _folder: folder,
        };
        started.host = host.expect("the registry says where it listens");
        Ok(started)
    }

    /// Its host with its port, as it stands in names.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl Drop for ServedRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes a file, and says where it is.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("{text}\n")).unwrap();
    path.display().to_string()
}

/// Stages of the test bed that have it: with all that a node runs, or alone.
const STAGES: [&str; 2] = ["node-", "registry-"];

/// The newest one that the test bed built.
fn program() -> Result<PathBuf, String> {
    let named = |name| std::env::var_os(name).map(PathBuf::from);
    let cache = named("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(named("HOME")?.join(".cache")));
    let cache = cache.unwrap_or_default().join("certify-testbed");
    let built = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let entries = fs::read_dir(&cache).into_iter().flatten().flatten();
    let programs = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            STAGES.iter().any(|stage| name.starts_with(stage))
        })
        .map(|entry| entry.path().join("registry"))
        .filter(|path| path.is_file());
    let newest = programs.max_by_key(|path| built(path));
    newest.ok_or_else(|| format!("no registry program was built for the test bed; {REMEDY}"))
}
