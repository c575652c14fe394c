//! `sweep RUN`: removes what a killed run left behind, by its journal.

use anyhow::anyhow;
use engine::journal::Journal;
use model::ExitCode;

use crate::arguments;
use crate::rooms::folder::RunFolder;
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &arguments::RunFolder,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let folder = RunFolder::find(&arguments.run).or_usage()?;
    let journal = Journal::read(&folder.journal()).or_usage()?;
    let Some(header) = journal.header() else {
        return Err(anyhow!("the journal of {} has no header", folder.root())).or_usage();
    };
    let left = journal.left_behind();
    let mut remaining = 0;
    // Later objects lie on earlier ones: a mount in a folder, a container in a control group.
    for (name, kind) in left.iter().rev() {
        match platforms::sweep(&header.run, kind, name) {
            Ok(done) => terminal.say("Sweep", &format!("{kind} {name}: {done}")),
            Err(why) => {
                remaining += 1;
                terminal.say("Sweep", &format!("{kind} {name}: still there: {why}"));
            }
        }
    }
    if remaining > 0 {
        return Ok(ExitCode::ResidueLeft);
    }
    terminal.plain(&format!(
        "{} object(s) were left behind, none is any more",
        left.len()
    ));
    Ok(ExitCode::Certified)
}
