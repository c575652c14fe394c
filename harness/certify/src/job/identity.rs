//! Who runs what, where: the header of a run's journal, its id, the user's own data in it.

use anyhow::Result;
use engine::clock::Clock;
use engine::journal::Header;
use model::RunId;

use super::Order;
use crate::shipped::Shelf;
use crate::{BUILD, TOOL, Terminal, host};

pub(super) fn header(id: &RunId, clock: Clock) -> Header {
    Header {
        schema: "certify.journal/v1".to_owned(),
        run: id.clone(),
        tool: TOOL.to_owned(),
        build: BUILD.to_owned(),
        started: clock.utc().to_string(),
        command: redacted(std::env::args().skip(1)),
        host: host::look(),
    }
}

/// Names the user's files that stand in the place of shipped data.
pub(super) fn say_own(order: &Order, shelf: &Shelf, terminal: &Terminal) {
    let mut names: Vec<&str> = Vec::new();
    if let Some(path) = &order.wanted.configuration {
        names.push(path.as_str());
    }
    names.extend(order.plan.own.iter().map(|own| own.path.as_str()));
    if names.is_empty() {
        return;
    }
    let folder = match shelf.own() {
        Some(folder) if !folder.as_str().is_empty() => folder.as_str(),
        _ => "the working folder",
    };
    terminal.say("Yours", &format!("{}, from {folder}", names.join(", ")));
}

/// The command line without credentials: the user part of an address is cut out.
fn redacted(arguments: impl Iterator<Item = String>) -> Vec<String> {
    arguments
        .map(
            |argument| match (argument.find("://"), argument.rfind('@')) {
                (Some(scheme), Some(at)) if scheme < at => {
                    format!("{}://***{}", &argument[..scheme], &argument[at..])
                }
                _ => argument,
            },
        )
        .collect()
}

/// Start in UTC and a random tail: ids sort by time and two runs at once differ.
pub(super) fn run_id(clock: Clock) -> Result<RunId> {
    use std::io::Read;
    let mut tail = [0u8; 3];
    fs_err::File::open("/dev/urandom")?.read_exact(&mut tail)?;
    let hex: String = tail.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(RunId::new(format!(
        "{}-{hex}",
        clock.utc().strftime("%Y%m%d-%H%M%S")
    ))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_cut_out_of_the_command_line() {
        let given = [
            "--mirror".to_owned(),
            "https://me:secret@mirror.test/debian".to_owned(),
        ];
        let kept = redacted(given.into_iter());
        assert_eq!(kept, ["--mirror", "https://***@mirror.test/debian"]);
    }
}
