//! `schema`: published JSON Schemas. The same documents lie in the project under `docs/schema`.

use anyhow::anyhow;
use model::{Configuration, ExitCode, ImageSpec, Profile, Report, Variation};
use serde_json::Value;

use super::print_json;
use crate::arguments::SchemaArguments;
use crate::{Failure, OrExit};

/// A document by name, and its schema.
type Document = (&'static str, fn() -> Value);

/// Every document that has a schema.
const SCHEMAS: &[Document] = &[
    ("report", Report::json_schema),
    ("image", ImageSpec::json_schema),
    ("variation", Variation::json_schema),
    ("profile", Profile::json_schema),
    (Configuration::FILE, Configuration::json_schema),
];

pub(super) fn run(arguments: &SchemaArguments) -> Result<ExitCode, Failure> {
    let known = SCHEMAS.iter().find(|(name, _)| *name == arguments.of);
    if let Some((_, schema)) = known {
        return print_json(&schema());
    }
    let names: Vec<&str> = SCHEMAS.iter().map(|(name, _)| *name).collect();
    Err(anyhow!(
        "there is no schema of `{}` ({})",
        arguments.of,
        names.join(", ")
    ))
    .or_usage()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_EXPECT=1 cargo test` writes them.
    #[test]
    fn the_published_schemas_are_those_of_this_program() {
        let folder = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
        let file = |name: &str| folder.join(format!("{}.json", name.trim_end_matches(".yaml")));
        for (name, schema) in SCHEMAS {
            let text = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
            expect_test::expect_file![file(name)].assert_eq(&text);
        }
        let published = folder.read_dir_utf8().unwrap().count();
        assert_eq!(published, SCHEMAS.len(), "files in {folder}");
    }
}
