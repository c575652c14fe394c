//! Room 2, plan: every cell that will be judged, each check runnable or inapplicable with a reason.

use anyhow::{Result, bail};
use engine::{Platform, Suite};
use model::{
    Arch, CellId, CheckInfo, Method, NotSelected, OwnData, Plan, PlannedCell, PlannedCheck,
    PlannedImage, PlatformFamily, PlatformName, Readiness, Role, SuiteName,
};

use super::intent::{IntendedImage, Intent};
use super::wanted::Wanted;

/// The version of the plan's shape.
const SCHEMA: u32 = 1;

/// The platform used when none is named: the embedded runtime.
pub const DEFAULT_PLATFORM: &str = "oci";

/// Plans what `intent` asks for. Pure: reads registries and the intent, no host.
pub fn plan(intent: &Intent, wanted: &Wanted) -> Result<Plan> {
    let platforms = platforms(wanted)?;
    known_checks(intent)?;
    let suites = suites(&wanted.suites)?;
    let Some(arch) = Arch::host() else {
        bail!(
            "this host's architecture ({}) is not one of ours",
            std::env::consts::ARCH
        )
    };
    let mut plan = Plan {
        schema: SCHEMA,
        profile_digest: intent.profile.digest(),
        profile: intent.profile.clone(),
        images: intent.images.iter().map(planned_image).collect(),
        cells: Vec::new(),
        not_selected: not_selected(&suites),
        own: Vec::new(),
    };
    for platform in &platforms {
        for image in &intent.images {
            for suite in &suites {
                if let Some(cell) = cell(intent, image, *platform, *suite, arch)? {
                    plan.cells.push(cell);
                }
            }
        }
    }
    drop_unused_images(&mut plan, intent);
    Ok(plan)
}

/// Keeps the subjects' cells that `keep` accepts, and the controls that show what the remaining
/// suites are worth; the others are listed as not selected, because of `why`.
pub fn narrow(plan: &mut Plan, intent: &Intent, keep: impl Fn(&PlannedCell) -> bool, why: &str) {
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for cell in std::mem::take(&mut plan.cells) {
        if cell.role == Role::Control || keep(&cell) {
            kept.push(cell);
        } else {
            dropped.push(cell);
        }
    }
    let serves = |cell: &PlannedCell| {
        cell.role == Role::Subject
            || kept.iter().any(|other| {
                other.role == Role::Subject
                    && other.platform == cell.platform
                    && other.suite == cell.suite
            })
    };
    plan.cells = kept.iter().filter(|cell| serves(cell)).cloned().collect();
    plan.not_selected
        .extend(dropped.into_iter().map(|cell| NotSelected {
            what: format!("cell {}", cell.id),
            why: why.to_owned(),
        }));
    drop_unused_images(plan, intent);
}

/// An image that no cell judges is not built either, and what it is made of is not the plan's.
fn drop_unused_images(plan: &mut Plan, intent: &Intent) {
    plan.images
        .retain(|image| plan.cells.iter().any(|cell| cell.image == image.name));
    let judged = |image: &&IntendedImage| plan.image(&image.name).is_some();
    let used = intent.images.iter().filter(judged);
    let mut own: Vec<OwnData> = used.flat_map(|image| image.own.clone()).collect();
    own.extend(intent.own_profile.clone());
    own.sort();
    own.dedup();
    plan.own = own;
}

fn planned_image(image: &IntendedImage) -> PlannedImage {
    // A control that the user asks for by name is judged like any subject.
    let control = image
        .spec
        .control
        .as_ref()
        .filter(|_| image.role == Role::Control);
    PlannedImage {
        name: image.name.clone(),
        role: image.role,
        summary: image.spec.summary.clone(),
        spec_digest: image.spec.digest(),
        falls_short: image.spec.falls_short.clone(),
        must_fail: control
            .map(|control| control.fails.clone())
            .unwrap_or_default(),
        may_fail: control
            .map(|control| control.may_fail.clone())
            .unwrap_or_default(),
        flaw: control.map(|control| control.flaw.clone()),
    }
}

fn cell(
    intent: &Intent,
    image: &IntendedImage,
    platform: &dyn Platform,
    suite: &dyn Suite,
    arch: Arch,
) -> Result<Option<PlannedCell>> {
    let controls = &intent.profile.controls;
    let name = image.name.as_str();
    let runs = match image.role {
        Role::Subject => true,
        Role::Control => controls
            .run_time
            .of(platform.family())
            .get(suite.name())
            .is_some_and(|run| run == name),
    };
    let infos = suite.checks();
    let has_static = infos.iter().any(|info| info.method == Method::Static);
    let static_only = !runs && has_static && controls.static_only.iter().any(|c| c == name);
    if !runs && !static_only {
        return Ok(None);
    }
    let checks = infos
        .iter()
        .filter(|info| runs || info.method == Method::Static)
        .filter(|info| is_of(platform.family(), info.id))
        .map(|info| PlannedCheck {
            id: info.check_id(),
            inapplicable: inapplicable(intent, image, platform.family(), info),
        })
        .collect();
    let (suite, platform_name) = (
        SuiteName::new(suite.name())?,
        PlatformName::new(platform.name())?,
    );
    Ok(Some(PlannedCell {
        id: CellId::of(&image.name, &platform_name, arch, &suite),
        image: image.name.clone(),
        platform: platform_name,
        family: platform.family(),
        arch,
        suite,
        role: image.role,
        checks,
        needs_session: runs,
        margin: match platform.family() {
            PlatformFamily::Oci => intent.profile.margin.oci,
            PlatformFamily::Kubernetes => intent.profile.margin.kubernetes,
        },
    }))
}

/// Refuses a spec that speaks of a check that no suite has.
fn known_checks(intent: &Intent) -> Result<()> {
    for image in &intent.images {
        let mut named = image.spec.falls_short.keys();
        if let Some(id) = named.find(|id| suites::check(id.as_str()).is_none()) {
            let name = &image.name;
            bail!("image {name}: `falls_short` names `{id}`, and there is no such check");
        }
    }
    Ok(())
}

/// Whether a check has a meaning on this kind of platform.
fn is_of(family: PlatformFamily, check: &str) -> bool {
    family == PlatformFamily::Kubernetes || !suites::is_of_clusters(check)
}

/// Why a check has no meaning for this image or this kind of platform, if so.
fn inapplicable(
    intent: &Intent,
    image: &IntendedImage,
    family: PlatformFamily,
    check: &CheckInfo,
) -> Option<String> {
    if check.id == suites::OWNED_CHECK && image.spec.from.is_some() {
        let why =
            "an existing image carries no slice manifest, so ownership of its files is unknown";
        return Some(why.to_owned());
    }
    if matches!(image.spec.readiness, Readiness::Exit { .. }) && suites::needs_running(check.id) {
        let why = "the program ends by itself (`readiness: exit`): no container keeps running that \
                   could be looked into";
        return Some(why.to_owned());
    }
    let beyond = intent.profile.beyond_platform.of(family);
    beyond.get(&check.check_id()).cloned()
}

fn platforms(wanted: &Wanted) -> Result<Vec<&'static dyn Platform>> {
    if wanted.platforms.is_empty() {
        return Ok(vec![wanted.known.find(DEFAULT_PLATFORM)?]);
    }
    let named = wanted.platforms.iter();
    named.map(|name| wanted.known.find(name)).collect()
}

fn suites(wanted: &[String]) -> Result<Vec<&'static dyn Suite>> {
    if let Some(name) = wanted
        .iter()
        .find(|name| suites::SUITES.iter().all(|s| s.name() != **name))
    {
        let known: Vec<&str> = suites::SUITES.iter().map(|suite| suite.name()).collect();
        bail!("there is no suite `{name}` (known: {})", known.join(", "));
    }
    let chosen = |suite: &&&'static dyn Suite| {
        wanted.is_empty() || wanted.iter().any(|name| name == suite.name())
    };
    Ok(suites::SUITES.iter().filter(chosen).copied().collect())
}

fn not_selected(chosen: &[&dyn Suite]) -> Vec<NotSelected> {
    suites::SUITES
        .iter()
        .filter(|suite| chosen.iter().all(|other| other.name() != suite.name()))
        .map(|suite| NotSelected {
            what: format!("suite {}", suite.name()),
            why: "not among the suites asked for".to_owned(),
        })
        .collect()
}
