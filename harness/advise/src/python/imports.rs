//! The imports of one Python source, with what has to happen before they are executed.

use super::lines::{Statement, Token, statements};
use crate::error::BadFile;
use crate::limits::Limits;

/// One import: `from ..a.b import c, d` has two dots, the module `a.b` and two names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    /// Leading dots.
    pub(crate) dots: usize,
    /// The module; may be empty behind dots.
    pub(crate) module: String,
    /// Names taken from it that may be modules of their own.
    pub(crate) names: Vec<String>,
    /// The outermost function around it.
    pub(crate) function: Option<String>,
    /// Whether a condition or an attempt stands around it.
    pub(crate) guarded: bool,
    /// Whether it is executed only when the source is run as a program.
    pub(crate) main: bool,
}

/// What a block is, to the imports in it.
enum Block {
    Function(String),
    Class,
    /// `if TYPE_CHECKING:` is never executed.
    Checking,
    Main,
    Guard,
}

/// All imports of `source` that can ever be executed.
pub(crate) fn imports(source: &str, limits: &Limits) -> Result<Vec<Import>, BadFile> {
    let mut found = Vec::new();
    let mut blocks: Vec<(usize, Block)> = Vec::new();
    for statement in statements(source)? {
        while blocks
            .last()
            .is_some_and(|(indent, _)| *indent >= statement.indent)
        {
            blocks.pop();
        }
        if let Some(block) = block(&statement) {
            if blocks.len() >= limits.blocks {
                return Err(BadFile::Limit {
                    limit: limits.blocks as u64,
                    what: "nested blocks",
                });
            }
            blocks.push((statement.indent, block));
            continue;
        }
        if blocks
            .iter()
            .any(|(_, block)| matches!(block, Block::Checking))
        {
            continue;
        }
        let function = blocks.iter().find_map(|(_, block)| match block {
            Block::Function(name) => Some(name.clone()),
            _ => None,
        });
        let has = |wanted: fn(&Block) -> bool| blocks.iter().any(|(_, block)| wanted(block));
        let (guarded, main) = (
            has(|block| matches!(block, Block::Guard)),
            has(|block| matches!(block, Block::Main)),
        );
        let place = |mut import: Import| {
            import.function.clone_from(&function);
            import.guarded |= guarded;
            import.main = main;
            import
        };
        found.extend(of_statement(&statement.tokens).into_iter().map(place));
    }
    Ok(found)
}

fn block(statement: &Statement) -> Option<Block> {
    let tokens = &statement.tokens;
    let mut names = tokens.iter().filter_map(|token| match token {
        Token::Name(name) => Some(name.as_str()),
        _ => None,
    });
    let Some(Token::Name(first)) = tokens.first() else {
        return None;
    };
    let has = |name: &str| tokens.iter().any(|token| token.is_name(name));
    match first.as_str() {
        "def" => Some(Block::Function(names.nth(1).unwrap_or_default().to_owned())),
        "async" if has("def") => Some(Block::Function(names.nth(2).unwrap_or_default().to_owned())),
        "class" => Some(Block::Class),
        "if" if has("TYPE_CHECKING") && !has("not") => Some(Block::Checking),
        "if" if has("__name__") => Some(Block::Main),
        // `match` and `case` are plain names elsewhere: only their indentation counts.
        "if" | "elif" | "else" | "try" | "except" | "finally" | "for" | "while" | "with"
        | "async" => Some(Block::Guard),
        _ => None,
    }
}

fn of_statement(tokens: &[Token]) -> Vec<Import> {
    match tokens.first() {
        Some(token) if token.is_name("import") => plain(tokens.get(1..).unwrap_or_default()),
        Some(token) if token.is_name("from") => from(tokens.get(1..).unwrap_or_default())
            .into_iter()
            .collect(),
        _ => called(tokens),
    }
}

/// `import a.b as c, d`
fn plain(tokens: &[Token]) -> Vec<Import> {
    let parts = tokens.split(|token| token.is_sign(','));
    let modules = parts.map(|part| dotted(part).0);
    modules
        .filter(|name| !name.is_empty())
        .map(|name| import(0, name))
        .collect()
}

/// `from ..a import b as c, d`
fn from(tokens: &[Token]) -> Option<Import> {
    let dots = tokens.iter().take_while(|token| token.is_sign('.')).count();
    let (module, rest) = dotted(tokens.get(dots..)?);
    if !rest.first()?.is_name("import") || (module.is_empty() && dots == 0) {
        return None;
    }
    let mut found = import(dots, module);
    for part in rest.get(1..)?.split(|token| token.is_sign(',')) {
        let mut names = part.iter().filter_map(|token| match token {
            Token::Name(name) => Some(name.clone()),
            _ => None,
        });
        found.names.extend(names.next());
    }
    Some(found)
}

/// `import_module("a.b")`, `__import__("a")`: somewhere in a statement.
fn called(tokens: &[Token]) -> Vec<Import> {
    let mut found = Vec::new();
    for window in tokens.windows(3) {
        if let [Token::Name(name), Token::Sign('('), Token::Text(text)] = window
            && ["import_module", "__import__"].contains(&name.as_str())
            && is_dotted(text)
        {
            let mut made = import(0, text.clone());
            made.guarded = true;
            found.push(made);
        }
    }
    found
}

fn import(dots: usize, module: String) -> Import {
    Import {
        dots,
        module,
        names: Vec::new(),
        function: None,
        guarded: false,
        main: false,
    }
}

/// The dotted name at the start, and what follows it.
fn dotted(tokens: &[Token]) -> (String, &[Token]) {
    let mut name = String::new();
    let mut at = 0;
    while let Some(Token::Name(part)) = tokens.get(at) {
        if part == "import" {
            break;
        }
        name.push_str(part);
        at += 1;
        if !tokens.get(at).is_some_and(|token| token.is_sign('.')) {
            break;
        }
        name.push('.');
        at += 1;
    }
    (
        name.trim_end_matches('.').to_owned(),
        tokens.get(at..).unwrap_or_default(),
    )
}

/// Whether `text` is a module's name.
pub(super) fn is_dotted(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c == '_' || c.is_alphabetic())
            && part.chars().all(|c| c == '_' || c.is_alphanumeric())
    };
    text.len() < 200 && text.split('.').all(is_part)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<String> {
        let tell = |import: Import| {
            let mut text = format!("{}{}", ".".repeat(import.dots), import.module);
            for name in import.names {
                text = format!("{text} {name}");
            }
            for (word, is) in [("guarded", import.guarded), ("main", import.main)] {
                text = if is { format!("{text} +{word}") } else { text };
            }
            match import.function {
                Some(name) => format!("{text} @{name}"),
                None => text,
            }
        };
        let found = imports(source, &Limits::STANDARD).unwrap();
        found.into_iter().map(tell).collect()
    }

    #[test]
    fn every_form_of_import() {
        let source = "import a.b as c, d\nfrom . import e\nfrom ..f.g import (h as i, j,)\n\
                      from k import *\nx = importlib.import_module('l.m')\n\
                      y = __import__(name)\nz = import_module('no way')\n";
        let wanted = ["a.b", "d", ". e", "..f.g h j", "k", "l.m +guarded"];
        assert_eq!(told(source), wanted);
    }

    #[test]
    fn what_stands_around_it() {
        let source = "\
try:
    import a
except ImportError: import b
class C:
    import c
    async def f(self):
        def inner(): import d
        if x:
            import e
if TYPE_CHECKING:
    import never
else:
    import g
if __name__ == '__main__':
    import h
import i
";
        let wanted = [
            "a +guarded",
            "b +guarded",
            "c",
            "d @f",
            "e +guarded @f",
            "g +guarded",
            "h +main",
            "i",
        ];
        assert_eq!(told(source), wanted);
    }

    #[test]
    fn what_is_no_import() {
        for source in [
            "from",
            "from . x",
            "import",
            "yield from x",
            "from import x",
            "x.import_",
        ] {
            assert_eq!(told(source), Vec::<String>::new(), "{source}");
        }
        let deep: String = (0..300)
            .map(|at| format!("{}if x:\n", " ".repeat(at)))
            .collect();
        let error = imports(&deep, &Limits::STANDARD).unwrap_err();
        assert_eq!(error.to_string(), "more than 200 nested blocks");
    }
}
