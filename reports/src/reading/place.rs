//! Where something was judged: a platform, its architecture and its standing.

use model::{Arch, ImageName, PlatformFacts, PlatformName, Report, Role, Standing};

/// A platform and architecture of the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The platform.
    pub(crate) platform: &'a PlatformName,
    /// The architecture.
    pub(crate) arch: Arch,
    /// What its session found; absent when none opened.
    pub(crate) facts: Option<&'a PlatformFacts>,
    /// Whether the report has more architectures than one, so that labels name them.
    name_arch: bool,
}

/// The places where `image` was to be judged, in plan order; of all subjects when `None`.
pub(crate) fn places<'a>(report: &'a Report, image: Option<&ImageName>) -> Vec<Place<'a>> {
    let cells = report.cells.iter().filter(|c| c.role == Role::Subject);
    let levels = report.subjects.iter().flat_map(|s| &s.levels);
    let all = cells
        .map(|c| (&c.image, &c.platform, c.arch))
        .chain(levels.map(|l| (&l.image, &l.platform, l.arch)));
    let mut found: Vec<Place<'a>> = Vec::new();
    let mut archs: Vec<Arch> = Vec::new();
    for (of, platform, arch) in all {
        if !archs.contains(&arch) {
            archs.push(arch);
        }
        let new = !found
            .iter()
            .any(|p| p.platform == platform && p.arch == arch);
        if new && image.is_none_or(|image| image == of) {
            found.push(Place {
                platform,
                arch,
                facts: report.platforms.iter().find(|f| f.platform == *platform),
                name_arch: false,
            });
        }
    }
    for place in &mut found {
        place.name_arch = archs.len() > 1;
    }
    found
}

/// `rehearsal`, `simulated`; nothing for the real thing.
pub(crate) const fn standing_word(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Real => None,
        Standing::Rehearsal => Some("rehearsal"),
        Standing::Simulated => Some("simulated"),
    }
}

impl Place<'_> {
    /// `oci`, `oci (arm64)`, `eks (rehearsal)`: what stands wherever the platform is named.
    pub(crate) fn label(&self) -> String {
        label(
            self.platform,
            self.name_arch.then_some(self.arch),
            self.facts,
        )
    }

    /// Whether the platform is known to be the real thing.
    pub(crate) fn is_real(&self) -> bool {
        self.facts.is_none_or(|f| f.standing == Standing::Real)
    }

    /// A key for anchors: `oci-amd64`.
    pub(crate) fn key(&self) -> String {
        format!("{}-{}", self.platform, self.arch)
    }
}

/// The label of a platform, its standing in brackets.
fn label(name: &PlatformName, arch: Option<Arch>, facts: Option<&PlatformFacts>) -> String {
    let mut notes: Vec<String> = arch.iter().map(ToString::to_string).collect();
    notes.extend(
        facts
            .and_then(|f| standing_word(f.standing))
            .map(ToOwned::to_owned),
    );
    if notes.is_empty() {
        name.to_string()
    } else {
        format!("{name} ({})", notes.join(", "))
    }
}
