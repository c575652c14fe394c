//! One class file: its version and the packages its constant pool names.
//!
//! Source: The Java Virtual Machine Specification, chapter 4.

use std::collections::BTreeSet;

use crate::error::BadFile;

/// What a class file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Class {
    /// Major version: 65 is Java 21.
    pub(crate) major: u16,
    /// The package it is in, dotted; empty for the unnamed one.
    pub(crate) package: String,
    /// Packages of the classes it names, dotted, its own left out.
    pub(crate) names: BTreeSet<String>,
}

/// An entry of the constant pool, as far as it matters.
enum Constant<'a> {
    Text(&'a [u8]),
    Class(u16),
    Other,
}

impl Class {
    /// Reads `bytes`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, BadFile> {
        let mut input = Input { rest: bytes };
        if input.four()? != 0xcafe_babe {
            return Err(BadFile::Class("no class file"));
        }
        input.two()?;
        let major = input.two()?;
        let constants = input.constants()?;
        input.two()?;
        let own = input.two()?;
        let text = |at: u16| match constants.get(usize::from(at)) {
            Some(Constant::Text(text)) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        };
        let own = match constants.get(usize::from(own)) {
            Some(Constant::Class(name)) => text(*name),
            _ => None,
        };
        let own = own.ok_or(BadFile::Class("its own name is not in its constants"))?;
        let package = package_of(&own).unwrap_or_default();
        let names = constants.iter().filter_map(|constant| match constant {
            Constant::Class(name) => package_of(&text(*name)?),
            _ => None,
        });
        let names = names.filter(|name| *name != package).collect();
        Ok(Self {
            major,
            package,
            names,
        })
    }
}

/// `java.lang` of `java/lang/String` and of `[[Ljava/lang/String;`; none for basic types.
fn package_of(name: &str) -> Option<String> {
    let plain = name.trim_start_matches('[');
    let plain = match plain.len() < name.len() {
        true => plain.strip_prefix('L')?.strip_suffix(';')?,
        false => plain,
    };
    let (package, _) = plain.rsplit_once('/')?;
    Some(package.replace('/', "."))
}

struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], BadFile> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(BadFile::Class("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn two(&mut self) -> Result<u16, BadFile> {
        let bytes = self.take(2)?;
        Ok(bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u16::from(*byte)))
    }

    fn four(&mut self) -> Result<u32, BadFile> {
        Ok(u32::from(self.two()?) << 16 | u32::from(self.two()?))
    }

    fn constants(&mut self) -> Result<Vec<Constant<'a>>, BadFile> {
        let count = usize::from(self.two()?);
        // The pool counts from one.
        let mut found = vec![Constant::Other];
        while found.len() < count {
            let tag = self.take(1)?.first().copied().unwrap_or_default();
            let constant = match tag {
                1 => {
                    let length = usize::from(self.two()?);
                    Constant::Text(self.take(length)?)
                }
                7 => Constant::Class(self.two()?),
                8 | 16 | 19 | 20 => self.skip(2)?,
                15 => self.skip(3)?,
                3 | 4 | 9 | 10 | 11 | 12 | 17 | 18 => self.skip(4)?,
                5 | 6 => self.skip(8)?,
                _ => return Err(BadFile::Class("a constant of unknown kind")),
            };
            found.push(constant);
            // Long and double take two places.
            if matches!(tag, 5 | 6) {
                found.push(Constant::Other);
            }
        }
        Ok(found)
    }

    fn skip(&mut self, count: usize) -> Result<Constant<'a>, BadFile> {
        self.take(count)?;
        Ok(Constant::Other)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;

    /// A class `own` that names `others`.
    pub(crate) fn made(major: u16, own: &str, others: &[&str]) -> Vec<u8> {
        let mut bytes = vec![0xca, 0xfe, 0xba, 0xbe, 0, 0];
        bytes.extend(major.to_be_bytes());
        let names: Vec<&str> = [own].into_iter().chain(others.iter().copied()).collect();
        let count = 1 + 2 * u16::try_from(names.len()).unwrap() + 2;
        bytes.extend(count.to_be_bytes());
        for (at, name) in names.iter().enumerate() {
            bytes.push(1);
            bytes.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
            bytes.extend(name.as_bytes());
            bytes.push(7);
            bytes.extend(u16::try_from(2 * at + 1).unwrap().to_be_bytes());
        }
        bytes.push(5);
        bytes.extend([0; 8]);
        bytes.extend([0, 0x21, 0, 2]);
        bytes
    }

    #[test]
    fn version_and_packages() {
        let bytes = made(
            65,
            "app/Main",
            &[
                "java/lang/String",
                "[[Ljava/util/List;",
                "[I",
                "app/Other",
                "Bare",
            ],
        );
        let class = Class::parse(&bytes).unwrap();
        assert_eq!((class.major, class.package.as_str()), (65, "app"));
        let names: Vec<&str> = class.names.iter().map(String::as_str).collect();
        assert_eq!(names, ["java.lang", "java.util"]);
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = made(65, "app/Main", &["java/lang/String"]);
        for end in 0..bytes.len() {
            assert!(Class::parse(&bytes[..end]).is_err(), "{end}");
        }
        let mut odd = bytes;
        odd[10] = 99;
        assert!(Class::parse(&odd).is_err());
    }
}
