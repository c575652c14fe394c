//! Bounds of commands: what is refused before anything is done.

use probe::{Extent, Failure, FailureKind, Load, Poll, Question, Request};

/// One hour.
const DEADLINE_MAX_MS: u64 = 3_600_000;
/// Most requests of one load.
pub(crate) const REQUESTS_MAX: u64 = 2_000_000;
const CONNECTIONS_MAX: u32 = 256;
const PATH_MAX: usize = 8192;
const HOST_MAX: usize = 255;
const SEND_MAX: usize = 64 << 10;

/// Checks a poll.
pub(crate) fn poll(poll: &Poll) -> Result<(), Failure> {
    within("interval_us", poll.interval_us, 100, 10_000_000)?;
    within("deadline_ms", poll.deadline_ms, 1, DEADLINE_MAX_MS)?;
    question(&poll.question)
}

/// Checks a request.
pub(crate) fn request(request: &Request) -> Result<(), Failure> {
    within("deadline_ms", request.deadline_ms, 1, DEADLINE_MAX_MS)?;
    question(&request.question)
}

/// Checks a load.
pub(crate) fn load(load: &Load) -> Result<(), Failure> {
    within("deadline_ms", load.deadline_ms, 1, DEADLINE_MAX_MS)?;
    within(
        "connections",
        load.connections.into(),
        1,
        CONNECTIONS_MAX.into(),
    )?;
    match load.extent {
        Extent::DurationMs(value) => within("duration-ms", value, 1, DEADLINE_MAX_MS)?,
        Extent::Count(value) => within("count", value, 1, REQUESTS_MAX)?,
    }
    question(&load.question)
}

pub(crate) fn question(question: &Question) -> Result<(), Failure> {
    match question {
        Question::Http(http) => {
            let path_good = http.path.starts_with('/')
                && http.path.len() <= PATH_MAX
                && http.path.bytes().all(|byte| byte.is_ascii_graphic());
            let host_good = !http.host.is_empty()
                && http.host.len() <= HOST_MAX
                && http.host.bytes().all(|byte| byte.is_ascii_graphic());
            demand(path_good, "`path` is no path of a request line")?;
            demand(host_good, "`host` is no host")?;
            within("expect_status", http.expect_status.into(), 200, 599)?;
            demand(http.port != 0, "`port` is 0")
        }
        Question::Tcp(tcp) => demand(tcp.port != 0, "`port` is 0"),
        Question::TcpExchange(exchange) => {
            demand(exchange.port != 0, "`port` is 0")?;
            demand(
                exchange.send.len() <= SEND_MAX,
                "`send` is longer than 64 KiB",
            )?;
            demand(
                !exchange.expect_contains.is_empty(),
                "`expect_contains` is empty",
            )
        }
    }
}

fn within(name: &str, value: u64, least: u64, most: u64) -> Result<(), Failure> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let what = format!("`{name}` is {value}, not within {least} to {most}");
    Err(Failure::new(FailureKind::BadInput, what))
}

fn demand(good: bool, otherwise: &str) -> Result<(), Failure> {
    if good {
        return Ok(());
    }
    Err(Failure::new(FailureKind::BadInput, otherwise))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use probe::Command;

    fn checked(json: &str) -> Result<(), String> {
        let command = serde_json::from_str(json).expect("readable");
        match command {
            Command::Poll(poll) => super::poll(&poll),
            Command::Request(request) => super::request(&request),
            Command::Load(load) => super::load(&load),
            other => panic!("{other:?}"),
        }
        .map_err(|failure| failure.what)
    }

    #[test]
    fn every_bound_holds() {
        let tcp = "\"question\":{\"tcp\":{\"port\":80}}";
        let good = [
            format!("{{\"poll\":{{{tcp},\"interval_us\":100,\"deadline_ms\":3600000}}}}"),
            format!("{{\"request\":{{{tcp}}}}}"),
            format!("{{\"load\":{{{tcp},\"connections\":256,\"extent\":{{\"count\":2000000}}}}}}"),
        ];
        for json in good {
            assert_eq!(checked(&json), Ok(()), "{json}");
        }
        let bad = [
            format!("{{\"poll\":{{{tcp},\"interval_us\":99,\"deadline_ms\":1}}}}"),
            format!("{{\"poll\":{{{tcp},\"deadline_ms\":0}}}}"),
            format!("{{\"request\":{{{tcp},\"deadline_ms\":3600001}}}}"),
            format!("{{\"load\":{{{tcp},\"connections\":0,\"extent\":{{\"count\":1}}}}}}"),
            format!("{{\"load\":{{{tcp},\"connections\":257,\"extent\":{{\"count\":1}}}}}}"),
            format!("{{\"load\":{{{tcp},\"connections\":1,\"extent\":{{\"count\":2000001}}}}}}"),
            format!("{{\"load\":{{{tcp},\"connections\":1,\"extent\":{{\"duration-ms\":0}}}}}}"),
            "{\"request\":{\"question\":{\"tcp\":{\"port\":0}}}}".to_owned(),
            request("{\"http\":{\"port\":1,\"path\":\"x\"}}"),
            request("{\"http\":{\"port\":1,\"path\":\"/a b\"}}"),
            request("{\"http\":{\"port\":1,\"path\":\"/\\r\\nX: y\"}}"),
            request("{\"http\":{\"port\":1,\"host\":\"a\\r\\n\"}}"),
            request("{\"http\":{\"port\":1,\"host\":\"\"}}"),
            request("{\"http\":{\"port\":1,\"expect_status\":600}}"),
            request("{\"tcp-exchange\":{\"port\":1,\"send\":\"\",\"expect_contains\":\"\"}}"),
        ];
        for json in bad {
            assert!(checked(&json).is_err(), "{json}");
        }
    }

    fn request(question: &str) -> String {
        format!("{{\"request\":{{\"question\":{question}}}}}")
    }
}
