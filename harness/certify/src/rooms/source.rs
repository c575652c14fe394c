//! Where an existing image is: a layout or an archive, a registry, a daemon.
//!
//! People write it as other tools do: `docker://NAME`, `docker-daemon:NAME`, `docker-archive:PATH`,
//! `oci:PATH`, or the bare name or path where that can mean one thing only.

use std::fmt;

use anyhow::{Result, bail};
use camino::Utf8Path;
use image::Reference;

/// An existing image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A layout or an archive of this machine.
    Local(Reference),
    /// An image of a registry.
    Registry(registry::Reference),
    /// An image of the Docker Engine of this host, as it is called there.
    Daemon(String),
}

/// What stands before the name of an image of a registry.
const REGISTRY: &str = "docker://";

/// What stands before the name of an image of a daemon.
const DAEMON: &str = "docker-daemon:";

/// What stands before paths.
const LOCAL: [&str; 4] = ["layout:", "oci:", "docker-archive:", "oci-archive:"];

impl Source {
    /// Reads what is known to be an existing image: what can be nothing else is a path.
    pub fn read(text: &str) -> Result<Self> {
        match Self::evident(text)? {
            Some(source) => Ok(source),
            None => Ok(Self::Local(text.parse()?)),
        }
    }

    /// Reads `text` if its form, or what lies there, says that it is an existing image. A bare word
    /// says nothing: it may be a mistyped name of a spec.
    pub fn evident(text: &str) -> Result<Option<Self>> {
        if let Some(name) = text.strip_prefix(REGISTRY) {
            return Ok(Some(Self::Registry(name.parse()?)));
        }
        if let Some(name) = text.strip_prefix(DAEMON) {
            let part = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
            if name.is_empty() || name.contains("..") || !name.chars().all(part) {
                bail!("`{text}` holds no name that a daemon gives an image");
            }
            return Ok(Some(Self::Daemon(name.to_owned())));
        }
        let is_local = LOCAL.iter().any(|prefix| text.starts_with(prefix));
        let is_path = ["/", "./", "../"]
            .iter()
            .any(|start| text.starts_with(start));
        if is_local || is_path || Utf8Path::new(text).exists() {
            return Ok(Some(Self::Local(text.parse()?)));
        }
        if registry::Reference::is_evident(text) {
            return Ok(Some(Self::Registry(text.parse()?)));
        }
        match text.parse() {
            Ok(archive @ Reference::Archive { .. }) => Ok(Some(Self::Local(archive))),
            _ => Ok(None),
        }
    }

    /// The same with a relative path seen from `folder`.
    #[must_use]
    pub fn seen_from(self, folder: &Utf8Path) -> Self {
        match self {
            Self::Local(reference) => Self::Local(reference.seen_from(folder.as_std_path())),
            elsewhere => elsewhere,
        }
    }

    /// A short name for an image that has none but this: a slug.
    pub fn slug(&self) -> String {
        let (name, tag) = match self {
            Self::Local(reference) => {
                let stem = reference.path().file_name().unwrap_or_default();
                let stem = stem.to_string_lossy();
                let stem = stem.split(".tar").next().unwrap_or_default().to_owned();
                (stem, reference.name().map(str::to_owned))
            }
            Self::Registry(reference) => {
                let path = reference.repository.path();
                let last = path.rsplit('/').next().unwrap_or(path);
                (last.to_owned(), reference.tag.clone())
            }
            Self::Daemon(name) => {
                let last = name.rsplit('/').next().unwrap_or(name);
                (last.to_owned(), None)
            }
        };
        let whole = match tag {
            Some(tag) => format!("{name}-{}", tag.rsplit('/').next().unwrap_or(&tag)),
            None => name,
        };
        let part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let text: String = whole
            .to_lowercase()
            .chars()
            .map(|c| if part(c) { c } else { '-' })
            .take(60)
            .collect();
        let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if text.is_empty() {
            "image".to_owned()
        } else {
            text.to_owned()
        }
    }

    /// A whole spec for an image that comes without one. What it does not say, the image's own
    /// configuration says; what nobody can say is left at what harms nobody.
    pub fn spec(&self) -> String {
        let quoted = serde_json::Value::String(self.to_string());
        let summary = serde_json::Value::String(format!("existing image {self}"));
        format!(
            "# Made for an image that was given without a spec.\nsummary: {summary}\n\
             from: {quoted}\nconfig: {{entrypoint: []}}\nreadiness: exposed\n\
             resources: {{memory_mib: 512, pids: 256}}\nbaseline: none\n"
        )
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(reference) => write!(f, "{reference}"),
            Self::Registry(reference) => write!(f, "{REGISTRY}{reference}"),
            Self::Daemon(name) => write!(f, "{DAEMON}{name}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_form_says_where_the_image_is() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there").display().to_string();
        fs_err::create_dir(&there).unwrap();
        for (text, kind, slug) in [
            ("docker://valkey", "registry", "valkey"),
            ("reg.example:5000/ns/app:1.0", "registry", "app-1.0"),
            ("valkey:8", "registry", "valkey-8"),
            ("docker-daemon:ns/App:1", "daemon", "app-1"),
            ("docker-archive:d/x.tar:ns/app:1", "local", "x-app-1"),
            ("x.tar.gz", "local", "x"),
            ("layout:out/python", "local", "python"),
            ("./out/Python 3", "local", "python-3"),
            ("/", "local", "image"),
            (&there, "local", "there"),
        ] {
            let source = Source::evident(text).unwrap().unwrap();
            let found = match &source {
                Source::Local(_) => "local",
                Source::Registry(_) => "registry",
                Source::Daemon(_) => "daemon",
            };
            assert_eq!((found, &*source.slug()), (kind, slug), "{text}");
            // A name without a tag is read back as the tag that it means.
            let told = source.to_string();
            assert_eq!(Source::read(&told).unwrap().to_string(), told);
            let spec = model::ImageSpec::from_yaml("x.yaml", &source.spec()).unwrap();
            let from = Source::read(&spec.from.unwrap()).unwrap();
            assert_eq!(from.to_string(), told);
        }
    }

    #[test]
    fn a_mistyped_name_is_looked_for_nowhere() {
        for text in ["pyhton", "ns/app", "image.yaml"] {
            assert_eq!(Source::evident(text).unwrap(), None, "{text}");
        }
        for text in [
            "docker://",
            "docker://A",
            "docker-daemon:",
            "docker-daemon:../x?y",
            "layout:",
        ] {
            assert!(Source::evident(text).is_err(), "{text}");
        }
    }
}
