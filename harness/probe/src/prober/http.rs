//! HTTP/1.1 by hand: one GET request, one reply read strictly and within bounds.
//!
//! Source: RFC 9112. A reply that two readers could understand differently (bare line ends,
//! folded fields, both framings, unequal lengths) is wrong, not guessed at.

use probe::HttpRequest;

/// Status line and fields together.
const HEAD_MAX: usize = 32 << 10;
/// Fields of a head, or of a trailer.
const FIELDS_MAX: usize = 128;
/// Body, decoded.
const BODY_MAX: u64 = 4 << 20;
/// A chunk's size line with its extensions.
const CHUNK_LINE_MAX: usize = 256;
/// Interim (1xx) replies before the real one.
const INTERIM_MAX: u32 = 8;

/// The bytes of a request. Bounds are checked before: nothing in it can break a line.
pub(crate) fn request(question: &HttpRequest) -> String {
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: certify-probe\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n",
        question.path, question.host
    )
}

/// Reads one reply from chunks of bytes as they come.
#[derive(Debug)]
pub(crate) struct ReplyReader {
    state: State,
    pending: Vec<u8>,
    /// So many pending bytes hold no end of a line or head: not searched again.
    searched: usize,
    status: Option<u16>,
    body: Vec<u8>,
    interim: u32,
    trailer_bytes: usize,
}

/// Whether a reply is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More must come.
    More,
    /// It is whole; what follows is not read.
    Whole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Length(u64),
    UntilClose,
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    Whole,
}

/// Whether a step used up what it could.
enum Step {
    Again,
    Starved,
}

impl ReplyReader {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Head,
            pending: Vec::new(),
            searched: 0,
            status: None,
            body: Vec::new(),
            interim: 0,
            trailer_bytes: 0,
        }
    }

    /// Takes bytes in; the error says what is wrong with them.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Progress, String> {
        self.pending.extend_from_slice(bytes);
        while let Step::Again = self.step()? {}
        Ok(match self.state {
            State::Whole => Progress::Whole,
            _ => Progress::More,
        })
    }

    /// The peer has closed the connection.
    pub(crate) fn close(&mut self) -> Result<(), String> {
        match self.state {
            State::Whole => Ok(()),
            State::UntilClose => {
                self.state = State::Whole;
                Ok(())
            }
            State::Head if self.pending.is_empty() => Err("closed without a reply".to_owned()),
            State::Head => Err("closed within the head".to_owned()),
            _ => Err(format!(
                "closed after {} bytes of the body",
                self.body.len()
            )),
        }
    }

    /// The status, once read.
    pub(crate) const fn status(&self) -> Option<u16> {
        self.status
    }

    /// The decoded body as far as read.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    fn step(&mut self) -> Result<Step, String> {
        match self.state {
            State::Head => self.head(),
            State::Length(left) => {
                let left = left - self.take_body(left)?;
                Ok(self.go(
                    if left == 0 {
                        State::Whole
                    } else {
                        State::Length(left)
                    },
                    left == 0,
                ))
            }
            State::UntilClose => {
                self.take_body(u64::MAX)?;
                Ok(Step::Starved)
            }
            State::ChunkSize => self.chunk_size(),
            State::Chunk(left) => {
                let left = left - self.take_body(left)?;
                Ok(self.go(
                    if left == 0 {
                        State::ChunkEnd
                    } else {
                        State::Chunk(left)
                    },
                    left == 0,
                ))
            }
            State::ChunkEnd => match self.line(2)? {
                None => Ok(Step::Starved),
                Some(line) if line.is_empty() => Ok(self.go(State::ChunkSize, true)),
                Some(_) => Err("a chunk is longer than its size".to_owned()),
            },
            State::Trailer => self.trailer(),
            State::Whole => Ok(Step::Starved),
        }
    }

    fn go(&mut self, state: State, again: bool) -> Step {
        self.state = state;
        if again { Step::Again } else { Step::Starved }
    }

    fn head(&mut self) -> Result<Step, String> {
        let Some(end) = self.search(b"\r\n\r\n") else {
            if self.pending.len() > HEAD_MAX {
                return Err(format!("the head is longer than {HEAD_MAX} bytes"));
            }
            // Enough to see that this is no HTTP at all, without waiting for more.
            let seen = self.pending.len().min(7);
            if self.pending[..seen] != b"HTTP/1."[..seen] {
                return Err("not an HTTP/1 reply".to_owned());
            }
            return Ok(Step::Starved);
        };
        if end > HEAD_MAX {
            return Err(format!("the head is longer than {HEAD_MAX} bytes"));
        }
        let head = self.pending.drain(..end + 4).collect::<Vec<_>>();
        let head = Head::parse(&head[..end])?;
        self.status = Some(head.status);
        if (100..200).contains(&head.status) {
            self.status = None;
            self.interim += 1;
            if head.status == 101 || self.interim > INTERIM_MAX {
                return Err("interim replies without end".to_owned());
            }
            return Ok(Step::Again);
        }
        self.state = head.framing;
        Ok(Step::Again)
    }

    fn chunk_size(&mut self) -> Result<Step, String> {
        let Some(line) = self.line(CHUNK_LINE_MAX)? else {
            return Ok(Step::Starved);
        };
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let digits = digits.trim_ascii_end();
        let good = (1..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
        let text = std::str::from_utf8(digits).unwrap_or_default();
        match u64::from_str_radix(text, 16) {
            Ok(0) if good => Ok(self.go(State::Trailer, true)),
            Ok(size) if good => Ok(self.go(State::Chunk(size), true)),
            _ => Err("a chunk's size is not a number".to_owned()),
        }
    }

    fn trailer(&mut self) -> Result<Step, String> {
        let Some(line) = self.line(HEAD_MAX)? else {
            return Ok(Step::Starved);
        };
        self.trailer_bytes += line.len() + 2;
        if self.trailer_bytes > HEAD_MAX {
            return Err(format!("the trailer is longer than {HEAD_MAX} bytes"));
        }
        if line.is_empty() {
            return Ok(self.go(State::Whole, false));
        }
        field(&line)?;
        Ok(Step::Again)
    }

    /// Where `end` begins in what is pending. What was searched in vain is not searched again.
    fn search(&mut self, end: &[u8]) -> Option<usize> {
        let from = self.searched;
        let found = find(&self.pending[from..], end).map(|at| from + at);
        let kept = (end.len() - 1).min(self.pending.len());
        self.searched = if found.is_some() {
            0
        } else {
            self.pending.len() - kept
        };
        found
    }

    /// The next line without its end, if it is there; at most `most` bytes with it.
    fn line(&mut self, most: usize) -> Result<Option<Vec<u8>>, String> {
        match self.search(b"\r\n") {
            Some(end) if end + 2 <= most => {
                let mut line = self.pending.drain(..end + 2).collect::<Vec<_>>();
                line.truncate(end);
                if line.contains(&b'\n') || line.contains(&b'\r') {
                    return Err("a bare line end".to_owned());
                }
                Ok(Some(line))
            }
            None if self.pending.len() < most => Ok(None),
            _ => Err(format!(
                "a line of the body's frame is longer than {most} bytes"
            )),
        }
    }

    fn take_body(&mut self, wanted: u64) -> Result<u64, String> {
        let taken = self
            .pending
            .len()
            .min(usize::try_from(wanted).unwrap_or(usize::MAX));
        self.body.extend_from_slice(&self.pending[..taken]);
        self.pending.drain(..taken);
        if self.body.len() as u64 > BODY_MAX {
            return Err(format!("the body is longer than {BODY_MAX} bytes"));
        }
        Ok(taken as u64)
    }
}

struct Head {
    status: u16,
    framing: State,
}

impl Head {
    fn parse(head: &[u8]) -> Result<Self, String> {
        let text = head.split(|byte| *byte == b'\n').collect::<Vec<_>>();
        let last = text.len() - 1;
        let mut lines = Vec::new();
        for (at, line) in text.into_iter().enumerate() {
            let line = match line.strip_suffix(b"\r") {
                Some(line) => line,
                None if at == last => line,
                None => return Err("a bare line end".to_owned()),
            };
            if line.contains(&b'\r') || line.contains(&0) {
                return Err("a control character in the head".to_owned());
            }
            lines.push(line);
        }
        if lines.len() > FIELDS_MAX + 1 {
            return Err(format!("more than {FIELDS_MAX} fields"));
        }
        let status = status(lines[0])?;
        let fields = lines[1..].iter().map(|line| field(line));
        let framing = framing(status, &fields.collect::<Result<Vec<_>, _>>()?)?;
        Ok(Self { status, framing })
    }
}

/// `HTTP/1.1 200 OK`; the reason may be absent.
fn status(line: &[u8]) -> Result<u16, String> {
    let bad = || "a bad status line".to_owned();
    let rest = line
        .strip_prefix(b"HTTP/1.1 ")
        .or_else(|| line.strip_prefix(b"HTTP/1.0 "))
        .ok_or_else(bad)?;
    let (digits, reason) = rest.split_at_checked(3).ok_or_else(bad)?;
    if !digits.iter().all(u8::is_ascii_digit) || !(reason.is_empty() || reason[0] == b' ') {
        return Err(bad());
    }
    let status = std::str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse().ok());
    status
        .filter(|status| (100..600).contains(status))
        .ok_or_else(bad)
}

/// `Name: value`, the name in lower case.
fn field(line: &[u8]) -> Result<(String, String), String> {
    let colon = line.iter().position(|byte| *byte == b':');
    let Some((name, value)) = colon.map(|at| (&line[..at], &line[at + 1..])) else {
        return Err("a field without a colon".to_owned());
    };
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if name.is_empty() || !name.iter().all(token) {
        return Err("a field's name is no token".to_owned());
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Ok((
        name,
        String::from_utf8_lossy(value.trim_ascii()).into_owned(),
    ))
}

fn framing(status: u16, fields: &[(String, String)]) -> Result<State, String> {
    let all = |wanted: &str| {
        let named = fields.iter().filter(|(name, _)| name == wanted);
        named.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    let (lengths, codings) = (all("content-length"), all("transfer-encoding"));
    if status == 204 || status == 304 {
        return Ok(State::Whole);
    }
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Ok(State::UntilClose),
        ([], [coding]) if coding.eq_ignore_ascii_case("chunked") => Ok(State::ChunkSize),
        ([], _) => Err("a transfer coding other than `chunked`".to_owned()),
        ([first, rest @ ..], []) => {
            let digits = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
            match first.parse::<u64>() {
                Ok(0) if digits && rest.iter().all(|other| other == first) => Ok(State::Whole),
                Ok(length) if digits && rest.iter().all(|other| other == first) => {
                    if length > BODY_MAX {
                        return Err(format!("the body is longer than {BODY_MAX} bytes"));
                    }
                    Ok(State::Length(length))
                }
                _ => Err("a bad content length".to_owned()),
            }
        }
        _ => Err("both a content length and a transfer coding".to_owned()),
    }
}

/// Where `needle` begins in `hay`.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    hay.windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::{BODY_MAX, FIELDS_MAX, HEAD_MAX, INTERIM_MAX, Progress, ReplyReader};

    /// Status and body of a reply that comes in pieces of `size` bytes and is then closed.
    fn read(bytes: &[u8], size: usize) -> Result<(u16, Vec<u8>), String> {
        let mut reader = ReplyReader::new();
        for piece in bytes.chunks(size) {
            if reader.feed(piece)? == Progress::Whole {
                break;
            }
        }
        reader.close()?;
        Ok((reader.status().expect("a status"), reader.body().to_vec()))
    }

    #[test]
    fn reads_good_replies_in_any_pieces() {
        let table: [(&str, u16, &str); 9] = [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiMORE",
                200,
                "hi",
            ),
            ("HTTP/1.1 200\r\ncontent-length:0\r\n\r\n", 200, ""),
            (
                "HTTP/1.0 404 Not Found\r\nA: b\r\n\r\nuntil close",
                404,
                "until close",
            ),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
                200,
                "x",
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
                 2\r\nhi\r\n1;a=b\r\n!\r\n0\r\n\r\n",
                200,
                "hi!",
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n",
                200,
                "",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
                200,
                "x",
            ),
            ("HTTP/1.1 500 \r\nContent-Length: 1\r\n\r\nx", 500, "x"),
        ];
        for (bytes, status, body) in table {
            for size in [1, 2, 3, 7, 1000] {
                let got = read(bytes.as_bytes(), size);
                assert_eq!(
                    got,
                    Ok((status, body.as_bytes().to_vec())),
                    "{bytes:?} by {size}"
                );
            }
        }
    }

    #[test]
    fn refuses_hostile_replies() {
        let long_head = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(HEAD_MAX));
        let endless_head = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(HEAD_MAX + 100));
        let many = format!(
            "HTTP/1.1 200 OK\r\n{}\r\n",
            "A: b\r\n".repeat(FIELDS_MAX + 1)
        );
        let interim = "HTTP/1.1 100 C\r\n\r\n".repeat(INTERIM_MAX as usize + 1);
        let long = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            BODY_MAX + 1
        );
        let flood = "x".repeat(usize::try_from(BODY_MAX).unwrap() + 1);
        let flood = format!("HTTP/1.1 200 OK\r\n\r\n{flood}");
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let trailers = format!(
            "{chunked}0\r\n{}\r\n",
            "A: bcdefgh\r\n".repeat(HEAD_MAX / 12 + 1)
        );
        let table = [
            String::new(),
            "HTTP/2 200 OK\r\n\r\n".to_owned(),
            "220 smtp ready\r\n".to_owned(),
            "HTTP/1.1 2000 OK\r\n\r\n".to_owned(),
            "HTTP/1.1 2x0 OK\r\n\r\n".to_owned(),
            "HTTP/1.1 099 OK\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi".to_owned(),
            "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi".to_owned(),
            "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\n folded\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nA : b\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                .to_owned(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n".to_owned(),
            "HTTP/1.1 101 Switching\r\n\r\n".to_owned(),
            format!("{chunked}x\r\n"),
            format!("{chunked}\r\n"),
            format!("{chunked}-1\r\n"),
            format!("{chunked}fffffffff\r\n"),
            format!("{chunked}1\r\nxx\r\n"),
            format!("{chunked}5\r\nhi"),
            format!("{chunked}1{}", ";".repeat(300)),
            format!("{chunked}0\r\nbad trailer\r\n\r\n"),
            long_head,
            endless_head,
            many,
            interim,
            long,
            flood,
            trailers,
        ];
        for bytes in table {
            let short = &bytes[..bytes.len().min(80)];
            let piece = if bytes.len() > 100_000 { 4096 } else { 5 };
            assert!(read(bytes.as_bytes(), piece).is_err(), "{short:?}");
            assert!(read(bytes.as_bytes(), 1 << 20).is_err(), "{short:?}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        // A small generator of its own: the same bytes in every run.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let alphabet = b"HTTP/1. 200\r\n:;0fcontent-lengthtransfer-encodingchunked\0\xff";
        for _ in 0..20_000 {
            let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
            for _ in 0..40 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let at = usize::try_from(state >> 33).unwrap() % alphabet.len();
                bytes.push(alphabet[at]);
            }
            let whole = read(&bytes, 1000).ok();
            assert_eq!(whole, read(&bytes, 1).ok(), "{bytes:?}");
        }
    }
}
