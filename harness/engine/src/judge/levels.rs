//! Levels: cumulative sets of check ids, every one `pass` or `waived`.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Arch, CellVerdict, CheckId, ImageName, LevelVerdict, Outcome, Plan, PlatformFamily,
    PlatformName, Role, Standing,
};

use crate::journal::Journal;

pub(super) fn judge(plan: &Plan, journal: &Journal, cells: &[CellVerdict]) -> Vec<LevelVerdict> {
    let mut groups: Vec<(ImageName, PlatformName, Arch)> = Vec::new();
    for cell in cells.iter().filter(|cell| cell.role == Role::Subject) {
        let group = (cell.image.clone(), cell.platform.clone(), cell.arch);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
        .into_iter()
        .map(|group| {
            let real = journal
                .sessions()
                .filter(|session| session.platform == group.1)
                .all(|session| session.standing == Standing::Real);
            reached(
                plan,
                cells,
                group,
                if real { Reach::Levels } else { Reach::None },
            )
        })
        .collect()
}

/// Whether a platform can reach levels at all.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Levels,
    None,
}

fn reached(
    plan: &Plan,
    cells: &[CellVerdict],
    (image, platform, arch): (ImageName, PlatformName, Arch),
    reach: Reach,
) -> LevelVerdict {
    let mut outcomes: BTreeMap<&CheckId, Outcome> = BTreeMap::new();
    let mut beyond: BTreeSet<&CheckId> = BTreeSet::new();
    let mut family = PlatformFamily::Oci;
    for cell in cells {
        if cell.image == image && cell.platform == platform && cell.arch == arch {
            family = plan.cell(&cell.id).map_or(family, |planned| planned.family);
            for check in &cell.checks {
                let folded = outcomes.entry(&check.id).or_insert(check.outcome);
                *folded = Outcome::fold([*folded, check.outcome]);
                if plan.profile.is_beyond_platform(&check.id, &check.message) {
                    beyond.insert(&check.id);
                }
            }
        }
    }
    let mut verdict = LevelVerdict {
        image,
        platform,
        arch,
        level: None,
        with_waivers: false,
        missing_for_next: Vec::new(),
    };
    for (name, ids) in &plan.profile.levels {
        if family == PlatformFamily::Oci && plan.profile.cluster_levels.contains(name) {
            continue;
        }
        let holds = |id: &&CheckId| match outcomes.get(*id) {
            Some(Outcome::Pass | Outcome::Waived) => true,
            Some(Outcome::NotApplicable) => beyond.contains(*id),
            _ => false,
        };
        let missing: Vec<CheckId> = ids.iter().filter(|id| !holds(id)).cloned().collect();
        if !missing.is_empty() || reach == Reach::None {
            verdict.missing_for_next = missing;
            break;
        }
        verdict.with_waivers |= ids
            .iter()
            .any(|id| outcomes.get(id) == Some(&Outcome::Waived));
        verdict.level = Some(name.clone());
    }
    verdict
}
