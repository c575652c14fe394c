//! Where requests may go: the address of a host, encrypted unless that is allowed to be otherwise.

use std::net::IpAddr;

use reqwest::Url;

use crate::{Fault, Settings};

/// The address that answers for a host with its port: `https://reg.example/`.
pub(crate) fn base(authority: &str, settings: &Settings) -> Result<Url, Fault> {
    let scheme = if may_be_plain(authority, settings) {
        "http"
    } else {
        "https"
    };
    Url::parse(&format!("{scheme}://{authority}/")).map_err(|error| Fault::Unreachable {
        at: authority.to_owned(),
        why: error.to_string(),
    })
}

/// Refuses an address that the server `from` names and that would be spoken to without encryption.
/// One that is spoken to with encryption cannot send us to this machine's own ports either.
pub(crate) fn check(
    url: &Url,
    from: &Url,
    settings: &Settings,
    why: &'static str,
) -> Result<(), Fault> {
    let authority = authority(url);
    let named = is_named(&authority, settings);
    match url.scheme() {
        "https" => Ok(()),
        "http" if named || (from.scheme() == "http" && is_loopback(&authority)) => Ok(()),
        "http" => Err(Fault::Plain { at: authority, why }),
        other => Err(Fault::Redirect {
            at: authority,
            why: format!("to something that is not the web ({other}:)"),
        }),
    }
}

/// Whether two addresses are one server: only then is it told who asks.
pub(crate) fn is_same_server(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// The host with its port, if that is not the scheme's.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether an address is this machine's own, which no proxy can reach for us.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = host_of(authority);
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn may_be_plain(authority: &str, settings: &Settings) -> bool {
    let has_certificates = || settings.trust.folder(authority).is_some();
    is_named(authority, settings) || (is_loopback(authority) && !has_certificates())
}

/// Whether somebody asked for the host to be spoken to without encryption.
fn is_named(authority: &str, settings: &Settings) -> bool {
    let asked = |named: &String| {
        named.eq_ignore_ascii_case(authority) || named.eq_ignore_ascii_case(host_of(authority))
    };
    settings.plain_http.iter().any(asked)
}

fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Keychain, Patience, Trust};

    fn settings(plain: &[&str]) -> Settings {
        Settings {
            keychain: Keychain::empty(),
            trust: Trust::system(),
            plain_http: plain.iter().map(|host| (*host).to_owned()).collect(),
            limits: image::Limits::standard(),
            patience: Patience::standard(),
        }
    }

    #[test]
    fn only_loopback_and_named_hosts_are_spoken_to_without_encryption() {
        for (authority, plain, scheme) in [
            ("localhost:5000", &[][..], "http"),
            ("127.0.0.1:5000", &[], "http"),
            ("127.9.9.9", &[], "http"),
            ("[::1]:5000", &[], "http"),
            ("reg.example", &[], "https"),
            ("127.0.0.1.example", &[], "https"),
            ("localhost.example", &[], "https"),
            ("10.0.0.1:5000", &[], "https"),
            ("10.0.0.1:5000", &["10.0.0.1:5000"], "http"),
            ("10.0.0.1:5000", &["10.0.0.1"], "http"),
            ("10.0.0.1:5000", &["10.0.0.1:5001"], "https"),
            ("reg.example", &["example"], "https"),
        ] {
            let url = base(authority, &settings(plain)).unwrap();
            assert_eq!(url.scheme(), scheme, "{authority} {plain:?}");
        }
    }

    #[test]
    fn a_loopback_address_with_certificates_is_spoken_to_with_encryption() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("localhost:5000")).unwrap();
        let settings = Settings {
            trust: Trust::of_folder(folder.path()),
            ..settings(&[])
        };
        for (authority, scheme) in [("localhost:5000", "https"), ("localhost:5001", "http")] {
            let url = base(authority, &settings).unwrap();
            assert_eq!(url.scheme(), scheme, "{authority}");
        }
    }

    #[test]
    fn a_server_cannot_send_us_to_an_unencrypted_one() {
        let url = |text: &str| Url::parse(text).unwrap();
        let settings = settings(&["named.example"]);
        let from = |from: &str, to: &str| check(&url(to), &url(from), &settings, "");
        let far = "https://reg.example/";
        assert!(from(far, "https://blobs.example/x").is_ok());
        assert!(from(far, "http://named.example/x").is_ok());
        for to in ["http://blobs.example/x", "http://127.0.0.1/x"] {
            assert!(matches!(from(far, to), Err(Fault::Plain { .. })), "{to}");
        }
        assert!(from("http://localhost:1/", "http://127.0.0.1:2/x").is_ok());
        let other = from(far, "file:///etc/passwd");
        assert!(matches!(other, Err(Fault::Redirect { .. })));
    }
}
