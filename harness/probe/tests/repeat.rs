//! Starts in place, run for real.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests stand on std alone, as the program does"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use probe::{Failed, FailureKind, Question, Repeat, Repeated, TcpConnect, Turn};

mod rig;
use rig::PROBE;

/// A port that nobody listens on, and a wish about it.
fn wish(least: u32, most: u32) -> (u16, Repeat) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    let question = Question::Tcp(TcpConnect {
        address: "127.0.0.1".parse().unwrap(),
        port,
    });
    let wish = Repeat {
        question,
        hold_ms: 0,
        least,
        most,
        for_ms: 60_000,
        deadline_ms: 10_000,
        turn: None,
    };
    (port, wish)
}

fn repeat(wish: &str, program: &[&str]) -> Child {
    let mut command = Command::new(PROBE);
    command.args(["repeat", wish, "--"]).args(program);
    command.stdout(Stdio::piped()).stdin(Stdio::null());
    command.spawn().unwrap()
}

/// The document, read while the program still waits to be stopped; then it is asked to end, and does.
fn document(mut child: Child) -> Repeated {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines
        .map_while(Result::ok)
        .find_map(|line| Repeated::from_line(&line));
    assert_eq!(child.try_wait().unwrap(), None, "it waits to be stopped");
    let asked = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(asked.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    found.expect("a document")
}

#[test]
fn starts_again_and_again_and_leaves_nothing_running() {
    let (port, wish) = wish(3, 3);
    let wish = serde_json::to_string(&wish).unwrap();
    // It opens a line and does not close it, waits before it listens, and never ends by itself.
    let script = format!(
        "$| = 1; print 'started'; select(undef, undef, undef, 0.05);
         my $s = IO::Socket::INET->new(Listen => 8, LocalAddr => '127.0.0.1:{port}', \
         ReuseAddr => 1) or exit 4; sleep 600"
    );
    let repeated = document(repeat(
        &wish,
        &["perl", "-MIO::Socket::INET", "-e", &script],
    ));
    assert_eq!(repeated.failed, None);
    assert_eq!(repeated.starts.len(), 3);
    let mut last = repeated.first.monotonic_ns;
    for start in &repeated.starts {
        assert!(last < start.exec_ns && start.exec_ns + 50_000_000 < start.ready_ns);
        last = start.ready_ns;
    }
    assert!(
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err(),
        "still running"
    );
}

#[test]
fn an_end_before_the_answer_ends_it_with_the_reason() {
    let (_, wish) = wish(3, 3);
    let wish = serde_json::to_string(&wish).unwrap();
    let repeated = document(repeat(&wish, &["sh", "-c", "exit 9"]));
    assert!(repeated.starts.is_empty());
    let why = repeated.failed.unwrap();
    assert!(why.contains("status 9"), "{why}");
}

#[test]
fn silence_ends_it_at_its_deadline() {
    let (_, mut wish) = wish(3, 3);
    wish.deadline_ms = 200;
    let wish = serde_json::to_string(&wish).unwrap();
    let repeated = document(repeat(&wish, &["sleep", "600"]));
    let why = repeated.failed.unwrap();
    assert!(why.contains("no correct answer in time"), "{why}");
}

/// Containers of one lap; every one but those at `broken` places serves on the same port.
fn lap(places: u32, starts: u32, broken: &[u32]) -> Vec<Repeated> {
    let (port, wish) = wish(starts, starts);
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "my $s = IO::Socket::INET->new(Listen => 8, LocalAddr => '127.0.0.1:{port}', \
         ReuseAddr => 1) or exit 4; sleep 600"
    );
    let begun: Vec<Child> = (0..places)
        .map(|place| {
            let wish = Repeat {
                turn: Some(Turn {
                    folder: folder.path().to_str().unwrap().to_owned(),
                    place,
                    places,
                }),
                ..wish.clone()
            };
            let wish = serde_json::to_string(&wish).unwrap();
            if broken.contains(&place) {
                repeat(&wish, &["sh", "-c", "exit 9"])
            } else {
                repeat(&wish, &["perl", "-MIO::Socket::INET", "-e", &script])
            }
        })
        .collect();
    begun.into_iter().map(document).collect()
}

#[test]
fn containers_take_turns_lap_by_lap() {
    let found = lap(3, 4, &[]);
    for one in &found {
        assert_eq!((&one.failed, &one.disturbed), (&None, &None));
        assert_eq!(one.starts.len(), 4);
    }
    let mut last = 0;
    for number in 0..4 {
        for one in &found {
            let start = one.starts[number];
            assert!(
                last < start.exec_ns,
                "start {number} overlaps its neighbour"
            );
            last = start.ready_ns;
        }
    }
}

#[test]
fn a_container_alone_takes_every_turn() {
    let found = lap(1, 3, &[]);
    assert_eq!(found[0].starts.len(), 3);
    assert_eq!((&found[0].failed, &found[0].disturbed), (&None, &None));
}

#[test]
fn the_place_that_fails_says_so_and_the_others_are_let_go() {
    let found = lap(3, 4, &[1]);
    let failed: Vec<bool> = found.iter().map(|one| one.failed.is_some()).collect();
    assert_eq!(failed, [false, true, false]);
    assert!(found.iter().all(|one| one.disturbed.is_none()));
    assert_eq!(found[0].starts.len(), 1);
}

#[test]
fn nonsense_is_refused() {
    let (_, good) = wish(3, 3);
    let json = |wish: &Repeat| serde_json::to_string(wish).unwrap();
    let none = Repeat {
        least: 0,
        ..good.clone()
    };
    let crossed = Repeat {
        least: 4,
        ..good.clone()
    };
    let many = Repeat {
        most: 1001,
        ..good.clone()
    };
    let nowhere = Repeat {
        turn: Some(Turn {
            folder: "/".to_owned(),
            place: 3,
            places: 3,
        }),
        ..good.clone()
    };
    for (wish, program) in [
        (json(&nowhere), &["true"][..]),
        (json(&none), &["true"]),
        (json(&crossed), &["true"]),
        (json(&many), &["true"]),
        ("{}".to_owned(), &["true"]),
        (json(&good), &[]),
    ] {
        let output = repeat(&wish, program).wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wish}");
        let failed: Failed = serde_json::from_slice(&output.stdout).unwrap();
        let kind = failed.error.kind;
        assert!(
            matches!(kind, FailureKind::BadInput | FailureKind::Usage),
            "{kind:?}"
        );
    }
}
