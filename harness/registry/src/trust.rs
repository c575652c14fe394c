//! Whose certificates are believed, and which one this program shows: as docker keeps them.
//!
//! What the system trusts is trusted for every host. Beside it a folder a host, named `HOST` or
//! `HOST:PORT`: each `*.crt` in it is an authority for that host alone, and `NAME.cert` with
//! `NAME.key` is who this program is. Source: docker's "Verify repository client with certificates",
//! and containers-certs.d(5), where podman keeps the same.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder, Identity};

use crate::Fault;

/// Where a user's own folders are, below the home folder.
const OF_USER: &str = ".config/containers/certs.d";
/// Where those of the system are, in the order in which they are looked at.
const OF_SYSTEM: [&str; 2] = ["/etc/containers/certs.d", "/etc/docker/certs.d"];

/// Folders that hold a folder for each host with certificates of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    folders: Vec<PathBuf>,
}

impl Trust {
    /// What the system trusts, and nothing more.
    pub const fn system() -> Self {
        Self {
            folders: Vec::new(),
        }
    }

    /// Also what lies in the folder `folder`.
    pub fn of_folder(folder: &Path) -> Self {
        Self {
            folders: vec![folder.to_owned()],
        }
    }

    /// Also what docker and podman would look at for this user.
    pub fn of_user() -> Self {
        let home = std::env::var_os("HOME").filter(|value| !value.is_empty());
        let own = home.map(|home| Path::new(&home).join(OF_USER));
        let all = own.into_iter().chain(OF_SYSTEM.map(PathBuf::from));
        Self {
            folders: all.collect(),
        }
    }

    /// The folder for `authority` (`HOST` or `HOST:PORT`), if there is one.
    pub(crate) fn folder(&self, authority: &str) -> Option<PathBuf> {
        if authority.starts_with('.') || authority.contains('/') {
            return None;
        }
        let folders = self.folders.iter().map(|folder| folder.join(authority));
        folders.into_iter().find(|folder| folder.is_dir())
    }
}

/// A client that believes and shows what lies in `folder`.
pub(crate) fn with(folder: &Path, mut builder: ClientBuilder) -> Result<ClientBuilder, Fault> {
    let bad = |path: &Path, why: &dyn std::fmt::Display| {
        Fault::Certificates(format!("{}: {why}", path.display()))
    };
    let read = |path: &Path| fs_err::read(path).map_err(|error| bad(folder, &error));
    let entries = fs_err::read_dir(folder).map_err(|error| bad(folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        files.push(entry.map_err(|error| bad(folder, &error))?.path());
    }
    files.sort();
    for path in files {
        let ends_with = |what: &str| path.extension().is_some_and(|end| end == what);
        if ends_with("crt") {
            let text = read(&path)?;
            let known = Certificate::from_pem_bundle(&text).map_err(|error| bad(&path, &error))?;
            if known.is_empty() {
                return Err(bad(&path, &"no certificate in PEM stands there"));
            }
            builder = builder.tls_certs_merge(known);
        } else if ends_with("cert") {
            let mut text = read(&path)?;
            text.push(b'\n');
            text.extend(read(&path.with_extension("key"))?);
            let own = Identity::from_pem(&text).map_err(|error| bad(&path, &error))?;
            builder = builder.identity(own);
        }
    }
    Ok(builder)
}

/// Whether a connection ended because of a certificate.
pub(crate) fn is_about_certificates(error: &reqwest::Error) -> bool {
    let mut cause = StdError::source(error);
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref::<rustls::Error>() {
            return is_certificates(found);
        }
        cause = below(inner);
    }
    false
}

/// The next cause. An I/O error hides the one that it carries from `source`.
fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let carried = error.downcast_ref::<std::io::Error>();
    let carried = carried.and_then(|error| error.get_ref());
    carried
        .map(|carried| carried as &(dyn StdError + 'static))
        .or_else(|| error.source())
}

const fn is_certificates(error: &rustls::Error) -> bool {
    use rustls::AlertDescription as Alert;
    matches!(
        error,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::AlertReceived(
                Alert::BadCertificate
                    | Alert::CertificateExpired
                    | Alert::CertificateRequired
                    | Alert::CertificateUnknown
                    | Alert::UnknownCA
            )
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_the_folder_of_its_name_and_port() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["reg.example", "reg.example:5000"] {
            fs_err::create_dir(folder.path().join(name)).unwrap();
        }
        fs_err::write(folder.path().join("file.example"), "").unwrap();
        let trust = Trust::of_folder(folder.path());
        for (authority, name) in [
            ("reg.example", Some("reg.example")),
            ("reg.example:5000", Some("reg.example:5000")),
            ("reg.example:5001", None),
            ("file.example", None),
            ("..", None),
            ("a/..", None),
        ] {
            let found = trust.folder(authority);
            assert_eq!(
                found,
                name.map(|name| folder.path().join(name)),
                "{authority}"
            );
        }
        assert_eq!(Trust::system().folder("reg.example"), None);
    }

    #[test]
    fn what_is_no_certificate_is_refused_by_name() {
        for (name, content, word) in [
            ("ca.crt", "no certificate", "no certificate in PEM"),
            ("me.cert", "-----BEGIN", "me.key"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs_err::write(folder.path().join(name), content).unwrap();
            let fault = with(folder.path(), reqwest::Client::builder()).unwrap_err();
            let said = fault.to_string();
            assert!(matches!(fault, Fault::Certificates(_)), "{said}");
            assert!(said.contains(word), "{said}");
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(with(empty.path(), reqwest::Client::builder()).is_ok());
    }
}
