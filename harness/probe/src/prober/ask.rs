//! One question on one new connection, and whether the answer is correct.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd as _, BorrowedFd};

use probe::{Exchange, HttpRequest, Question, Reply, Request, Requested};

use super::http::{self, Progress, ReplyReader};
use super::lines::Lines;
use super::{Interruption, interruption};
use crate::sys::clock;
use crate::sys::files::{self, Event};
use crate::sys::net::{self, Begun};

/// Longest answer to an exchange that is searched.
const EXCHANGE_MAX: usize = 64 << 10;
/// Body bytes that a reply shows.
const SHOWN_MAX: usize = 512;
/// Longest wait for a handshake: on a loopback it is done at once, or lost until a timer of a
/// second resends it.
const HANDSHAKE_NS: u64 = 250_000_000;

/// How a question ended.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) end: End,
    pub(crate) connected_ns: Option<u64>,
    pub(crate) first_byte_ns: Option<u64>,
    pub(crate) status: Option<u16>,
    /// The body or answer as far as read.
    pub(crate) body: Vec<u8>,
    pub(crate) ended_ns: u64,
}

/// Classes of ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The answer is correct.
    Right,
    /// Nobody listens.
    Refused(String),
    /// Another answer, or none.
    Wrong(String),
    /// Input came on the descriptor that may interrupt.
    Interrupted,
}

/// Bounds of one question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience<'a> {
    /// Given up at this instant.
    pub(crate) until_ns: u64,
    /// Given up when this becomes readable.
    pub(crate) interrupt: BorrowedFd<'a>,
}

/// Answers the command `request`.
pub(crate) fn request(request: &Request, lines: &mut Lines) -> Reply {
    let began_ns = clock::monotonic_ns();
    let until_ns = began_ns.saturating_add(request.deadline_ms.saturating_mul(1_000_000));
    let asked = loop {
        let patience = Patience {
            until_ns,
            interrupt: files::stdin(),
        };
        let mut asked = ask(&request.question, patience);
        if asked.end != End::Interrupted {
            break asked;
        }
        if let Interruption::Cancel = interruption(lines) {
            asked.end = End::Wrong("cancelled".to_owned());
            break asked;
        }
    };
    let why = match asked.end {
        End::Right => None,
        End::Refused(why) | End::Wrong(why) => Some(why),
        End::Interrupted => Some("interrupted".to_owned()),
    };
    let shown = asked.body.len().min(SHOWN_MAX);
    Reply::Requested(Requested {
        ok: why.is_none(),
        why,
        status: asked.status,
        body_start: String::from_utf8_lossy(&asked.body[..shown]).into_owned(),
        body_bytes: asked.body.len() as u64,
        connected_ns: asked.connected_ns,
        first_byte_ns: asked.first_byte_ns,
        began_ns,
        ended_ns: asked.ended_ns,
    })
}

/// Asks once.
pub(crate) fn ask(question: &Question, patience: Patience<'_>) -> Asked {
    let mut asked = Asked {
        end: End::Right,
        connected_ns: None,
        first_byte_ns: None,
        status: None,
        body: Vec::new(),
        ended_ns: 0,
    };
    if let Err(end) = converse(question, patience, &mut asked) {
        asked.end = end;
    }
    asked.ended_ns = clock::monotonic_ns();
    asked
}

fn converse(question: &Question, patience: Patience<'_>, asked: &mut Asked) -> Result<(), End> {
    let (address, port) = place(question);
    let to = SocketAddr::new(address, port);
    let mut stream = connect(to, patience)?;
    asked.connected_ns = Some(clock::monotonic_ns());
    match question {
        Question::Tcp(_) => Ok(()),
        Question::Http(http) => {
            send(&mut stream, http::request(http).as_bytes(), patience)?;
            hear_http(&mut stream, http, patience, asked)
        }
        Question::TcpExchange(exchange) => {
            send(&mut stream, exchange.send.as_bytes(), patience)?;
            hear_exchange(&mut stream, exchange, patience, asked)
        }
    }
}

const fn place(question: &Question) -> (IpAddr, u16) {
    match question {
        Question::Http(http) => (http.address, http.port),
        Question::Tcp(tcp) => (tcp.address, tcp.port),
        Question::TcpExchange(exchange) => (exchange.address, exchange.port),
    }
}

fn connect(to: SocketAddr, patience: Patience<'_>) -> Result<TcpStream, End> {
    let stream = match net::begin_connect(to).map_err(|error| unconnected(&error))? {
        Begun::Connected(stream) => stream,
        Begun::Pending(stream) => {
            let until_ns = clock::monotonic_ns().saturating_add(HANDSHAKE_NS);
            let patience = Patience {
                until_ns: until_ns.min(patience.until_ns),
                ..patience
            };
            wait(&stream, Event::Writable, patience, "no handshake")?;
            if let Some(error) = stream.take_error().map_err(|error| unconnected(&error))? {
                return Err(unconnected(&error));
            }
            stream
        }
    };
    // A poll of a port in the ephemeral range can meet itself: both ends of the connection are
    // then one socket, although nobody listens.
    if stream.local_addr().is_ok_and(|local| local == to) {
        return Err(End::Refused("nobody listens (met itself)".to_owned()));
    }
    Ok(stream)
}

fn unconnected(error: &io::Error) -> End {
    let why = format!("cannot connect: {error}");
    match error.raw_os_error() {
        Some(libc::ECONNREFUSED | libc::ENETUNREACH | libc::EHOSTUNREACH) => End::Refused(why),
        _ => End::Wrong(why),
    }
}

fn send(stream: &mut TcpStream, mut bytes: &[u8], patience: Patience<'_>) -> Result<(), End> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(sent) => bytes = &bytes[sent..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                wait(
                    stream,
                    Event::Writable,
                    patience,
                    "the request is not taken",
                )?;
            }
            Err(error) => return Err(End::Wrong(format!("cannot send: {error}"))),
        }
    }
    Ok(())
}

/// Some bytes, 0 at the end; the first are stamped.
fn hear(
    stream: &mut TcpStream,
    buffer: &mut [u8],
    patience: Patience<'_>,
    asked: &mut Asked,
) -> Result<usize, End> {
    loop {
        wait(stream, Event::Readable, patience, "no answer in time")?;
        match stream.read(buffer) {
            Ok(got) => {
                if got > 0 && asked.first_byte_ns.is_none() {
                    asked.first_byte_ns = Some(clock::monotonic_ns());
                }
                return Ok(got);
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                ) => {}
            Err(error) => return Err(End::Wrong(format!("cannot read: {error}"))),
        }
    }
}

fn hear_http(
    stream: &mut TcpStream,
    wanted: &HttpRequest,
    patience: Patience<'_>,
    asked: &mut Asked,
) -> Result<(), End> {
    let mut reader = ReplyReader::new();
    let heard = read_reply(stream, &mut reader, patience, asked);
    asked.status = reader.status();
    asked.body = reader.body().to_vec();
    heard?;
    if asked.status != Some(wanted.expect_status) {
        let status = asked.status.unwrap_or(0);
        let why = format!("status {status}, not {}", wanted.expect_status);
        return Err(End::Wrong(why));
    }
    match &wanted.expect_body_contains {
        Some(text) if http::find(&asked.body, text.as_bytes()).is_none() => {
            Err(End::Wrong(format!("the body does not contain `{text}`")))
        }
        _ => Ok(()),
    }
}

fn read_reply(
    stream: &mut TcpStream,
    reader: &mut ReplyReader,
    patience: Patience<'_>,
    asked: &mut Asked,
) -> Result<(), End> {
    let mut buffer = [0; 16 << 10];
    loop {
        match hear(stream, &mut buffer, patience, asked)? {
            0 => return reader.close().map_err(End::Wrong),
            got => match reader.feed(&buffer[..got]).map_err(End::Wrong)? {
                Progress::Whole => return Ok(()),
                Progress::More => {}
            },
        }
    }
}

fn hear_exchange(
    stream: &mut TcpStream,
    wanted: &Exchange,
    patience: Patience<'_>,
    asked: &mut Asked,
) -> Result<(), End> {
    let mut buffer = [0; 4096];
    loop {
        let got = hear(stream, &mut buffer, patience, asked)?;
        asked.body.extend_from_slice(&buffer[..got]);
        if http::find(&asked.body, wanted.expect_contains.as_bytes()).is_some() {
            return Ok(());
        }
        if got == 0 || asked.body.len() > EXCHANGE_MAX {
            let why = format!("the answer does not contain `{}`", wanted.expect_contains);
            return Err(End::Wrong(why));
        }
    }
}

fn wait(
    stream: &TcpStream,
    event: Event,
    patience: Patience<'_>,
    otherwise: &str,
) -> Result<(), End> {
    let watched = [
        (stream.as_fd(), event),
        (patience.interrupt, Event::Readable),
    ];
    match files::wait(&watched, Some(patience.until_ns)) {
        Ok(Some(0)) => Ok(()),
        Ok(Some(_)) => Err(End::Interrupted),
        Ok(None) => Err(End::Wrong(otherwise.to_owned())),
        Err(error) => Err(End::Wrong(format!("cannot wait: {error}"))),
    }
}
