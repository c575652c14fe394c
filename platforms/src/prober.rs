//! A prober: the program in a container's network that asks it questions, and the questions.
//!
//! Where it runs, and what carries its lines, is the driver's business.

use std::time::Duration;

use engine::{Blame, LoadRequest, SessionError, SmokeReply};
use model::{Exchange, HttpExpectation, Readiness, SmokeRequest};
use probe::{
    Command, Extent, HttpRequest, Load, Loaded, Poll, Polled, Question, Reply, Request, Requested,
    TcpConnect, Up,
};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Lines,
};

/// Longest wait of a prober for one answer of the application.
pub(crate) const ANSWER: Duration = Duration::from_secs(5);

/// A prober that answers.
pub(crate) struct Prober {
    input: Box<dyn AsyncWrite + Send + Unpin>,
    replies: Lines<Box<dyn AsyncBufRead + Send + Unpin>>,
    /// Where it is.
    pub(crate) up: Up,
}

impl Prober {
    /// Speaks to a prober over its standard streams; waits until it is ready.
    pub(crate) async fn over(
        input: impl AsyncWrite + Send + Unpin + 'static,
        output: impl AsyncRead + Send + Unpin + 'static,
    ) -> Result<Self, String> {
        let output: Box<dyn AsyncBufRead + Send + Unpin> = Box::new(BufReader::new(output));
        let mut replies = output.lines();
        let Reply::Ready(up) = next(&mut replies).await? else {
            return Err("the prober did not say that it is ready".to_owned());
        };
        Ok(Self {
            input: Box::new(input),
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
    async fn request(&mut self, question: Question) -> Result<Requested, String> {
        self.send(&Command::Request(Request {
            question,
            deadline_ms: ANSWER.as_millis() as u64,
        }))
        .await?;
        match next(&mut self.replies).await? {
            Reply::Requested(requested) => Ok(requested),
            other => Err(format!("the prober said {other:?} instead of an answer")),
        }
    }

    /// Asks many times.
    async fn load(
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
            deadline_ms: ANSWER.as_millis() as u64,
        };
        self.send(&Command::Load(load)).await?;
        match next(&mut self.replies).await? {
            Reply::Loaded(loaded) => Ok(loaded),
            other => Err(format!(
                "the prober said {other:?} instead of the end of its load"
            )),
        }
    }

    /// Asks `name` once, as the application's client.
    pub(crate) async fn smoke(
        &mut self,
        name: &str,
        wanted: &SmokeRequest,
    ) -> Result<SmokeReply, SessionError> {
        let answer = self.request(smoke(wanted)).await;
        let answer = answer.map_err(|why| SessionError::environment(format!("ask {name}"), why))?;
        if answer.ok {
            return Ok(SmokeReply::Right);
        }
        let why = answer.why.unwrap_or_else(|| "no reason given".to_owned());
        let body = answer.body_start;
        Ok(SmokeReply::Wrong(format!(
            "{why}; body starts with {body:?}"
        )))
    }

    /// Puts load on `name`: the document about it.
    pub(crate) async fn put_load(
        &mut self,
        name: &str,
        wanted: &LoadRequest,
    ) -> Result<serde_json::Value, SessionError> {
        let attempted = format!("put load on {name}");
        let question = smoke(&wanted.request);
        let done = self
            .load(question, wanted.connections, wanted.duration)
            .await;
        let done = done.map_err(|why| SessionError::environment(&attempted, why))?;
        serde_json::to_value(done)
            .map_err(|error| SessionError::environment(attempted, error).blamed_on(Blame::Harness))
    }

    /// What its clock reads.
    pub(crate) async fn clock(&mut self) -> Result<u64, String> {
        self.send(&Command::Ping).await?;
        match next(&mut self.replies).await? {
            Reply::Pong(pong) => Ok(pong.monotonic_ns),
            other => Err(format!("the prober said {other:?} instead of its time")),
        }
    }

    /// Asks it to end. The end of its input, which comes with this, does the same.
    pub(crate) async fn quit(mut self) {
        let _ = self.send(&Command::Quit).await;
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

async fn next(replies: &mut Lines<Box<dyn AsyncBufRead + Send + Unpin>>) -> Result<Reply, String> {
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
        // What an image exposes became a port when it was taken.
        Readiness::Exposed | Readiness::Log { .. } | Readiness::Exit { .. } => None,
    }
}

/// The question behind a smoke request.
fn smoke(request: &SmokeRequest) -> Question {
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
