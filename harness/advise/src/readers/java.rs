//! Java: class files and jars. Packages are what is followed, not single classes.

use std::collections::BTreeSet;

use super::{Owner, Reader, Subject};
use crate::application::shown;
use crate::error::BadFile;
use crate::java::{Class, jar, module_of};
use crate::limits::Limits;
use crate::need::{Findings, Need, Strength};
use crate::paths;

/// Reads classes and jars.
pub(super) struct Java;

impl Reader for Java {
    fn name(&self) -> &'static str {
        "Java"
    }

    fn takes(&self, subject: &Subject<'_>) -> bool {
        let name = subject.name();
        let is_class = name.ends_with(".class") && name != "module-info.class";
        // What packages of the archive hold is looked at when it is asked for by name only.
        subject.owner != Owner::Archive && (is_class || is_jar(name))
    }

    fn read(&self, subject: &Subject<'_>, limits: &Limits) -> Result<Findings, BadFile> {
        let mut found = Findings::default();
        if !is_jar(subject.name()) {
            let class = Class::parse(subject.bytes)?;
            add(std::slice::from_ref(&class), Strength::Must, &mut found);
            return Ok(found);
        }
        let jar = jar(subject.bytes, limits)?;
        // Jars name optional parts of others: logging, caches, compilers.
        add(&jar.classes, Strength::May, &mut found);
        for entry in &jar.class_path {
            if !entry.contains("://") {
                let path = format!("{}/{entry}", subject.folder());
                found.may(Need::File(paths::clean(&path)));
            }
        }
        for (name, bytes) in &jar.libraries {
            let path = format!("{}!/{name}", subject.path);
            let library = Subject {
                path: &path,
                bytes,
                ..*subject
            };
            if bytes.starts_with(b"\x7fELF")
                && let Ok(inside) = super::elf::Elf.read(&library, limits)
            {
                let needs = inside.needs.into_iter();
                found
                    .needs
                    .extend(needs.map(|(need, _)| (need, Strength::May)));
            }
        }
        for (name, error) in &jar.damaged {
            found
                .notes
                .push(format!("{}!/{name}: {error}", shown(subject.path)));
        }
        if jar.main_class.is_none() && jar.classes.is_empty() {
            found
                .notes
                .push(format!("{} holds no class", shown(subject.path)));
        }
        Ok(found)
    }
}

fn is_jar(name: &str) -> bool {
    [".jar", ".war", ".ear"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// `strength` is that of packages that are not the JDK's.
fn add(classes: &[Class], strength: Strength, found: &mut Findings) {
    let Some(major) = classes.iter().map(|class| class.major).max() else {
        return;
    };
    found.must(Need::Java(major));
    let own: BTreeSet<&String> = classes.iter().map(|class| &class.package).collect();
    let names: BTreeSet<&String> = classes.iter().flat_map(|class| &class.names).collect();
    for name in names.difference(&own) {
        let strength = match module_of(name) {
            Some(_) => Strength::Must,
            None => strength,
        };
        found.add(Need::JavaPackage((*name).clone()), strength);
    }
    found.provides = own.into_iter().cloned().collect();
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use bytes::Bytes;
    use model::Arch;

    use super::*;
    use crate::java::tests_support::{made, packed};

    fn read(path: &str, bytes: &Bytes) -> Result<Findings, BadFile> {
        let subject = Subject {
            path,
            bytes,
            executable: false,
            owner: Owner::Own,
            arch: Arch::Amd64,
        };
        assert!(Java.takes(&subject));
        Java.read(&subject, &Limits::STANDARD)
    }

    #[test]
    fn a_class_names_runtime_and_packages() {
        let bytes = made(69, "a/A", &["java/sql/Connection", "org/x/Y"]).into();
        let found = read("/x/a/A.class", &bytes).unwrap();
        assert_eq!(found.provides, ["a"]);
        assert_eq!(
            found.needs,
            [
                (Need::Java(69), Strength::Must),
                (Need::JavaPackage("java.sql".to_owned()), Strength::Must),
                (Need::JavaPackage("org.x".to_owned()), Strength::Must),
            ]
        );
        assert!(read("/x/a/A.class", &bytes.slice(..20)).is_err());
    }

    #[test]
    fn a_jar_names_its_class_path() {
        let manifest = b"Class-Path: ../lib/b.jar https://x/c.jar\n".to_vec();
        let bytes = packed(&[
            ("META-INF/MANIFEST.MF", manifest),
            ("a/A.class", made(65, "a/A", &["org/x/Y"])),
        ]);
        let found = read("/x/bin/a.jar", &bytes).unwrap();
        let file = (Need::File("/x/lib/b.jar".to_owned()), Strength::May);
        assert!(found.needs.contains(&file), "{found:?}");
        let foreign = (Need::JavaPackage("org.x".to_owned()), Strength::May);
        assert!(found.needs.contains(&foreign), "{found:?}");
        assert!(read("/x/bin/a.jar", &Bytes::from_static(b"PK\x03\x04")).is_err());
    }
}
