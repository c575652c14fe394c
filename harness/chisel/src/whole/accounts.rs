//! The account files of a fresh system: the masters of base-passwd, plus the declared users.

use rootfs::{Blob, Entry, Origin, Tree};

use super::put;
use crate::error::Result;

/// A system user that a package's script would add, with a group of the same name.
#[derive(Debug, Clone, Copy)]
pub(super) struct SystemUser {
    pub(super) name: &'static str,
    pub(super) home: &'static str,
}

/// The number of each declared user and of its group.
pub(super) type Numbers = Vec<(&'static str, u32)>;

/// The first number for users and groups that packages add (Debian Policy 9.2.2).
const FIRST_NUMBER: u32 = 100;

/// Writes passwd, group, shadow and gshadow; notes, and the numbers given out by name.
pub(super) fn write(
    tree: &mut Tree,
    users: &[SystemUser],
    has_shadow: impl Fn() -> bool,
) -> Result<(Vec<String>, Numbers)> {
    let (Some(mut passwd), Some(mut group)) = (
        text(tree, "/usr/share/base-passwd/passwd.master"),
        text(tree, "/usr/share/base-passwd/group.master"),
    ) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut notes = vec!["generated: /etc/passwd, /etc/group from base-passwd".to_owned()];
    let mut numbers = Vec::new();
    for user in users {
        let taken = |number: &u32| has_number(&passwd, *number) || has_number(&group, *number);
        let free = (FIRST_NUMBER..1000).find(|number| !taken(number));
        let Some(number) = free else { continue };
        let SystemUser { name, home } = user;
        passwd.push_str(&format!(
            "{name}:x:{number}:{number}::{home}:/usr/sbin/nologin\n"
        ));
        group.push_str(&format!("{name}:x:{number}:\n"));
        notes.push(format!(
            "generated: system user {name} with number {number}"
        ));
        numbers.push((*name, number));
    }
    // Masters give `*` for the password; with shadow files it reads `x`.
    if has_shadow() {
        let shadow_group = number_of(&group, "shadow").unwrap_or_default();
        let shadow = locked(&passwd, |name| format!("{name}:*:::::::\n"));
        let gshadow = locked(&group, |name| format!("{name}:*::\n"));
        for (path, text) in [("/etc/shadow", shadow), ("/etc/gshadow", gshadow)] {
            let entry = file(text, 0o640).with_ids(0, shadow_group);
            put(tree, path, entry)?;
            notes.push(format!("generated: {path}, all accounts locked"));
        }
        passwd = shadowed(&passwd);
        group = shadowed(&group);
    }
    put(tree, "/etc/passwd", file(passwd, 0o644))?;
    put(tree, "/etc/group", file(group, 0o644))?;
    Ok((notes, numbers))
}

/// The text of the file that `path` leads to.
fn text(tree: &Tree, path: &str) -> Option<String> {
    let bytes = tree.read(path)?.bytes()?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// The third field of each line is the number.
fn has_number(accounts: &str, number: u32) -> bool {
    accounts
        .lines()
        .any(|line| line.split(':').nth(2) == Some(number.to_string().as_str()))
}

/// The number of the account `name`.
fn number_of(accounts: &str, name: &str) -> Option<u32> {
    let line = accounts
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}

fn locked(accounts: &str, line: impl Fn(&str) -> String) -> String {
    accounts
        .lines()
        .filter_map(|text| text.split(':').next())
        .map(line)
        .collect()
}

/// Puts `x` for each password.
fn shadowed(accounts: &str) -> String {
    let line = |line: &str| {
        let mut fields: Vec<&str> = line.split(':').collect();
        if let Some(password) = fields.get_mut(1) {
            *password = "x";
        }
        format!("{}\n", fields.join(":"))
    };
    accounts.lines().map(line).collect()
}

fn file(text: String, mode: u32) -> Entry {
    let origin = Origin::Generated("accounts".into());
    Entry::file(Blob::new(text.into_bytes()), mode, origin).with_owner("generated")
}
