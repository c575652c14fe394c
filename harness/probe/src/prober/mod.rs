//! `probe prober`: waits in a container's network for commands, asks its questions there.
//!
//! One command is worked on at a time. The end of standard input ends the program at any moment,
//! so that nothing is orphaned when the harness dies. `--first` gives a command to begin with, for
//! a prober that is started by a cluster: nobody speaks to it before the application answers.

mod ask;
pub(crate) mod bounds;
mod http;
mod lines;
mod load;
mod poll;
mod setup;

use std::io::Write as _;

use probe::{Command, Failed, Failure, FailureKind, Pong, Reply};

use crate::sys::{clock, parent};
pub(crate) use ask::{Asked, End, Patience, ask};
use lines::{Heard, Lines};

/// Serves until standard input ends; the exit status.
pub(crate) fn run(words: &[&str]) -> i32 {
    let first = match setup::setup(words) {
        Ok((up, first)) => {
            say(&Reply::Ready(up));
            first
        }
        Err(error) => {
            let status = if error.kind == FailureKind::Usage {
                2
            } else {
                1
            };
            let line = serde_json::to_string(&Failed { error }).unwrap_or_default();
            println!("{line}");
            return status;
        }
    };
    clock::wake_exactly();
    let mut lines = Lines::new();
    if let Some(command) = first {
        obey(command, &mut lines);
    }
    loop {
        match lines.hear() {
            Heard::Line(line) => match command(&line) {
                Ok(Command::Quit) => return 0,
                Ok(command) => obey(command, &mut lines),
                Err(failure) => say(&Reply::Error(failure)),
            },
            Heard::Nothing => {}
            Heard::End => return 0,
        }
    }
}

fn obey(command: Command, lines: &mut Lines) {
    let reply = match command {
        Command::Poll(poll) => bounds::poll(&poll).map(|()| poll::poll(&poll, lines)),
        Command::Request(request) => {
            bounds::request(&request).map(|()| ask::request(&request, lines))
        }
        Command::Load(load) => bounds::load(&load).and_then(|()| load::load(&load, lines)),
        Command::Ping => Ok(Reply::Pong(Pong {
            monotonic_ns: clock::monotonic_ns(),
        })),
        Command::Cancel => Err(Failure::new(FailureKind::BadInput, "nothing to cancel")),
        Command::Quit => parent::end(0),
    };
    say(&reply.unwrap_or_else(Reply::Error));
}

/// What came while a poll or load was running.
enum Interruption {
    /// Stop it.
    Cancel,
    /// Go on.
    GoOn,
}

/// Hears a command during a poll or load: `cancel` stops it, `quit` and the end of input end the
/// program, anything else is refused.
fn interruption(lines: &mut Lines) -> Interruption {
    loop {
        match lines.hear_now() {
            Heard::Nothing => return Interruption::GoOn,
            Heard::End => parent::end(0),
            Heard::Line(line) => match command(&line) {
                Ok(Command::Cancel) => return Interruption::Cancel,
                Ok(Command::Quit) => parent::end(0),
                Ok(_) => say(&Reply::Error(Failure::new(
                    FailureKind::Busy,
                    "another command is being worked on",
                ))),
                Err(failure) => say(&Reply::Error(failure)),
            },
        }
    }
}

/// Reads a command; the three plain words may stand without quotes.
fn command(line: &str) -> Result<Command, Failure> {
    match line.trim() {
        "ping" => return Ok(Command::Ping),
        "cancel" => return Ok(Command::Cancel),
        "quit" => return Ok(Command::Quit),
        _ => {}
    }
    serde_json::from_str(line)
        .map_err(|error| Failure::new(FailureKind::BadInput, format!("not a command: {error}")))
}

/// Writes one line; a reader that is gone ends the program.
fn say(reply: &Reply) {
    let mut out = std::io::stdout().lock();
    let written = serde_json::to_string(reply)
        .map_err(std::io::Error::from)
        .and_then(|line| writeln!(out, "{line}"))
        .and_then(|()| out.flush());
    if written.is_err() {
        parent::end(1);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::command;
    use probe::{Command, FailureKind, Question};

    #[test]
    fn reads_commands() {
        assert_eq!(command("cancel\n"), Ok(Command::Cancel));
        assert_eq!(command("\"quit\""), Ok(Command::Quit));
        let poll = command(
            "{\"poll\":{\"question\":{\"http\":{\"port\":80,\"path\":\"/x\"}},\"deadline_ms\":5}}",
        );
        let Ok(Command::Poll(poll)) = poll else {
            panic!("{poll:?}");
        };
        assert_eq!(poll.interval_us, 1000);
        let Question::Http(http) = poll.question else {
            panic!("not http");
        };
        assert_eq!((http.expect_status, http.host.as_str()), (200, "localhost"));
    }

    #[test]
    fn refuses_everything_else() {
        for bad in [
            "",
            "{",
            "stop",
            "{\"poll\":{}}",
            "{\"ping\":1}",
            "{\"poll\":{\"question\":{\"tcp\":{\"port\":70000}},\"deadline_ms\":5}}",
            "{\"poll\":{\"question\":{\"tcp\":{\"port\":7,\"x\":1}},\"deadline_ms\":5}}",
        ] {
            assert_eq!(
                command(bad).unwrap_err().kind,
                FailureKind::BadInput,
                "{bad}"
            );
        }
    }
}
