//! A profile as one decision per system call.

use std::collections::{BTreeMap, BTreeSet};

use oci_spec::runtime::{LinuxSeccomp, LinuxSeccompArg, LinuxSyscall};

use super::condition::{Step, steps};
use super::{Report, SeccompError, action, names};

/// All decisions of a profile.
#[derive(Debug)]
pub(super) struct Decisions {
    /// The verdict on every system call that is not listed.
    pub(super) default: u32,
    /// By number.
    pub(super) by_number: BTreeMap<u32, Decision>,
}

/// The decision on one system call.
#[derive(Debug)]
pub(super) enum Decision {
    /// Whatever its arguments.
    Always(u32),
    /// The first rule that holds; otherwise the default.
    ByArguments(Vec<Rule>),
}

/// Conditions that must all hold, and the verdict then.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// Each as steps; never empty.
    pub(super) conditions: Vec<Vec<Step>>,
    /// The verdict.
    pub(super) verdict: u32,
}

/// Folds the entries of `profile`.
pub(super) fn decide(
    profile: &LinuxSeccomp,
    report: &mut Report,
) -> Result<Decisions, SeccompError> {
    let default = action::verdict(profile.default_action(), profile.default_errno_ret())?;
    let mut decisions = Decisions {
        default,
        by_number: BTreeMap::new(),
    };
    let mut unknown = BTreeSet::new();
    let mut overruled = BTreeSet::new();
    for entry in profile.syscalls().iter().flatten() {
        let verdict = action::verdict(entry.action(), entry.errno_ret())?;
        for name in entry.names() {
            // Read the arguments first: a mistake in them is a mistake on every machine.
            let rules = rules(name, entry, verdict)?;
            let Some(number) = names::number(name) else {
                unknown.insert(name.clone());
                continue;
            };
            if verdict == default {
                continue;
            }
            report.rules += 1;
            if decisions.add(number, rules, verdict) == Added::Overruled {
                overruled.insert(name.clone());
            }
        }
    }
    report.unknown = unknown.into_iter().collect();
    report.overruled = overruled.into_iter().collect();
    Ok(decisions)
}

/// Whether an addition left every rule of its system call in force.
#[derive(Debug, PartialEq, Eq)]
enum Added {
    InForce,
    Overruled,
}

impl Decisions {
    /// Adds the rules of one entry; none means "always".
    fn add(&mut self, number: u32, rules: Vec<Rule>, verdict: u32) -> Added {
        use std::collections::btree_map::Entry;
        match self.by_number.entry(number) {
            Entry::Vacant(vacant) => {
                vacant.insert(if rules.is_empty() {
                    Decision::Always(verdict)
                } else {
                    Decision::ByArguments(rules)
                });
                Added::InForce
            }
            Entry::Occupied(mut occupied) => match occupied.get_mut() {
                Decision::Always(first) if rules.is_empty() && *first == verdict => Added::InForce,
                Decision::Always(_) => Added::Overruled,
                Decision::ByArguments(_) if rules.is_empty() => {
                    occupied.insert(Decision::Always(verdict));
                    Added::Overruled
                }
                Decision::ByArguments(existing) => {
                    existing.extend(rules);
                    Added::InForce
                }
            },
        }
    }
}

/// The rules of one entry for one system call: one, or one per condition when an argument is named
/// twice; none when the entry has no arguments.
fn rules(name: &str, entry: &LinuxSyscall, verdict: u32) -> Result<Vec<Rule>, SeccompError> {
    let args: &[LinuxSeccompArg] = entry.args().as_deref().unwrap_or(&[]);
    if args.is_empty() {
        return Ok(Vec::new());
    }
    let conditions = args
        .iter()
        .map(|arg| steps(name, arg))
        .collect::<Result<Vec<_>, _>>()?;
    let distinct: BTreeSet<usize> = args.iter().map(LinuxSeccompArg::index).collect();
    let rule = |conditions| Rule {
        conditions,
        verdict,
    };
    Ok(if distinct.len() < args.len() {
        conditions.into_iter().map(|one| rule(vec![one])).collect()
    } else {
        vec![rule(conditions)]
    })
}
