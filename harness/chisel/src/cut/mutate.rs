//! Mutation scripts of slices, run on the content of the cut.

use script::Content;

use super::report::Report;
use super::session::Session;
use crate::error::{Error, ErrorClass, Result};
use crate::release::Slice;
use crate::stage::Stage;

/// Bounds of one script.
#[derive(Debug, Clone, Copy)]
pub struct ScriptLimits {
    /// Function calls and loop turns.
    pub ticks: u64,
    /// Bytes of script values.
    pub heap_bytes: usize,
    /// Calls within calls.
    pub call_depth: usize,
    /// The largest file a script may read or write, in bytes.
    pub file_bytes: usize,
}

impl ScriptLimits {
    /// Far beyond what scripts of real releases use.
    pub const STANDARD: Self = Self {
        ticks: 10_000_000,
        heap_bytes: 256 << 20,
        call_depth: 50,
        file_bytes: 16 << 20,
    };
}

/// Runs the scripts of `slices` in order, each on what the one before left.
pub(super) fn run(
    slices: &[&Slice],
    limits: ScriptLimits,
    stage: &mut Stage,
    report: &mut Report,
) -> Result<()> {
    let bounds = script::Limits {
        ticks: limits.ticks,
        heap_bytes: limits.heap_bytes,
        call_depth: limits.call_depth,
    };
    for slice in slices.iter().filter(|slice| !slice.mutate.is_empty()) {
        let session = Session {
            stage: std::mem::take(stage),
            report: std::mem::take(report),
            file_bytes: limits.file_bytes,
        };
        let (session, printed) = script::run(&slice.mutate, bounds, session);
        (*stage, *report) = (session.stage, session.report);
        let key = &slice.key;
        let lines = printed
            .map_err(|error| Error::new(ErrorClass::Mutate, format!("slice {key}: {error}")))?;
        let lines = lines.iter().map(|line| format!("{key}: {line}"));
        stage.notes.extend(lines);
    }
    Ok(())
}

impl Content for Session {
    fn read(&self, path: &str) -> std::result::Result<String, String> {
        self.text(path)
    }

    fn write(&mut self, path: &str, data: &str) -> std::result::Result<(), String> {
        self.replace(path, data)
    }

    fn list(&self, path: &str) -> std::result::Result<Vec<String>, String> {
        self.names(path)
    }
}
