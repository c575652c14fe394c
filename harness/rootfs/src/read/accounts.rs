//! Users and groups of an image: `/etc/passwd`, `/etc/group`, and what `User` in a configuration
//! means under them.

use crate::Tree;

/// The accounts of a tree; empty when it has no such files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// The lines of `/etc/passwd`, in order.
    pub users: Vec<Account>,
    /// The lines of `/etc/group`, in order.
    pub groups: Vec<Group>,
    /// Lines that could not be read, as `file:line`.
    pub bad_lines: Vec<String>,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
    /// Home folder, as written.
    pub home: String,
    /// Login shell, as written; empty means `/bin/sh`.
    pub shell: String,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Group id.
    pub gid: u32,
}

/// Whom a container runs as, once names are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunAs {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Whether the configuration gave the user as a number: what `runAsNonRoot` can check.
    pub is_numeric: bool,
}

/// A `User` that cannot be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum UserError {
    #[error("user `{0}` is not in /etc/passwd")]
    NoUser(String),
    #[error("group `{0}` is not in /etc/group")]
    NoGroup(String),
}

/// A login shell that someone may get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginShell {
    /// The account.
    pub user: String,
    /// The shell, as written.
    pub shell: String,
    /// Whether that shell exists in the tree.
    pub exists: bool,
}

/// Longest account file that is read; more is noted as a bad line.
const LONGEST_FILE: usize = 4 << 20;

impl Accounts {
    /// Reads the accounts of `tree`; links are followed inside it.
    pub fn of(tree: &Tree) -> Self {
        let mut bad_lines = Vec::new();
        let users = rows(tree, "/etc/passwd", &mut bad_lines, |row| {
            let [name, _, uid, gid, _, home, shell] = row else {
                return None;
            };
            Some(Account {
                name: (*name).to_owned(),
                uid: uid.parse().ok()?,
                gid: gid.parse().ok()?,
                home: (*home).to_owned(),
                shell: (*shell).to_owned(),
            })
        });
        let groups = rows(tree, "/etc/group", &mut bad_lines, |row| {
            let [name, _, gid, _] = row else { return None };
            Some(Group {
                name: (*name).to_owned(),
                gid: gid.parse().ok()?,
            })
        });
        Self {
            users,
            groups,
            bad_lines,
        }
    }

    /// Looks `user` up as a runtime does: `NAME`, `UID`, each with `:GROUP` or `:GID`; empty is
    /// root. A number without a group gets the group of that user, or 0 if it has no account.
    pub fn run_as(&self, user: &str) -> Result<RunAs, UserError> {
        let (name, group) = match user.split_once(':') {
            Some((name, group)) => (name, Some(group)),
            None => (user, None),
        };
        let number = name.parse::<u32>().ok();
        let mut users = self.users.iter();
        let account = users.find(|a| a.name == name || number == Some(a.uid));
        let (uid, own_gid) = match (number, account, name) {
            (Some(uid), account, _) => (uid, account.map_or(0, |a| a.gid)),
            (None, Some(account), _) => (account.uid, account.gid),
            (None, None, "") => (0, 0),
            (None, None, _) => return Err(UserError::NoUser(name.to_owned())),
        };
        let gid = match group.filter(|group| !group.is_empty()) {
            None => own_gid,
            Some(group) => match group.parse() {
                Ok(gid) => gid,
                Err(_) => self.group(group)?,
            },
        };
        Ok(RunAs {
            uid,
            gid,
            is_numeric: number.is_some(),
        })
    }

    /// Names other than `root` that stand for user 0.
    pub fn other_names_of_root(&self) -> Vec<&str> {
        let others = self.users.iter();
        let others = others.filter(|account| account.uid == 0 && account.name != "root");
        others.map(|account| &*account.name).collect()
    }

    /// Accounts whose login shell is a real one: anything but `nologin`, `false`, `sync` and the
    /// like.
    pub fn login_shells(&self, tree: &Tree) -> Vec<LoginShell> {
        const HARMLESS: [&str; 6] = ["nologin", "false", "sync", "shutdown", "halt", "git-shell"];
        let shell_of = |account: &Account| match &*account.shell {
            "" => "/bin/sh".to_owned(),
            shell => shell.to_owned(),
        };
        self.users
            .iter()
            .map(|account| (account, shell_of(account)))
            .filter(|(_, shell)| !HARMLESS.contains(&shell.rsplit('/').next().unwrap_or("")))
            .map(|(account, shell)| LoginShell {
                user: account.name.clone(),
                exists: tree.resolve(&shell).is_ok(),
                shell,
            })
            .collect()
    }

    fn group(&self, name: &str) -> Result<u32, UserError> {
        let group = self.groups.iter().find(|group| group.name == name);
        group
            .map(|group| group.gid)
            .ok_or_else(|| UserError::NoGroup(name.to_owned()))
    }
}

fn rows<T>(
    tree: &Tree,
    path: &str,
    bad: &mut Vec<String>,
    read: impl Fn(&[&str]) -> Option<T>,
) -> Vec<T> {
    let Some(bytes) = tree.read(path).and_then(|blob| blob.bytes().cloned()) else {
        return Vec::new();
    };
    if bytes.len() > LONGEST_FILE {
        bad.push(format!("{path}: longer than 4 MiB"));
        return Vec::new();
    }
    let mut found = Vec::new();
    for (number, line) in crate::escape(&bytes).lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let row: Vec<&str> = line.split(':').collect();
        match read(&row) {
            Some(value) => found.push(value),
            None => bad.push(format!("{path}:{}", number + 1)),
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Blob, Entry, Origin, TreePath};

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n# no\n\
        toor:x:0:0::/root:\nnobody:x:65534:65534:n:/nonexistent:/usr/sbin/nologin\n\
        app:x:1000:1001::/:/bin/sh\nbroken:x:1\nbig:x:4294967296:0::/:\n";

    fn tree() -> Tree {
        let mut tree = Tree::new();
        for (path, text) in [
            ("/etc/passwd", PASSWD),
            ("/etc/group", "root:x:0:\nstaff:x:50:app\n"),
            ("/bin/sh", "x"),
        ] {
            let entry = Entry::file(Blob::new(text.as_bytes()), 0o644, Origin::User);
            tree.insert(TreePath::new(path).unwrap(), entry).unwrap();
        }
        tree
    }

    #[test]
    fn looks_users_up_as_a_runtime_does() {
        let accounts = Accounts::of(&tree());
        let table = [
            ("", Some((0, 0, false))),
            ("0", Some((0, 0, true))),
            ("root", Some((0, 0, false))),
            ("toor", Some((0, 0, false))),
            ("app", Some((1000, 1001, false))),
            ("app:staff", Some((1000, 50, false))),
            ("1000", Some((1000, 1001, true))),
            ("1000:7", Some((1000, 7, true))),
            ("65532:65532", Some((65532, 65532, true))),
            ("4242", Some((4242, 0, true))),
            ("stranger", None),
            ("app:strangers", None),
            ("-1", None),
            ("4294967296", None),
        ];
        for (text, expected) in table {
            let found = accounts.run_as(text).ok();
            let found = found.map(|who| (who.uid, who.gid, who.is_numeric));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn tells_of_aliases_bad_lines_and_shells() {
        let tree = tree();
        let accounts = Accounts::of(&tree);
        assert_eq!(accounts.other_names_of_root(), ["toor"]);
        assert_eq!(accounts.bad_lines, ["/etc/passwd:6", "/etc/passwd:7"]);
        let shells = accounts.login_shells(&tree);
        let shells: Vec<(&str, bool)> = shells.iter().map(|s| (&*s.user, s.exists)).collect();
        assert_eq!(shells, [("root", false), ("toor", true), ("app", true)]);
        let none = Accounts::of(&Tree::new());
        assert!(none.users.is_empty() && none.run_as("65532").is_ok());
    }

    #[test]
    fn a_huge_file_is_refused() {
        let mut tree = tree();
        let path = TreePath::new("/etc/passwd").unwrap();
        tree.set_content(&path, Blob::new(vec![b'x'; LONGEST_FILE + 1]))
            .unwrap();
        assert_eq!(
            Accounts::of(&tree).bad_lines,
            ["/etc/passwd: longer than 4 MiB"]
        );
    }
}
