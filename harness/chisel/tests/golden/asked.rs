//! The cases that ask about a release: `find` and `info`.

use chisel::{Error, Result};

use crate::case::{Case, Outcome};
use crate::{classes, release};

/// Asks and compares with `outcome`: exit, error class, and what is printed, byte by byte.
pub(crate) fn compare(case: &Case, outcome: &Outcome) -> Result<(), String> {
    let (printed, failed) = match ask(case) {
        Ok((printed, failed)) => (printed, failed),
        Err(error) => (String::new(), Some(error)),
    };
    let expected = outcome.stdout.as_deref().unwrap_or_default();
    if printed != expected {
        return Err(format!("printed {printed:?}, expected {expected:?}"));
    }
    match (failed, outcome.exit) {
        (None, 0) => Ok(()),
        (Some(error), 1) => {
            let text = outcome.error.as_deref().unwrap_or_default();
            let class = classes::class(text).ok_or(format!("no class for {text:?}"))?;
            let same = error.class() == class;
            same.then_some(())
                .ok_or(format!("{:?} `{error}`, expected {class:?}", error.class()))
        }
        (failed, exit) => Err(format!("{failed:?}, expected exit {exit}")),
    }
}

/// What is printed on standard output, and the failure that ends the command after it.
fn ask(case: &Case) -> Result<(String, Option<Error>)> {
    let words = case.slices();
    let release = release(case)?;
    if case.run.args[0] == "find" {
        let found = chisel::find(&release, &words);
        let table = if found.is_empty() {
            String::new()
        } else {
            chisel::table(&found)
        };
        return Ok((table, None));
    }
    let info = chisel::info(&release, &words);
    let failed = info.failure();
    Ok((info.yaml(), failed))
}
