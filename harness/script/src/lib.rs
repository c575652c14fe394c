//! Mutation scripts: Starlark with three functions on the content of a cut, bounded in ticks,
//! memory and depth.
//!
//! The interpreter is the only thing here, so that nothing else has to be compiled with it.

mod functions;

use std::cell::RefCell;

use starlark::PrintHandler;
use starlark::environment::Module;
use starlark::eval::Evaluator;
use starlark::syntax::{AstModule, Dialect, DialectTypes};

/// What scripts may do with the content of a cut. Errors are told to the script's author.
pub trait Content {
    /// The text of a selected file.
    fn read(&self, path: &str) -> Result<String, String>;
    /// Replaces the text of a mutable file.
    fn write(&mut self, path: &str, data: &str) -> Result<(), String>;
    /// The names in a selected folder.
    fn list(&self, path: &str) -> Result<Vec<String>, String>;
}

/// Bounds of one script.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Function calls and loop turns.
    pub ticks: u64,
    /// Bytes of script values.
    pub heap_bytes: usize,
    /// Calls within calls.
    pub call_depth: usize,
}

/// Runs one script; what it printed. `content` comes back as the script left it, also when it failed.
pub fn run<C: Content + 'static>(
    text: &str,
    limits: Limits,
    content: C,
) -> (C, Result<Vec<String>, String>) {
    functions::with(content, || evaluate(text, limits))
}

fn evaluate(text: &str, limits: Limits) -> Result<Vec<String>, String> {
    let dialect = Dialect {
        enable_top_level_stmt: true,
        enable_load: false,
        enable_load_reexport: false,
        enable_types: DialectTypes::Disable,
        enable_f_strings: false,
        ..Dialect::Standard
    };
    let told = |error: starlark::Error| error.to_string();
    let ast = AstModule::parse("mutate", text.to_owned(), &dialect).map_err(told)?;
    let globals = functions::globals();
    let printed = Printed::default();
    Module::with_temp_heap(|module| {
        let mut evaluator = Evaluator::new(&module);
        evaluator.set_print_handler(&printed);
        let Limits {
            ticks,
            heap_bytes,
            call_depth,
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
            .eval_module(ast, &globals)
            .map(|_| ())
            .map_err(told)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const LIMITS: Limits = Limits {
        ticks: 10_000,
        heap_bytes: 1 << 20,
        call_depth: 20,
    };

    #[derive(Default)]
    struct Files(BTreeMap<String, String>);

    impl Content for Files {
        fn read(&self, path: &str) -> Result<String, String> {
            let found = self.0.get(path).cloned();
            found.ok_or_else(|| format!("there is no {path}"))
        }

        fn write(&mut self, path: &str, data: &str) -> Result<(), String> {
            self.0.insert(path.to_owned(), data.to_owned());
            Ok(())
        }

        fn list(&self, _: &str) -> Result<Vec<String>, String> {
            Ok(self.0.keys().cloned().collect())
        }
    }

    #[test]
    fn scripts_read_write_list_and_print() {
        let text = "content.write('/b', content.read('/a') + '!')\nprint(content.list('/'))";
        let files = Files(BTreeMap::from([("/a".to_owned(), "hello".to_owned())]));
        let (files, printed) = run(text, LIMITS, files);
        assert_eq!(printed, Ok(vec!["[\"/a\", \"/b\"]".to_owned()]));
        assert_eq!(files.0["/b"], "hello!");
    }

    #[test]
    fn content_comes_back_from_a_script_that_fails() {
        let (files, failed) = run(
            "content.write('/a', '1')\nfail('no')",
            LIMITS,
            Files::default(),
        );
        assert!(failed.is_err_and(|why| why.contains("no")));
        assert_eq!(files.0["/a"], "1");
        let (_, failed) = run("content.read('/none')", LIMITS, Files::default());
        assert!(failed.is_err_and(|why| why.contains("there is no /none")));
    }

    #[test]
    fn bounds_end_a_script() {
        for endless in [
            "for i in range(1000000):\n    x = i",
            "x = 'a' * 10000000",
            "def f():\n    f()\nf()",
        ] {
            let (_, failed) = run(endless, LIMITS, Files::default());
            assert!(failed.is_err(), "{endless}");
        }
    }
}
