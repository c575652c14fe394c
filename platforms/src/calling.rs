//! Calls of a platform's own command line. Each has a deadline, and each failure carries what the
//! program said on both streams: such programs explain themselves on either, and some of them end
//! with status 0 whatever happened.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::runtime::command;

/// Variables of ours that wrappers of snaps read: who calls, and where home is.
const CALLER: [&str; 3] = ["HOME", "LOGNAME", "USER"];
/// Lines of a program's last words that an error carries.
const LAST_LINES: usize = 30;

/// A program, and what every call of it begins with.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    path: Utf8PathBuf,
    leading: Vec<String>,
    environment: Vec<(String, String)>,
}

/// What a program said until it ended.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    call: String,
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// The program at `path`.
    pub(crate) fn new(path: impl Into<Utf8PathBuf>) -> Self {
        let mut environment = vec![("LC_ALL".to_owned(), "C.UTF-8".to_owned())];
        let ours = CALLER.iter().filter_map(|key| {
            let value = std::env::var(key).ok()?;
            Some(((*key).to_owned(), value))
        });
        environment.extend(ours);
        Self {
            path: path.into(),
            leading: Vec::new(),
            environment,
        }
    }

    /// The same program, every call of which begins with `words` as well.
    pub(crate) fn with<S: AsRef<str>>(&self, words: &[S]) -> Self {
        let mut longer = self.clone();
        let words = words.iter().map(|word| word.as_ref().to_owned());
        longer.leading.extend(words);
        longer
    }

    /// The same program with a variable in its environment.
    pub(crate) fn setting(mut self, key: &str, value: impl Into<String>) -> Self {
        self.environment.push((key.to_owned(), value.into()));
        self
    }

    /// Calls it.
    pub(crate) async fn call(&self, words: &[&str], within: Duration) -> Result<Said, String> {
        self.run(words, None, within).await
    }

    /// Calls it with the file `input` as its standard input: a confined program may not be allowed
    /// to open the file itself.
    pub(crate) async fn feed(
        &self,
        words: &[&str],
        input: &Utf8Path,
        within: Duration,
    ) -> Result<Said, String> {
        self.run(words, Some(input), within).await
    }

    async fn run(
        &self,
        words: &[&str],
        input: Option<&Utf8Path>,
        within: Duration,
    ) -> Result<Said, String> {
        let call = self.line(words);
        let failed = |why: String| format!("`{call}`: {why}");
        let mut command = command::new(&self.path);
        command
            .args(&self.leading)
            .args(words)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(input) = input {
            let file = fs_err::File::open(input).map_err(|error| failed(error.to_string()))?;
            command.stdin(Stdio::from(file.into_parts().0));
        }
        let mut child = command
            .spawn()
            .map_err(|error| failed(format!("could not be started: {error}")))?;
        let mut group = Group::of(child.id());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (mut said, mut complained) = (Vec::new(), Vec::new());
        let to_the_end = async {
            let heard = futures::future::try_join(
                listen(stdout, &mut said),
                listen(stderr, &mut complained),
            );
            heard.await?;
            child.wait().await
        };
        let ended = tokio::time::timeout(within, to_the_end).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&said), text(&complained));
        match ended {
            Ok(Ok(status)) => {
                group.is_gone();
                Ok(Said {
                    call,
                    status,
                    stdout,
                    stderr,
                })
            }
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => {
                drop(group);
                let _ = child.wait().await;
                let seconds = within.as_secs_f64();
                let last = last_words(&stdout, &stderr);
                Err(failed(format!(
                    "it did not end within {seconds} s and was killed; until then it said: {last}"
                )))
            }
        }
    }

    /// The call as people write it.
    fn line(&self, words: &[&str]) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_str());
        let leading = self.leading.iter().map(String::as_str);
        let all: Vec<&str> = std::iter::once(name)
            .chain(leading)
            .chain(words.iter().copied())
            .collect();
        all.join(" ")
    }
}

impl Said {
    /// Whether it ended with status 0. That alone proves nothing of some programs.
    pub(crate) fn is_success(&self) -> bool {
        self.status.success()
    }

    /// The call, how it ended, and everything it said.
    pub(crate) fn words(&self) -> String {
        let last = last_words(&self.stdout, &self.stderr);
        format!(
            "`{}` ended with {} and said: {last}",
            self.call, self.status
        )
    }

    /// Its standard output, unless it failed.
    pub(crate) fn output(self) -> Result<String, String> {
        if self.is_success() {
            Ok(self.stdout)
        } else {
            Err(self.words())
        }
    }
}

/// What was said on both streams, in one line.
fn last_words(stdout: &str, stderr: &str) -> String {
    let lines = stdout.lines().chain(stderr.lines()).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return "nothing".to_owned();
    }
    lines[lines.len().saturating_sub(LAST_LINES)..].join("; ")
}

/// Reads all of a stream into `heard`, which keeps what was heard when the reading is given up.
async fn listen(
    stream: Option<impl AsyncRead + Unpin>,
    heard: &mut Vec<u8>,
) -> std::io::Result<()> {
    if let Some(mut stream) = stream {
        stream.read_to_end(heard).await?;
    }
    Ok(())
}

/// The process group of a call: a wrapper's children are killed with it, also when nobody waits for
/// the call any more.
struct Group(Option<Pid>);

impl Group {
    fn of(id: Option<u32>) -> Self {
        let id = id.and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// Its leader was waited for, so its number may be another's by now.
    fn is_gone(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
