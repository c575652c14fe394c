//! `Contents` indexes: which package has a file. They are read line by line, never held whole.
//!
//! Source: the Debian repository format (DebianRepository/Format, "Contents" indices): a path
//! without its leading slash, blanks, then names separated by commas, each behind its section:
//! `usr/bin/true  utils/coreutils`.

use std::io::{BufRead, BufReader, Read};

use bytes::Bytes;

use crate::unpack::Compression;

/// One index as it was fetched: still packed.
#[derive(Debug, Clone)]
pub struct ContentsIndex {
    /// Where it stands, for people: suite and path.
    pub name: String,
    compression: Compression,
    packed: Bytes,
}

/// How far an index may grow while it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentsLimits {
    /// Most bytes it may unpack to.
    pub unpacked_bytes: u64,
    /// Most bytes of one line.
    pub line_bytes: u64,
}

/// An index that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContentsFault {
    /// Corrupt or truncated.
    #[error("`{index}`: corrupt or truncated after {lines} lines")]
    Corrupt {
        /// The index.
        index: String,
        /// Lines read before.
        lines: u64,
        /// What the decoder said.
        source: std::io::Error,
    },
    /// More bytes than the limits allow.
    #[error("`{index}` unpacks to more than {limit} bytes")]
    TooBig {
        /// The index.
        index: String,
        /// The bound that was passed, in bytes.
        limit: u64,
    },
    /// A line longer than any real one.
    #[error("`{index}`: line {line} is longer than {limit} bytes")]
    LongLine {
        /// The index.
        index: String,
        /// Its number, from 1.
        line: u64,
        /// The bound that was passed, in bytes.
        limit: u64,
    },
}

impl ContentsLimits {
    /// 8 GiB and 4 MiB a line: ten times the largest index of Debian 13 (0.6 GB).
    pub const STANDARD: Self = Self {
        unpacked_bytes: 8 << 30,
        line_bytes: 4 << 20,
    };
}

impl ContentsIndex {
    /// The index called `name` in the packed form that came from an archive.
    pub fn new(name: impl Into<String>, compression: Compression, packed: Bytes) -> Self {
        Self {
            name: name.into(),
            compression,
            packed,
        }
    }

    /// Shows every line to `visit`: the path without leading slash, and the packages as written
    /// (see [`packages_of`]). Lines without packages are passed over.
    pub fn scan(
        &self,
        limits: ContentsLimits,
        mut visit: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), ContentsFault> {
        let input: &[u8] = &self.packed;
        let plain: Box<dyn Read + '_> = match self.compression {
            Compression::None => Box::new(input),
            Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            Compression::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(input)),
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(input);
                Box::new(decoder.map_err(|source| self.corrupt(0, source))?)
            }
        };
        let plain = plain.take(limits.unpacked_bytes.saturating_add(1));
        let mut plain = BufReader::with_capacity(1 << 18, plain);
        let (mut line, mut lines, mut total) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let most = limits.line_bytes.saturating_add(1);
            let read = (&mut plain).take(most).read_until(b'\n', &mut line);
            let read = read.map_err(|source| self.corrupt(lines, source))? as u64;
            total += read;
            if total > limits.unpacked_bytes {
                return Err(ContentsFault::TooBig {
                    index: self.name.clone(),
                    limit: limits.unpacked_bytes,
                });
            }
            if read == 0 {
                return Ok(());
            }
            lines += 1;
            if read > limits.line_bytes {
                return Err(ContentsFault::LongLine {
                    index: self.name.clone(),
                    line: lines,
                    limit: limits.line_bytes,
                });
            }
            if let Some((path, packages)) = split(&line) {
                visit(path, packages);
            }
        }
    }

    fn corrupt(&self, lines: u64, source: std::io::Error) -> ContentsFault {
        ContentsFault::Corrupt {
            index: self.name.clone(),
            lines,
            source,
        }
    }
}

/// Path and packages of a line. Paths may hold blanks, names may not: the last blank counts.
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_end();
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let at = line.iter().rposition(blank)?;
    let (path, packages) = (line.get(..at)?.trim_ascii_end(), line.get(at + 1..)?);
    (!path.is_empty() && !packages.is_empty()).then_some((path, packages))
}

/// The names in the second column of a line, without their sections. What is not UTF-8 is no name.
pub fn packages_of(column: &[u8]) -> impl Iterator<Item = &str> {
    let names = column.split(|b| *b == b',');
    let plain = |name: &[u8]| name.rsplit(|b| *b == b'/').next().map(<[u8]>::len);
    names.filter_map(move |name| {
        let len = plain(name)?;
        let name = std::str::from_utf8(name.get(name.len() - len..)?).ok()?;
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &str = "bin/true  utils/coreutils\nusr/share/a file\t\tnon-free/doc/ab,doc/cd\n\
                        alone\n";

    fn scan(index: &ContentsIndex, limits: ContentsLimits) -> Result<Vec<String>, ContentsFault> {
        let mut found = Vec::new();
        index.scan(limits, |path, packages| {
            let packages: Vec<&str> = packages_of(packages).collect();
            found.push(format!("{}={packages:?}", String::from_utf8_lossy(path)));
        })?;
        Ok(found)
    }

    fn gzip(text: &[u8]) -> Bytes {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text).unwrap();
        out.finish().unwrap().into()
    }

    #[test]
    fn lines_are_read_in_every_form() {
        let wanted = [
            "bin/true=[\"coreutils\"]",
            "usr/share/a file=[\"ab\", \"cd\"]",
        ];
        let xz = liblzma::encode_all(TEXT.as_bytes(), 0).unwrap();
        for (compression, packed) in [
            (Compression::None, TEXT.into()),
            (Compression::Gzip, gzip(TEXT.as_bytes())),
            (Compression::Xz, xz.into()),
        ] {
            let index = ContentsIndex::new("x", compression, packed);
            assert_eq!(scan(&index, ContentsLimits::STANDARD).unwrap(), wanted);
        }
    }

    #[test]
    fn damage_and_excess_are_named() {
        let packed = gzip(TEXT.repeat(1000).as_bytes());
        let short = ContentsIndex::new("x", Compression::Gzip, packed.slice(..packed.len() / 2));
        let fault = scan(&short, ContentsLimits::STANDARD).unwrap_err();
        assert!(matches!(fault, ContentsFault::Corrupt { .. }), "{fault}");
        let limits = ContentsLimits {
            unpacked_bytes: 1000,
            ..ContentsLimits::STANDARD
        };
        let whole = ContentsIndex::new("x", Compression::Gzip, packed);
        let fault = scan(&whole, limits).unwrap_err();
        assert_eq!(fault.to_string(), "`x` unpacks to more than 1000 bytes");
        let limits = ContentsLimits {
            line_bytes: 30,
            ..ContentsLimits::STANDARD
        };
        let fault = scan(&whole, limits).unwrap_err();
        assert_eq!(fault.to_string(), "`x`: line 2 is longer than 30 bytes");
    }
}
