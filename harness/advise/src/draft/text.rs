//! Definitions as text, in the style of the shipped ones: sorted, a copyright slice that every
//! other slice needs, an empty line between slices.

use std::collections::BTreeSet;
use std::fmt::Write;

use chisel::SliceKey;

use super::Copyright;

/// How a release's format writes essentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `- a_b`, up to format 2.
    List,
    /// `a_b:`, since format 3.
    Map,
}

/// One slice, indented as a member of `slices`.
pub(super) fn slice(
    name: &str,
    essential: &BTreeSet<SliceKey>,
    contents: &BTreeSet<String>,
    style: Style,
) -> String {
    let mut text = format!("  {name}:\n");
    if !essential.is_empty() {
        text.push_str("    essential:\n");
        for key in essential {
            text.push_str(&item("      ", &key.to_string(), style));
        }
    }
    text.push_str(&listed(contents));
    text
}

fn item(indent: &str, key: &str, style: Style) -> String {
    match style {
        Style::List => format!("{indent}- {key}\n"),
        Style::Map => format!("{indent}{key}:\n"),
    }
}

fn listed(contents: &BTreeSet<String>) -> String {
    let mut text = String::new();
    if !contents.is_empty() {
        text.push_str("    contents:\n");
    }
    for path in contents {
        let _ = writeln!(text, "      {}:", quoted(path));
    }
    text
}

/// A path as a key of YAML.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_.+*?-@%~=,()^$".contains(c);
    match path.chars().all(plain) {
        true => path.to_owned(),
        false => format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// The definition of a package that had none.
pub(super) fn definition(
    package: &str,
    copyright: Option<&Copyright>,
    style: Style,
    slice: &str,
) -> String {
    let mut text = format!("package: {package}\n");
    let Some(copyright) = copyright else {
        return format!("{text}\nslices:\n{slice}");
    };
    text.push_str("\nessential:\n");
    text.push_str(&item("  ", &format!("{package}_copyright"), style));
    let mut needs = BTreeSet::new();
    if let Copyright::Of(other) = copyright
        && let Ok(key) = format!("{other}_copyright").parse()
    {
        needs.insert(key);
    }
    let own = BTreeSet::from([copyright.path(package)]);
    let own = self::slice("copyright", &needs, &own, style);
    // Slices are sorted by name; a package of a copyright alone has no other.
    let mut slices: Vec<&str> = [own.as_str(), slice].into();
    if slice.starts_with("  copyright:") {
        slices.pop();
    }
    slices.sort_unstable();
    let _ = write!(text, "\nslices:\n{}", slices.join("\n"));
    text
}

/// A definition with one slice more, right behind the line `slices:`; none if it has no such line.
pub(super) fn extended(old: &str, slice: &str) -> Option<String> {
    let lines: Vec<&str> = old.lines().collect();
    let at = lines.iter().position(|line| line.trim_end() == "slices:")?;
    let child = lines
        .get(at + 1..)?
        .iter()
        .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
    let indent = child.len() - child.trim_start().len();
    if indent == 0 || child.contains('\t') {
        return None;
    }
    let mut text = String::new();
    for line in lines.get(..=at)? {
        let _ = writeln!(text, "{line}");
    }
    for line in slice.lines() {
        // Two columns of a level become those of this definition.
        let own = line.len() - line.trim_start().len();
        let _ = writeln!(
            text,
            "{}{}",
            " ".repeat(own / 2 * indent),
            line.trim_start()
        );
    }
    text.push('\n');
    for line in lines.get(at + 1..)? {
        let _ = writeln!(text, "{line}");
    }
    Some(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn set(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn a_new_definition() {
        let needs = BTreeSet::from(["libc6_libs".parse().unwrap()]);
        let libs = slice(
            "libs",
            &needs,
            &set(&["/usr/lib/a b", "/usr/lib/x.so.1*"]),
            Style::Map,
        );
        let text = definition("libx1", Some(&Copyright::Own), Style::Map, &libs);
        assert_eq!(
            text,
            "package: libx1\n\nessential:\n  libx1_copyright:\n\nslices:\n  copyright:\n    \
             contents:\n      /usr/share/doc/libx1/copyright:\n\n  libs:\n    essential:\n      \
             libc6_libs:\n    contents:\n      \"/usr/lib/a b\":\n      /usr/lib/x.so.1*:\n"
        );
        let linked = Copyright::Of("libx-common".to_owned());
        let text = definition("libx1", Some(&linked), Style::List, &libs);
        assert!(text.contains("- libx-common_copyright\n"), "{text}");
        assert!(text.contains("/usr/share/doc/libx1:\n"), "{text}");
    }

    #[test]
    fn an_old_definition_keeps_its_words() {
        let old = "# head\npackage: p\nslices:\n    # why\n    libs:\n        contents:\n";
        let more = slice("advised", &BTreeSet::new(), &set(&["/a"]), Style::Map);
        assert_eq!(
            extended(old, &more).unwrap(),
            "# head\npackage: p\nslices:\n    advised:\n        contents:\n            /a:\n\n    \
             # why\n    libs:\n        contents:\n"
        );
        for odd in ["package: p\n", "slices: {}\n", "slices:\n", "slices:\nx:\n"] {
            assert_eq!(extended(odd, &more), None, "{odd}");
        }
    }
}
