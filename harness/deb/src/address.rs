//! Base addresses of archives, and the files below them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use camino::Utf8PathBuf;
use reqwest::Url;

use crate::credentials::Login;

/// The base address of an archive: `http:`, `https:` or `file:`. Shown without any password.
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(Arc<Url>);

/// A text that is no address of an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an archive address: `{text}`: {why}")]
pub struct BadAddress {
    text: String,
    why: String,
}

/// How an address is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Over the network.
    Remote(Url),
    /// From a file of this machine.
    Local(Utf8PathBuf),
}

impl Address {
    /// The address of `path` below this one.
    pub fn join(&self, path: &str) -> Self {
        let mut url = Url::clone(&self.0);
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        Self(Arc::new(url))
    }

    /// The same address with a name and a password, which are sent to its host alone.
    #[must_use]
    pub fn with_login(&self, login: &Login) -> Self {
        let mut url = Url::clone(&self.0);
        // A local path has no host to log in at.
        let _ = url.set_username(&login.name);
        let _ = url.set_password(Some(&login.password));
        Self(Arc::new(url))
    }

    /// Whether it carries a name or a password.
    pub fn has_login(&self) -> bool {
        !self.0.username().is_empty() || self.0.password().is_some()
    }

    /// Where it leads.
    pub fn place(&self) -> Result<Place, BadAddress> {
        if self.0.scheme() != "file" {
            return Ok(Place::Remote(Url::clone(&self.0)));
        }
        let bad = |why: &str| BadAddress {
            text: self.to_string(),
            why: why.to_owned(),
        };
        let path = self.0.to_file_path().map_err(|()| bad("no local path"))?;
        let path = Utf8PathBuf::from_path_buf(path).map_err(|_| bad("path is not UTF-8"))?;
        Ok(Place::Local(path))
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        // No text that may hold a password goes into an error.
        let (shown, why) = match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https" | "file") => {
                let mut url = url;
                url.set_query(None);
                url.set_fragment(None);
                let path = url.path().trim_end_matches('/').to_owned();
                url.set_path(&path);
                return Ok(Self(Arc::new(url)));
            }
            Ok(url) => (
                without_password(&url),
                format!(
                    "`{}:` is not supported (http, https, file are)",
                    url.scheme()
                ),
            ),
            Err(error) => (text.to_owned(), error.to_string()),
        };
        Err(BadAddress { text: shown, why })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(without_password(&self.0).trim_end_matches('/'))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    // An address that cannot carry a user has none to hide.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn joins_below_and_hides_passwords() {
        for (base, shown) in [
            ("http://mirror.test/debian/", "http://mirror.test/debian"),
            (
                "http://me:secret@mirror.test/debian",
                "http://mirror.test/debian",
            ),
            ("file:/srv/debian", "file:///srv/debian"),
            ("https://mirror.test", "https://mirror.test"),
        ] {
            let base: Address = base.parse().unwrap();
            assert_eq!(base.to_string(), shown);
            let file = base.join("pool/main/a/a+b_1~2_all.deb");
            assert_eq!(
                file.to_string(),
                format!("{shown}/pool/main/a/a+b_1~2_all.deb")
            );
        }
        let local: Address = "file:///srv/a%20b".parse().unwrap();
        let path = Utf8PathBuf::from("/srv/a b/x~1");
        assert_eq!(local.join("x~1").place().unwrap(), Place::Local(path));
    }

    #[test]
    fn refuses_other_schemes() {
        for text in [
            "",
            "debian",
            "ftp://mirror.test/x",
            "cdrom:x",
            "mirror+file:/etc/x",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let fault = "ftp://me:secret@mirror.test/"
            .parse::<Address>()
            .unwrap_err();
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }
}
