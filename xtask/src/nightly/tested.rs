//! Rows that are tests of the project, run longer.

use anyhow::Result;
use serde_json::{Value, json};

use super::Figures;
use crate::{build, cargo};

/// Runs `cargo test` with these arguments and variables. A test that skips itself does not hold.
pub(super) fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Figures> {
    let mut words = vec!["test", "--workspace"];
    words.extend(arguments);
    words.extend(["--", "--show-output"]);
    let mut command = cargo::command(&words);
    command.env("CERTIFY_LIBEXEC", build::libexec_folder());
    command.env("CERTIFY_REQUIRE", "root,archive,corpus,peers");
    for (name, value) in variables {
        command.env(name, value);
    }
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = |start: &str| -> Vec<String> {
        text.lines()
            .filter(|line| line.trim().starts_with(start))
            .map(|line| line.trim().to_owned())
            .collect()
    };
    let (results, skipped, figures) = (
        lines("test result: "),
        lines("skipped ("),
        lines("figure: "),
    );
    let ran = results
        .iter()
        .any(|line| !line.contains(" 0 passed; 0 failed"));
    let holds = output.status.success() && ran && skipped.is_empty();
    let said = match (holds, skipped.first()) {
        (true, _) => "all tests of the row passed".to_owned(),
        (false, Some(skip)) => skip.clone(),
        (false, None) => format!("cargo test ended with {}", output.status),
    };
    Ok(Figures {
        holds,
        said,
        values: json!({
            "figures": figures,
            "results": results.into_iter().filter(|r| !r.contains(" 0 passed; 0 failed"))
                .map(Value::from).collect::<Vec<_>>(),
        }),
    })
}
