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
    let said = match (holds, skipped.first(), failed(&text)) {
        (true, ..) => "all tests of the row passed".to_owned(),
        (false, Some(skip), _) => skip.clone(),
        (false, None, names) if names.is_empty() => {
            format!("cargo test ended with {}", output.status)
        }
        (false, None, names) => format!("failed: {}", names.join(", ")),
    };
    if !holds {
        let file = cargo::target().join("nightly-tests.log");
        fs_err::write(&file, [&output.stdout[..], &output.stderr].concat())?;
        cargo::say(&format!("          all that was said: {}", file.display()));
    }
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

/// Names of tests that failed.
fn failed(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::failed;

    #[test]
    fn what_failed_is_named() {
        let text = "test a::b ... ok\ntest a::c ... FAILED\n\ntest result: FAILED. 1 passed";
        assert_eq!(failed(text), ["a::c"]);
    }
}
