//! `explain ID`: one check's page.

use anyhow::anyhow;
use model::ExitCode;

use super::{print, print_json};
use crate::arguments::ExplainArguments;
use crate::{Failure, OrExit};

pub(super) fn run(arguments: &ExplainArguments) -> Result<ExitCode, Failure> {
    let Some((suite, info)) = suites::check(&arguments.id) else {
        let all: Vec<&str> = suites::SUITES
            .iter()
            .flat_map(|suite| suite.checks())
            .map(|info| info.id)
            .collect();
        return Err(anyhow!(
            "there is no check `{}`; there are: {}",
            arguments.id,
            all.join(", ")
        ))
        .or_usage();
    };
    if arguments.json {
        return print_json(info);
    }
    let text = format!(
        "{id}  {title}\n\nsuite      {suite}\nseverity   {severity:?}\nshown by   {method}\n\n\
         Why\n{rationale}\n\nHow\n{procedure}\n\nMend a failure\n{remediation}\n\n\
         Sources    {references}\nPasses on  {good}\nFails on   {bad}",
        id = info.id,
        title = info.title,
        suite = suite.name(),
        severity = info.severity,
        method = info.method.word(),
        rationale = info.rationale,
        procedure = info.procedure,
        remediation = info.remediation,
        references = info.references.join("; "),
        good = info.good_fixture,
        bad = info.bad_fixture,
    );
    print(&text)
}
