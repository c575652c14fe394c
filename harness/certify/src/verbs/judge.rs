//! `judge RUN`: the same samples under another profile. A run's own verdict is never overwritten.

use engine::journal::Journal;
use model::ExitCode;

use super::print_json;
use crate::arguments::JudgeArguments;
use crate::rooms::folder::RunFolder;
use crate::rooms::intent;
use crate::shipped::Shelf;
use crate::{Failure, OrExit, Terminal};

pub(super) fn run(
    arguments: &JudgeArguments,
    shelf: &Shelf,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let folder = RunFolder::find(&arguments.run).or_usage()?;
    let journal = Journal::read(&folder.journal()).or_usage()?;
    let Some(plan) = journal.plan() else {
        terminal.plain("incomplete (exit 4): the journal has no plan");
        return Ok(ExitCode::Incomplete);
    };
    let mut plan = plan.clone();
    if let Some(name) = &arguments.profile {
        let profile = intent::profile(name, shelf).or_usage()?;
        for cell in &mut plan.cells {
            cell.margin = profile.margin.oci;
        }
        plan.profile_digest = profile.digest();
        plan.profile = profile;
    }
    let mut verdict = engine::judge(&plan, &journal, suites::SUITES);
    if journal.trailer().is_none() {
        verdict.exit_code = verdict.exit_code.worse(ExitCode::Incomplete);
        verdict.sentence = "the run did not reach its end".to_owned();
    }
    let name = format!("judged/{}/verdict.json", plan.profile_digest.hex());
    let bytes = serde_json::to_vec_pretty(&verdict).or_fault()?;
    let path = folder.write(&name, &bytes).or_unavailable()?;
    if arguments.json {
        print_json(&verdict)?;
    }
    let code = u8::from(verdict.exit_code);
    terminal.plain(&format!("Verdict: {path}"));
    terminal.plain(&format!(
        "{} (exit {code}): {}",
        verdict.exit_code.word(),
        verdict.sentence
    ));
    Ok(verdict.exit_code)
}
