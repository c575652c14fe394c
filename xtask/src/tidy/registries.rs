//! Registries complete: every member's file is in its slice. (Specs and releases are embedded
//! folder by folder, so none of them can be forgotten.)

use anyhow::Result;

use crate::cargo;

pub(super) fn check() -> Result<Vec<String>> {
    let root = cargo::root();
    let mut findings = Vec::new();
    for (folder, slice) in [
        ("reports/src", "reports/src/format.rs"),
        ("platforms/src", "platforms/src/lib.rs"),
    ] {
        let registry = fs_err::read_to_string(root.join(slice))?;
        for entry in fs_err::read_dir(root.join(folder))? {
            let path = entry?.path();
            let Some(stem) = path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
            else {
                continue;
            };
            let is_member = path.is_file()
                && fs_err::read_to_string(&path)?.contains(" for ")
                && ["impl Format for", "impl Platform for"].iter().any(|what| {
                    fs_err::read_to_string(&path).is_ok_and(|text| text.contains(what))
                });
            if is_member && !registry.contains(&format!("{stem}::")) {
                findings.push(format!("{} is not in {slice}", path.display()));
            }
        }
    }
    Ok(findings)
}
