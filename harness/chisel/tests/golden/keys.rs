//! Stand-ins for the keys of a case: their packets have the right kinds and no numbers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// An armored block of the key kind `kind`.
pub(crate) fn armor(kind: &str) -> String {
    let packet = |tag: u8, algorithm: u8| [0x80 | tag << 2, 6, 4, 0, 0, 0, 0, algorithm];
    let bytes = match kind {
        "ed25519" => packet(6, 22).to_vec(),
        "rsa-subkey" => [packet(6, 1), packet(14, 1)].concat(),
        "secret" => packet(5, 1).to_vec(),
        _ => packet(6, 1).to_vec(),
    };
    let text = STANDARD.encode(bytes);
    format!("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{text}\n-----END PGP PUBLIC KEY BLOCK-----\n")
}
