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

/// The number of each declared user, and that of its group.
pub(super) type Numbers = Vec<(&'static str, (u32, u32))>;

/// Numbers for users and groups that packages add (Debian Policy 9.2.2).
const NUMBERS: std::ops::Range<u32> = 100..1000;

/// The day of the last change of every password, in days since 1970: that of Debian 13's release,
/// 2025-08-09. A real installation has the day it was made, which would change bytes.
const CHANGED_DAY: u32 = 20309;

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
        // Each kind has its own numbers, so that a user and its group may differ.
        let (Some(uid), Some(gid)) = (free(&passwd), free(&group)) else {
            continue;
        };
        let SystemUser { name, home } = user;
        passwd.push_str(&format!("{name}:!:{uid}:{gid}::{home}:/usr/sbin/nologin\n"));
        group.push_str(&format!("{name}:!:{gid}:\n"));
        notes.push(format!(
            "generated: system user {name} with number {uid} and group {gid}"
        ));
        numbers.push((*name, (uid, gid)));
    }
    // Masters give `*` for the password and adduser gives `!`, both locked; with shadow files the
    // password is there, and reads `x` here.
    if has_shadow() {
        let shadow_group = number_of(&group, "shadow").unwrap_or_default();
        let shadow = passwords(&passwd, |name, password| {
            let ages = if password == "*" {
                "0:99999:7:::"
            } else {
                ":::::"
            };
            format!("{name}:{password}:{CHANGED_DAY}:{ages}\n")
        });
        let gshadow = passwords(&group, |name, password| format!("{name}:{password}::\n"));
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

/// The first number that no account has; it is the third field of each line.
fn free(accounts: &str) -> Option<u32> {
    let taken: Vec<&str> = accounts
        .lines()
        .filter_map(|line| line.split(':').nth(2))
        .collect();
    NUMBERS
        .into_iter()
        .find(|number| !taken.contains(&number.to_string().as_str()))
}

/// The number of the account `name`.
fn number_of(accounts: &str, name: &str) -> Option<u32> {
    let line = accounts
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}

/// One line for the name and password of each account.
fn passwords(accounts: &str, line: impl Fn(&str, &str) -> String) -> String {
    let of = |text: &str| {
        let mut fields = text.split(':');
        Some(line(fields.next()?, fields.next()?))
    };
    accounts.lines().filter_map(of).collect()
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_are_numbered_apart_and_locked() {
        let mut tree = Tree::new();
        for (path, text) in [
            (
                "/usr/share/base-passwd/passwd.master",
                "root:*:0:0:root:/root:/bin/bash\n",
            ),
            (
                "/usr/share/base-passwd/group.master",
                "root:*:0:\nshadow:*:42:\nusers:*:100:\n",
            ),
        ] {
            put(&mut tree, path, file(text.to_owned(), 0o644)).unwrap();
        }
        let user = SystemUser {
            name: "web",
            home: "/var/lib/web",
        };
        let (_, numbers) = write(&mut tree, &[user], || true).unwrap();
        assert_eq!(numbers, [("web", (100, 101))]);
        let content = |path| text(&tree, path).unwrap();
        assert_eq!(
            content("/etc/passwd"),
            "root:x:0:0:root:/root:/bin/bash\nweb:x:100:101::/var/lib/web:/usr/sbin/nologin\n"
        );
        assert_eq!(
            content("/etc/group"),
            "root:x:0:\nshadow:x:42:\nusers:x:100:\nweb:x:101:\n"
        );
        assert_eq!(
            content("/etc/shadow"),
            "root:*:20309:0:99999:7:::\nweb:!:20309::::::\n"
        );
        assert_eq!(
            content("/etc/gshadow"),
            "root:*::\nshadow:*::\nusers:*::\nweb:!::\n"
        );
        let shadow = tree.get("/etc/shadow").unwrap();
        assert_eq!((shadow.mode, shadow.uid, shadow.gid), (0o640, 0, 42));
    }
}
