//! Decompression of one member, bounded against bombs.

use std::io::{self, Read};

use bytes::Bytes;

/// How far a member may grow. Every bound is checked while unpacking, not after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes a member may unpack to.
    pub unpacked_bytes: u64,
    /// Most bytes out per byte in, once [`Limits::RATIO_FLOOR`] is passed.
    pub ratio: u64,
    /// Most memory the xz decoder may ask for (its dictionary), in bytes.
    pub decoder_bytes: u64,
}

/// How a member is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
}

/// Why a member could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackFault {
    /// A suffix that is none of `.gz`, `.xz`, `.zst` or nothing.
    #[error("compression of `{0}` is not supported")]
    Unsupported(String),
    /// More bytes than the limits allow.
    #[error("unpacks to more than {limit} bytes ({packed} packed)")]
    TooBig {
        /// Size of the member, in bytes.
        packed: u64,
        /// The bound that was passed, in bytes.
        limit: u64,
    },
    /// Corrupt or truncated.
    #[error("corrupt or truncated {compression:?} data")]
    Corrupt {
        /// The format it was read as.
        compression: Compression,
        /// What the decoder said.
        source: io::Error,
    },
}

impl Limits {
    /// Below this size the ratio is not looked at: small members of zeros compress well.
    pub const RATIO_FLOOR: u64 = 16 << 20;

    /// The bounds for packages of a real archive: 4 GiB, 500 to 1, 256 MiB of dictionary. The
    /// largest ratio of a file of text is below 100.
    pub const PACKAGE: Self = Self {
        unpacked_bytes: 4 << 30,
        ratio: 500,
        decoder_bytes: 256 << 20,
    };

    pub(crate) fn bound(&self, packed: u64) -> u64 {
        let by_ratio = packed.saturating_mul(self.ratio).max(Self::RATIO_FLOOR);
        by_ratio.min(self.unpacked_bytes)
    }
}

impl Compression {
    /// The compression that the suffix after `stem` names, as in `data.tar.xz`.
    pub fn of(name: &str, stem: &str) -> Result<Self, UnpackFault> {
        match name.strip_prefix(stem) {
            Some("") => Ok(Self::None),
            Some(".gz") => Ok(Self::Gzip),
            Some(".xz") => Ok(Self::Xz),
            Some(".zst") => Ok(Self::Zstd),
            _ => Err(UnpackFault::Unsupported(name.to_owned())),
        }
    }
}

/// Unpacks `packed`, whose digest the caller has compared. Uncompressed input is shared, not copied.
pub fn unpack(
    compression: Compression,
    packed: &Bytes,
    limits: &Limits,
) -> Result<Bytes, UnpackFault> {
    let size = packed.len() as u64;
    let limit = limits.bound(size);
    let corrupt = |source| UnpackFault::Corrupt {
        compression,
        source,
    };
    if compression == Compression::None {
        return match size > limits.unpacked_bytes {
            true => Err(UnpackFault::TooBig {
                packed: size,
                limit: limits.unpacked_bytes,
            }),
            false => Ok(packed.clone()),
        };
    }
    let decoder = decoder(compression, packed, limits).map_err(corrupt)?;
    let unpacked = read(decoder, size, limit).map_err(corrupt)?;
    match unpacked.len() as u64 > limit {
        true => Err(UnpackFault::TooBig {
            packed: size,
            limit,
        }),
        false => Ok(unpacked.into()),
    }
}

/// Unpacks `packed` bit by bit, and at most one byte more than `limits` allow.
pub(crate) fn unpacking<'p>(
    compression: Compression,
    packed: &'p [u8],
    limits: &Limits,
) -> io::Result<io::Take<Box<dyn Read + 'p>>> {
    let most = limits.bound(packed.len() as u64).saturating_add(1);
    Ok(decoder(compression, packed, limits)?.take(most))
}

fn decoder<'p>(
    compression: Compression,
    packed: &'p [u8],
    limits: &Limits,
) -> io::Result<Box<dyn Read + 'p>> {
    Ok(match compression {
        Compression::None => Box::new(packed),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        Compression::Xz => {
            // The checksums inside would be a second look at what a signed digest vouches for, and
            // cost 8 % of unpacking (4.3 against 51 of 100 samples of a profile).
            let flags = liblzma::stream::CONCATENATED | liblzma::stream::IGNORE_CHECK;
            let stream = liblzma::stream::Stream::new_stream_decoder(limits.decoder_bytes, flags)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(packed, stream))
        }
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
    })
}

/// Reads at most one byte more than `limit`.
fn read(decoder: impl Read, packed: u64, limit: u64) -> io::Result<Vec<u8>> {
    // Text and programs unpack to about four times; growing by doubling covers the rest.
    let guess = packed.saturating_mul(4).min(limit).min(64 << 20);
    let mut out = Vec::with_capacity(usize::try_from(guess).unwrap_or_default());
    decoder
        .take(limit.saturating_add(1))
        .read_to_end(&mut out)?;
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use std::io::Write;

    const ALL: [Compression; 3] = [Compression::Gzip, Compression::Xz, Compression::Zstd];

    fn pack(compression: Compression, bytes: &[u8]) -> Bytes {
        match compression {
            Compression::None => bytes.to_vec(),
            Compression::Gzip => {
                let mut out =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                out.write_all(bytes).unwrap();
                out.finish().unwrap()
            }
            Compression::Xz => liblzma::encode_all(bytes, 0).unwrap(),
            Compression::Zstd => zstd::encode_all(bytes, 1).unwrap(),
        }
        .into()
    }

    #[test]
    fn unpacks_every_format_also_when_concatenated() {
        for compression in ALL {
            let text = b"hello hello hello".repeat(1000);
            let one = pack(compression, &text);
            assert_eq!(unpack(compression, &one, &Limits::PACKAGE).unwrap(), text);
            let two: Bytes = [&one[..], &one[..]].concat().into();
            let both = unpack(compression, &two, &Limits::PACKAGE).unwrap();
            assert_eq!(both.len(), 2 * text.len(), "{compression:?}");
        }
    }

    #[test]
    fn refuses_every_truncation_and_garbage() {
        for compression in ALL {
            let packed = pack(compression, b"some text that does not repeat: 0123456789");
            for end in 0..packed.len() {
                let cut = unpack(compression, &packed.slice(..end), &Limits::PACKAGE);
                // Nothing at all is an empty zstd stream; the tar reader refuses it later.
                let empty_zstd = end == 0 && compression == Compression::Zstd;
                assert!(cut.is_err() || empty_zstd, "{compression:?} cut at {end}");
            }
            let garbage = Bytes::from_static(b"this is not compressed at all, not at all");
            assert!(unpack(compression, &garbage, &Limits::PACKAGE).is_err());
        }
    }

    #[test]
    fn stops_a_bomb_by_size_and_by_ratio() {
        let zeros = vec![0; (Limits::RATIO_FLOOR + 1) as usize];
        for compression in ALL {
            let packed = pack(compression, &zeros);
            let size = Limits {
                unpacked_bytes: 1000,
                ..Limits::PACKAGE
            };
            let ratio = Limits {
                ratio: 10,
                ..Limits::PACKAGE
            };
            for (limits, bound) in [(size, 1000), (ratio, Limits::RATIO_FLOOR)] {
                let fault = unpack(compression, &packed, &limits).unwrap_err();
                let stopped = matches!(fault, UnpackFault::TooBig { limit, .. } if limit == bound);
                assert!(stopped, "{compression:?}: {fault}");
            }
        }
        let plain = Bytes::from_static(b"12345");
        let limits = Limits {
            unpacked_bytes: 4,
            ..Limits::PACKAGE
        };
        assert!(unpack(Compression::None, &plain, &limits).is_err());
    }

    #[test]
    fn refuses_a_dictionary_beyond_the_limit() {
        let packed = pack(Compression::Xz, b"text");
        let limits = Limits {
            decoder_bytes: 1000,
            ..Limits::PACKAGE
        };
        assert!(unpack(Compression::Xz, &packed, &limits).is_err());
    }
}
