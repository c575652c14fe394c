//! A signed archive in a folder, as `dists` and `pool`.

use std::collections::BTreeMap;

use camino::Utf8Path;
use fs_err as fs;
use model::Digest;

use crate::key::{ArchiveKey, SignPlan, clearsign};
use crate::package::BuiltDeb;
use crate::packing::Packing;

/// Writes an archive of several suites, signed by one key.
#[derive(Debug, Clone)]
pub struct ArchiveBuilder {
    signers: Vec<(ArchiveKey, SignPlan)>,
    suites: Vec<SuiteBuilder>,
}

/// One suite.
#[derive(Debug, Clone)]
pub struct SuiteBuilder {
    name: String,
    fields: BTreeMap<String, String>,
    /// By component.
    packages: BTreeMap<String, Vec<BuiltDeb>>,
    architectures: Vec<String>,
    forms: Vec<Packing>,
    by_hash: bool,
}

impl ArchiveBuilder {
    /// An archive whose suites are signed by `key`.
    pub fn new(key: &ArchiveKey, plan: SignPlan) -> Self {
        Self {
            signers: vec![(key.clone(), plan)],
            suites: Vec::new(),
        }
    }

    /// Adds a second signature.
    pub fn signer(mut self, key: &ArchiveKey, plan: SignPlan) -> Self {
        self.signers.push((key.clone(), plan));
        self
    }

    /// Adds a suite.
    pub fn suite(mut self, suite: SuiteBuilder) -> Self {
        self.suites.push(suite);
        self
    }

    /// Writes everything below `root`.
    pub fn write(&self, root: &Utf8Path) {
        for suite in &self.suites {
            let release = suite.write(root);
            let signers: Vec<_> = self
                .signers
                .iter()
                .map(|(key, plan)| (key, *plan))
                .collect();
            let message = clearsign(&release, &signers);
            put(
                &root.join("dists").join(&suite.name).join("InRelease"),
                message.as_bytes(),
            );
        }
    }
}

impl SuiteBuilder {
    /// An empty suite for amd64 with all index forms, by hash, label and origin `Test`.
    pub fn new(name: &str) -> Self {
        let fields = [
            ("Origin", "Test"),
            ("Label", "Test"),
            ("Suite", name),
            ("Codename", name),
            ("Date", "Sat, 21 Nov 2026 09:15:44 UTC"),
        ];
        let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Self {
            name: name.to_owned(),
            fields: fields.into_iter().map(own).collect(),
            packages: BTreeMap::from([("main".to_owned(), Vec::new())]),
            architectures: vec!["amd64".to_owned()],
            forms: vec![Packing::Plain, Packing::Gz, Packing::Xz],
            by_hash: true,
        }
    }

    /// Sets or replaces a field of the `InRelease`, such as `Label` or `Valid-Until`.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets the architectures.
    pub fn architectures(mut self, names: &[&str]) -> Self {
        self.architectures = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Adds a package to a component, which is made as needed.
    pub fn package(mut self, component: &str, package: BuiltDeb) -> Self {
        self.packages
            .entry(component.to_owned())
            .or_default()
            .push(package);
        self
    }

    /// Sets the forms in which indexes exist. The plain one is listed in any case.
    pub fn forms(mut self, forms: &[Packing]) -> Self {
        self.forms = forms.to_vec();
        self
    }

    /// Leaves `Acquire-By-Hash` and its files out.
    pub fn without_by_hash(mut self) -> Self {
        self.by_hash = false;
        self
    }

    /// Writes pool and indexes, and returns the text of the `InRelease`.
    fn write(&self, root: &Utf8Path) -> String {
        let dist = root.join("dists").join(&self.name);
        let mut listed = String::new();
        for (component, packages) in &self.packages {
            for arch in &self.architectures {
                let text = index(root, component, arch, packages);
                let folder = format!("{component}/binary-{arch}");
                let plain = list(&format!("{folder}/Packages"), text.as_bytes());
                listed.push_str(&plain);
                for form in &self.forms {
                    let packed = form.pack(text.as_bytes());
                    let path = format!("{folder}/Packages{}", form.suffix());
                    put(&dist.join(&path), &packed);
                    if self.by_hash {
                        let hex = Digest::of(&packed).hex();
                        put(
                            &dist.join(&folder).join("by-hash/SHA256").join(hex),
                            &packed,
                        );
                    }
                    if *form != Packing::Plain {
                        listed.push_str(&list(&path, &packed));
                    }
                }
            }
        }
        let mut fields = self.fields.clone();
        let components: Vec<_> = self.packages.keys().map(String::as_str).collect();
        let mut default = |name: &str, value: String| {
            fields.entry(name.to_owned()).or_insert(value);
        };
        default("Components", components.join(" "));
        default("Architectures", self.architectures.join(" "));
        if self.by_hash {
            default("Acquire-By-Hash", "yes".to_owned());
        }
        let fields: String = fields.iter().map(|(k, v)| format!("{k}: {v}\n")).collect();
        format!("{fields}SHA256:\n{listed}")
    }
}

/// Writes the packages of one architecture into the pool and returns their index.
fn index(root: &Utf8Path, component: &str, arch: &str, packages: &[BuiltDeb]) -> String {
    let mut text = String::new();
    for package in packages {
        // As in Debian, packages for all architectures stand in each index.
        if package.architecture != arch && package.architecture != "all" {
            continue;
        }
        let BuiltDeb {
            name,
            version,
            architecture,
            ..
        } = package;
        let version = version
            .split_once(':')
            .map_or(version.as_str(), |(_, rest)| rest);
        let path = format!("pool/{component}/{name}_{version}_{architecture}.deb");
        put(&root.join(&path), &package.bytes);
        let digest = Digest::of(&package.bytes).hex();
        let size = package.bytes.len();
        text.push_str(&package.control);
        text.push_str(&format!(
            "Filename: {path}\nSize: {size}\nSHA256: {digest}\n\n"
        ));
    }
    text
}

fn list(path: &str, bytes: &[u8]) -> String {
    format!(" {} {:>8} {path}\n", Digest::of(bytes).hex(), bytes.len())
}

fn put(path: &Utf8Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
