//! Gzip in blocks of fixed size, so that any number of threads gives the same bytes.
//!
//! The input is cut every [`BLOCK_BYTES`]; each piece is deflated on its own, without the window of
//! the one before, and ends in a sync flush, so the pieces joined are one valid deflate stream (the
//! idea of `pigz --independent`). What it costs: about 0.1 % in size. The bytes depend on the
//! input, the level, the block size and the deflate implementation (zlib-rs), on nothing else.

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use rayon::prelude::*;

use crate::ImageError;

/// Bytes of input per block. Part of the image's bytes: changing it changes every digest.
pub const BLOCK_BYTES: usize = 1 << 20;

/// Magic, deflate, no flags, no time, no extra flags, unknown system (RFC 1952).
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// A last, empty block of fixed codes: ends the deflate stream (RFC 1951).
const END: [u8; 2] = [3, 0];

/// Compresses the concatenation of `pieces` at `level` (1 to 9) on the threads of the current rayon
/// pool. The result comes in pieces too, in order.
pub fn gzip(pieces: &[Bytes], level: u32) -> Result<Vec<Bytes>, ImageError> {
    if !(1..=9).contains(&level) {
        return Err(ImageError::Level(level));
    }
    let blocks: Vec<Deflated> = cut(pieces)
        .into_par_iter()
        .map_init(
            || Compress::new(Compression::new(level), false),
            |compress, block| deflate(compress, &block),
        )
        .collect::<Result<_, _>>()?;
    let mut sum = Crc::new();
    let mut out = Vec::with_capacity(blocks.len() + 2);
    out.push(Bytes::from_static(&HEAD));
    for block in blocks {
        sum.combine(&block.crc);
        out.push(block.bytes);
    }
    let mut tail = END.to_vec();
    tail.extend(sum.sum().to_le_bytes());
    // The length field counts modulo 2^32, as the checksum's own count does.
    let size: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
    tail.extend((size as u32).to_le_bytes());
    out.push(tail.into());
    Ok(out)
}

struct Deflated {
    bytes: Bytes,
    crc: Crc,
}

/// The input in blocks, each a list of shared slices.
fn cut(pieces: &[Bytes]) -> Vec<Vec<Bytes>> {
    let mut blocks = Vec::new();
    let mut block = Vec::new();
    let mut room = BLOCK_BYTES;
    for piece in pieces {
        let mut piece = piece.clone();
        while !piece.is_empty() {
            let part = piece.split_to(piece.len().min(room));
            room -= part.len();
            block.push(part);
            if room == 0 {
                blocks.push(std::mem::take(&mut block));
                room = BLOCK_BYTES;
            }
        }
    }
    if !block.is_empty() {
        blocks.push(block);
    }
    blocks
}

fn deflate(compress: &mut Compress, block: &[Bytes]) -> Result<Deflated, ImageError> {
    // One contiguous input and one call: the output cannot depend on how the input was cut.
    let input = block.concat();
    let mut crc = Crc::new();
    crc.update(&input);
    compress.reset();
    let mut out = Vec::with_capacity(input.len() + input.len() / 8 + 1024);
    loop {
        let done = compress.total_in() as usize;
        let status = compress
            .compress_vec(&input[done..], &mut out, FlushCompress::Sync)
            .map_err(|_| ImageError::Deflate("the deflate state is inconsistent"))?;
        let is_all = compress.total_in() as usize == input.len();
        match status {
            // Spare room at the end of a flush means that the flush is complete.
            Status::Ok | Status::BufError if is_all && out.len() < out.capacity() => break,
            Status::Ok | Status::BufError => out.reserve(out.capacity() / 2),
            Status::StreamEnd => {
                return Err(ImageError::Deflate("a block ended the whole stream"));
            }
        }
    }
    out.shrink_to_fit();
    Ok(Deflated {
        bytes: out.into(),
        crc,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use model::Digest;
    use proptest::prelude::*;
    use std::io::Read as _;

    /// Bytes with some structure, the same on every machine.
    fn fixture(size: usize) -> Vec<u8> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut out = Vec::with_capacity(size);
        while out.len() < size {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let run = (state >> 60) as usize;
            out.extend(std::iter::repeat_n((state >> 8) as u8, run));
            out.extend_from_slice(b"/usr/lib/x86_64-linux-gnu/");
            out.push(state as u8);
        }
        out.truncate(size);
        out
    }

    fn pieces(bytes: &[u8], size: usize) -> Vec<Bytes> {
        bytes.chunks(size).map(Bytes::copy_from_slice).collect()
    }

    fn with_threads(threads: usize, input: &[Bytes], level: u32) -> Vec<u8> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| gzip(input, level)).unwrap().concat()
    }

    #[test]
    fn any_number_of_threads_and_pieces_gives_the_same_bytes() {
        let bytes = fixture(3 * BLOCK_BYTES + 4711);
        let one = with_threads(1, &pieces(&bytes, 100_000), 6);
        for threads in [2, 3, 8] {
            assert!(one == with_threads(threads, &pieces(&bytes, 777_777), 6));
        }
    }

    /// Fails when the deflate implementation gives other bytes: then every image digest moves.
    #[test]
    fn golden_digests() {
        let bytes = fixture(2 * BLOCK_BYTES + 1);
        let mut text = format!("input {}\n", Digest::of(&bytes));
        for level in [1, 6, 9] {
            let packed = gzip(&pieces(&bytes, 65_536), level).unwrap().concat();
            text += &format!("level {level} {}\n", Digest::of(&packed));
        }
        expect_test::expect![[r#"
            input sha256:f2b8010c22e058e7ff4763c11a3b46018b0de450e7db4dff84329c708e05de1c
            level 1 sha256:869e4e5357f9a1d3e830919d6c91e3d9bb8ddb2f9babc8eca9cb9cd53a9fcad8
            level 6 sha256:fbf65f212c4e3ec6cc9efb9ad8fc97566ba6cd106a055bfd79f084576e79c171
            level 9 sha256:de7c7dcc919ce45793c23e5bf07e83902609afa1283cd9f31807115a8e981f88
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn sizes_at_the_edges_of_blocks_read_back() {
        for size in [
            0,
            1,
            BLOCK_BYTES - 1,
            BLOCK_BYTES,
            BLOCK_BYTES + 1,
            2 * BLOCK_BYTES,
        ] {
            let bytes = fixture(size);
            let packed = gzip(&pieces(&bytes, 300_001), 1).unwrap().concat();
            let mut one = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
            decoder.read_to_end(&mut one).unwrap();
            let mut many = Vec::new();
            let mut decoder = flate2::read::MultiGzDecoder::new(&packed[..]);
            decoder.read_to_end(&mut many).unwrap();
            assert!(one == bytes && many == bytes, "{size}");
        }
    }

    #[test]
    fn bytes_that_do_not_compress_read_back() {
        let mut state = 1u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        let bytes: Vec<u8> = (0..BLOCK_BYTES + 9).map(|_| noise()).collect();
        let packed = gzip(&pieces(&bytes, 4096), 9).unwrap().concat();
        let mut back = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
        decoder.read_to_end(&mut back).unwrap();
        assert!(back == bytes);
    }

    #[test]
    fn other_levels_are_refused() {
        assert!(gzip(&[], 0).is_err() && gzip(&[], 10).is_err());
    }

    proptest! {
        #[test]
        fn reads_back(bytes: Vec<u8>, size in 1usize..50, level in 1u32..=9) {
            let packed = gzip(&pieces(&bytes, size), level).unwrap().concat();
            let mut back = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
            decoder.read_to_end(&mut back).unwrap();
            prop_assert_eq!(back, bytes);
        }
    }
}
