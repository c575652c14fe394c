//! The grammar of package URLs, as much as their canonical form needs.

/// Whether `text` is a package URL in its canonical form.
pub(crate) fn is_canonical(text: &str) -> bool {
    let plain = |part: &str| {
        let bytes = part.as_bytes();
        let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        let fine = |(at, byte): (usize, &u8)| {
            byte.is_ascii_alphanumeric()
                || b".-_~:".contains(byte)
                || (*byte == b'%' && hex(at + 1) && hex(at + 2))
        };
        !bytes.is_empty() && bytes.iter().enumerate().all(fine)
    };
    let Some(rest) = text.strip_prefix("pkg:") else {
        return false;
    };
    let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let Some((path, version)) = path.split_once('@') else {
        return false;
    };
    let pairs: Vec<_> = qualifiers
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let keys = pairs.iter().map(|(key, _)| key);
    let lower = |key: &str| key.bytes().all(|byte| byte.is_ascii_lowercase());
    plain(version)
        && path.split('/').count() >= 2
        && path.split('/').all(plain)
        && pairs.iter().all(|(key, value)| plain(value) && lower(key))
        && keys.clone().zip(keys.skip(1)).all(|(a, b)| a < b)
}

#[test]
fn what_is_no_canonical_purl_is_seen() {
    assert!(is_canonical(
        "pkg:deb/debian/attr@1:2.4.47-2%2Bb1?arch=amd64"
    ));
    for text in [
        "deb/debian/a@1",
        "pkg:deb/debian/a",
        "pkg:deb/debian/a@",
        "pkg:deb/debian/a@1+b1",
        "pkg:deb/debian/a@1?b=1&a=2",
        "pkg:deb/debian/a@1?arch=",
        "pkg:deb/debian/a b@1",
        "pkg:deb//a@1",
    ] {
        assert!(!is_canonical(text), "{text}");
    }
}
