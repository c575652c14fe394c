//! A small strict reader of HTML and XML: every tag is closed by its own, in order.

/// Elements that HTML never closes.
const VOID: &[&str] = &["meta", "br", "hr", "img", "link", "input", "!doctype"];

/// What of a tag matters here.
#[derive(Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

/// The opening tags of a document, or what is wrong with it.
pub(crate) fn read(text: &str) -> Result<Vec<Tag>, String> {
    let mut open: Vec<String> = Vec::new();
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        check_text(&rest[..at])?;
        rest = &rest[at + 1..];
        let end = rest.find('>').ok_or("a tag without end")?;
        let (tag, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let last = open
                .pop()
                .ok_or_else(|| format!("</{name}> closes nothing"))?;
            if last != name {
                return Err(format!("</{name}> closes <{last}>"));
            }
            continue;
        }
        let closed = tag.ends_with('/');
        let tag = parse(tag.trim_end_matches('/'))?;
        if !closed && !VOID.contains(&tag.name.to_lowercase().as_str()) {
            open.push(tag.name.clone());
        }
        // The content of a style element is not markup.
        if tag.name == "style" {
            let end = rest.find("</style>").ok_or("a style without end")?;
            rest = &rest[end..];
        }
        tags.push(tag);
    }
    match open.pop() {
        Some(name) => Err(format!("<{name}> is never closed")),
        None => Ok(tags),
    }
}

fn parse(tag: &str) -> Result<Tag, String> {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    if name.eq_ignore_ascii_case("!doctype") {
        return Ok(Tag {
            name: name.to_lowercase(),
            attributes,
        });
    }
    rest = rest.trim_start();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        if rest[end..].starts_with("=\"") {
            let value = &rest[end + 2..];
            let close = value
                .find('"')
                .ok_or_else(|| format!("`{tag}`: no end quote"))?;
            attributes.push((key, value[..close].to_owned()));
            rest = value[close + 1..].trim_start();
        } else if rest[end..].starts_with('=') {
            return Err(format!("`{tag}`: an attribute without quotes"));
        } else {
            attributes.push((key, String::new()));
            rest = rest[end..].trim_start();
        }
    }
    Ok(Tag {
        name: name.to_owned(),
        attributes,
    })
}

/// Text holds no bare `&` and no `>`.
fn check_text(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('&') {
        let entity = text[at..].split_once(';').map_or("", |(e, _)| e);
        let inner = entity.trim_start_matches('&').trim_start_matches('#');
        if inner.is_empty() || !inner.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!(
                "a bare & in `{}`",
                &text[at..].chars().take(20).collect::<String>()
            ));
        }
    }
    Ok(())
}

#[test]
fn the_reader_can_refuse() {
    assert!(read("<p>a<b>x</b></p>").is_ok());
    for bad in [
        "<p>",
        "<p></b>",
        "</p>",
        "<p a=b></p>",
        "a & b<p></p>",
        "<p a=\"x></p>",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
