//! A package unpacked and packed again without compression: for whoever opens it many times.

use bytes::Bytes;

use crate::ar;
use crate::reader::{BadPackage, PackageFault};
use crate::unpack::{Compression, Limits, unpack};

/// The package `package`, called `name` in errors, with both its archives stored as they are. What
/// a reader finds in it is the same.
pub fn stored(name: &str, package: &Bytes, limits: &Limits) -> Result<Bytes, BadPackage> {
    store(package, limits).map_err(|fault| BadPackage {
        package: name.to_owned(),
        fault,
    })
}

fn store(package: &Bytes, limits: &Limits) -> Result<Bytes, PackageFault> {
    let members = ar::members(package)?;
    let mut out = b"!<arch>\n".to_vec();
    add(&mut out, "debian-binary", b"2.0\n");
    for (member, stem) in [(members.control, "control.tar"), (members.data, "data.tar")] {
        let fault = |fault| PackageFault::Unpack {
            member: member.name.to_owned(),
            fault,
        };
        let compression = Compression::of(member.name, stem).map_err(fault)?;
        let packed = package.slice_ref(member.bytes);
        let tar = unpack(compression, &packed, limits).map_err(fault)?;
        add(&mut out, stem, &tar);
    }
    Ok(out.into())
}

/// One member: a header of 60 bytes, the content, a newline where that is odd.
fn add(out: &mut Vec<u8>, name: &str, content: &[u8]) {
    let size = content.len();
    let header = format!(
        "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n",
        0, 0, 0, "100644"
    );
    out.extend(header.as_bytes());
    out.extend(content);
    if size % 2 == 1 {
        out.push(b'\n');
    }
}
