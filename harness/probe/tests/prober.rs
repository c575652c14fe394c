//! The prober against servers of this test, on the loopback.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests stand on std alone, as the program does"
)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use probe::{FailureKind, PollEnd, Reply};

mod rig;
use rig::{PROBE, Prober};

/// A server that gives the n-th connection the n-th answer, the last one for ever.
fn serve(listener: TcpListener, answers: Vec<&'static [u8]>) {
    thread::spawn(move || {
        for number in 0.. {
            let Ok((mut stream, _)) = listener.accept() else {
                return;
            };
            let answer = answers[number.min(answers.len() - 1)];
            thread::spawn(move || answer_one(&mut stream, answer));
        }
    });
}

fn answer_one(stream: &mut TcpStream, answer: &[u8]) {
    let mut request = [0; 1024];
    let _ = stream.read(&mut request);
    let _ = stream.write_all(answer);
}

const GOOD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const BUSY: &[u8] = b"HTTP/1.1 503 Wait\r\nContent-Length: 0\r\n\r\n";
const OTHER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother";

/// A port that nobody listens to, out of the range that connections take theirs from, and no
/// other test's even after its listener is dropped.
fn free_port() -> (u16, TcpListener) {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::SeqCst);
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return (port, listener);
        }
    }
}

fn http(port: u16) -> String {
    format!("{{\"http\":{{\"port\":{port},\"path\":\"/x\",\"expect_body_contains\":\"hello\"}}}}")
}

#[test]
fn polls_until_the_first_correct_answer() {
    let (port, listener) = free_port();
    drop(listener);
    let mut prober = Prober::start(&[]);
    prober.tell(&format!(
        "{{\"poll\":{{\"question\":{},\"deadline_ms\":20000}}}}",
        http(port)
    ));
    thread::sleep(Duration::from_millis(100));
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    serve(listener, vec![BUSY, OTHER, b"", b"junk", &GOOD[..30], GOOD]);
    let Reply::Polled(polled) = prober.hear() else {
        panic!("not polled");
    };
    assert_eq!(polled.end, PollEnd::Ready);
    assert_eq!(polled.wrong, 5, "{polled:?}");
    assert!(polled.refused >= 10, "{polled:?}");
    assert_eq!(polled.polls, polled.refused + polled.wrong + 1);
    let (connected, first) = (polled.connected_ns.unwrap(), polled.first_byte_ns.unwrap());
    assert_eq!(polled.ready_ns, Some(first));
    assert!(polled.began_ns + 90_000_000 < connected && connected < first);
    assert!(first <= polled.ended_ns && polled.ended_ns <= prober.now());
    assert!(polled.last_error.unwrap().contains("closed"));
}

#[test]
fn begins_with_the_command_it_was_started_with_and_ends_when_asked() {
    let (port, listener) = free_port();
    serve(listener, vec![GOOD]);
    let first = format!(
        "{{\"poll\":{{\"question\":{},\"deadline_ms\":20000}}}}",
        http(port)
    );
    let mut prober = Prober::start(&["--first", &first]);
    let Reply::Polled(polled) = prober.hear() else {
        panic!("not polled");
    };
    assert_eq!(polled.end, PollEnd::Ready);
    assert!(
        prober.now() >= polled.ended_ns,
        "it hears commands afterwards"
    );
    let pid = prober.child.id().to_string();
    assert!(Command::new("kill").arg(pid).status().unwrap().success());
    assert_eq!(
        prober.child.wait().unwrap().code(),
        Some(0),
        "ended by its handler"
    );
}

#[test]
fn an_early_listener_is_waited_for() {
    let (port, listener) = free_port();
    let mut prober = Prober::start(&[]);
    prober.tell(&format!(
        "{{\"poll\":{{\"question\":{},\"deadline_ms\":20000}}}}",
        http(port)
    ));
    thread::sleep(Duration::from_millis(150));
    serve(listener, vec![GOOD]);
    let Reply::Polled(polled) = prober.hear() else {
        panic!("not polled");
    };
    assert_eq!((polled.end, polled.polls), (PollEnd::Ready, 1));
    assert!(polled.first_byte_ns.unwrap() - polled.connected_ns.unwrap() > 100_000_000);
}

#[test]
fn a_poll_ends_at_its_deadline_or_when_cancelled() {
    let (port, listener) = free_port();
    drop(listener);
    let mut prober = Prober::start(&[]);
    let tcp = format!("{{\"tcp\":{{\"port\":{port}}}}}");
    for (interval_us, deadline_ms) in [(1000, 80), (200_000, 80), (10_000_000, 80)] {
        prober.tell(&format!(
            "{{\"poll\":{{\"question\":{tcp},\"interval_us\":{interval_us},\
             \"deadline_ms\":{deadline_ms}}}}}"
        ));
        let Reply::Polled(polled) = prober.hear() else {
            panic!("not polled");
        };
        assert_eq!((polled.end, polled.ready_ns), (PollEnd::Timeout, None));
        assert!(polled.ended_ns - polled.began_ns >= 80_000_000);
        assert!(polled.last_error.unwrap().contains("refused"));
    }
    for interval_us in [1000, 10_000_000] {
        prober.tell(&format!(
            "{{\"poll\":{{\"question\":{tcp},\"interval_us\":{interval_us},\
             \"deadline_ms\":3600000}}}}"
        ));
        thread::sleep(Duration::from_millis(20));
        prober.tell("ping");
        let Reply::Error(busy) = prober.hear() else {
            panic!("not refused");
        };
        assert_eq!(busy.kind, FailureKind::Busy);
        prober.tell("cancel");
        let Reply::Polled(polled) = prober.hear() else {
            panic!("not polled");
        };
        assert_eq!(polled.end, PollEnd::Cancelled);
        prober.tell("cancel");
        assert!(matches!(prober.hear(), Reply::Error(_)));
    }
}

#[test]
fn exchanges_and_connects() {
    let (port, listener) = free_port();
    serve(listener, vec![b"+PONG\r\n", b"-ERR\r\n", b""]);
    let mut prober = Prober::start(&[]);
    let exchange = format!(
        "{{\"tcp-exchange\":{{\"port\":{port},\"send\":\"PING\\r\\n\",\
         \"expect_contains\":\"+PONG\"}}}}"
    );
    for ok in [true, false, false] {
        prober.tell(&format!("{{\"request\":{{\"question\":{exchange}}}}}"));
        let Reply::Requested(got) = prober.hear() else {
            panic!("not requested");
        };
        assert_eq!((got.ok, got.why.is_none()), (ok, ok), "{got:?}");
    }
    let tcp = format!("{{\"tcp\":{{\"port\":{port}}}}}");
    prober.tell(&format!(
        "{{\"poll\":{{\"question\":{tcp},\"deadline_ms\":5000}}}}"
    ));
    let Reply::Polled(polled) = prober.hear() else {
        panic!("not polled");
    };
    assert_eq!(polled.end, PollEnd::Ready);
    assert_eq!(
        (polled.first_byte_ns, polled.ready_ns),
        (None, polled.connected_ns)
    );
}

#[test]
fn requests_show_what_came() {
    let (port, listener) = free_port();
    serve(
        listener,
        vec![GOOD, OTHER, BUSY, b"junk", b"HTTP/1.1 200 OK\r\n"],
    );
    let mut prober = Prober::start(&[]);
    for (ok, status, body) in [
        (true, Some(200), "hello"),
        (false, Some(200), "other"),
        (false, Some(503), ""),
        (false, None, ""),
        (false, None, ""),
    ] {
        prober.tell(&format!("{{\"request\":{{\"question\":{}}}}}", http(port)));
        let Reply::Requested(got) = prober.hear() else {
            panic!("not requested");
        };
        assert_eq!(
            (got.ok, got.status, got.body_start.as_str()),
            (ok, status, body),
            "{got:?}"
        );
    }
}

#[test]
fn loads_count_and_time_every_answer() {
    let (port, listener) = free_port();
    serve(listener, vec![GOOD, BUSY, GOOD]);
    let mut prober = Prober::start(&[]);
    let ask = |extent: &str| {
        let question = http(port);
        format!("{{\"load\":{{\"question\":{question},\"connections\":4,\"extent\":{extent}}}}}")
    };
    prober.tell(&ask("{\"count\":200}"));
    let Reply::Loaded(loaded) = prober.hear() else {
        panic!("not loaded");
    };
    assert_eq!(
        (loaded.ok, loaded.failed, loaded.cancelled),
        (199, 1, false)
    );
    assert!(loaded.first_failure.unwrap().contains("503"));
    let latency = loaded.latency.unwrap();
    assert!(latency.min_ns <= latency.median_ns && latency.p95_ns <= latency.max_ns);
    prober.tell(&ask("{\"duration-ms\":100}"));
    let Reply::Loaded(loaded) = prober.hear() else {
        panic!("not loaded");
    };
    assert!(loaded.ok > 4 && loaded.failed == 0, "{loaded:?}");
    prober.tell(&ask("{\"duration-ms\":3600000}"));
    thread::sleep(Duration::from_millis(30));
    prober.tell("cancel");
    let Reply::Loaded(loaded) = prober.hear() else {
        panic!("not loaded");
    };
    assert!(loaded.cancelled);
}

#[test]
fn nothing_is_orphaned() {
    let poll = "{\"poll\":{\"question\":{\"tcp\":{\"port\":1}},\"interval_us\":10000000,\
                \"deadline_ms\":3600000}}";
    let load = "{\"load\":{\"question\":{\"tcp\":{\"port\":1}},\"connections\":8,\
                \"extent\":{\"duration-ms\":3600000}}}";
    // The end of standard input, idle and at work.
    for line in ["ping", poll, load] {
        let mut prober = Prober::start(&[]);
        prober.tell(line);
        thread::sleep(Duration::from_millis(20));
        prober.stdin = None;
        assert!(prober.child.wait().unwrap().success(), "{line}");
    }
    // The death of the parent, with standard input still open.
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec 3<&0; \"$PROBE\" prober <&3 & wait"])
        .env("PROBE", PROBE);
    let mut prober = Prober::from(&mut command);
    prober.child.kill().unwrap();
    prober.child.wait().unwrap();
    assert_eq!(rig::rest(&mut prober.stdout), "");
}

#[test]
fn outlives_the_thread_that_started_it() {
    let mut prober = thread::spawn(|| Prober::start(&[])).join().unwrap();
    thread::sleep(Duration::from_millis(50));
    assert!(prober.now() > 0);
}

#[test]
fn bad_lines_are_answered_and_survived() {
    let mut prober = Prober::start(&[]);
    for line in [
        "",
        "{",
        "nonsense",
        "{\"poll\":{\"question\":{\"tcp\":{\"port\":0}},\"deadline_ms\":1}}",
    ] {
        prober.tell(line);
        let Reply::Error(failure) = prober.hear() else {
            panic!("{line} was taken");
        };
        assert_eq!(failure.kind, FailureKind::BadInput);
    }
    prober.tell("quit");
    assert!(prober.child.wait().unwrap().success());
    // A line without end is not collected without end.
    let mut prober = Prober::start(&[]);
    let flood = "x".repeat(1 << 20);
    let _ = prober.stdin.as_mut().unwrap().write_all(flood.as_bytes());
    assert!(prober.child.wait().unwrap().success());
    let mut wrong = Command::new(PROBE);
    let output = wrong
        .args(["prober", "--nonsense"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("{\"error\":"));
}

#[test]
fn makes_a_network_of_its_own() {
    if !rig::is_root("makes_a_network_of_its_own") {
        return;
    }
    // Nobody of the host listens inside; a prober that enters is in the same network.
    let (port, listener) = free_port();
    serve(listener, vec![GOOD]);
    for arguments in [
        &["--new-netns"][..],
        &["--new-userns", "65532:65532", "--new-netns"],
    ] {
        let outer = Prober::start(arguments);
        let pid = outer.child.id().to_string();
        let mut inner = Prober::start(&["--enter", &pid]);
        assert_eq!(inner.up.net_namespace, outer.up.net_namespace);
        assert_ne!(inner.up.net_namespace, Prober::start(&[]).up.net_namespace);
        inner.tell(&format!("{{\"request\":{{\"question\":{}}}}}", http(port)));
        let Reply::Requested(got) = inner.hear() else {
            panic!("not requested");
        };
        // `lo` is up: refused at once, not unreachable.
        assert!(got.why.unwrap().contains("refused"));
    }
}
