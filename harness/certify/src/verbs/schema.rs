//! `schema`: published JSON Schemas.

use anyhow::anyhow;
use model::{Configuration, ExitCode, ImageSpec, Profile, Report, Variation};

use super::print_json;
use crate::arguments::SchemaArguments;
use crate::{Failure, OrExit};

pub(super) fn run(arguments: &SchemaArguments) -> Result<ExitCode, Failure> {
    match arguments.of.as_str() {
        "report" => print_json(&Report::json_schema()),
        "image" => print_json(&ImageSpec::json_schema()),
        "variation" => print_json(&Variation::json_schema()),
        "profile" => print_json(&Profile::json_schema()),
        Configuration::FILE => print_json(&Configuration::json_schema()),
        other => Err(anyhow!(
            "there is no schema of `{other}` (report, image, variation, profile, certify.yaml)"
        ))
        .or_usage(),
    }
}
