//! What must be installed so that given packages work.
//!
//! The rules are those of `apt-get install --no-install-recommends` on an empty system:
//! `Pre-Depends` and `Depends`; of alternatives one that is already in, else the first that can
//! be installed; a real package before one that provides the name. Of several providers: an
//! essential one, then the more important `Priority`, then the first by name (apt takes the one
//! it met first while reading its lists, which no archive determines). `Conflicts` are not looked
//! at: a set in which packages exclude each other is for the installer to refuse.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::archive::{Archive, Offer};
use crate::package::{MultiArch, Package};
use crate::relation::{AnyOf, BadRelation, Relation};

/// A set of packages that cannot be completed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClosureError {
    /// A package that was asked for is in no archive.
    #[error("no package `{0}` in the archives")]
    Absent(String),
    /// A dependency that nothing satisfies.
    #[error("`{}` needs `{}`, which no package in the archives satisfies", .chain.join("` <- `"), alternatives(.group))]
    Unsatisfied {
        /// The package with the dependency, who needs it, and so on up to what was asked for.
        chain: Vec<String>,
        /// The alternatives.
        group: AnyOf,
    },
    /// A relation field that cannot be read.
    #[error("package `{package}`: {fault}")]
    Relation {
        /// The package.
        package: String,
        /// What is wrong.
        fault: BadRelation,
    },
}

/// The packages `roots` with all they depend on, sorted by name.
pub fn closure<S: AsRef<str>>(
    roots: impl IntoIterator<Item = S>,
    archive: &Archive,
) -> Result<Vec<Offer>, ClosureError> {
    let mut roots: Vec<Offer> = roots
        .into_iter()
        .map(|name| {
            let absent = || ClosureError::Absent(name.as_ref().to_owned());
            archive.find(name.as_ref()).ok_or_else(absent)
        })
        .collect::<Result<_, _>>()?;
    roots.dedup_by(|a, b| a.package.name == b.package.name);
    Resolver::new(archive).resolve(roots)
}

/// The packages of a minimal system, as `mmdebstrap --variant=minbase` installs it: essential
/// ones, those of priority `required`, and `apt`, with all they depend on; sorted by name.
///
/// Where `/lib` was merged into `/usr` by packages of their own (Debian 12), a new system is merged
/// before its first package comes. It has the package that states this, as `debootstrap` chooses,
/// and not the one that would convert an old system with tools of its own.
pub fn minbase(archive: &Archive) -> Result<Vec<Offer>, ClosureError> {
    let required = archive.required().into_iter().map(|o| o.package.name);
    let mut roots: Vec<String> = required.chain(["apt".to_owned()]).collect();
    let found = closure(&roots, archive)?;
    let converts = found.iter().any(|offer| offer.package.name == CONVERTS);
    if !converts || archive.find(STATES).is_none() {
        return Ok(found);
    }
    roots.push(STATES.to_owned());
    closure(&roots, archive)
}

/// The package that merges a system.
const CONVERTS: &str = "usrmerge";

/// The package that states that a system is merged.
const STATES: &str = "usr-is-merged";

struct Resolver<'a> {
    archive: &'a Archive,
    chosen: BTreeMap<String, Offer>,
    /// Who provides a name, among the chosen.
    provided: HashMap<String, BTreeSet<String>>,
    /// Who brought a package in.
    because: HashMap<String, String>,
    /// Whether a package could be completed, as far as it was looked at.
    installable: HashMap<String, bool>,
}

impl<'a> Resolver<'a> {
    fn new(archive: &'a Archive) -> Self {
        Self {
            archive,
            chosen: BTreeMap::new(),
            provided: HashMap::new(),
            because: HashMap::new(),
            installable: HashMap::new(),
        }
    }

    fn resolve(mut self, roots: Vec<Offer>) -> Result<Vec<Offer>, ClosureError> {
        let mut open: Vec<String> = roots.iter().map(|o| o.package.name.clone()).collect();
        for root in roots {
            self.choose(root, None)?;
        }
        // Depth first, in the order in which the fields are written.
        open.reverse();
        let mut groups: Vec<(String, AnyOf)> = Vec::new();
        while let Some(name) = open.pop() {
            groups.extend(self.groups_of(&name)?.into_iter().rev());
            while let Some((from, group)) = groups.pop() {
                if self.is_met(&group) {
                    continue;
                }
                let Some(offer) = self.pick(&group)? else {
                    return Err(ClosureError::Unsatisfied {
                        chain: self.chain(&from),
                        group,
                    });
                };
                let name = offer.package.name.clone();
                self.choose(offer, Some(from))?;
                groups.extend(self.groups_of(&name)?.into_iter().rev());
            }
        }
        Ok(self.chosen.into_values().collect())
    }

    fn groups_of(&self, name: &str) -> Result<Vec<(String, AnyOf)>, ClosureError> {
        let Some(offer) = self.chosen.get(name) else {
            return Ok(Vec::new());
        };
        let groups = self.dependencies(&offer.package)?;
        Ok(groups.into_iter().map(|g| (name.to_owned(), g)).collect())
    }

    fn dependencies(&self, package: &Package) -> Result<Vec<AnyOf>, ClosureError> {
        let groups = package.dependencies(self.archive.arch());
        groups.map_err(|fault| bad(package, fault))
    }

    fn choose(&mut self, offer: Offer, because: Option<String>) -> Result<(), ClosureError> {
        let package = &offer.package;
        let provided = package.provided().map_err(|fault| bad(package, fault))?;
        for relation in provided {
            let providers = self.provided.entry(relation.name).or_default();
            providers.insert(package.name.clone());
        }
        if let Some(because) = because {
            self.because.insert(package.name.clone(), because);
        }
        self.chosen.insert(package.name.clone(), offer);
        Ok(())
    }

    /// Whether a chosen package satisfies one of the alternatives.
    fn is_met(&self, group: &AnyOf) -> bool {
        group.iter().any(|relation| {
            let own = self.chosen.get(&relation.name);
            let providers = self.provided.get(&relation.name);
            let providers = providers.into_iter().flatten();
            own.into_iter()
                .chain(providers.filter_map(|name| self.chosen.get(name)))
                .any(|offer| self.satisfies(&offer.package, relation))
        })
    }

    /// What to install for a group: the first alternative that can be completed. When none can,
    /// the first that exists, so that the error names what is missing below it.
    fn pick(&mut self, group: &AnyOf) -> Result<Option<Offer>, ClosureError> {
        let mut options = Vec::new();
        for relation in group {
            options.extend(self.options(relation));
        }
        if options.len() > 1 {
            for offer in &options {
                if self.can_complete(&offer.package, &mut Vec::new())? {
                    return Ok(Some(offer.clone()));
                }
            }
        }
        Ok(options.into_iter().next())
    }

    /// Everything that satisfies one relation, the best first.
    fn options(&self, relation: &Relation) -> Vec<Offer> {
        let mut providers = self.archive.providers(&relation.name);
        providers.retain(|o| o.package.name != relation.name);
        providers.sort_by_key(|o| (!o.package.essential, o.package.priority));
        let own = self.archive.find(&relation.name);
        let all = own.into_iter().chain(providers);
        all.filter(|o| self.satisfies(&o.package, relation))
            .collect()
    }

    /// Whether `package` satisfies `relation`, by its name or by what it provides.
    fn satisfies(&self, package: &Package, relation: &Relation) -> bool {
        let arch = self.archive.arch().debian();
        let qualifier_ok = match relation.qualifier.as_deref() {
            None | Some("native") => true,
            Some("any") => package.multi_arch == MultiArch::Allowed,
            Some(name) => name == arch,
        };
        if package.name == relation.name {
            let version_ok = |(operator, wanted): &(crate::relation::Operator, _)| {
                operator.holds(&package.version, wanted)
            };
            return qualifier_ok && relation.version.as_ref().is_none_or(version_ok);
        }
        let provided = package.provided().unwrap_or_default();
        provided.iter().any(|p| {
            let version_ok = match (&relation.version, &p.version) {
                (None, _) => true,
                (Some((operator, wanted)), Some((_, version))) => operator.holds(version, wanted),
                (Some(_), None) => false,
            };
            // A provided name may itself carry `:any`; otherwise the package's Multi-Arch counts.
            let same = p.qualifier.is_some() && p.qualifier == relation.qualifier;
            p.name == relation.name && version_ok && (qualifier_ok || same)
        })
    }

    /// Whether everything that `package` needs exists. Circles are no obstacle.
    fn can_complete(
        &mut self,
        package: &Package,
        path: &mut Vec<String>,
    ) -> Result<bool, ClosureError> {
        if let Some(known) = self.installable.get(&package.name) {
            return Ok(*known);
        }
        if path.contains(&package.name) || self.chosen.contains_key(&package.name) {
            return Ok(true);
        }
        path.push(package.name.clone());
        let mut possible = true;
        for group in self.dependencies(package)? {
            possible = possible && self.can_meet(&group, path)?;
        }
        path.pop();
        self.installable.insert(package.name.clone(), possible);
        Ok(possible)
    }

    fn can_meet(&mut self, group: &AnyOf, path: &mut Vec<String>) -> Result<bool, ClosureError> {
        if self.is_met(group) {
            return Ok(true);
        }
        for relation in group {
            for offer in self.options(relation) {
                if self.can_complete(&offer.package, path)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// From a package up to what was asked for.
    fn chain(&self, from: &str) -> Vec<String> {
        let mut chain = vec![from.to_owned()];
        let mut at = from;
        while let Some(above) = self.because.get(at) {
            chain.push(above.clone());
            at = above;
        }
        chain
    }
}

fn bad(package: &Package, fault: BadRelation) -> ClosureError {
    ClosureError::Relation {
        package: package.name.clone(),
        fault,
    }
}

fn alternatives(group: &AnyOf) -> String {
    let all: Vec<_> = group.iter().map(ToString::to_string).collect();
    all.join(" | ")
}
