//! The probe started inside a running container by the cluster (`pods/exec`): it has the container's
//! user, rights, filter, mounts and processes, and no more.

use engine::clock::Clock;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{AttachParams, AttachedProcess};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::call::{self, CallError};
use super::names::{PROBE, SUBJECT};
use super::pace::pace;
use super::pods::Pods;
use super::state::{self, Start};
use crate::prober::Prober;

/// What a stream holds back.
const BUFFER: usize = 1 << 16;

/// A container of a pod, to start programs in.
#[derive(Clone, Copy)]
pub(crate) struct Inside<'a> {
    pub(crate) clock: Clock,
    pub(crate) api: &'a Api<Pod>,
    pub(crate) pods: &'a Pods,
    pub(crate) pod: &'a str,
    pub(crate) container: &'a str,
}

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Untold {
    /// The cluster did not start the program, or did not bring what it said.
    Cluster(String),
    /// The probe could not tell, or told something else.
    Probe(String),
}

impl Untold {
    /// What happened.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Cluster(why) | Self::Probe(why) => why,
        }
    }
}

impl Inside<'_> {
    /// Asks the probe for one document.
    pub(crate) async fn ask(
        &self,
        words: &[&str],
        input: Option<String>,
    ) -> Result<serde_json::Value, Untold> {
        let what = format!("`probe {}` in {}", words.first().unwrap_or(&""), self.pod);
        let cluster = |why: String| Untold::Cluster(self.told(&what, why));
        let said = tokio::time::timeout(pace().document, self.run(words, input)).await;
        let late = |_| {
            cluster(format!(
                "no document within {} ms",
                pace().document.as_millis()
            ))
        };
        let Said {
            output,
            errors,
            ended,
        } = said.map_err(late)?.map_err(cluster)?;
        if let Ok(failed) = serde_json::from_slice::<probe::Failed>(&output) {
            return Err(self.probes(&what, failed.error.to_string()));
        }
        match serde_json::from_slice(&output) {
            Ok(document) => Ok(document),
            Err(_) if ended == Ended::Unknown => {
                Err(cluster("the connection to it broke off".to_owned()))
            }
            Err(error) => {
                let errors = String::from_utf8_lossy(&errors);
                let why = format!("no document: {error}; {}", errors.trim());
                Err(self.probes(&what, why))
            }
        }
    }

    /// What the probe could not tell of a container that the cluster took away is the cluster's.
    fn probes(&self, what: &str, why: String) -> Untold {
        match self.lost() {
            Some(_) => Untold::Cluster(self.told(what, why)),
            None => Untold::Probe(format!("{what}: {why}")),
        }
    }

    fn told(&self, what: &str, why: String) -> String {
        match self.lost() {
            Some(last) => format!("{what}: {why}; the cluster says: {last}"),
            None => format!("{what}: {why}"),
        }
    }

    /// Why nothing can be started in the container any more, as the cluster says.
    fn lost(&self) -> Option<String> {
        let pod = self.pods.get(self.pod);
        match pod.as_ref().map(|pod| state::start(pod, &[SUBJECT])) {
            None => Some("the pod is gone".to_owned()),
            Some(Start::Stuck(why)) => Some(why),
            Some(Start::Ended(exit, told)) => Some(format!("it ended: {exit:?}, {told}")),
            Some(Start::Waiting(_) | Start::Running) => None,
        }
    }

    async fn run(&self, words: &[&str], input: Option<String>) -> Result<Said, String> {
        let started = self.start(words, input.is_some()).await;
        let mut process = started.map_err(|error| error.to_string())?;
        let (Some(mut stdout), Some(mut stderr)) = (process.stdout(), process.stderr()) else {
            return Err("it has no output".to_owned());
        };
        let (stdin, status) = (process.stdin(), process.take_status());
        let feed = async {
            if let (Some(text), Some(mut stdin)) = (input, stdin) {
                stdin.write_all(text.as_bytes()).await?;
                stdin.shutdown().await?;
            }
            Ok::<(), std::io::Error>(())
        };
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let read = futures::future::try_join3(
            feed,
            stdout.read_to_end(&mut output),
            stderr.read_to_end(&mut errors),
        );
        // A connection that breaks does not end the streams.
        let broken = async {
            match process.join().await {
                Ok(()) => std::future::pending().await,
                Err(error) => format!("the connection to it broke off: {error}"),
            }
        };
        tokio::select! {
            // Streams that have ended have everything, however the connection was closed.
            biased;
            read = read => read.map_err(|error| error.to_string())?,
            why = broken => return Err(why),
        };
        let status = match status {
            Some(status) => status.await,
            None => None,
        };
        Ok(Said {
            output,
            errors,
            ended: status.map_or(Ended::Unknown, |_| Ended::Told),
        })
    }

    /// Starts the probe, again while the server is busy and the container is there.
    async fn start(&self, words: &[&str], has_input: bool) -> Result<AttachedProcess, CallError> {
        let mut command = vec![PROBE];
        command.extend(words);
        let wanted = AttachParams::default()
            .container(self.container)
            .stdin(has_input)
            .stdout(true)
            .stderr(true)
            .max_stdin_buf_size(BUFFER)
            .max_stdout_buf_size(BUFFER)
            .max_stderr_buf_size(BUFFER);
        let passes = |error: &CallError| call::is_passing(error) && self.lost().is_none();
        let what = "start a program in the container";
        let started = call::insist_while(self.clock, what, passes, || {
            self.api.exec(self.pod, command.clone(), &wanted)
        });
        started.await.0
    }
}

/// What a program wrote until its streams ended.
struct Said {
    output: Vec<u8>,
    errors: Vec<u8>,
    ended: Ended,
}

/// Whether the cluster told the end of a program.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Told,
    /// The streams ended without it: the connection broke.
    Unknown,
}

/// A prober that was started in a container of a pod, and what carries its lines.
pub(crate) struct Talk {
    pub(crate) prober: Prober,
    /// The connection ends with it.
    _process: AttachedProcess,
}

impl Talk {
    /// Starts a prober.
    pub(crate) async fn begin(inside: Inside<'_>) -> Result<Self, String> {
        let told = |why: String| inside.told("`probe prober`", why);
        let started = inside.start(&["prober"], true).await;
        let mut process = started.map_err(|error| told(error.to_string()))?;
        let (Some(input), Some(output)) = (process.stdin(), process.stdout()) else {
            return Err("the prober has no streams".to_owned());
        };
        let prober = tokio::time::timeout(pace().answer, Prober::over(input, output)).await;
        let silent = |_| format!("no answer within {} ms", pace().answer.as_millis());
        let prober = prober.map_err(|late| told(silent(late)))?;
        Ok(Self {
            prober: prober.map_err(told)?,
            _process: process,
        })
    }
}
