//! In which order the places of an archive are tried.

use super::{AddressBook, Candidate, NamedBy};
use crate::address::Address;
use crate::credentials::Credentials;

/// What the host's apt sources are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AptSources {
    /// Asked before the address that a release's format implies.
    #[default]
    First,
    /// Asked only for archives whose format implies no address.
    WithoutStandard,
}

impl AddressBook {
    /// Says what the host's apt sources are for.
    #[must_use]
    pub const fn apt_sources(mut self, apt: AptSources) -> Self {
        self.apt = apt;
        self
    }

    /// Adds the address that the release itself names for `archive`: it comes after those that the
    /// user named for just this archive, and before all others.
    pub fn add_own(&mut self, archive: &str, address: Address) {
        self.add_for(archive, address, NamedBy::Release);
    }

    /// Adds the address that the release's format implies for `archive`: it comes last.
    pub fn add_standard(&mut self, archive: &str, address: Address) {
        self.add_for(archive, address, NamedBy::Standard);
    }

    /// Adds to every address what is known of logins there; one that carries its own keeps it.
    pub fn log_in(&mut self, credentials: &Credentials) {
        for place in &mut self.places {
            if let Some(login) = credentials.login(&place.address) {
                place.address = place.address.with_login(&login);
            }
        }
    }

    /// The addresses to try for `archive`, in order, each once: what the user named for it (where
    /// the release names an address too), the release's own, what else the user named, the host's
    /// apt sources, what the format implies.
    pub fn candidates(&self, archive: &str) -> Vec<&Candidate> {
        let for_it = |place: &&Candidate| {
            let named = place.archive.as_deref();
            named.is_none_or(|name| name == archive)
        };
        let mut all: Vec<&Candidate> = self.places.iter().filter(for_it).collect();
        let has = |by: &NamedBy| all.iter().any(|place| place.named_by == *by);
        let (own, standard) = (has(&NamedBy::Release), has(&NamedBy::Standard));
        if standard && self.apt == AptSources::WithoutStandard {
            all.retain(|place| !matches!(place.named_by, NamedBy::AptSource { .. }));
        }
        all.sort_by_key(|place| match place.named_by {
            NamedBy::Standard => 3,
            NamedBy::Release => 1,
            _ if own && place.archive.is_some() => 0,
            _ => 2,
        });
        let mut found: Vec<&Candidate> = Vec::new();
        for place in all {
            if !found.iter().any(|other| other.address == place.address) {
                found.push(place);
            }
        }
        found
    }

    /// Whether somebody named an address for just this `archive`.
    pub fn names(&self, archive: &str) -> bool {
        let is_it = |place: &Candidate| {
            place.archive.as_deref() == Some(archive) && place.named_by != NamedBy::Standard
        };
        self.places.iter().any(is_it)
    }

    fn add_for(&mut self, archive: &str, address: Address, named_by: NamedBy) {
        self.places.push(Candidate {
            address,
            named_by,
            archive: Some(archive.to_owned()),
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use camino::Utf8Path;
    use fs_err as fs;

    use super::*;

    fn book(mirrors: &[&str]) -> AddressBook {
        let root = tempfile::tempdir().unwrap();
        let apt = root.path().join("etc/apt");
        fs::create_dir_all(&apt).unwrap();
        fs::write(
            apt.join("sources.list"),
            "deb http://apt.test/x noble main\n",
        )
        .unwrap();
        let mirrors: Vec<String> = mirrors.iter().map(|text| (*text).to_owned()).collect();
        let root = Utf8Path::from_path(root.path()).unwrap();
        AddressBook::read(&mirrors, Some("http://env.test"), Some(root)).unwrap()
    }

    fn shown(book: &AddressBook, archive: &str) -> Vec<String> {
        let found = book.candidates(archive).into_iter();
        found.map(|place| place.address.to_string()).collect()
    }

    #[test]
    fn what_the_format_implies_comes_last() {
        let mut book = book(&["http://any.test", "other=http://other.test"]);
        book.add_standard("ubuntu", "http://standard.test/u".parse().unwrap());
        let user = ["http://any.test", "http://env.test"];
        let all = [&user[..], &["http://apt.test/x", "http://standard.test/u"]].concat();
        assert_eq!(shown(&book, "ubuntu"), all);
        let book = book.apt_sources(AptSources::WithoutStandard);
        let without = [&user[..], &["http://standard.test/u"]].concat();
        assert_eq!(shown(&book, "ubuntu"), without);
        // For an archive that has no such address there is nothing but the host's.
        let unknown = [&user[..], &["http://apt.test/x"]].concat();
        assert_eq!(shown(&book, "debian"), unknown);
        assert!(book.names("other") && !book.names("ubuntu"));
    }

    #[test]
    fn the_releases_own_comes_right_after_what_was_named_for_it() {
        let mut book = book(&["http://any.test", "vendor=http://near.test"]);
        book.add_own("vendor", "http://vendor.test/apt".parse().unwrap());
        let wanted = [
            "http://near.test",
            "http://vendor.test/apt",
            "http://any.test",
            "http://env.test",
            "http://apt.test/x",
        ];
        assert_eq!(shown(&book, "vendor"), wanted);
    }

    #[test]
    fn logins_go_to_their_own_address_alone() {
        let mut book = book(&[]);
        book.add_standard("pro", "https://pro.test/apps/ubuntu".parse().unwrap());
        book.add_standard("other", "https://else.test/apps/ubuntu".parse().unwrap());
        book.log_in(&Credentials::from_text(
            "machine pro.test/apps/ login me password secret",
        ));
        let login = |archive: &str| {
            let all = book.candidates(archive);
            all.last().unwrap().address.has_login()
        };
        assert!(login("pro") && !login("other"));
    }
}
