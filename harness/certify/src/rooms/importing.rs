//! Existing images, from wherever they are, as layouts in the run folder: the same image gives the
//! same layout from everywhere.

use anyhow::{Context, Result, anyhow, bail};
use camino::Utf8Path;
use image::{Limits, ManifestOrigin, OciImage, Reference};
use model::{Arch, ExitCode};
use platforms::SaveError;
use registry::{Client, Keychain, Patience, Settings, Trust, Wanted};
use tokio_util::sync::CancellationToken;

use super::source::Source;
use crate::{Failure, OrExit};

/// What an import works with.
#[derive(Clone, Copy)]
pub struct Importing<'a> {
    /// Hosts that may be spoken to without encryption.
    pub plain_http: &'a [String],
    /// A folder for what comes in pieces.
    pub scratch: &'a Utf8Path,
    /// Asked to stop.
    pub stop: &'a CancellationToken,
}

/// An image that lies in the run folder now.
pub struct Imported {
    /// The image, verified.
    pub image: OciImage,
    /// Where it came from, and under which digest it was known there.
    pub origin: String,
    /// What to know of it, for people.
    pub notes: Vec<String>,
}

/// Brings the image for `arch` into the layout folder `place`.
pub fn import(
    source: &Source,
    arch: Arch,
    place: &Utf8Path,
    with: Importing<'_>,
) -> Result<Imported, Failure> {
    let attempted = || format!("taking the image {source}");
    match source {
        Source::Local(reference) => {
            let image = local(reference, arch, place)
                .with_context(attempted)
                .or_usage()?;
            Ok(told(image, source.to_string()))
        }
        Source::Registry(reference) => pulled(reference, arch, place, with),
        Source::Daemon(name) => saved(name, arch, place, with).map_err(|failure| Failure {
            error: failure.error.context(attempted()),
            ..failure
        }),
    }
}

fn local(reference: &Reference, arch: Arch, place: &Utf8Path) -> Result<OciImage> {
    let limits = Limits::standard();
    Ok(OciImage::import(
        reference,
        arch,
        &limits,
        place.as_std_path(),
    )?)
}

/// What is said of an image: whose digest identifies it.
fn told(image: OciImage, origin: String) -> Imported {
    let mut notes = vec!["an existing image: its packages are not known".to_owned()];
    if image.manifest_origin == ManifestOrigin::Made {
        notes.push(format!(
            "the archive has no manifest, so the one here was made from its parts; what \
             identifies the image elsewhere is its configuration, {}",
            image.config.digest()
        ));
    }
    Imported {
        image,
        origin,
        notes,
    }
}

fn pulled(
    reference: &registry::Reference,
    arch: Arch,
    place: &Utf8Path,
    with: Importing<'_>,
) -> Result<Imported, Failure> {
    let client = client(with.plain_http).or_unavailable()?;
    let wanted = Wanted::One(arch);
    let pulling = client.pull(reference, wanted, place.as_std_path(), None);
    let pulled = waited_for(pulling, with.stop)?.map_err(|error| {
        let exit = if error.is_input() {
            ExitCode::Usage
        } else {
            ExitCode::Unavailable
        };
        Failure::new(exit, error.into())
    })?;
    let layout = Reference::Layout {
        path: place.into(),
        name: None,
    };
    let opened = OciImage::open(&layout, arch, &Limits::standard());
    let opened = opened.with_context(|| format!("reading what was pulled of {reference}"));
    let image = opened.or_usage()?;
    let digest = pulled.digest;
    let origin = match reference.digest {
        Some(_) => format!("docker://{reference}"),
        None => format!("docker://{reference}, which was {digest}"),
    };
    let mut imported = told(image, origin);
    if pulled.manifest != digest {
        imported.notes.push(format!(
            "the registry has an index, {digest}; the image for {arch} in it is {}",
            pulled.manifest
        ));
    }
    Ok(imported)
}

/// A client for the user's registries.
pub fn client(plain_http: &[String]) -> Result<Client> {
    Ok(Client::new(Settings {
        keychain: Keychain::of_user(),
        trust: Trust::of_user(),
        plain_http: plain_http.to_vec(),
        limits: Limits::standard(),
        patience: Patience::standard(),
    })?)
}

fn saved(
    name: &str,
    arch: Arch,
    place: &Utf8Path,
    with: Importing<'_>,
) -> Result<Imported, Failure> {
    fs_err::create_dir_all(with.scratch).or_unavailable()?;
    let file = with.scratch.join("saved.tar");
    let limit = Limits::standard().image_bytes;
    let saved = waited_for(platforms::save_image(name, &file, limit), with.stop);
    let imported = saved.and_then(|saved| {
        let saved = saved.map_err(|error| {
            let exit = match error {
                SaveError::NoImage { .. } => ExitCode::Usage,
                SaveError::Daemon(_) => ExitCode::Unavailable,
            };
            Failure::new(exit, error.into())
        })?;
        let reference = Reference::Archive {
            path: file.clone().into(),
            name: None,
        };
        let image = local(&reference, arch, place).or_usage()?;
        let (manifest, config) = (image.manifest.digest(), image.config.digest());
        let known = [manifest, config].map(|digest| digest.to_string());
        if !known.contains(&saved.id) {
            let error = anyhow!(
                "the daemon calls it {}, and what it saved is {manifest} with the configuration \
                 {config}; try to pull or load it there again",
                saved.id
            );
            return Err(error).or_unavailable();
        }
        let origin = format!(
            "docker-daemon:{name}, which was {} at {}",
            saved.id, saved.daemon
        );
        Ok(told(image, origin))
    });
    // It may not have come so far.
    let _ = fs_err::remove_file(&file);
    imported
}

/// Waits for something outside, unless the run is stopped.
pub fn waited_for<T>(
    work: impl Future<Output = T>,
    stop: &CancellationToken,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .or_unavailable()?;
    match runtime.block_on(stop.run_until_cancelled(work)) {
        Some(done) => Ok(done),
        None => interrupted().or_incomplete(),
    }
}

fn interrupted<T>() -> Result<T> {
    bail!("interrupted")
}
