//! Programs of other people, played by transcripts, for tests of the drivers that call them.
//!
//! A transcript is a file under `tests/transcripts`. Its head says where it is from: `source`, a page
//! or a file; `version`, of what; `how`, recorded from a run, or derived from source code by reading
//! it. Then come calls, each a line `$ words`, what it printed (`1| ` and `2| ` for the two streams)
//! and how it ended: `[exit N]`, or `[hangs]`.

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

/// The program that plays. It is linked, never written: what a thread of these tests has open for
/// writing could not be executed.
const PLAYER: &str = "tests/standin/play";

/// One call and its answer.
#[derive(Debug, Default, Clone)]
struct Answer {
    words: String,
    stdout: String,
    stderr: String,
    status: i32,
    hangs: bool,
}

/// A folder with programs that are played.
pub(crate) struct StandIn {
    folder: TempDir,
    answers: usize,
}

fn transcripts() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

/// Reads a transcript. `holes` are words in braces, and what stands for them in this test.
fn read(name: &str, holes: &[(&str, &str)]) -> Vec<Answer> {
    let path = transcripts().join(format!("{name}.txt"));
    let mut text = fs_err::read_to_string(&path).unwrap();
    for (hole, filling) in holes {
        text = text.replace(&format!("{{{hole}}}"), filling);
    }
    let mut answers = Vec::new();
    let mut answer: Option<Answer> = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(words) = line.strip_prefix("$ ") {
            assert!(answer.is_none(), "{path}: no end before {line}");
            answer = Some(Answer {
                words: words.to_owned(),
                ..Answer::default()
            });
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let Some(open) = answer.as_mut() else {
            panic!("{path}: before any call: {line}");
        };
        let told = |said: &str| format!("{}\n", said.strip_prefix(' ').unwrap_or(said));
        if let Some(said) = line.strip_prefix("1|") {
            open.stdout += &told(said);
        } else if let Some(said) = line.strip_prefix("2|") {
            open.stderr += &told(said);
        } else {
            let status = line
                .strip_prefix("[exit ")
                .and_then(|rest| rest.strip_suffix(']'));
            match status {
                Some(status) => open.status = status.parse().unwrap(),
                None if line == "[hangs]" => open.hangs = true,
                None => panic!("{path}: not understood: {line}"),
            }
            answers.extend(answer.take());
        }
    }
    assert!(answer.is_none(), "{path}: the last call has no end");
    assert!(!answers.is_empty(), "{path}: no call");
    answers
}

impl StandIn {
    /// A folder in which each of `programs` is played by the transcripts added to it.
    pub(crate) fn of(programs: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let player = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join(PLAYER);
        for program in programs {
            fs_err::os::unix::fs::symlink(&player, folder.path().join(program)).unwrap();
        }
        fs_err::create_dir(folder.path().join("answers")).unwrap();
        Self { folder, answers: 0 }
    }

    /// Adds the calls of a transcript.
    pub(crate) fn plays(self, transcript: &str) -> Self {
        self.plays_with(transcript, &[])
    }

    /// Adds the calls of a transcript, with what stands for words in braces.
    pub(crate) fn plays_with(mut self, transcript: &str, holes: &[(&str, &str)]) -> Self {
        for answer in read(transcript, holes) {
            let folder = self.path(&format!("answers/{:04}", self.answers));
            self.answers += 1;
            fs_err::create_dir(&folder).unwrap();
            for (name, text) in [
                ("words", &answer.words),
                ("stdout", &answer.stdout),
                ("stderr", &answer.stderr),
                ("status", &answer.status.to_string()),
            ] {
                fs_err::write(folder.join(name), text).unwrap();
            }
            if answer.hangs {
                fs_err::write(folder.join("hangs"), "").unwrap();
            }
        }
        self
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        let folder = Utf8Path::from_path(self.folder.path()).unwrap();
        folder.join(name)
    }

    /// The command lines that were called, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        let text = fs_err::read_to_string(self.path("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// How many bytes the last call was fed.
    pub(crate) fn fed(&self) -> u64 {
        fs_err::metadata(self.path("input")).unwrap().len()
    }

    /// Whether the child that a hanging call left to itself is killed, which takes effect a moment
    /// later.
    pub(crate) async fn child_is_killed(&self) -> bool {
        let pid = fs_err::read_to_string(self.path("child")).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        // One that was killed and is not collected yet runs no more.
        let runs = || fs_err::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        for _ in 0..100 {
            if !runs() {
                return true;
            }
            let pause = std::time::Duration::from_millis(50);
            engine::clock::Clock::system().sleep(pause).await;
        }
        false
    }
}

#[test]
fn every_transcript_says_where_it_is_from_and_reads() {
    let mut seen = 0;
    for folder in fs_err::read_dir(transcripts()).unwrap() {
        let folder = folder.unwrap().path();
        for file in fs_err::read_dir(&folder).unwrap() {
            let path = Utf8PathBuf::from_path_buf(file.unwrap().path()).unwrap();
            let text = fs_err::read_to_string(&path).unwrap();
            let head: Vec<&str> = text
                .lines()
                .take_while(|line| line.starts_with('#'))
                .collect();
            for key in ["# source: ", "# version: ", "# how: "] {
                assert!(
                    head.iter().any(|line| line.starts_with(key)),
                    "{path}: no {key}"
                );
            }
            let how = head
                .iter()
                .find_map(|line| line.strip_prefix("# how: "))
                .unwrap();
            let known = ["recorded", "derived from source"];
            assert!(
                known.iter().any(|word| how.starts_with(word)),
                "{path}: {how}"
            );
            let name = path.strip_prefix(transcripts()).unwrap().with_extension("");
            read(name.as_str(), &[]);
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[tokio::test]
async fn a_command_line_that_no_transcript_has_is_refused() {
    let standin = StandIn::of(&["microk8s"]).plays("microk8s/stopped");
    let program = crate::calling::Program::new(standin.path("microk8s"));
    let said = program
        .call(&["reset"], std::time::Duration::from_secs(20))
        .await
        .unwrap();
    assert!(!said.is_success());
    assert!(
        said.stderr
            .contains("no transcript has the command line: microk8s reset")
    );
}
