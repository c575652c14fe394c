//! A jar: its classes, its manifest, jars in it, and the libraries it unpacks at run time.

use std::io::{Cursor, Read};

use bytes::Bytes;
use zip::ZipArchive;

use super::Class;
use crate::error::BadFile;
use crate::limits::Limits;

/// What a jar holds, with the jars inside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jar {
    /// Its classes; those for later releases only are left out.
    pub(crate) classes: Vec<Class>,
    /// Shared libraries: name and bytes.
    pub(crate) libraries: Vec<(String, Bytes)>,
    /// `Class-Path` of its manifest: relative addresses.
    pub(crate) class_path: Vec<String>,
    /// `Main-Class` of its manifest.
    pub(crate) main_class: Option<String>,
    /// Members that could not be read, with the reason.
    pub(crate) damaged: Vec<(String, BadFile)>,
}

/// Reads the jar `bytes`.
pub(crate) fn jar(bytes: &Bytes, limits: &Limits) -> Result<Jar, BadFile> {
    let mut found = Jar::default();
    let mut budget = limits.jar_bytes;
    read(bytes, limits, 0, &mut budget, &mut found)?;
    Ok(found)
}

fn read(
    bytes: &Bytes,
    limits: &Limits,
    depth: usize,
    budget: &mut u64,
    found: &mut Jar,
) -> Result<(), BadFile> {
    let damaged = |error: zip::result::ZipError| BadFile::Jar(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(&bytes[..])).map_err(damaged)?;
    if archive.len() > limits.members {
        return Err(limit(limits.members as u64, "members"));
    }
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).map_err(damaged)?;
        let name = member.name().map_err(damaged)?.into_owned();
        let Some(kind) = Kind::of(&name) else {
            continue;
        };
        // Sizes in the directory may lie: what counts is what comes out.
        let most = limits.member_bytes.min(*budget);
        let mut content = Vec::new();
        let taken = (&mut member)
            .take(most.saturating_add(1))
            .read_to_end(&mut content);
        taken.map_err(|error| BadFile::Jar(format!("`{name}`: {error}")))?;
        let size = content.len() as u64;
        if size > most {
            return Err(match most < limits.member_bytes {
                true => limit(limits.jar_bytes, "bytes, unpacked"),
                false => limit(limits.member_bytes, "bytes in a member"),
            });
        }
        *budget -= size;
        let content = Bytes::from(content);
        match kind {
            Kind::Class => match Class::parse(&content) {
                Ok(class) => found.classes.push(class),
                Err(error) => found.damaged.push((name, error)),
            },
            Kind::Jar if depth >= limits.nested_jars => {
                return Err(limit(limits.nested_jars as u64, "jars inside each other"));
            }
            Kind::Jar => match read(&content, limits, depth + 1, budget, found) {
                Err(error @ BadFile::Limit { .. }) => return Err(error),
                Err(error) => found.damaged.push((name, error)),
                Ok(()) => {}
            },
            Kind::Library => found.libraries.push((name, content)),
            Kind::Manifest if depth == 0 => manifest(&content, found),
            Kind::Manifest => {}
        }
    }
    Ok(())
}

const fn limit(limit: u64, what: &'static str) -> BadFile {
    BadFile::Limit { limit, what }
}

enum Kind {
    Class,
    Jar,
    Library,
    Manifest,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        let file = name.rsplit('/').next().unwrap_or(name);
        let is_library = file.ends_with(".so") || file.contains(".so.");
        match file {
            _ if name == "META-INF/MANIFEST.MF" => Some(Self::Manifest),
            _ if name.starts_with("META-INF/versions/") => None,
            "module-info.class" => None,
            _ if file.ends_with(".class") => Some(Self::Class),
            _ if file.ends_with(".jar") => Some(Self::Jar),
            _ => is_library.then_some(Self::Library),
        }
    }
}

/// Reads the main section. Lines that start with a blank continue the one before.
fn manifest(bytes: &[u8], found: &mut Jar) {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let text = text.replace("\n ", "");
    let main = text.split("\n\n").next().unwrap_or_default();
    for line in main.lines() {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "main-class" => found.main_class = Some(value.trim().to_owned()),
            "class-path" => {
                let entries = value.split_ascii_whitespace().map(str::to_owned);
                found.class_path = entries.collect();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;

    use super::super::class::tests::made;
    use super::*;

    pub(crate) fn packed(members: &[(&str, Vec<u8>)]) -> Bytes {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            out.start_file(*name, SimpleFileOptions::default()).unwrap();
            out.write_all(bytes).unwrap();
        }
        out.finish().unwrap().into_inner().into()
    }

    #[test]
    fn classes_jars_and_manifest() {
        let inner = packed(&[("b/B.class", made(61, "b/B", &[]))]);
        let manifest = b"Manifest-Version: 1.0\r\nMain-Class: a.A\r\nClass-Path: lib/x\r\n .jar \
                         y.jar\r\n\r\nName: z\r\nMain-Class: no\r\n";
        let jar = super::jar(
            &packed(&[
                ("META-INF/MANIFEST.MF", manifest.to_vec()),
                ("a/A.class", made(65, "a/A", &["b/B"])),
                ("META-INF/versions/25/a/A.class", made(69, "a/A", &[])),
                ("module-info.class", b"x".to_vec()),
                ("lib/b.jar", inner.to_vec()),
                ("lib/bad.jar", b"PK".to_vec()),
                ("native/libx.so", b"\x7fELF".to_vec()),
                ("a/Bad.class", b"\xca\xfe\xba\xbe".to_vec()),
            ]),
            &Limits::STANDARD,
        )
        .unwrap();
        let majors: Vec<u16> = jar.classes.iter().map(|class| class.major).collect();
        assert_eq!(majors, [65, 61]);
        assert_eq!(jar.main_class.as_deref(), Some("a.A"));
        assert_eq!(jar.class_path, ["lib/x.jar", "y.jar"]);
        assert_eq!(jar.libraries.len(), 1);
        let damaged: Vec<&str> = jar.damaged.iter().map(|(name, _)| &**name).collect();
        assert_eq!(damaged, ["lib/bad.jar", "a/Bad.class"]);
    }

    #[test]
    fn bombs_and_damage_are_errors() {
        let zeros = packed(&[("a.class", vec![0; 100_000])]);
        let small = Limits {
            member_bytes: 1000,
            ..Limits::STANDARD
        };
        let error = jar(&zeros, &small).unwrap_err();
        assert_eq!(error.to_string(), "more than 1000 bytes in a member");
        let total = Limits {
            jar_bytes: 1000,
            ..Limits::STANDARD
        };
        let error = jar(&zeros, &total).unwrap_err();
        assert_eq!(error.to_string(), "more than 1000 bytes, unpacked");
        let few = Limits {
            members: 0,
            ..Limits::STANDARD
        };
        assert!(matches!(jar(&zeros, &few), Err(BadFile::Limit { .. })));
        let mut nested = packed(&[("a.class", made(61, "a", &[]))]);
        for _ in 0..6 {
            nested = packed(&[("x.jar", nested.to_vec())]);
        }
        let error = jar(&nested, &Limits::STANDARD).unwrap_err();
        assert_eq!(error.to_string(), "more than 4 jars inside each other");
        for end in [0, 10, zeros.len() / 2, zeros.len() - 1] {
            assert!(
                jar(&zeros.slice(..end), &Limits::STANDARD).is_err(),
                "{end}"
            );
        }
    }
}
