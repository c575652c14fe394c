//! `report.json`: the report as it is, for machines; its shape is published by [`crate::schema`].
//!
//! The only format that carries foreign text unchanged: JSON escapes control characters itself,
//! and a record must be exact.

use model::Report;

use crate::{Format, RenderError};

/// The JSON format.
pub(crate) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn file_name(&self) -> &'static str {
        "report.json"
    }

    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let lossy = |why: serde_json::Error| RenderError::Json(why.to_string());
        let mut text = serde_json::to_string_pretty(report).map_err(lossy)?;
        // JSON has no NaN and no infinity; serde_json writes them as `null`. Reading back tells.
        let back: Report = serde_json::from_str(&text).map_err(lossy)?;
        if back != *report {
            return Err(RenderError::Json(
                "a value reads back as another".to_owned(),
            ));
        }
        text.push('\n');
        Ok(text)
    }
}
