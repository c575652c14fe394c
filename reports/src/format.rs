//! The trait of a report format, and the list of all of them.

use model::Report;

/// One way of writing a report. Pure: the same report gives the same bytes.
pub trait Format: Sync {
    /// Its name on the command line: `html`.
    fn name(&self) -> &'static str;

    /// Its IANA media type.
    fn media_type(&self) -> &'static str;

    /// The file's name in the run folder: `report.html`.
    fn file_name(&self) -> &'static str;

    /// The document's text. Reads nothing but the report.
    fn render(&self, report: &Report) -> Result<String, RenderError>;
}

/// Every format; help, the run folder's contents and the contract tests come from this list.
pub static FORMATS: &[&dyn Format] = &[
    &crate::json::Json,
    &crate::html::Html,
    &crate::markdown::Markdown,
    &crate::junit::Junit,
];

/// The format with this name.
pub fn find(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|f| f.name() == name)
}

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A value of the report has no JSON form that reads back as itself: a number that is not
    /// finite. Nothing is written, for a file that loses a number would be believed.
    #[error("report does not survive being written as JSON: {0}")]
    Json(String),
    /// A template names something the page does not have.
    #[error("page template: {0}")]
    Template(#[from] minijinja::Error),
    /// The XML writer refused.
    #[error("junit document: {0}")]
    Junit(#[from] quick_junit::SerializeError),
}
