//! Room 1, intent: who asked for what. Specs and the profile are read and checked.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use camino::Utf8Path;
use model::{Baseline, FileSource, ImageName, ImageSpec, OwnData, Profile, Role, Variation};

use super::source::Source;
use super::wanted::Wanted;
use crate::host;
use crate::releases::ReleaseChoice;
use crate::shipped::Shelf;

/// Everything that was asked for.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Subjects first, then controls.
    pub images: Vec<IntendedImage>,
    /// What is demanded.
    pub profile: Profile,
    /// The profile's file, when it is the user's own.
    pub own_profile: Option<OwnData>,
}

/// One image that was asked for.
#[derive(Debug, Clone)]
pub struct IntendedImage {
    /// Its name.
    pub name: ImageName,
    /// Its part in the run.
    pub role: Role,
    /// Its spec.
    pub spec: ImageSpec,
    /// The spec's text as written.
    pub text: String,
    /// The user's own files and releases that it and its baseline are made of.
    pub own: Vec<OwnData>,
}

/// Where specs lie, in the order in which a name is looked up.
const SPEC_FOLDERS: [&str; 3] = ["images", "images/controls", "images/variants"];

/// Reads what was asked for.
pub fn read(wanted: &Wanted, shelf: &Shelf) -> Result<Intent> {
    let profile = profile(&wanted.profile, shelf)?;
    let names = if wanted.images.is_empty() {
        shelf.images()?
    } else {
        wanted.images.clone()
    };
    let mut images: Vec<IntendedImage> = Vec::new();
    for name in &names {
        let mut image = image_of(name, shelf, &wanted.release)?;
        if let Some(baseline) = &wanted.baseline {
            image.spec.baseline = match baseline.as_str() {
                "none" => Baseline::None,
                reference => Baseline::Layout(reference.to_owned()),
            };
        }
        if images.iter().any(|other| other.name == image.name) {
            bail!("image `{}` is named twice", image.name);
        }
        images.push(image);
    }
    let run_time = profile.controls.run_time.all();
    let run_time = run_time.into_iter().flat_map(BTreeMap::values);
    let planned = profile.controls.static_only.iter().chain(run_time);
    for name in planned {
        if images.iter().any(|image| image.name.as_str() == name) {
            continue;
        }
        let mut control = image_of(name, shelf, &wanted.release)
            .with_context(|| format!("control `{name}` of profile `{}`", profile.name))?;
        if control.spec.control.is_none() {
            bail!("`{name}` stands among the controls and does not say which checks it must fail");
        }
        control.role = Role::Control;
        images.push(control);
    }
    for image in &mut images {
        image.own = own_data(image, shelf, &wanted.release)?;
        if !image.spec.slices.is_empty() {
            image.own.extend(wanted.release.own_folder()?);
        }
    }
    Ok(Intent {
        images,
        profile,
        own_profile: shelf.own_profile(&wanted.profile)?,
    })
}

/// The user's own files and releases that an image and its baseline are made of.
fn own_data(image: &IntendedImage, shelf: &Shelf, choice: &ReleaseChoice) -> Result<Vec<OwnData>> {
    let mut own = content(image, shelf)?;
    match &image.spec.baseline {
        Baseline::Install(packages) => {
            for release in packages.keys() {
                own.extend(shelf.own_release(release)?);
            }
        }
        Baseline::Spec(name) => {
            own.extend(content(&image_of(name, shelf, choice)?, shelf)?);
        }
        Baseline::Layout(_) | Baseline::None => {}
    }
    Ok(own)
}

/// The user's own files and releases that an image itself is made of.
fn content(image: &IntendedImage, shelf: &Shelf) -> Result<Vec<OwnData>> {
    let mut own = Vec::new();
    let mut specs = vec![image.name.to_string()];
    if Variation::is_one(&image.text) {
        let variation = Variation::from_yaml(image.name.as_str(), &image.text);
        specs.push(variation.map_err(anyhow::Error::new)?.like);
    }
    for name in specs {
        for folder in SPEC_FOLDERS {
            own.extend(shelf.own_data(&format!("{folder}/{name}.yaml"))?);
        }
    }
    for file in &image.spec.files {
        if let FileSource::File(name) = &file.source {
            own.extend(shelf.own_data(&format!("images/files/{name}"))?);
        }
    }
    for release in image.spec.slices.keys() {
        own.extend(shelf.own_release(release)?);
    }
    Ok(own)
}

/// Reads a profile: a name on the shelf, or a file.
pub fn profile(name: &str, shelf: &Shelf) -> Result<Profile> {
    let (source, text) = if let Some(found) = shelf.profile(name)? {
        (found.name, String::from_utf8(found.bytes)?)
    } else if Utf8Path::new(name).is_file() {
        (name.to_owned(), fs_err::read_to_string(name)?)
    } else {
        bail!(
            "there is no profile `{name}` (known: {}; or give a file)",
            shelf.profiles()?.join(", ")
        );
    };
    let profile = Profile::from_yaml(&source, &text).map_err(anyhow::Error::msg)?;
    for id in profile.required_checks() {
        if suites::check(id.as_str()).is_none() {
            bail!("{source}: names the check {id}, which this program does not have");
        }
    }
    Ok(profile)
}

/// Reads a spec as [`image_of`] does, for the release of this host.
pub fn image(name: &str, shelf: &Shelf) -> Result<IntendedImage> {
    image_of(name, shelf, &ReleaseChoice::new(None, &host::root()))
}

/// Reads a spec: a shipped image, variant or control, or a spec file; an existing image gets one.
/// It speaks of the chosen release alone.
pub fn image_of(name: &str, shelf: &Shelf, choice: &ReleaseChoice) -> Result<IntendedImage> {
    let (stem, source, text) = find(name, shelf)?;
    let spec = if Variation::is_one(&text) {
        vary(&source, &text, shelf, choice)?
    } else {
        let spec = ImageSpec::from_yaml(&source, &text).map_err(anyhow::Error::new)?;
        choice.narrow(&spec).with_context(|| source.clone())?
    };
    Ok(IntendedImage {
        name: ImageName::new(stem.to_lowercase())?,
        role: Role::Subject,
        spec,
        text,
        own: Vec::new(),
    })
}

/// The spec's short name, the path for messages, and its text.
fn find(name: &str, shelf: &Shelf) -> Result<(String, String, String)> {
    for folder in SPEC_FOLDERS {
        if let Some(found) = shelf.get(&format!("{folder}/{name}.yaml"))? {
            return Ok((name.to_owned(), found.name, String::from_utf8(found.bytes)?));
        }
    }
    let path = Utf8Path::new(name);
    let is_spec = matches!(path.extension(), Some("yaml" | "yml"));
    if is_spec && path.is_file() {
        let stem = path.file_stem().unwrap_or(name);
        return Ok((
            stem.to_owned(),
            name.to_owned(),
            fs_err::read_to_string(name)?,
        ));
    }
    if is_spec {
        bail!("there is no spec file `{name}`");
    }
    if let Some(source) = Source::evident(name)? {
        return Ok((source.slug(), name.to_owned(), source.spec()));
    }
    bail!(
        "there is no image `{name}`; known: {}; a spec file ends in .yaml, and an existing image \
         is named with a host or a tag, with `docker://`, `docker-daemon:` or `docker-archive:` in \
         front, or by a path",
        [shelf.images()?, shelf.variants()?].concat().join(", ")
    )
}

/// The whole spec of a variation. What it is like must stand for itself, so that there is no
/// chain to follow.
fn vary(source: &str, text: &str, shelf: &Shelf, choice: &ReleaseChoice) -> Result<ImageSpec> {
    let variation = Variation::from_yaml(source, text).map_err(anyhow::Error::new)?;
    let (_, base, base_text) = find(&variation.like, shelf)
        .with_context(|| format!("{source} is like `{}`", variation.like))?;
    if Variation::is_one(&base_text) {
        bail!("{source} is like {base}, which is a variation itself; name what that one is like");
    }
    let whole = ImageSpec::from_yaml(&base, &base_text).map_err(anyhow::Error::new)?;
    let narrow = choice.narrow(&whole).with_context(|| base)?;
    let mut variation = variation;
    if let Some(add) = &mut variation.add
        && !add.slices.is_empty()
    {
        // What is added must be said for the release that the other spec is cut from.
        let chosen = |name: &String| narrow.slices.contains_key(name);
        if !add.slices.keys().any(chosen) {
            let wanted: Vec<&str> = narrow.slices.keys().map(String::as_str).collect();
            bail!(
                "{source} adds no slices for the release `{}` that `{}` is cut from",
                wanted.join(", "),
                variation.like
            );
        }
        add.slices
            .retain(|name, _| narrow.slices.contains_key(name));
    }
    variation
        .of(&narrow)
        .with_context(|| format!("in {source}"))
}
