//! The prober beside a container: it owns the network namespace that the container joins.

use std::process::Stdio;
use std::time::Duration;

use camino::Utf8Path;
use model::{Exchange, HttpExpectation, Readiness, SmokeRequest, UserId};
use probe::{
    Command, Extent, HttpRequest, Load, Loaded, Poll, Polled, Question, Reply, Request, Requested,
    TcpConnect, Up,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::{Privilege, command};

/// A running prober.
#[derive(Debug)]
pub(crate) struct Prober {
    child: Child,
    input: ChildStdin,
    replies: Lines<BufReader<ChildStdout>>,
    /// Where it is.
    pub(crate) up: Up,
}

impl Prober {
    /// Starts a prober in a network namespace of its own and waits until it is ready. A normal
    /// user's network needs a user namespace, in which the caller has the ids of `user`.
    pub(crate) async fn start(
        probe: &Utf8Path,
        privilege: &Privilege,
        user: UserId,
    ) -> Result<Self, String> {
        let mut call = command::new(probe);
        call.args(["prober", "--new-netns"]);
        if *privilege != Privilege::Root {
            call.args(["--new-userns", &user.to_string()]);
        }
        call.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = call
            .spawn()
            .map_err(|error| format!("could not start the prober: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the prober has no pipes".to_owned());
        };
        let mut replies = BufReader::new(output).lines();
        let Reply::Ready(up) = next(&mut replies).await? else {
            return Err("the prober did not say that it is ready".to_owned());
        };
        Ok(Self {
            child,
            input,
            replies,
            up,
        })
    }

    /// Starts polling until the first correct answer; the reply comes through [`Self::polled`].
    pub(crate) async fn poll(
        &mut self,
        question: Question,
        within: Duration,
    ) -> Result<(), String> {
        let deadline_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        self.send(&Command::Poll(Poll {
            question,
            interval_us: 1000,
            deadline_ms,
        }))
        .await
    }

    /// The end of the poll. Cancel-safe: lines are read whole.
    pub(crate) async fn polled(&mut self) -> Result<Polled, String> {
        match next(&mut self.replies).await? {
            Reply::Polled(polled) => Ok(polled),
            other => Err(format!(
                "the prober said {other:?} instead of the end of its poll"
            )),
        }
    }

    /// Stops the poll that is running.
    pub(crate) async fn cancel(&mut self) -> Result<(), String> {
        self.send(&Command::Cancel).await?;
        self.polled().await.map(drop)
    }

    /// Asks once.
    pub(crate) async fn request(&mut self, question: Question) -> Result<Requested, String> {
        self.send(&Command::Request(Request {
            question,
            deadline_ms: 5000,
        }))
        .await?;
        match next(&mut self.replies).await? {
            Reply::Requested(requested) => Ok(requested),
            other => Err(format!("the prober said {other:?} instead of an answer")),
        }
    }

    /// Asks many times.
    pub(crate) async fn load(
        &mut self,
        question: Question,
        connections: u32,
        duration: Duration,
    ) -> Result<Loaded, String> {
        let extent = Extent::DurationMs(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        let load = Load {
            question,
            connections,
            extent,
            deadline_ms: 5000,
        };
        self.send(&Command::Load(load)).await?;
        match next(&mut self.replies).await? {
            Reply::Loaded(loaded) => Ok(loaded),
            other => Err(format!(
                "the prober said {other:?} instead of the end of its load"
            )),
        }
    }

    /// Ends it and waits until it is gone; its namespace goes with it.
    pub(crate) async fn quit(mut self) -> Result<(), String> {
        let _ = self.send(&Command::Quit).await;
        drop(self.input);
        self.child
            .wait()
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    }

    async fn send(&mut self, command: &Command) -> Result<(), String> {
        let mut line = serde_json::to_string(command).map_err(|error| error.to_string())?;
        line.push('\n');
        self.input
            .write_all(line.as_bytes())
            .await
            .map_err(|error| format!("could not write to the prober: {error}"))
    }
}

async fn next(replies: &mut Lines<BufReader<ChildStdout>>) -> Result<Reply, String> {
    let line = replies
        .next_line()
        .await
        .map_err(|error| format!("could not read from the prober: {error}"))?
        .ok_or("the prober ended")?;
    match serde_json::from_str(&line) {
        Ok(Reply::Error(failure)) => Err(format!("the prober failed: {failure}")),
        Ok(reply) => Ok(reply),
        Err(error) => Err(format!("the prober said something unknown: {error}")),
    }
}

/// The question behind a readiness, where a prober can ask it.
pub(crate) fn readiness(readiness: &Readiness) -> Option<Question> {
    match readiness {
        Readiness::Http(wanted) => Some(http(wanted)),
        Readiness::Tcp { port } => Some(Question::Tcp(TcpConnect {
            address: LOOPBACK,
            port: *port,
        })),
        Readiness::Exchange(wanted) => Some(exchange(wanted)),
        Readiness::Log { .. } | Readiness::Exit { .. } => None,
    }
}

/// The question behind a smoke request.
pub(crate) fn smoke(request: &SmokeRequest) -> Question {
    match request {
        SmokeRequest::Http(wanted) => http(wanted),
        SmokeRequest::Exchange(wanted) => exchange(wanted),
    }
}

const LOOPBACK: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn http(wanted: &HttpExpectation) -> Question {
    Question::Http(HttpRequest {
        address: LOOPBACK,
        port: wanted.port,
        path: wanted.path.clone(),
        host: "localhost".to_owned(),
        expect_status: wanted.status,
        expect_body_contains: wanted.contains.clone(),
    })
}

fn exchange(wanted: &Exchange) -> Question {
    Question::TcpExchange(probe::Exchange {
        address: LOOPBACK,
        port: wanted.port,
        send: wanted.send.clone(),
        expect_contains: wanted.expect.clone(),
    })
}
