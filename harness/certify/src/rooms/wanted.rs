//! What was asked for: the command line first, then `certify.yaml`, then what ships.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use model::ClusterSettings;

use super::archives::Mirrors;
use super::known::Known;
use super::source::Source;
use crate::arguments::{RunArguments, SourceArguments};
use crate::releases::{Freshness, ReleaseChoice};
use crate::shipped::Shelf;

/// The profile used when none is named.
const DEFAULT_PROFILE: &str = "smoke";

/// What was asked for, with every default but those of the registries filled in.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Images; empty for all on the shelf.
    pub images: Vec<String>,
    /// Platforms; empty for the default one.
    pub platforms: Vec<String>,
    /// Platforms that can be named.
    pub known: Known,
    /// What is said of clusters, by platform.
    pub clusters: BTreeMap<String, ClusterSettings>,
    /// Suites; empty for all.
    pub suites: Vec<String>,
    /// The profile: a name or a file.
    pub profile: String,
    /// What replaces every spec's baseline, if something does.
    pub baseline: Option<String>,
    /// Where packages come from.
    pub mirrors: Mirrors,
    /// Which of the releases that specs name is taken.
    pub release: ReleaseChoice,
    /// Whether releases that others publish may be kept ones.
    pub freshness: Freshness,
    /// Registries that may be spoken to without encryption.
    pub plain_http: Vec<String>,
    /// The `certify.yaml` that was read, if there is one.
    pub configuration: Option<Utf8PathBuf>,
}

impl Wanted {
    /// What `certify.yaml` says, and no command line.
    pub fn defaults(shelf: &Shelf) -> Result<Self> {
        let none = RunArguments {
            images: Vec::new(),
            platforms: Vec::new(),
            suites: Vec::new(),
            profile: None,
            baseline: None,
            out: None,
            plain_http: Vec::new(),
            source: SourceArguments::NONE,
            json: false,
        };
        Self::read(&none, shelf)
    }

    /// Reads the command line and the user's `certify.yaml`. A list on the command line replaces
    /// the one in the file.
    pub fn read(arguments: &RunArguments, shelf: &Shelf) -> Result<Self> {
        let mirrors =
            Mirrors::read(arguments.source.mirrors(), shelf)?.ignoring(&arguments.source.ignored());
        let asked = &arguments.source.release;
        let (release, freshness) = (asked.choice(), asked.freshness());
        let Some((path, file)) = shelf.configuration()? else {
            return Ok(Self {
                images: arguments.images.clone(),
                platforms: arguments.platforms.clone(),
                known: Known::with(&BTreeMap::new())?,
                clusters: BTreeMap::new(),
                suites: arguments.suites.clone(),
                profile: arguments
                    .profile
                    .clone()
                    .unwrap_or_else(|| DEFAULT_PROFILE.to_owned()),
                baseline: arguments.baseline.clone(),
                mirrors,
                release,
                freshness,
                plain_http: arguments.plain_http.clone(),
                configuration: None,
            });
        };
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        let images = file.images.unwrap_or_default();
        let images = images.iter().map(|name| image_beside(folder, name));
        let images = images
            .collect::<Result<_>>()
            .with_context(|| format!("in {path}: images"))?;
        let profile = file.profile.map(|name| beside(folder, &name));
        let baseline = file
            .baseline
            .map(|reference| reference_beside(folder, &reference))
            .transpose()
            .with_context(|| format!("in {path}: baseline"))?;
        let or = |given: &Vec<String>, configured: Vec<String>| {
            if given.is_empty() {
                configured
            } else {
                given.clone()
            }
        };
        Ok(Self {
            images: or(&arguments.images, images),
            platforms: or(&arguments.platforms, file.platforms.unwrap_or_default()),
            known: Known::with(&file.clusters)?,
            clusters: clusters_beside(folder, file.clusters),
            suites: or(&arguments.suites, file.suites.unwrap_or_default()),
            profile: arguments
                .profile
                .clone()
                .or(profile)
                .unwrap_or_else(|| DEFAULT_PROFILE.to_owned()),
            baseline: arguments.baseline.clone().or(baseline),
            mirrors,
            release,
            freshness,
            plain_http: or(&arguments.plain_http, file.plain_http.unwrap_or_default()),
            configuration: Some(path),
        })
    }
}

/// The settings with their files as seen from `folder`.
fn clusters_beside(
    folder: &Utf8Path,
    clusters: BTreeMap<String, ClusterSettings>,
) -> BTreeMap<String, ClusterSettings> {
    let there = |path: String| folder.join(path).into_string();
    let beside = |(platform, mut settings): (String, ClusterSettings)| {
        settings.kubeconfig = settings.kubeconfig.map(there);
        if let Some(create) = &mut settings.create {
            create.config = create.config.take().map(there);
        }
        (platform, settings)
    };
    clusters.into_iter().map(beside).collect()
}

/// A name as it is; a YAML file as seen from `folder`.
fn beside(folder: &Utf8Path, name: &str) -> String {
    let is_file = matches!(Utf8Path::new(name).extension(), Some("yaml" | "yml"));
    if is_file {
        folder.join(name).into_string()
    } else {
        name.to_owned()
    }
}

/// A name or a spec file, or an existing image as seen from `folder`.
fn image_beside(folder: &Utf8Path, text: &str) -> Result<String> {
    let seen = beside(folder, text);
    // A single word is a name, whatever lies beside the file.
    if seen != text || !text.contains(['/', ':', '.']) {
        return Ok(seen);
    }
    let source = if folder.join(text).exists() {
        Some(Source::Local(text.parse()?))
    } else {
        Source::evident(text)?
    };
    Ok(source.map_or(seen, |source| source.seen_from(folder).to_string()))
}

/// `none`, or an image as seen from `folder`.
fn reference_beside(folder: &Utf8Path, text: &str) -> Result<String> {
    if text == "none" {
        return Ok(text.to_owned());
    }
    Ok(Source::read(text)?.seen_from(folder).to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn wanted(command_line: &[&str], text: &str) -> Wanted {
        use clap::Parser;
        let folder = tempfile::tempdir().unwrap();
        let own = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        fs_err::write(own.join("certify.yaml"), text).unwrap();
        let line = ["certify", "run"].iter().chain(command_line);
        let crate::arguments::Verb::Run(arguments) =
            crate::arguments::Arguments::parse_from(line).verb
        else {
            unreachable!("the verb is `run`")
        };
        Wanted::read(&arguments, &Shelf::open(Some(own)).unwrap()).unwrap()
    }

    #[test]
    fn the_command_line_replaces_what_the_file_says() {
        let text = "images: [valkey, nginx]\nsuites: [startup]\nprofile: standard\n";
        let read = wanted(&["--image", "python", "--profile", "smoke"], text);
        assert_eq!(read.images, ["python"]);
        assert_eq!(read.suites, ["startup"]);
        assert_eq!(read.profile, "smoke");
        assert!(read.platforms.is_empty());
    }

    #[test]
    fn files_are_seen_from_the_folder_of_the_file() {
        let text = "images: [valkey, web.yaml, ./x.tar, \"reg.example/a:1\"]\n\
                    profile: strict.yaml\nbaseline: \"layout:old:one\"\n";
        let read = wanted(&[], text);
        let folder = read.configuration.clone().unwrap();
        let folder = folder.parent().unwrap();
        assert_eq!(
            read.images,
            [
                "valkey".to_owned(),
                folder.join("web.yaml").into_string(),
                folder.join("./x.tar").into_string(),
                "docker://reg.example/a:1".to_owned(),
            ]
        );
        assert_eq!(read.profile, folder.join("strict.yaml").as_str());
        let baseline = format!("layout:{}:one", folder.join("old"));
        assert_eq!(read.baseline.as_deref(), Some(baseline.as_str()));
    }
}
