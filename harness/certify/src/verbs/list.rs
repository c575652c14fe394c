//! `list`: the registries.

use model::ExitCode;
use serde::Serialize;

use super::{print, print_json};
use crate::arguments::ListArguments;
use crate::rooms::wanted::Wanted;
use crate::shipped::Shelf;
use crate::{Failure, OrExit};

#[derive(Debug, Serialize)]
struct Lists {
    images: Vec<String>,
    variants: Vec<String>,
    controls: Vec<String>,
    platforms: Vec<Named>,
    suites: Vec<Named>,
    checks: Vec<Named>,
    profiles: Vec<String>,
    releases: Vec<String>,
    formats: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Named {
    name: String,
    summary: String,
}

pub(super) fn run(arguments: &ListArguments, shelf: &Shelf) -> Result<ExitCode, Failure> {
    let named = |name: &str, summary: &str| Named {
        name: name.to_owned(),
        summary: summary.to_owned(),
    };
    let known = Wanted::defaults(shelf).or_usage()?.known;
    let lists = Lists {
        images: shelf.images().or_usage()?,
        variants: shelf.variants().or_usage()?,
        controls: shelf.controls().or_usage()?,
        platforms: known
            .all()
            .iter()
            .map(|p| named(p.name(), p.summary()))
            .collect(),
        suites: suites::SUITES
            .iter()
            .map(|s| named(s.name(), s.question()))
            .collect(),
        checks: suites::SUITES
            .iter()
            .flat_map(|suite| suite.checks())
            .map(|info| named(info.id, info.title))
            .collect(),
        profiles: shelf.profiles().or_usage()?,
        releases: shelf.releases().or_usage()?,
        formats: reports::FORMATS
            .iter()
            .map(|format| format.name().to_owned())
            .collect(),
    };
    if arguments.json {
        return print_json(&lists);
    }
    let table = |items: &[Named]| -> String {
        items
            .iter()
            .map(|item| format!("  {:<32} {}\n", item.name, item.summary))
            .collect()
    };
    print(&format!(
        "images     {}\nvariants   {}\ncontrols   {}\nprofiles   {}\nreleases   {}\nformats    {}\n\n\
         platforms\n{}\nsuites\n{}\nchecks\n{}",
        lists.images.join(", "),
        lists.variants.join(", "),
        lists.controls.join(", "),
        lists.profiles.join(", "),
        lists.releases.join(", "),
        lists.formats.join(", "),
        table(&lists.platforms),
        table(&lists.suites),
        table(&lists.checks),
    ))
}
