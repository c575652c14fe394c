//! `show ROOM`: looks into a room of a run, so that anyone can recompute a verdict by hand.

use anyhow::anyhow;
use engine::journal::Journal;
use model::{CellId, ExitCode, Trial};

use super::report::{Read, read};
use super::{print, print_json};
use crate::arguments::ShowArguments;
use crate::rooms::folder::RunFolder;
use crate::{Failure, OrExit};

pub(super) fn run(arguments: &ShowArguments) -> Result<ExitCode, Failure> {
    let folder = RunFolder::find(&arguments.run).or_usage()?;
    let journal = Journal::read(&folder.journal()).or_usage()?;
    let cell = arguments
        .cell
        .as_deref()
        .map(CellId::new)
        .transpose()
        .or_usage()?;
    match arguments.room.as_str() {
        "plan" => print_json(&journal.plan()),
        "samples" => samples(&journal, cell.as_ref(), arguments.json),
        "image" => print_json(&journal.images().collect::<Vec<_>>()),
        "sessions" => print_json(&journal.sessions().collect::<Vec<_>>()),
        "verdict" => match read(&folder)? {
            Read::Report(_, verdict) => print_json(&verdict),
            Read::Incomplete(why) => Err(anyhow!(why)).or_usage(),
        },
        other => Err(anyhow!(
            "there is no room `{other}` to show (plan, samples, image, sessions, verdict)"
        ))
        .or_usage(),
    }
}

fn samples(journal: &Journal, cell: Option<&CellId>, json: bool) -> Result<ExitCode, Failure> {
    let cells = journal.samples();
    if let Some(wanted) = cell.filter(|wanted| !cells.contains_key(*wanted)) {
        return Err(anyhow!("the run has no samples of cell {wanted}")).or_usage();
    }
    let chosen = cells
        .iter()
        .filter(|(id, _)| cell.is_none_or(|wanted| wanted == *id));
    if json {
        return print_json(&chosen.collect::<std::collections::BTreeMap<_, _>>());
    }
    let mut text = String::from("cell\tattempt\tround\tposition\tarm\twarmup\trejected\tvalues\n");
    for trial in chosen.flat_map(|(_, samples)| &samples.trials) {
        text += &line(trial);
    }
    print(&text)
}

fn line(trial: &Trial) -> String {
    let values: Vec<String> = trial
        .values
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
        trial.cell,
        trial.attempt,
        trial.round,
        trial.position,
        trial.arm.word(),
        trial.warmup,
        trial.rejected.as_deref().unwrap_or("-"),
        values.join(" ")
    )
}
