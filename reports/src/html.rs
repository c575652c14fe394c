//! `report.html`: one self-contained page for people, no script, no external asset.
//!
//! Templates are embedded and filled with strict undefined values: a name a template gets wrong
//! is an error, never a blank. Everything a template prints is escaped, except the drawings, which
//! [`crate::svg`] escapes itself.

mod image;
mod page;
mod question;
mod record;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use model::Report;

use crate::{Format, RenderError};

/// The HTML format.
pub(crate) struct Html;

/// The templates, `page.html` first.
const TEMPLATES: &[(&str, &str)] = &[
    ("page.html", include_str!("templates/page.html")),
    ("macros.html", include_str!("templates/macros.html")),
    ("style.css", include_str!("templates/style.css")),
    ("headline.html", include_str!("templates/headline.html")),
    ("overview.html", include_str!("templates/overview.html")),
    ("claims.html", include_str!("templates/claims.html")),
    ("image.html", include_str!("templates/image.html")),
    ("question.html", include_str!("templates/question.html")),
    ("checks.html", include_str!("templates/checks.html")),
    ("controls.html", include_str!("templates/controls.html")),
    ("platforms.html", include_str!("templates/platforms.html")),
    ("record.html", include_str!("templates/record.html")),
];

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn media_type(&self) -> &'static str {
        "text/html; charset=utf-8"
    }

    fn file_name(&self) -> &'static str {
        "report.html"
    }

    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let page = page::Page::of(report);
        let mut text = environment()?
            .get_template("page.html")?
            .render(Serde(page))?;
        text.push('\n');
        Ok(text)
    }
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|name| match name {
        "style.css" => AutoEscape::None,
        _ => AutoEscape::Html,
    });
    let mut syntax = SyntaxConfig::builder();
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment)
}
