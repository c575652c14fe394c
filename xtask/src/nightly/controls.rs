//! Every control alone, as a subject.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Figures, Row, certify};
use crate::cargo;

pub(super) const ROW: Row = Row {
    name: "controls",
    holds: "each control, certified alone, exits 1 and names the checks it must fail by",
    measure,
};

fn measure() -> Result<Figures> {
    let mut endings = BTreeMap::new();
    let mut astray = Vec::new();
    for entry in fs_err::read_dir(cargo::root().join("images/controls"))? {
        let path = entry?.path();
        let name = path.file_stem().context("a file without a name")?;
        let name = name.to_string_lossy().into_owned();
        let ended = certify::run(&["--image", &path.to_string_lossy()])?;
        cargo::say(&format!("          {}", ended.last));
        let failed: Vec<String> = ended.report["checks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|row| row["outcome"] == "fail")
            .filter(|row| {
                row["cell"]
                    .as_str()
                    .is_some_and(|c| c.starts_with(&format!("{name}/")))
            })
            .filter_map(|row| row["id"].as_str().map(str::to_owned))
            .collect();
        if ended.code != 1 || failed.is_empty() {
            astray.push(name.clone());
        }
        endings.insert(name, json!({"exit_code": ended.code, "failed": failed}));
    }
    let said = match astray.as_slice() {
        [] => format!("{} of {} exit 1", endings.len(), endings.len()),
        astray => format!("not refused: {}", astray.join(", ")),
    };
    Ok(Figures {
        holds: astray.is_empty() && !endings.is_empty(),
        said,
        values: json!(endings),
    })
}
