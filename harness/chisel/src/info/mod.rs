//! Definitions as they are understood, in YAML like the reference tool prints it.

mod order;
mod scalar;

use std::collections::BTreeMap;

use serde::Serialize;

use self::order::natural;
use self::scalar::{Place, scalar};
use crate::error::{Error, ErrorClass};
use crate::release::{PathKind, PathRule, Release, Slice};

/// What was asked about.
#[derive(Debug)]
pub struct Info<'r> {
    /// Packages with the slices asked for, in the order of the names.
    pub packages: Vec<PackageInfo<'r>>,
    /// Names of no package and no slice.
    pub unknown: Vec<String>,
}

/// A package with some or all of its slices.
#[derive(Debug, Serialize)]
pub struct PackageInfo<'r> {
    /// Its name.
    pub package: &'r str,
    /// The archive it is pinned to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<&'r str>,
    /// The slices by name.
    pub slices: BTreeMap<&'r str, SliceInfo<'r>>,
}

/// One slice.
#[derive(Debug, Serialize)]
pub struct SliceInfo<'r> {
    /// One line for people.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub hint: &'r str,
    /// Why it takes more than half of its package (a key of ours).
    #[serde(skip_serializing_if = "str::is_empty")]
    pub whole: &'r str,
    /// The slices it needs, and the architectures on which it does; none: all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub essential: BTreeMap<String, &'r [String]>,
    /// Its paths, each with its options in the order of the reference.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub contents: BTreeMap<&'r str, BTreeMap<&'static str, serde_json::Value>>,
    /// Its script.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub mutate: &'r str,
}

/// The definitions of `names`: packages, or slices as `package_slice`.
pub fn info<'r>(release: &'r Release, names: &[String]) -> Info<'r> {
    let mut info = Info {
        packages: Vec::new(),
        unknown: Vec::new(),
    };
    for name in names {
        let (package, wanted) = match name.split_once('_') {
            Some((package, slice)) => (package, Some(slice)),
            None => (name.as_str(), None),
        };
        let Some(package) = release.packages.get(package) else {
            info.unknown.push(name.clone());
            continue;
        };
        let all = package.slices.iter();
        let slices: Vec<(&str, &Slice)> = all
            .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name))
            .map(|(name, slice)| (name.as_str(), slice))
            .collect();
        if wanted.is_some() && slices.is_empty() {
            info.unknown.push(name.clone());
            continue;
        }
        let known = info
            .packages
            .iter()
            .position(|known| *known.package == *package.name);
        let at = known.unwrap_or_else(|| {
            info.packages.push(PackageInfo {
                package: &package.name,
                archive: package.archive.as_deref(),
                slices: BTreeMap::new(),
            });
            info.packages.len() - 1
        });
        let slices = slices
            .into_iter()
            .map(|(name, slice)| (name, slice_info(slice)));
        info.packages[at].slices.extend(slices);
    }
    info
}

fn slice_info(slice: &Slice) -> SliceInfo<'_> {
    SliceInfo {
        hint: &slice.hint,
        whole: &slice.whole,
        essential: slice
            .essential
            .iter()
            .map(|(key, options)| (key.to_string(), options.arch.as_slice()))
            .collect(),
        contents: slice
            .contents
            .iter()
            .map(|(path, rule)| (path.as_str(), options(path, rule).into_iter().collect()))
            .collect(),
        mutate: &slice.mutate,
    }
}

/// `text` as a value of a block.
pub(crate) fn plain(text: &str) -> String {
    scalar(text, Place::Block(0))
}

/// The options of a path in the order of the reference.
const ORDER: [&str; 11] = [
    "make", "mode", "copy", "text", "symlink", "mutable", "until", "arch", "generate", "prefer",
    "first",
];

fn options(path: &str, rule: &PathRule) -> Vec<(&'static str, serde_json::Value)> {
    let mut options: Vec<(&'static str, serde_json::Value)> = Vec::new();
    match &rule.kind {
        PathKind::Copy { from } if from == path => {}
        PathKind::Copy { from } => options.push(("copy", from.as_str().into())),
        PathKind::Glob => {}
        PathKind::Make => options.push(("make", true.into())),
        PathKind::Text(text) => options.push(("text", text.as_str().into())),
        PathKind::Symlink(target) => options.push(("symlink", target.as_str().into())),
        PathKind::Generate(kind) => options.push(("generate", kind.as_str().into())),
    }
    if rule.mode != 0 {
        options.push(("mode", rule.mode.into()));
    }
    if rule.mutable {
        options.push(("mutable", true.into()));
    }
    if rule.until_mutate {
        options.push(("until", "mutate".into()));
    }
    if !rule.arch.is_empty() {
        let names: Vec<&str> = rule.arch.iter().map(|arch| arch.debian()).collect();
        options.push(("arch", names.into()));
    }
    if let Some(prefer) = &rule.prefer {
        options.push(("prefer", prefer.as_str().into()));
    }
    if rule.first {
        options.push(("first", true.into()));
    }
    options
}

impl Info<'_> {
    /// What is wrong with the question, after all that could be answered.
    pub fn failure(&self) -> Option<Error> {
        let quoted: Vec<String> = self
            .unknown
            .iter()
            .map(|name| format!("{name:?}"))
            .collect();
        let text = format!("no slice definitions found for: {}", quoted.join(", "));
        (!quoted.is_empty()).then(|| Error::new(ErrorClass::Reference, text))
    }

    /// All packages as YAML documents.
    pub fn yaml(&self) -> String {
        let documents: Vec<String> = self.packages.iter().map(PackageInfo::yaml).collect();
        documents.join("---\n")
    }
}

impl PackageInfo<'_> {
    fn yaml(&self) -> String {
        let mut text = format!("package: {}\n", scalar(self.package, Place::Block(0)));
        if let Some(archive) = self.archive {
            text.push_str(&format!("archive: {}\n", scalar(archive, Place::Block(0))));
        }
        if !self.slices.is_empty() {
            text.push_str("slices:\n");
        }
        let mut slices: Vec<_> = self.slices.iter().collect();
        slices.sort_by(|(a, _), (b, _)| natural(a, b));
        for (name, slice) in slices {
            text.push_str(&format!("    {}:", scalar(name, Place::Key)));
            text.push_str(&slice.yaml());
        }
        text
    }
}

impl SliceInfo<'_> {
    fn yaml(&self) -> String {
        let mut text = String::new();
        if !self.hint.is_empty() {
            text.push_str(&format!(
                "        hint: {}\n",
                scalar(self.hint, Place::Block(8))
            ));
        }
        if !self.whole.is_empty() {
            let whole = scalar(self.whole, Place::Block(8));
            text.push_str(&format!("        whole: {whole}\n"));
        }
        if !self.essential.is_empty() {
            text.push_str("        essential:\n");
        }
        let mut essential: Vec<_> = self.essential.iter().collect();
        essential.sort_by(|(a, _), (b, _)| natural(a, b));
        for (key, arch) in essential {
            let options = if arch.is_empty() {
                String::new()
            } else {
                format!("arch: {}", words(arch))
            };
            text.push_str(&format!(
                "            {}: {{{options}}}\n",
                scalar(key, Place::Key)
            ));
        }
        if !self.contents.is_empty() {
            text.push_str("        contents:\n");
        }
        let mut contents: Vec<_> = self.contents.iter().collect();
        contents.sort_by(|(a, _), (b, _)| natural(a, b));
        for (path, options) in contents {
            let options: Vec<String> = ORDER
                .iter()
                .filter_map(|name| Some(format!("{name}: {}", value(name, options.get(name)?))))
                .collect();
            let options = options.join(", ");
            text.push_str(&format!(
                "            {}: {{{options}}}\n",
                scalar(path, Place::Key)
            ));
        }
        if !self.mutate.is_empty() {
            text.push_str(&format!(
                "        mutate: {}\n",
                scalar(self.mutate, Place::Block(8))
            ));
        }
        if text.is_empty() {
            " {}\n".to_owned()
        } else {
            format!("\n{text}")
        }
    }
}

/// The value of an option.
fn value(name: &str, value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Number(mode) if name == "mode" => {
            format!("0{:o}", mode.as_u64().unwrap_or_default())
        }
        serde_json::Value::String(text) => scalar(text, Place::Flow),
        serde_json::Value::Array(items) => {
            let names: Vec<String> = items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect();
            words(&names)
        }
        other => other.to_string(),
    }
}

/// One word, or a list of them.
fn words(words: &[String]) -> String {
    let written: Vec<String> = words.iter().map(|word| scalar(word, Place::Flow)).collect();
    match written.as_slice() {
        [word] => word.clone(),
        words => format!("[{}]", words.join(", ")),
    }
}
