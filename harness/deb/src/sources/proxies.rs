//! Proxies of apt's own configuration, in its simple form.
//!
//! Source: apt.conf(5) and apt-transport-http(1): `Acquire::http::Proxy "URL";`. Scopes in braces
//! are understood one level at a time; anything else is not looked at.

use camino::Utf8Path;
use fs_err as fs;

use crate::client::Proxies;

/// Reads `etc/apt/apt.conf.d/*` and `etc/apt/apt.conf` below `root`. The last setting wins.
pub fn apt_proxies(root: &Utf8Path) -> Proxies {
    let apt = root.join("etc/apt");
    let mut files: Vec<_> = match fs::read_dir(apt.join("apt.conf.d")) {
        Ok(entries) => entries.filter_map(|e| Some(e.ok()?.path())).collect(),
        Err(_) => Vec::new(),
    };
    files.sort();
    files.push(apt.join("apt.conf").into_std_path_buf());
    let mut proxies = Proxies::ENVIRONMENT;
    for file in files {
        // apt passes over files it cannot read, too.
        if let Ok(text) = fs::read(file) {
            read(&String::from_utf8_lossy(&text), &mut proxies);
        }
    }
    proxies
}

fn read(text: &str, proxies: &mut Proxies) {
    let mut scope: Vec<String> = Vec::new();
    for statement in statements(text) {
        match statement {
            Statement::Open(name) => scope.push(name),
            Statement::Close => {
                scope.pop();
            }
            Statement::Set(name, value) => {
                let mut full = scope.clone();
                full.push(name);
                let direct = value.is_empty() || value.eq_ignore_ascii_case("direct");
                let value = Some(value).filter(|_| !direct);
                match full.join("::").to_ascii_lowercase().as_str() {
                    "acquire::http::proxy" => proxies.http = value,
                    "acquire::https::proxy" => proxies.https = value,
                    _ => {}
                }
            }
        }
    }
}

enum Statement {
    Open(String),
    Close,
    Set(String, String),
}

fn statements(text: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut words = String::new();
    let mut quoted = None;
    let lines = text.lines().map(str::trim_ascii);
    let lines = lines.filter(|l| !l.starts_with('#') && !l.starts_with("//"));
    for c in lines.flat_map(|line| line.chars().chain([' '])) {
        match (c, &mut quoted) {
            ('"', Some(value)) => {
                found.push(Statement::Set(
                    words.trim().to_owned(),
                    std::mem::take(value),
                ));
                words.clear();
                quoted = None;
            }
            (c, Some(value)) => value.push(c),
            ('"', None) => quoted = Some(String::new()),
            ('{', None) => {
                found.push(Statement::Open(words.trim().to_owned()));
                words.clear();
            }
            ('}', None) => {
                found.push(Statement::Close);
                words.clear();
            }
            (';', None) => words.clear(),
            (c, None) => words.push(c),
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_flat_and_nested_settings() {
        for (text, http, https) in [
            (
                "Acquire::http::Proxy \"http://p:3128\";",
                Some("http://p:3128"),
                None,
            ),
            (
                "Acquire { http { Proxy \"http://p\"; }; https::Proxy \"http://q\"; };",
                Some("http://p"),
                Some("http://q"),
            ),
            (
                "Acquire::http::Proxy \"x\";\nAcquire::http::Proxy \"DIRECT\";",
                None,
                None,
            ),
            (
                "# Acquire::http::Proxy \"x\";\n// Acquire::http::Proxy \"x\";\n",
                None,
                None,
            ),
            (
                "Acquire::http::Proxy::host.test \"x\"; } } { \"",
                None,
                None,
            ),
            ("Acquire::\nHTTP::Proxy", None, None),
        ] {
            let mut proxies = Proxies::ENVIRONMENT;
            read(text, &mut proxies);
            assert_eq!(
                (proxies.http.as_deref(), proxies.https.as_deref()),
                (http, https),
                "{text}"
            );
        }
    }

    #[test]
    fn reads_the_files_in_order() {
        let root = tempfile::tempdir().unwrap();
        let parts = root.path().join("etc/apt/apt.conf.d");
        fs::create_dir_all(&parts).unwrap();
        fs::write(parts.join("10a"), "Acquire::http::Proxy \"http://one\";").unwrap();
        fs::write(parts.join("20b"), "Acquire::http::Proxy \"http://two\";").unwrap();
        let root = Utf8Path::from_path(root.path()).unwrap();
        assert_eq!(apt_proxies(root).http.as_deref(), Some("http://two"));
        assert_eq!(apt_proxies(Utf8Path::new("/nowhere")), Proxies::ENVIRONMENT);
    }
}
