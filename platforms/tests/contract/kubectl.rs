//! kubectl of the test bed, as the cluster's administrator.

/// The test bed's kubectl, as its administrator.
pub struct Kubectl {
    program: std::path::PathBuf,
    kubeconfig: std::path::PathBuf,
}

impl Kubectl {
    /// Nothing unless the cluster answers: its programs stay when it is taken away.
    pub fn find() -> Option<Self> {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(std::path::PathBuf::from);
        let home = || Some(std::path::PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
        let folder = cache.or_else(home)?.join("certify-testbed");
        let found = Self {
            program: folder.join("bin/kubectl"),
            kubeconfig: folder.join("kubeconfig"),
        };
        let is_there = found.program.exists() && found.kubeconfig.exists();
        (is_there && found.answers()).then_some(found)
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &str {
        self.kubeconfig.to_str().unwrap()
    }

    fn answers(&self) -> bool {
        let asked = self.command(&["get", "--raw=/readyz"]).output();
        asked.is_ok_and(|output| output.status.success())
    }

    fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(words).env("KUBECONFIG", &self.kubeconfig);
        command
    }

    pub fn run(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "kubectl {words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn apply(&self, manifests: &str) {
        use std::io::Write;
        let mut command = self.command(&["apply", "-f", "-"]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(manifests.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// A kubeconfig that knows the token of the namespace's account and nothing else.
    pub fn kubeconfig_of(&self, namespace: &str) -> String {
        let token = self.run(&["create", "token", "certify", "-n", namespace]);
        let shown = self.run(&["config", "view", "--raw", "--minify", "-o", "json"]);
        let mut config: serde_json::Value = serde_json::from_str(&shown).unwrap();
        config["users"][0]["user"] = serde_json::json!({"token": token.trim()});
        config.to_string()
    }
}
