//! Logins of archives, as apt keeps them: netrc-like files.
//!
//! Source: apt_auth.conf(5). `machine [SCHEME://]HOST[:PORT][/PATH] login NAME password WORD`;
//! unknown words are passed over; the first entry that matches counts.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use reqwest::Url;

use crate::address::{Address, Place};

/// All entries, in the order in which they are looked up.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    entries: Vec<Entry>,
    unreadable: Vec<String>,
}

/// Name and password. Shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
    login: Login,
}

impl Credentials {
    /// Reads the `*.conf` files of the folder `named` if one is given, else `etc/apt/auth.conf` and
    /// `etc/apt/auth.conf.d/*.conf` below `root`. What is not there says nothing.
    pub fn read(root: &Utf8Path, named: Option<&Utf8Path>) -> Self {
        let mut all = Self::default();
        let apt = root.join("etc/apt");
        if named.is_none() {
            all.read_file(&apt.join("auth.conf"));
        }
        all.read_folder(named.unwrap_or(&apt.join("auth.conf.d")));
        all
    }

    /// Reads the text of one file.
    pub fn from_text(text: &str) -> Self {
        Self {
            entries: entries(text),
            unreadable: Vec::new(),
        }
    }

    /// The login for `address`, unless it carries one itself.
    pub fn login(&self, address: &Address) -> Option<Login> {
        let Ok(Place::Remote(url)) = address.place() else {
            return None;
        };
        if address.has_login() {
            return None;
        }
        let entry = self.entries.iter().find(|entry| entry.is_for(&url))?;
        Some(entry.login.clone())
    }

    /// Files that are there and cannot be read, in words.
    pub fn unreadable(&self) -> &[String] {
        &self.unreadable
    }

    fn read_folder(&mut self, folder: &Utf8Path) {
        let entries = match folder.read_dir_utf8() {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.unreadable.push(format!("{folder}: {error}")),
        };
        let files = entries.filter_map(|entry| Some(entry.ok()?.path().to_owned()));
        let mut files: Vec<Utf8PathBuf> = files
            .filter(|path| path.extension() == Some("conf"))
            .collect();
        files.sort();
        for file in files {
            self.read_file(&file);
        }
    }

    fn read_file(&mut self, path: &Utf8Path) {
        match fs::read(path) {
            Ok(bytes) => self
                .entries
                .extend(entries(&String::from_utf8_lossy(&bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => self.unreadable.push(error.to_string()),
        }
    }
}

impl Entry {
    fn is_for(&self, url: &Url) -> bool {
        let scheme = match &self.scheme {
            Some(scheme) => url.scheme() == scheme,
            // A login in the clear goes nowhere unless it is asked for in so many words.
            None => url.scheme() == "https",
        };
        let host = url.host_str().unwrap_or_default();
        let port = self.port.is_none() || self.port == url.port_or_known_default();
        // Addresses stand here without the slash that every file below them begins with.
        let path = format!("{}/", url.path().trim_end_matches('/'));
        scheme && host.eq_ignore_ascii_case(&self.host) && port && path.starts_with(&self.path)
    }
}

/// The entries of a file that are complete: with a host, a name and a password.
fn entries(text: &str) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let mut open = None;
    let mut words = words(text).into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => {
                found.extend(open.take().filter(Entry::is_complete));
                open = words.next().map(|place| entry(&place));
            }
            "login" | "password" => {
                let (Some(entry), Some(value)) = (&mut open, words.next()) else {
                    continue;
                };
                if word == "login" {
                    entry.login.name = value;
                } else {
                    entry.login.password = value;
                }
            }
            _ => {}
        }
    }
    found.extend(open.filter(Entry::is_complete));
    found
}

impl Entry {
    fn is_complete(&self) -> bool {
        !self.host.is_empty() && !self.login.name.is_empty() && !self.login.password.is_empty()
    }
}

/// Reads `[SCHEME://]HOST[:PORT][/PATH]`.
fn entry(place: &str) -> Entry {
    let (scheme, rest) = match place.split_once("://") {
        Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
        None => (None, place),
    };
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => (name, port.parse().ok()),
        _ => (host, None),
    };
    Entry {
        scheme,
        host: host.to_owned(),
        port,
        path: path.to_owned(),
        login: Login {
            name: String::new(),
            password: String::new(),
        },
    }
}

/// The words of a text: between blanks, or in double quotes with `\` before what is meant as it is.
/// A line that begins with `#`, and what follows a `#` where a key word is due, is a comment.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim_start();
        let mut value = false;
        while !rest.is_empty() {
            if rest.starts_with('#') && !value {
                break;
            }
            let (word, after) = match rest.strip_prefix('"') {
                Some(quoted) => quoted_word(quoted),
                None => {
                    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            value = !value && matches!(word.as_str(), "machine" | "login" | "password");
            words.push(word);
            rest = after.trim_start();
        }
    }
    words
}

/// A word up to its closing quote, and what follows.
fn quoted_word(text: &str) -> (String, &str) {
    let (mut word, mut chars) = (String::new(), text.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (word, &text[at + 1..]),
            '\\' => word.extend(chars.next().map(|(_, c)| c)),
            other => word.push(other),
        }
    }
    (word, "")
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "login of {}", self.name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn found(text: &str, address: &str) -> Option<String> {
        let login = Credentials::from_text(text).login(&address.parse().unwrap());
        login.map(|login| format!("{}:{}", login.name, login.password))
    }

    #[test]
    fn the_first_entry_that_matches_counts() {
        let text = "# mine\nmachine a.test/apps/ login bearer password one  # by a tool\n\
                    machine a.test:8443 login u password two\n\
                    machine http://a.test login clear password three\n\
                    machine a.test login u\npassword four\n\
                    machine c.test login only\n\
                    machine d.test nonsense login \"x y\" password \"q\\\"#\" machine e.test\n";
        for (address, wanted) in [
            ("https://a.test/apps", Some("bearer:one")),
            ("https://a.test/apps/ubuntu", Some("bearer:one")),
            ("https://a.test:8443/infra", Some("u:two")),
            ("http://a.test/apps", Some("clear:three")),
            ("https://A.test/infra", Some("u:four")),
            ("https://b.a.test/apps", None),
            ("https://c.test/", None),
            ("http://d.test/", None),
            ("https://d.test/", Some("x y:q\"#")),
            ("https://e.test/", None),
            ("file:///a.test/apps", None),
            ("https://own:word@a.test/apps", None),
        ] {
            assert_eq!(found(text, address).as_deref(), wanted, "{address}");
        }
    }

    #[test]
    fn a_password_may_begin_with_a_hash_and_garbage_is_passed_over() {
        assert_eq!(
            found("machine a.test login u password #1", "https://a.test").as_deref(),
            Some("u:#1")
        );
        for text in [
            "machine",
            "login",
            "machine \"",
            "machine :// login",
            "\u{0}",
        ] {
            assert_eq!(found(text, "https://a.test"), None, "{text}");
        }
    }

    #[test]
    fn files_are_read_by_name_and_a_named_folder_instead_of_them() {
        let root = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        let put = |path: &str, login: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = format!("machine {login}.test login {login} password x\n");
            fs::write(
                path,
                format!("{text}machine any.test login {login} password x\n"),
            )
            .unwrap();
        };
        put("etc/apt/auth.conf.d/20b.conf", "b");
        put("etc/apt/auth.conf.d/10a.conf", "a");
        put("etc/apt/auth.conf.d/00never.bak", "never");
        put("named/n.conf", "n");
        let name = |all: &Credentials, host: &str| {
            let login = all.login(&format!("https://{host}.test").parse().unwrap());
            login.map(|login| login.name)
        };
        let all = Credentials::read(root, None);
        assert_eq!(name(&all, "any").as_deref(), Some("a"));
        assert_eq!(name(&all, "b").as_deref(), Some("b"));
        assert_eq!(name(&all, "never"), None);
        put("etc/apt/auth.conf", "first");
        assert_eq!(
            name(&Credentials::read(root, None), "any").as_deref(),
            Some("first")
        );
        let named = Credentials::read(root, Some(&root.join("named")));
        assert_eq!(name(&named, "any").as_deref(), Some("n"));
        assert_eq!(name(&named, "a"), None);
        let nowhere = Credentials::read(root, Some(&root.join("nowhere")));
        assert_eq!((name(&nowhere, "a"), nowhere.unreadable().len()), (None, 0));
        assert!(!format!("{all:?}").contains("password: \"x\""), "{all:?}");
    }
}
