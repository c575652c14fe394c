//! The container engine that kind's nodes are containers of: the one that runs, else one started here
//! with folders of its own, which `down` stops again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::options::Options;
use super::shell::{self, call};
use super::{programs, runtimes};
use crate::cargo;

/// Longest wait for a daemon to answer, and for one to end.
const PATIENCE: Duration = Duration::from_secs(40);

/// Debian packages that an engine of our own needs, by a program each of them has.
const PACKAGES: [(&str, &str); 4] = [
    ("dockerd", "docker.io"),
    ("docker", "docker.io"),
    ("iptables", "iptables"),
    ("runc", "runc"),
];

/// An engine that answers.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    /// Its address if it is ours; the environment says it otherwise.
    address: Option<String>,
}

impl Engine {
    /// The engine that answers, ours or the user's, if there is one.
    pub(super) fn running() -> Result<Option<Self>> {
        if !shell::there_is("docker") {
            return Ok(None);
        }
        let ours = Self {
            address: Some(address()),
        };
        let users = Self { address: None };
        Ok([ours, users].into_iter().find(Self::answers))
    }

    /// The engine that answers, else one started here.
    pub(super) fn running_or_started(options: &Options) -> Result<Self> {
        if let Some(engine) = Self::running()? {
            if engine.address.is_none() {
                ensure!(
                    runtimes::may_be_privileged()?,
                    "the engine that runs here cannot start privileged containers: this machine's \
                     bounding set lacks capabilities. Stop it, and the testbed starts one of its \
                     own that can"
                );
            }
            return Ok(engine);
        }
        Self::start(options)
    }

    fn start(options: &Options) -> Result<Self> {
        install()?;
        let folder = options.cache().join("engine");
        fs_err::create_dir_all(&folder)?;
        let runtime =
            runtimes::beside_clamp(&folder.join("runtime"), &programs::clamp(options)?, "runc")?;
        let settings = serde_json::json!({
            "hosts": [address()],
            "data-root": folder.join("data"),
            "exec-root": run_folder().join("exec"),
            "pidfile": pid_file(),
            "runtimes": {"clamp": {"path": runtime}},
            "default-runtime": "clamp",
        });
        let file = folder.join("daemon.json");
        fs_err::write(&file, serde_json::to_vec_pretty(&settings)?)?;
        fs_err::create_dir_all(run_folder())?;
        cargo::say(" Testbed  starting a container engine");
        let log = folder.join("log");
        daemon(&file, &log)?;
        let engine = Self {
            address: Some(address()),
        };
        shell::until("the start of dockerd", PATIENCE, || engine.ask().map(drop))
            .with_context(|| format!("its log is {}", log.display()))?;
        Ok(engine)
    }

    /// A call of the engine's client.
    pub(super) fn docker<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = call("docker", arguments);
        self.point(&mut command);
        command
    }

    /// Makes a program that speaks to an engine speak to this one.
    pub(super) fn point(&self, command: &mut Command) {
        if let Some(address) = &self.address {
            command.env("DOCKER_HOST", address);
        }
    }

    fn answers(&self) -> bool {
        self.ask().is_ok()
    }

    fn ask(&self) -> Result<String> {
        shell::output(
            "asking the engine",
            self.docker(["version", "--format", "{{.Server.Version}}"]),
        )
    }

    /// Version, runtime, control groups, storage; and whose it is.
    pub(super) fn describe(&self) -> Result<String> {
        let format = "{{.ServerVersion}}, runtime {{.DefaultRuntime}}, {{.CgroupDriver}} on cgroup \
                      v{{.CgroupVersion}}, {{.Driver}}";
        let said = shell::output(
            "asking the engine",
            self.docker(["info", "--format", format]),
        )?;
        let whose = match &self.address {
            Some(address) => format!("started here, DOCKER_HOST={address}"),
            None => "not started here".to_owned(),
        };
        Ok(format!("docker {}, {whose}", said.trim()))
    }

    /// Stops the engine if it was started here; what it holds stays on disk.
    pub(super) fn stop_if_ours(&self, options: &Options) -> Result<()> {
        if self.address.is_none() {
            return Ok(());
        }
        let left = shell::output("listing containers", self.docker(["ps", "--quiet"]))?;
        if !left.trim().is_empty() && !options.all {
            let text = " Testbed  the engine goes on: containers run on it (down --all stops it)";
            cargo::say(text);
            return Ok(());
        }
        let pid = fs_err::read_to_string(pid_file())?;
        shell::run("stopping the engine", call("kill", [pid.trim()]))?;
        shell::until("the end of dockerd", PATIENCE, || {
            if Path::new("/proc").join(pid.trim()).exists() {
                bail!("process {} still runs", pid.trim());
            }
            Ok(())
        })
    }
}

/// The address of the engine that the testbed has started, if it listens.
pub(super) fn own_address() -> Option<String> {
    let socket = run_folder().join("docker.sock");
    socket
        .exists()
        .then(|| format!("unix://{}", socket.display()))
}

/// Starts the daemon in a session of its own, so that an interrupt of ours does not reach it.
fn daemon(settings: &Path, log: &Path) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let said = fs_err::File::create(log)?.into_parts().0;
    let mut command = call("dockerd", ["--config-file".as_ref(), settings.as_os_str()]);
    command
        .stdout(said.try_clone()?)
        .stderr(said)
        .stdin(Stdio::null())
        .process_group(0);
    command.spawn().context("starting dockerd").map(drop)
}

/// Installs the packages whose programs are missing.
fn install() -> Result<()> {
    let mut missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|(program, _)| !shell::there_is(program))
        .map(|(_, package)| *package)
        .collect();
    missing.dedup();
    super::root::install(&missing)
}

fn run_folder() -> PathBuf {
    PathBuf::from("/run/certify-testbed")
}

fn pid_file() -> PathBuf {
    run_folder().join("docker.pid")
}

fn address() -> String {
    format!("unix://{}", run_folder().join("docker.sock").display())
}
