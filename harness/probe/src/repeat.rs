//! `probe repeat`: the entrypoint started again and again in one container, each time until its first
//! correct answer.
//!
//! For a cluster, where a container's own start is timed in the middle of everything that kubelet,
//! runtime and control plane do for it. Here nobody else has anything to do: the program stands in
//! for the entrypoint as the container's first process, runs it as a child, asks it over the
//! container's loopback, kills it with all it started, and begins again. Containers of one pod can take
//! turns ([`crate::turns`]), so that what they are compared by happened side by side. What it found is
//! one line of output; then it waits to be stopped.

use std::ffi::{CString, OsStr};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;

use probe::{Failed, Failure, FailureKind, InPlace, Question, Repeat, Repeated, Stamp};

use crate::prober::{Asked, End, Patience, ask, bounds};
use crate::stamp;
use crate::sys::child::{self, Child};
use crate::sys::{clock, files, parent};
use crate::turns::{Token, Turns};
use crate::verbs::usage;

/// Distance of attempts.
const INTERVAL_NS: u64 = 500_000;
/// Longest wait for one answer.
const ATTEMPT_NS: u64 = 5_000_000_000;
/// How long before the first start its processor is kept awake: one that slept runs the first
/// milliseconds at another speed.
const AWAKE_NS: u64 = 20_000_000;
/// How long before its turn's start a processor is kept awake.
const SETTLED_NS: u64 = 1_000_000;
/// Most starts of one container.
const STARTS_MAX: u32 = 1000;
/// Most containers that take turns.
const PLACES_MAX: u32 = 8;
/// Longest wait until all of them are there.
const GATHERED_NS: u64 = 90_000_000_000;

/// Does what the words say; returns the exit status only if nothing could be begun.
pub(crate) fn run(words: &[&str]) -> i32 {
    let first = now();
    match begin(words, first) {
        Ok(repeated) => {
            let said = serde_json::to_string(&repeated).unwrap_or_default();
            // The entrypoint may have left a line open.
            let line = format!("\n{}{said}\n", Repeated::PREFIX);
            let mut out = io::stdout().lock();
            if out
                .write_all(line.as_bytes())
                .and_then(|()| out.flush())
                .is_err()
            {
                return 1;
            }
            parent::wait_to_be_stopped()
        }
        Err(error) => {
            let line = serde_json::to_string(&Failed { error }).unwrap_or_default();
            println!("{line}");
            2
        }
    }
}

fn begin(words: &[&str], first: Stamp) -> Result<Repeated, Failure> {
    let [wanted, rest @ ..] = words else {
        return Err(usage("`repeat` wants what to do"));
    };
    let program = match rest {
        ["--", program @ ..] => program,
        program => program,
    };
    if program.is_empty() {
        return Err(usage("`repeat` wants a program"));
    }
    let wanted: Repeat = serde_json::from_str(wanted)
        .map_err(|error| Failure::new(FailureKind::BadInput, format!("not a wish: {error}")))?;
    bounds::question(&wanted.question)?;
    if wanted.least == 0 || wanted.least > wanted.most || wanted.most > STARTS_MAX {
        let what = format!("wants 1 <= least <= most <= {STARTS_MAX}");
        return Err(Failure::new(FailureKind::BadInput, what));
    }
    parent::end_when_asked().map_err(|error| Failure::system("take a request to end", &error))?;
    let mut repeated = Repeated {
        first,
        starts: Vec::new(),
        failed: None,
        disturbed: None,
    };
    match &wanted.turn {
        None => alone(&wanted, program, &mut repeated),
        Some(turn) => {
            if turn.place >= turn.places || turn.places > PLACES_MAX {
                let what = format!("wants place < places <= {PLACES_MAX}");
                return Err(Failure::new(FailureKind::BadInput, what));
            }
            let turns = Turns::join(turn);
            let turns = turns.map_err(|error| Failure::system("take a place", &error))?;
            if let Err(error) = in_turn(&wanted, program, &turns, &mut repeated) {
                repeated.disturbed = Some(error.to_string());
            }
        }
    }
    Ok(repeated)
}

/// Starts of a container by itself.
fn alone(wanted: &Repeat, program: &[&str], repeated: &mut Repeated) {
    hold(wanted);
    clock::wake_exactly();
    let until_ns = clock::monotonic_ns() + wanted.for_ms * 1_000_000;
    while due(wanted, repeated, until_ns) {
        one_more(wanted, program, repeated);
    }
}

/// Starts of a container that takes turns with others.
fn in_turn(
    wanted: &Repeat,
    program: &[&str],
    turns: &Turns,
    repeated: &mut Repeated,
) -> io::Result<()> {
    if turns.is_last() {
        hold(wanted);
        turns.pass(Token::Go)?;
    }
    clock::wake_exactly();
    let mut token = turns.wait(clock::monotonic_ns() + GATHERED_NS)?;
    let until_ns = clock::monotonic_ns() + wanted.for_ms * 1_000_000;
    // Every other place may need as long as it has for an answer.
    let lap_ns = GATHERED_NS + wanted.deadline_ms * 1_000_000 * u64::from(PLACES_MAX);
    loop {
        let over = turns.is_first() && !due(wanted, repeated, until_ns);
        if token == Token::End || over || repeated.failed.is_some() {
            return turns.pass(Token::End);
        }
        let awake_ns = clock::monotonic_ns() + SETTLED_NS;
        while clock::monotonic_ns() < awake_ns {
            std::hint::spin_loop();
        }
        one_more(wanted, program, repeated);
        if repeated.failed.is_none() {
            turns.pass(Token::Go)?;
            token = turns.wait(clock::monotonic_ns() + lap_ns)?;
        }
    }
}

/// Lets the machine finish what it does at a container's start, and keeps the processor awake at last.
fn hold(wanted: &Repeat) {
    let quiet_ns = clock::monotonic_ns() + wanted.hold_ms * 1_000_000;
    clock::sleep_until(quiet_ns.saturating_sub(AWAKE_NS));
    while clock::monotonic_ns() < quiet_ns {
        std::hint::spin_loop();
    }
}

/// Whether another start is due.
fn due(wanted: &Repeat, repeated: &Repeated, until_ns: u64) -> bool {
    let done = u32::try_from(repeated.starts.len()).unwrap_or(u32::MAX);
    repeated.failed.is_none()
        && (done < wanted.least || done < wanted.most && clock::monotonic_ns() < until_ns)
}

fn one_more(wanted: &Repeat, program: &[&str], repeated: &mut Repeated) {
    match once(wanted, program) {
        Ok(start) => repeated.starts.push(start),
        Err(why) => repeated.failed = Some(why),
    }
}

/// One start: from just before the program is executed to its first correct answer.
fn once(wanted: &Repeat, program: &[&str]) -> Result<InPlace, String> {
    let arguments: Vec<CString> = program
        .iter()
        .map(|one| CString::new(OsStr::new(one).as_bytes()))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let mut argv: Vec<_> = arguments.iter().map(|one| one.as_ptr()).collect();
    argv.push(std::ptr::null());
    // Nothing ever comes through it: an end of standard input means nothing here.
    let (silent, _kept) = files::pipe().map_err(|error| error.to_string())?;
    let exec_ns = clock::monotonic_ns();
    let child = child::fork(|| {
        let _ = child::new_session();
        stamp::become_program(&argv)
    });
    let child = child.map_err(|error| format!("fork: {error}"))?;
    let until_ns = exec_ns + wanted.deadline_ms * 1_000_000;
    let found = await_answer(&wanted.question, exec_ns, until_ns, &silent, &child);
    // All of them: what the entrypoint started may have left its session.
    child.kill();
    parent::kill_all_and_reap();
    child.let_go();
    let ready_ns = found?;
    Ok(InPlace { exec_ns, ready_ns })
}

fn await_answer(
    question: &Question,
    began_ns: u64,
    until_ns: u64,
    silent: &std::fs::File,
    child: &Child,
) -> Result<u64, String> {
    let mut due_ns = began_ns;
    loop {
        let patience = Patience {
            until_ns: until_ns.min(clock::monotonic_ns().saturating_add(ATTEMPT_NS)),
            interrupt: silent.as_fd(),
        };
        let Asked {
            end,
            connected_ns,
            first_byte_ns,
            ..
        } = ask(question, patience);
        let last = match end {
            End::Right => {
                let ready = first_byte_ns.or(connected_ns);
                return ready.ok_or_else(|| "an answer without a time".to_owned());
            }
            End::Refused(why) | End::Wrong(why) => why,
            End::Interrupted => "interrupted".to_owned(),
        };
        if let Some(end) = child.ended() {
            return Err(format!(
                "it ended before it was ready: {end}; last answer: {last}"
            ));
        }
        if clock::monotonic_ns() >= until_ns {
            return Err(format!("no correct answer in time; last: {last}"));
        }
        due_ns = (due_ns + INTERVAL_NS).max(clock::monotonic_ns());
        clock::sleep_until(due_ns);
    }
}

fn now() -> Stamp {
    Stamp {
        monotonic_ns: clock::monotonic_ns(),
        realtime_ns: clock::realtime_ns(),
        boottime_ns: clock::boottime_ns(),
        pid: std::process::id(),
    }
}
