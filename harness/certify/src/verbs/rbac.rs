//! `rbac`: the least rights that a run needs in a cluster, as manifests.

use anyhow::anyhow;
use model::ExitCode;

use super::print;
use crate::arguments::RbacArguments;
use crate::rooms::wanted::Wanted;
use crate::shipped::Shelf;
use crate::{Failure, OrExit};

pub(super) fn run(arguments: &RbacArguments, shelf: &Shelf) -> Result<ExitCode, Failure> {
    let name = &arguments.platform;
    let platform = Wanted::defaults(shelf)
        .or_usage()?
        .known
        .find(name)
        .or_usage()?;
    let namespace = &arguments.namespace;
    if !is_label(namespace) {
        let why = format!("`{namespace}` is no name of a namespace (RFC 1123 label)");
        return Err(anyhow!(why)).or_usage();
    }
    match platform.rights(namespace) {
        Some(manifests) => print(&manifests),
        None => Err(anyhow!("{name} is no cluster: nobody gives rights there")).or_usage(),
    }
}

fn is_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn only_names_of_namespaces_go_into_a_manifest() {
        assert!(is_label("certify") && is_label("a-1"));
        let long = "a".repeat(64);
        for bad in ["", "-a", "a-", "A", "a.b", "a: b", "a\nb", long.as_str()] {
            assert!(!is_label(bad), "{bad:?}");
        }
    }
}
