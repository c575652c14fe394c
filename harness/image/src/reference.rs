//! Where an image is, as people write it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::ImageError;

/// An image on this machine: `layout:PATH`, a folder's path, or an archive's path (`.tar`, maybe
/// `.tar.gz`: an OCI archive or what `docker save` writes). One of several images is named behind a
/// prefix: `layout:PATH:NAME`, `docker-archive:PATH:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A layout folder.
    Layout {
        /// The folder.
        path: PathBuf,
        /// The image's name inside it, if there are several.
        name: Option<String>,
    },
    /// An archive file.
    Archive {
        /// The file.
        path: PathBuf,
        /// The image's name inside it, if there are several: `app:1.0`.
        name: Option<String>,
    },
}

/// Prefixes that other tools use for images elsewhere; named so that the error can say so.
const ELSEWHERE: [&str; 7] = [
    "docker://",
    "docker:",
    "docker-daemon:",
    "containers-storage:",
    "oci://",
    "http://",
    "https://",
];

impl Reference {
    /// The file or folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Layout { path, .. } | Self::Archive { path, .. } => path,
        }
    }

    /// The image's name at that place, if one is given.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Layout { name, .. } | Self::Archive { name, .. } => name.as_deref(),
        }
    }

    /// The same image, with a relative path seen from `folder`.
    #[must_use]
    pub fn seen_from(mut self, folder: &Path) -> Self {
        let (Self::Layout { path, .. } | Self::Archive { path, .. }) = &mut self;
        *path = folder.join(&*path);
        self
    }
}

impl FromStr for Reference {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let refuse = |why: &str| {
            Err(ImageError::Reference {
                reference: text.to_owned(),
                why: why.to_owned(),
            })
        };
        if text.is_empty() {
            return refuse("is empty");
        }
        if ELSEWHERE.iter().any(|prefix| text.starts_with(prefix)) {
            return refuse("is not on this machine; give `layout:PATH`, a folder or an archive");
        }
        if let Some(rest) = text.strip_prefix("layout:").or(text.strip_prefix("oci:")) {
            let (path, name) = match rest.rsplit_once(':') {
                // A colon before a slash belongs to the path.
                Some((path, name)) if !name.contains('/') => (path, Some(name)),
                _ => (rest, None),
            };
            if path.is_empty() || name == Some("") {
                return refuse("lacks a path or a name");
            }
            return Ok(Self::Layout {
                path: path.into(),
                name: name.map(str::to_owned),
            });
        }
        let archive = text
            .strip_prefix("docker-archive:")
            .or(text.strip_prefix("oci-archive:"));
        let is_archive = [".tar", ".tar.gz", ".tgz", ".tar.zst"]
            .iter()
            .any(|end| text.ends_with(end));
        match archive {
            Some("") => refuse("lacks a path"),
            // Names have colons, so it is the path that has none, as elsewhere.
            Some(rest) => match rest.split_once(':') {
                Some(("", _) | (_, "")) => refuse("lacks a path or a name"),
                Some((path, name)) => Ok(Self::Archive {
                    path: path.into(),
                    name: Some(name.to_owned()),
                }),
                None => Ok(Self::Archive {
                    path: rest.into(),
                    name: None,
                }),
            },
            None if is_archive => Ok(Self::Archive {
                path: text.into(),
                name: None,
            }),
            None => Ok(Self::Layout {
                path: text.into(),
                name: None,
            }),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout { path, name: None } => write!(f, "layout:{}", path.display()),
            Self::Layout {
                path,
                name: Some(name),
            } => write!(f, "layout:{}:{name}", path.display()),
            Self::Archive { path, name: None } => write!(f, "{}", path.display()),
            Self::Archive {
                path,
                name: Some(name),
            } => write!(f, "docker-archive:{}:{name}", path.display()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_people_write() {
        let layout = |path: &str, name: Option<&str>| Reference::Layout {
            path: path.into(),
            name: name.map(str::to_owned),
        };
        let archive = |path: &str, name: Option<&str>| Reference::Archive {
            path: path.into(),
            name: name.map(str::to_owned),
        };
        for (text, expected) in [
            ("layout:out/python", layout("out/python", None)),
            (
                "layout:out/python:latest",
                layout("out/python", Some("latest")),
            ),
            ("oci:a:b/c", layout("a:b/c", None)),
            ("out/python", layout("out/python", None)),
            ("./x:y", layout("./x:y", None)),
            ("image.tar", archive("image.tar", None)),
            ("d/image.tar.gz", archive("d/image.tar.gz", None)),
            ("docker-archive:image", archive("image", None)),
            (
                "docker-archive:d/x.tar:ns/app:1.0",
                archive("d/x.tar", Some("ns/app:1.0")),
            ),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "layout:",
            "layout:x:",
            "docker://x",
            "docker-archive:",
            "docker-archive:x:",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        for text in ["layout:a/b:c", "docker-archive:a.tar:b:c"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
    }
}
