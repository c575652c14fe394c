//! Making every image of a session startable, before anything is timed.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use model::{Digest, ImageName, Outcome, PlannedCell};

use crate::clock::millis;
use crate::error::SessionError;
use crate::event::Event;
use crate::run::{ImagePair, Run, RunError};
use crate::session::{Delivery, Recipe, Session, TreeOrigin};
use crate::suite::ArmImage;

/// Under this name the journal holds how long images took to be made startable.
pub const UNPACK_SPAN: &str = "unpack";

/// Deliveries side by side.
const AT_ONCE: usize = 2;

/// Images that are not there, each with how its cells end.
type Undelivered = BTreeMap<ImageName, (Outcome, String)>;

/// Delivers both arms of every image that a cell needs. An image of which one arm fails is not
/// there; the others are.
pub(crate) async fn all(
    run: &Run<'_>,
    session: &dyn Session,
    cells: &[&PlannedCell],
    images: &mut BTreeMap<ImageName, ImagePair>,
) -> Result<Undelivered, RunError> {
    let started = run.clock.monotonic();
    let wanted: BTreeSet<&ImageName> = cells.iter().map(|cell| &cell.image).collect();
    images.retain(|name, _| wanted.contains(name));
    let absent = wanted.iter().filter(|name| !images.contains_key(**name));
    let mut undelivered: Undelivered = absent
        .map(|name| {
            let why = format!("image {name} was not built");
            ((*name).clone(), (Outcome::HarnessError, why))
        })
        .collect();
    let mut arms: Vec<(&ImageName, Recipe, &mut ArmImage)> = Vec::new();
    for (name, pair) in images.iter_mut() {
        let recipe = recipe(&pair.candidate);
        arms.push((name, recipe.clone(), &mut pair.candidate));
        arms.extend(pair.baseline.as_mut().map(|arm| (name, recipe, arm)));
    }
    // The largest first, so that the last one is short; and images of one manifest one after the
    // other, so that a session may give them one tree.
    arms.sort_by_key(|(.., arm)| std::cmp::Reverse(arm.facts.file_bytes));
    let count = arms.len();
    let mut seen: BTreeSet<Digest> = BTreeSet::new();
    let (first, again): (Vec<_>, Vec<_>) = arms
        .into_iter()
        .partition(|(.., arm)| seen.insert(arm.facts.manifest));
    for turn in [first, again] {
        let deliveries = turn.into_iter().map(|(name, recipe, arm)| async move {
            let done = if run.stop.is_cancelled() {
                Ok(())
            } else {
                deliver(session, name, recipe, arm).await
            };
            (name.clone(), done)
        });
        let mut done = futures::stream::iter(deliveries).buffer_unordered(AT_ONCE);
        while let Some((name, result)) = done.next().await {
            if let Err(error) = result {
                undelivered.insert(name, (error.blame.outcome(), error.to_string()));
            }
        }
    }
    let ms = millis(run.clock.monotonic().since(started));
    run.span(UNPACK_SPAN, ms)?;
    let kept = match kept(images) {
        0 => String::new(),
        kept => format!(", {kept} kept and hashed again"),
    };
    run.listener.on(&Event::StepEnded {
        verb: "Unpack",
        object: format!("{count} images on {}{kept}", session.facts().platform),
        ms,
    });
    Ok(undelivered)
}

async fn deliver(
    session: &dyn Session,
    name: &ImageName,
    recipe: Recipe,
    arm: &mut ArmImage,
) -> Result<(), SessionError> {
    let delivery = Delivery {
        label: format!("{name}-{}", arm.facts.arm.word()),
        layout: arm.layout.clone(),
        manifest: arm.facts.manifest,
        tree: arm.facts.tree,
        recipe,
    };
    arm.delivered = Some(session.deliver(&delivery).await?);
    Ok(())
}

/// How many trees were not made for this session.
fn kept(images: &BTreeMap<ImageName, ImagePair>) -> usize {
    let arms = images
        .values()
        .flat_map(|pair| std::iter::once(&pair.candidate).chain(pair.baseline.as_ref()));
    let delivered = arms.filter_map(|arm| arm.delivered.as_ref());
    delivered
        .filter(|done| done.origin == TreeOrigin::Kept)
        .count()
}

/// Both arms run as the candidate's spec says.
fn recipe(candidate: &ArmImage) -> Recipe {
    let spec = &candidate.spec;
    Recipe {
        config: spec.config.clone(),
        readiness: spec.readiness.clone(),
        writable: spec.writable.clone(),
        resources: spec.resources.clone(),
    }
}
