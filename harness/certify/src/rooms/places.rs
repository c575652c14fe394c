//! Where the archives of a release are looked for, and which of them can be used at all.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use chisel::{Archive, Release};
use deb::{AddressBook, Credentials};
use jiff::civil::Date;
use model::Arch;

use super::archives::Mirrors;

/// Names a folder with logins of archives, instead of apt's own; as for the reference tool.
const AUTH_FOLDER: &str = "CHISEL_AUTH_DIR";

/// The places of a release's archives.
#[derive(Debug)]
pub(super) struct Places {
    /// Addresses in the order they are tried, with logins.
    pub(super) book: AddressBook,
    /// What people should know of them.
    pub(super) notes: Vec<String>,
    left_out: BTreeSet<String>,
}

impl Places {
    /// Looks everything up: what the user names, what the release names, the host's apt sources and
    /// logins below `root`, and what the format implies on the day `today`.
    pub(super) fn of(
        release: &Release,
        mirrors: &Mirrors,
        (arch, today): (Arch, Date),
        root: &Utf8Path,
    ) -> Result<Self> {
        let mut book = mirrors.book(Some(root))?;
        for archive in release.archives.values() {
            let name = &archive.name;
            if let Some(url) = &archive.url {
                let address = url.parse();
                let address = address.with_context(|| format!("archive {name:?}: url"))?;
                book.add_own(name, address);
            }
            if let Some(standard) = release.standard_address(archive, arch, today) {
                let address = standard.parse();
                book.add_standard(name, address.with_context(|| format!("archive {name:?}"))?);
            }
        }
        let folder = std::env::var(AUTH_FOLDER).ok().map(Utf8PathBuf::from);
        let credentials = Credentials::read(root, folder.as_deref());
        book.log_in(&credentials);
        let mut places = Self {
            book,
            notes: Vec::new(),
            left_out: BTreeSet::new(),
        };
        if root != Utf8Path::new("/") {
            let note = format!("apt's sources and logins are read below {root}");
            places.notes.push(note);
        }
        places.leave_out(release, &credentials);
        Ok(places)
    }

    /// Whether `archive` is opened.
    pub(super) fn is_usable(&self, archive: &Archive) -> bool {
        !self.left_out.contains(&archive.name)
    }

    /// Leaves out subscriptions that nobody has credentials for. One whose address the user or the
    /// release names is used in any case: such a mirror may want none.
    fn leave_out(&mut self, release: &Release, credentials: &Credentials) {
        for archive in release.archives.values().filter(|one| one.pro.is_some()) {
            let name = &archive.name;
            let standard = self.book.candidates(name).into_iter().next_back();
            let logged_in = standard.is_some_and(|place| place.address.has_login());
            if !logged_in && !self.book.names(name) {
                self.left_out.insert(name.clone());
                let note = format!("archive {name:?} ignored: credentials not found");
                self.notes.push(note);
            }
        }
        if !self.left_out.is_empty() {
            let unreadable = credentials.unreadable().iter();
            self.notes
                .extend(unreadable.map(|why| format!("credentials: {why}")));
        }
    }
}
