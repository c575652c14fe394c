//! Python source as statements: logical lines with their indentation, split into words.

use crate::error::BadFile;

/// One statement: `a; b` are two, and so are `if x:` and what follows the colon on its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Columns before it; one more for what follows a colon.
    pub(super) indent: usize,
    pub(super) tokens: Vec<Token>,
}

/// A part of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    /// A string literal, without quotes; escapes are left as they are.
    Text(String),
    /// Any other character; numbers are one `0`.
    Sign(char),
}

impl Token {
    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self, Self::Name(own) if own == name)
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        matches!(self, Self::Sign(own) if *own == sign)
    }
}

/// Words that start a block.
const COMPOUND: [&str; 13] = [
    "async", "case", "class", "def", "elif", "else", "except", "finally", "for", "if", "try",
    "while", "with",
];

/// Splits `source`. Only a literal that never ends is an error: all else is read as it comes.
pub(super) fn statements(source: &str) -> Result<Vec<Statement>, BadFile> {
    let mut reader = Reader {
        rest: source.strip_prefix('\u{feff}').unwrap_or(source),
        line: 1,
    };
    let mut found = Vec::new();
    while let Some(indent) = reader.indentation() {
        let tokens = reader.logical_line()?;
        split(indent, tokens, &mut found);
    }
    Ok(found)
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|c| !keep(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken.to_owned()
    }

    /// The indentation of the next line that is neither blank nor a comment; none at the end.
    fn indentation(&mut self) -> Option<usize> {
        loop {
            let mut columns = 0;
            while let Some(c @ (' ' | '\t' | '\u{c}')) = self.peek() {
                columns = match c {
                    ' ' => columns + 1,
                    '\t' => (columns / 8 + 1) * 8,
                    _ => 0,
                };
                self.take();
            }
            match self.peek()? {
                '#' => {
                    self.take_while(|c| c != '\n');
                }
                '\n' | '\r' => {
                    self.take();
                }
                _ => return Some(columns),
            }
        }
    }

    fn logical_line(&mut self) -> Result<Vec<Token>, BadFile> {
        let mut tokens = Vec::new();
        let mut depth = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                '\n' if depth == 0 => {
                    self.take();
                    break;
                }
                '#' => {
                    self.take_while(|c| c != '\n');
                }
                '\\' => {
                    self.take();
                    self.take_while(|c| c == '\r');
                    self.take();
                }
                c if c.is_whitespace() => {
                    self.take();
                }
                '"' | '\'' => tokens.push(Token::Text(self.literal()?)),
                c if c.is_ascii_digit() => {
                    self.take_while(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
                    tokens.push(Token::Sign('0'));
                }
                c if c == '_' || c.is_alphabetic() => {
                    let name = self.take_while(|c| c == '_' || c.is_alphanumeric());
                    // The name before a quote is the literal's prefix.
                    match self.peek() {
                        Some('"' | '\'') if name.len() <= 2 => {
                            tokens.push(Token::Text(self.literal()?));
                        }
                        _ => tokens.push(Token::Name(name)),
                    }
                }
                c => {
                    match c {
                        '(' | '[' | '{' => depth += 1,
                        ')' | ']' | '}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    self.take();
                    tokens.push(Token::Sign(c));
                }
            }
        }
        Ok(tokens)
    }

    /// A string literal from its quote on. One in single quotes ends with its line at the latest.
    fn literal(&mut self) -> Result<String, BadFile> {
        let start = self.line;
        let Some(quote) = self.take() else {
            return Ok(String::new());
        };
        let three: String = [quote; 3].iter().collect();
        let is_long = self.rest.starts_with(three.get(1..).unwrap_or_default());
        if is_long {
            self.take();
            self.take();
        }
        let mut text = String::new();
        loop {
            match self.peek() {
                None if is_long => {
                    return Err(BadFile::Python {
                        line: start,
                        why: "a text in three quotes never ends",
                    });
                }
                None => return Ok(text),
                Some('\n') if !is_long => return Ok(text),
                Some('\\') => {
                    text.extend(self.take());
                    text.extend(self.take());
                }
                Some(_) if is_long && self.rest.starts_with(&three) => {
                    for _ in 0..3 {
                        self.take();
                    }
                    return Ok(text);
                }
                Some(c) if !is_long && c == quote => {
                    self.take();
                    return Ok(text);
                }
                Some(_) => text.extend(self.take()),
            }
        }
    }
}

/// Splits a logical line at semicolons, and a compound statement behind its colon.
fn split(indent: usize, tokens: Vec<Token>, found: &mut Vec<Statement>) {
    let mut indent = indent;
    let mut part: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    for token in tokens {
        match &token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_compound = matches!(part.first(), Some(Token::Name(name))
            if COMPOUND.contains(&name.as_str()));
        if depth == 0 && token.is_sign(';') {
            found.extend(statement(indent, &mut part));
        } else if depth == 0 && token.is_sign(':') && is_compound {
            found.extend(statement(indent, &mut part));
            indent += 1;
        } else {
            part.push(token);
        }
    }
    found.extend(statement(indent, &mut part));
}

fn statement(indent: usize, part: &mut Vec<Token>) -> Option<Statement> {
    let tokens = std::mem::take(part);
    (!tokens.is_empty()).then_some(Statement { indent, tokens })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<String> {
        let tell = |statement: &Statement| {
            let words: Vec<String> = statement
                .tokens
                .iter()
                .map(|token| match token {
                    Token::Name(name) => name.clone(),
                    Token::Text(text) => format!("{text:?}"),
                    Token::Sign(sign) => sign.to_string(),
                })
                .collect();
            format!("{}|{}", statement.indent, words.join(" "))
        };
        statements(source).unwrap().iter().map(tell).collect()
    }

    #[test]
    fn logical_lines() {
        let source = "# head\n\nimport a, \\\n  b\nif x: import c; d\n\tfrom e import (f, # g\n\n \
                      h)\nx = rb'y' + \"\"\"z\nimport no\"\"\"\n";
        assert_eq!(
            told(source),
            [
                "0|import a , b",
                "0|if x",
                "1|import c",
                "1|d",
                "8|from e import ( f , h )",
                "0|x = \"y\" + \"z\\nimport no\"",
            ]
        );
    }

    #[test]
    fn odd_endings() {
        assert_eq!(told("x = 'a\nimport b"), ["0|x = \"a\"", "0|import b"]);
        assert_eq!(told("f(\nimport b"), ["0|f ( import b"]);
        assert_eq!(told("a\\"), ["0|a"]);
        let error = statements("a\n'''b\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Python source, line 2: a text in three quotes never ends"
        );
    }
}
