//! Names of everything a session makes in a cluster. Each carries the run's id.

use model::RunId;

/// The label that everything made here carries; its value is the run's id.
pub(crate) const LABEL: &str = "dev.certify/run";
/// The annotation that says until when it may be there.
pub(crate) const EXPIRES: &str = "dev.certify/expires";
/// The measured container of a pod.
pub(crate) const SUBJECT: &str = "subject";
/// A container of a pod whose containers start in turn.
pub(crate) fn place(number: usize) -> String {
    format!("place-{number}")
}

/// The folder that containers share that start in turn.
pub(crate) const TURNS: &str = "/.certify-turns";
/// The container with the prober.
pub(crate) const PROBER: &str = "prober";
/// Where the probe lies in containers.
pub(crate) const PROBE: &str = "/.certify/probe";

/// The namespace of a run.
pub(crate) fn namespace(run: &RunId) -> String {
    format!("certify-{run}")
}

/// The name of a delivered image. There is no such host: nothing can be pulled by accident.
pub(crate) fn image(run: &RunId, label: &str) -> String {
    format!("certify.invalid/{label}:{run}")
}

/// The label in such a name.
pub(crate) fn label(image: &str) -> &str {
    let name = image.strip_prefix("certify.invalid/").unwrap_or(image);
    name.split_once(':').map_or(name, |(label, _)| label)
}

/// Whether an image was brought by a run, whichever.
pub(crate) fn is_any_runs_image(name: &str) -> bool {
    name.starts_with("certify.invalid/")
}

/// What images of a run begin and end with.
pub(crate) fn is_image_of(run: &RunId, name: &str) -> bool {
    name.starts_with("certify.invalid/") && name.ends_with(&format!(":{run}"))
}
