//! The cases that ask about a release: `find` and `info`.

use chisel::{Error, Result};

use crate::case::{Case, Outcome};
use crate::{classes, release};

/// What is printed on standard output, and the failure that ends the command after it.
pub(crate) type Printed = (String, Option<Error>);

/// Compares with `outcome`: exit, error class, and what is printed, byte by byte.
pub(crate) fn compare(asked: &Result<Printed>, outcome: &Outcome) -> Result<(), String> {
    let (printed, failed) = match asked {
        Ok((printed, failed)) => (printed.as_str(), failed.as_ref()),
        Err(error) => ("", Some(error)),
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

/// Finds slices or prints definitions.
pub(crate) fn ask(case: &Case) -> Result<Printed> {
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
