//! Unsigned certificates: one in-toto Statement per image, platform and architecture.

use model::{ExitCode, PlatformName, Report, Standing, Statement};

use crate::RenderError;
use crate::reading::verdict_code;

/// Media type of an in-toto Statement.
pub const MEDIA_TYPE: &str = "application/vnd.in-toto+json";

/// A file of the folder `certificates/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// `<image>.<platform>.<arch>.unsigned.json`.
    pub file_name: String,
    /// The Statement, pretty JSON with a final line break.
    pub text: String,
}

/// The unsigned certificates of a report, in the report's order.
///
/// A refused image has one too: it says `FAILED` and names the checks. Nothing is left out, so a
/// missing file never reads as a pass. Nothing passes that the other documents would not call
/// certified: a stand-in for a platform, or a report that contradicts itself.
pub fn unsigned(report: &Report) -> Result<Vec<Certificate>, RenderError> {
    let certified = verdict_code(report) == ExitCode::Certified;
    let is_real = |platform: &PlatformName| {
        let facts = report.platforms.iter().find(|f| f.platform == *platform);
        facts.is_some_and(|f| f.standing == Standing::Real)
    };
    let mut certificates = Vec::new();
    for mut statement in Statement::all(report) {
        let predicate = &mut statement.predicate;
        if !(certified && is_real(&predicate.platform)) {
            FAILED.clone_into(&mut predicate.result);
        }
        certificates.push(certificate(&statement)?);
    }
    Ok(certificates)
}

/// The result of `test-result/v0.1` that certifies nothing.
const FAILED: &str = "FAILED";

fn certificate(statement: &Statement) -> Result<Certificate, RenderError> {
    let image = statement
        .subject
        .first()
        .map_or("unknown", |subject| subject.name.as_str());
    let predicate = &statement.predicate;
    let mut text = serde_json::to_string_pretty(statement)
        .map_err(|why| RenderError::Json(why.to_string()))?;
    text.push('\n');
    Ok(Certificate {
        file_name: format!(
            "{image}.{}.{}.unsigned.json",
            predicate.platform, predicate.arch
        ),
        text,
    })
}
