//! Names of images in registries: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`.
//!
//! The grammar and the meaning of short names are those of docker's `distribution/reference`: a
//! first part with a dot or a port, or `localhost`, is a host; without one the name is Docker Hub's.

use std::fmt;
use std::str::FromStr;

use model::{Digest, Hosts};

/// A repository: where manifests and blobs of one name lie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    host: String,
    path: String,
}

/// An image in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Where.
    pub repository: Repository,
    /// Its tag, if one is written.
    pub tag: Option<String>,
    /// Its digest, if one is written; it wins over the tag.
    pub digest: Option<Digest>,
}

/// What a manifest is asked for by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pointer {
    /// What a tag points to now.
    Tag(String),
    /// One manifest for ever.
    Digest(Digest),
}

/// A text that names no image of a registry. Credentials in it are not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no name of an image in a registry: {why}; it reads [HOST[:PORT]/]PATH[:TAG]\
     [@sha256:DIGEST]"
)]
pub struct BadReference {
    text: String,
    why: String,
}

/// Longest host and path together (distribution specification).
const LONGEST_NAME: usize = 255;

/// Longest tag.
const LONGEST_TAG: usize = 128;

impl Repository {
    /// The host with its port, as it stands in names.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path, which the registry knows it by.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host with its port that answers for it.
    pub(crate) fn authority(&self) -> &str {
        let hub = &Hosts::known().docker_hub;
        if self.host == hub.name {
            &hub.api
        } else {
            &self.host
        }
    }
}

impl Reference {
    /// What the manifest is asked for by: the digest, else the tag, else `latest`.
    pub fn pointer(&self) -> Pointer {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Pointer::Digest(*digest),
            (None, Some(tag)) => Pointer::Tag(tag.clone()),
            (None, None) => Pointer::Tag("latest".to_owned()),
        }
    }

    /// Whether `text` says by its form that it is one: with a host, or with a tag or digest. A
    /// single word is not, so that a mistyped name is not looked for in a registry.
    pub fn is_evident(text: &str) -> bool {
        let Ok(reference) = text.parse::<Self>() else {
            return false;
        };
        let names_host = reference.repository.host != Hosts::known().docker_hub.name
            || text.starts_with(&format!("{}/", reference.repository.host));
        names_host || reference.tag.is_some() || reference.digest.is_some()
    }
}

impl FromStr for Reference {
    type Err = BadReference;

    fn from_str(text: &str) -> Result<Self, BadReference> {
        let refuse = |why: &str| BadReference {
            text: without_credentials(text),
            why: why.to_owned(),
        };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                let digest = digest.parse();
                (
                    rest,
                    Some(digest.map_err(|_| refuse("what follows `@` is no sha256 digest"))?),
                )
            }
            None => (text, None),
        };
        let (rest, tag) = match rest.rsplit_once(':') {
            // A colon before a slash belongs to the host.
            Some((rest, tag)) if !tag.contains('/') => (rest, Some(tag)),
            _ => (rest, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(refuse("its tag is none"));
        }
        let hub = &Hosts::known().docker_hub;
        let (host, path) = match rest.split_once('/') {
            Some((first, path)) if is_host(first) => (first.to_ascii_lowercase(), path.to_owned()),
            _ => (hub.name.clone(), rest.to_owned()),
        };
        let host = if hub.aliases.contains(&host) {
            hub.name.clone()
        } else {
            host
        };
        let path = if host == hub.name && !path.contains('/') {
            format!("library/{path}")
        } else {
            path
        };
        if !is_authority(&host) {
            return Err(refuse("its host is none"));
        }
        if !path.split('/').all(is_component) {
            return Err(refuse(
                "its path has a part that is not lower-case letters and digits",
            ));
        }
        if host.len() + path.len() > LONGEST_NAME {
            return Err(refuse("it is too long"));
        }
        Ok(Self {
            repository: Repository { host, path },
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

/// The text as it may be shown: whatever stands before an `@` that no digest follows is cut out.
fn without_credentials(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) if !rest.starts_with("sha256:") => format!("***@{rest}"),
        Some((before, digest)) if before.contains('@') => {
            let (_, rest) = before.rsplit_once('@').unwrap_or(("", before));
            format!("***@{rest}@{digest}")
        }
        _ => text.to_owned(),
    }
}

/// Whether the first part of a name is a host.
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost" || part.chars().any(|c| c.is_uppercase())
}

/// A host name, an address or `[IPv6]`, maybe with a port.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0));
    let is_v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_name = match is_v6 {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.split('.').all(|label| {
            let inner = |c: char| c.is_ascii_alphanumeric() || c == '-';
            !label.is_empty()
                && label.chars().all(inner)
                && !label.starts_with('-')
                && !label.ends_with('-')
        }),
    };
    is_port && is_name
}

/// Lower-case letters and digits, separated by `.`, `_`, `__` or dashes.
fn is_component(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut separators = text
        .split(is_word)
        .filter(|separator| !separator.is_empty());
    text.starts_with(is_word)
        && text.ends_with(is_word)
        && separators.all(|separator| {
            matches!(separator, "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
        })
}

fn is_tag(text: &str) -> bool {
    text.len() <= LONGEST_TAG
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.repository)?;
        match (&self.tag, &self.digest) {
            (Some(tag), None) => write!(f, ":{tag}"),
            (Some(tag), Some(digest)) => write!(f, ":{tag}@{digest}"),
            (None, Some(digest)) => write!(f, "@{digest}"),
            (None, None) => f.write_str(":latest"),
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => write!(f, "{digest}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn digest() -> Digest {
        Digest::of(b"x")
    }

    #[test]
    fn names_mean_what_docker_means() {
        let hub = Hosts::known().docker_hub.name.as_str();
        let by_digest = format!("[::1]:5000/a@{}", digest());
        let both = format!("a/b:1@{}", digest());
        for (text, host, path, shown) in [
            (
                "valkey",
                hub,
                "library/valkey",
                format!("{hub}/library/valkey:latest"),
            ),
            ("ns/app:1.0", hub, "ns/app", format!("{hub}/ns/app:1.0")),
            (
                "index.docker.io/valkey:8",
                hub,
                "library/valkey",
                format!("{hub}/library/valkey:8"),
            ),
            (
                "localhost/app",
                "localhost",
                "app",
                "localhost/app:latest".to_owned(),
            ),
            (
                "127.0.0.1:5000/a/b-c.d__e:T_1",
                "127.0.0.1:5000",
                "a/b-c.d__e",
                "127.0.0.1:5000/a/b-c.d__e:T_1".to_owned(),
            ),
            (
                "reg.example/a",
                "reg.example",
                "a",
                "reg.example/a:latest".to_owned(),
            ),
            (&by_digest, "[::1]:5000", "a", by_digest.clone()),
            (&both, hub, "a/b", format!("{hub}/{both}")),
        ] {
            let read: Reference = text.parse().unwrap();
            assert_eq!(read.repository.host(), host, "{text}");
            assert_eq!(read.repository.path(), path, "{text}");
            assert_eq!(read.to_string(), shown, "{text}");
            assert_eq!(
                shown.parse::<Reference>().unwrap().pointer(),
                read.pointer()
            );
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("reg.example/{}", "a".repeat(255));
        for text in [
            "",
            "/a",
            "a/",
            "A",
            "a:",
            "a:-x",
            "a//b",
            "a@sha256:12",
            "a b",
            "reg.example:0/a",
            "reg.example:x/a",
            "-reg.example/a",
            "[::g]/a",
            "reg.example/Upper",
            "a/../b",
            "a/b_",
            "http://reg.example/a",
            &long,
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn credentials_in_a_name_are_not_repeated() {
        for text in [
            "me:hunter2@reg.example/a",
            &format!("me:hunter2@reg.example/a@{}", digest()),
        ] {
            let said = text.parse::<Reference>().unwrap_err().to_string();
            assert!(
                !said.contains("hunter2") && said.contains("reg.example/a"),
                "{said}"
            );
        }
    }

    #[test]
    fn only_a_name_with_a_host_tag_or_digest_is_evident() {
        for text in [
            "reg.example/a",
            "localhost:5000/a",
            "ns/app:1",
            "valkey:8",
            "docker.io/valkey",
        ] {
            assert!(Reference::is_evident(text), "{text}");
        }
        for text in [
            "valkey",
            "ns/app",
            "out/python",
            "./x",
            "a.yaml",
            "/tmp/x:1",
        ] {
            assert!(!Reference::is_evident(text), "{text}");
        }
    }
}
