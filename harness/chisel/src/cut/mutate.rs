//! Mutation scripts: Starlark with three functions on the content of the cut, bounded in ticks,
//! memory and depth.

use std::cell::RefCell;

use starlark::PrintHandler;
use starlark::environment::{Globals, Module};
use starlark::eval::Evaluator;
use starlark::syntax::{AstModule, Dialect, DialectTypes};

use super::report::Report;
use super::script_api::{globals, with_session};
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

/// Runs the scripts of `slices` in order.
pub(super) fn run(
    slices: &[&Slice],
    limits: ScriptLimits,
    stage: &mut Stage,
    report: &mut Report,
) -> Result<()> {
    if slices.iter().all(|slice| slice.mutate.is_empty()) {
        return Ok(());
    }
    let session = Session {
        stage: std::mem::take(stage),
        report: std::mem::take(report),
        file_bytes: limits.file_bytes,
    };
    let (session, printed) = with_session(session, || scripts(slices, limits));
    (*stage, *report) = (session.stage, session.report);
    stage.notes.extend(printed?);
    Ok(())
}

/// Runs one script after the other; what they printed.
fn scripts(slices: &[&Slice], limits: ScriptLimits) -> Result<Vec<String>> {
    let globals = globals();
    let mut printed = Vec::new();
    for slice in slices.iter().filter(|slice| !slice.mutate.is_empty()) {
        let key = &slice.key;
        let lines = script(&slice.mutate, &globals, limits)
            .map_err(|error| Error::new(ErrorClass::Mutate, format!("slice {key}: {error}")))?;
        printed.extend(lines.iter().map(|line| format!("{key}: {line}")));
    }
    Ok(printed)
}

/// Runs one script; what it printed.
fn script(text: &str, globals: &Globals, limits: ScriptLimits) -> Result<Vec<String>, String> {
    let dialect = Dialect {
        enable_top_level_stmt: true,
        enable_load: false,
        enable_load_reexport: false,
        enable_types: DialectTypes::Disable,
        enable_f_strings: false,
        ..Dialect::Standard
    };
    let ast = AstModule::parse("mutate", text.to_owned(), &dialect).map_err(|e| e.to_string())?;
    let printed = Printed::default();
    Module::with_temp_heap(|module| {
        let mut evaluator = Evaluator::new(&module);
        evaluator.set_print_handler(&printed);
        let ScriptLimits {
            ticks,
            heap_bytes,
            call_depth,
            ..
        } = limits;
        evaluator
            .set_max_tick_count(ticks)
            .map_err(|e| e.to_string())?;
        evaluator
            .set_max_heap_size(heap_bytes)
            .map_err(|e| e.to_string())?;
        evaluator
            .set_max_callstack_size(call_depth)
            .map_err(|e| e.to_string())?;
        evaluator
            .eval_module(ast, globals)
            .map(|_| ())
            .map_err(|error| error.to_string())
    })?;
    Ok(printed.0.into_inner())
}

/// Collects what a script prints.
#[derive(Default)]
struct Printed(RefCell<Vec<String>>);

impl PrintHandler for Printed {
    fn println(&self, text: &str) -> starlark::Result<()> {
        self.0.borrow_mut().push(text.to_owned());
        Ok(())
    }
}
