//! Package URLs: `pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13`.
//!
//! Source: the package-url specification and its types `deb` and `oci`.

use std::fmt::Write as _;

/// A package URL. `name` and `namespace` are lower-cased, as the type `deb` asks; qualifiers are
/// sorted by name and left out where empty.
pub(crate) fn purl(
    kind: &str,
    namespace: Option<&str>,
    (name, version): (&str, &str),
    qualifiers: &[(&str, &str)],
) -> String {
    let mut text = format!("pkg:{kind}/");
    if let Some(namespace) = namespace {
        encode(&mut text, &namespace.to_ascii_lowercase());
        text.push('/');
    }
    encode(&mut text, &name.to_ascii_lowercase());
    text.push('@');
    encode(&mut text, version);
    let mut qualifiers: Vec<_> = qualifiers.iter().filter(|(_, v)| !v.is_empty()).collect();
    qualifiers.sort();
    for (at, (key, value)) in qualifiers.into_iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(key);
        text.push('=');
        encode(&mut text, value);
    }
    text
}

/// Percent-encodes everything but letters, digits, `.`, `-`, `_`, `~` and the colon.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_examples_of_the_type() {
        let attr = purl(
            "deb",
            Some("debian"),
            ("attr", "1:2.4.47-2+b1"),
            &[("arch", "amd64")],
        );
        assert_eq!(attr, "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64");
        let more = [
            ("upstream", "glibc@2.41-12"),
            ("distro", "debian-13"),
            ("arch", ""),
        ];
        let libc = purl("deb", Some("Debian"), ("libc6", "2.41~rc1-1"), &more);
        let wanted = "pkg:deb/debian/libc6@2.41~rc1-1?distro=debian-13&upstream=glibc%402.41-12";
        assert_eq!(libc, wanted);
    }
}
