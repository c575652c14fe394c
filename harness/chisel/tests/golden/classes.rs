//! The class that an error text of the reference tool belongs to.

use chisel::ErrorClass;

/// Pieces of the reference tool's texts and what they mean; the first that fits counts.
const CLASSES: &[(&str, ErrorClass)] = &[
    ("issues found in the release archives", ErrorClass::Tree),
    ("cannot parse maintenance", ErrorClass::Maintenance),
    ("maintenance status", ErrorClass::Maintenance),
    ("cannot decode public key", ErrorClass::Key),
    ("armor has incorrect ID", ErrorClass::Key),
    ("chisel.yaml", ErrorClass::Format),
    ("cannot read release definition", ErrorClass::Format),
    ("cannot read slices/ directory", ErrorClass::Format),
    ("essential expects", ErrorClass::Essential),
    ("v3-essential is obsolete", ErrorClass::Essential),
    ("in essential fields", ErrorClass::Essential),
    ("invalid essential slice reference", ErrorClass::Essential),
    ("essential loop detected", ErrorClass::Essential),
    ("to itself as essential", ErrorClass::Essential),
    ("but slice is missing", ErrorClass::Essential),
    ("'prefer'", ErrorClass::Prefer),
    ("prefer", ErrorClass::Prefer),
    ("cannot parse package", ErrorClass::Definition),
    ("invalid slice definition filename", ErrorClass::Definition),
    ("invalid slice name", ErrorClass::Definition),
    ("refers to undefined archive", ErrorClass::Definition),
    ("disagree", ErrorClass::Definition),
    ("defined more than once", ErrorClass::Definition),
    ("has invalid", ErrorClass::Definition),
    ("must end in / for 'make'", ErrorClass::Definition),
    ("mutable is not a regular file", ErrorClass::Definition),
    ("conflict in slice", ErrorClass::Definition),
    ("conflict on", ErrorClass::Conflict),
    ("invalid slice reference", ErrorClass::Reference),
    ("not found", ErrorClass::Reference),
    ("no slice definitions found", ErrorClass::Reference),
    ("cannot find package", ErrorClass::PackageMissing),
    ("reported twice", ErrorClass::Report),
    ("no data payload", ErrorClass::Payload),
    ("unexpected EOF", ErrorClass::Payload),
    ("cannot create hard link", ErrorClass::Tree),
    ("no content at", ErrorClass::Content),
    ("unsupported file type", ErrorClass::Tree),
    ("directory not empty", ErrorClass::Tree),
    ("not a directory", ErrorClass::Tree),
    ("is a directory", ErrorClass::Tree),
    ("file exists", ErrorClass::Tree),
    ("invalid package architecture", ErrorClass::Reference),
    ("clearsign", ErrorClass::Archive),
    ("internal error", ErrorClass::Archive),
    ("archive", ErrorClass::Archive),
    ("digests", ErrorClass::Archive),
    ("signature", ErrorClass::Archive),
    ("unauthorized", ErrorClass::Archive),
];

/// The class of `text`.
pub(crate) fn class(text: &str) -> Option<ErrorClass> {
    let definition = ["has invalid", "mutable is not a regular file"];
    if text.starts_with("slice ")
        && text.contains(": ")
        && !definition.iter().any(|piece| text.contains(piece))
    {
        return Some(ErrorClass::Mutate);
    }
    CLASSES
        .iter()
        .find(|(piece, _)| text.contains(piece))
        .map(|(_, class)| *class)
}
