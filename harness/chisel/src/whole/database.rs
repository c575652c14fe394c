//! dpkg's own records of what is installed: `/var/lib/dpkg/status` and the lists in `info`.

use std::sync::Arc;

use deb::DebReader;
use md5::{Digest as _, Md5};
use rootfs::{Blob, Entry, Origin, Tree};

use crate::error::Result;

/// The order in which dpkg writes the fields it knows; all others follow as they came.
const ORDER: [&str; 25] = [
    "Package",
    "Essential",
    "Protected",
    "Status",
    "Priority",
    "Section",
    "Installed-Size",
    "Origin",
    "Maintainer",
    "Bugs",
    "Architecture",
    "Multi-Arch",
    "Source",
    "Version",
    "Replaces",
    "Provides",
    "Depends",
    "Pre-Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
    "Enhances",
    "Conffiles",
    "Description",
];

/// Writes the records of `packages`; a note on what was written.
pub(super) fn write(tree: &mut Tree, packages: &[DebReader]) -> Result<Vec<String>> {
    let mut status = String::new();
    let mut sorted: Vec<&DebReader> = packages.iter().collect();
    sorted.sort_by_key(|package| package.name());
    for package in &sorted {
        status.push_str(&stanza(package));
        status.push('\n');
        info(tree, package)?;
    }
    record(tree, "/var/lib/dpkg/info/format", b"1\n".to_vec(), 0o644)?;
    record(tree, "/var/lib/dpkg/status", status.into_bytes(), 0o644)?;
    record(tree, "/var/lib/dpkg/diversions", Vec::new(), 0o644)?;
    Ok(vec![format!(
        "generated: /var/lib/dpkg/status and /var/lib/dpkg/info for {} packages",
        packages.len()
    )])
}

/// The lists and control files of one package.
fn info(tree: &mut Tree, package: &DebReader) -> Result<()> {
    let control = package.control();
    let mut stem = package.name().to_owned();
    if field(&control, "Multi-Arch").as_deref() == Some("same") {
        stem = format!(
            "{stem}:{}",
            field(&control, "Architecture").unwrap_or_default()
        );
    }
    let mut list = String::from("/.\n");
    for entry in package.entries().iter().filter(|entry| entry.path != "/") {
        list.push_str(&entry.path);
        list.push('\n');
    }
    let base = format!("/var/lib/dpkg/info/{stem}");
    record(tree, &format!("{base}.list"), list.into_bytes(), 0o644)?;
    let names: Vec<String> = package.control_files().map(str::to_owned).collect();
    for name in names.iter().filter(|name| *name != "control") {
        let script = ["preinst", "postinst", "prerm", "postrm", "config"].contains(&name.as_str());
        let mode = if script { 0o755 } else { 0o644 };
        if let Some(bytes) = package.control_file(name) {
            record(tree, &format!("{base}.{name}"), bytes.to_vec(), mode)?;
        }
    }
    Ok(())
}

/// The status paragraph of one installed package.
fn stanza(package: &DebReader) -> String {
    let control = package.control();
    let mut fields = fields(&control);
    fields.push(("Status".to_owned(), " install ok installed".to_owned()));
    if let Some(conffiles) = conffiles(package) {
        fields.push(("Conffiles".to_owned(), conffiles));
    }
    let rank = |name: &str| {
        ORDER
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
    };
    fields.sort_by_key(|(name, _)| rank(name).unwrap_or(ORDER.len()));
    fields
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect()
}

/// The value of `Conffiles`: each file with the MD5 sum of its content.
fn conffiles(package: &DebReader) -> Option<String> {
    let listed = String::from_utf8_lossy(package.control_file("conffiles")?).into_owned();
    let mut value = String::new();
    for path in listed
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('/'))
    {
        let content = package
            .entries()
            .iter()
            .find_map(|entry| match &entry.kind {
                deb::EntryKind::File(bytes) if entry.path == path => Some(bytes),
                _ => None,
            });
        let sum = content.map(|bytes| hex::encode(Md5::digest(bytes)));
        value.push_str(&format!(
            "\n {path} {}",
            sum.as_deref().unwrap_or("newconffile")
        ));
    }
    (!value.is_empty()).then_some(value)
}

/// Names and raw values (from after the colon, continuation lines included).
fn fields(control: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in control.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.to_owned(), value.to_owned()));
        }
    }
    fields
}

/// The trimmed value of one field of a control file.
pub(super) fn field(control: &str, name: &str) -> Option<String> {
    let found = fields(control)
        .into_iter()
        .find(|(field, _)| field.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim().to_owned())
}

/// Writes one record.
fn record(tree: &mut Tree, path: &str, bytes: Vec<u8>, mode: u32) -> Result<()> {
    let origin = Origin::Generated(Arc::from("dpkg"));
    super::put(
        tree,
        path,
        Entry::file(Blob::new(bytes), mode, origin).with_owner("generated"),
    )
}
