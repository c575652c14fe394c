//! Compression formats, as suffixes name them.

use std::io::Write;

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Packing {
    Plain,
    Gz,
    Xz,
    Zst,
}

impl Packing {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Gz, Self::Xz, Self::Zst];

    /// The suffix with its dot; empty for plain bytes.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Gz => ".gz",
            Self::Xz => ".xz",
            Self::Zst => ".zst",
        }
    }

    /// Packs `bytes`, quickly rather than well.
    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => bytes.to_vec(),
            Self::Gz => {
                let level = flate2::Compression::fast();
                let mut out = flate2::write::GzEncoder::new(Vec::new(), level);
                out.write_all(bytes).unwrap();
                out.finish().unwrap()
            }
            Self::Xz => liblzma::encode_all(bytes, 0).unwrap(),
            Self::Zst => zstd::encode_all(bytes, 1).unwrap(),
        }
    }
}
