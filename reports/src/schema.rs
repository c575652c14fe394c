//! The published JSON Schema of `report.json`.

use model::Report;

/// Name of the schema's file wherever it is written out.
pub const FILE_NAME: &str = "report.schema.json";

/// The schema's text: pretty JSON, keys sorted, one final line break.
pub fn text() -> String {
    let mut schema = Report::json_schema();
    if let Some(object) = schema.as_object_mut() {
        object.insert(
            "title".into(),
            format!("Report ({})", Report::SCHEMA).into(),
        );
    }
    // `{:#}` of a JSON value is its pretty text and cannot fail.
    format!("{schema:#}\n")
}
