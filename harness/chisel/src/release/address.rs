//! Where an archive is when nobody says otherwise: Ubuntu's public archives, as the format implies.

use jiff::civil::Date;
use model::{Arch, Hosts};

use super::Release;
use super::archive::{Archive, Pro};

impl Release {
    /// The address that the format implies for `archive` of this release on the day `today`: that
    /// of Ubuntu's public archives. Nothing for an archive of somebody else, which is one that
    /// carries an address of its own or is known by another label.
    ///
    /// After the end of the release's life a plain archive is where old releases are; subscriptions
    /// stay where they were.
    pub fn standard_address(
        &self,
        archive: &Archive,
        arch: Arch,
        today: Date,
    ) -> Option<&'static str> {
        if archive.url.is_some() || archive.expected_label() != archive.ubuntu_label() {
            return None;
        }
        let hosts = &Hosts::known().ubuntu;
        Some(match archive.pro {
            Some(Pro::Fips) => &hosts.pro.fips,
            Some(Pro::FipsUpdates) => &hosts.pro.fips_updates,
            Some(Pro::EsmApps) => &hosts.pro.esm_apps,
            Some(Pro::EsmInfra) => &hosts.pro.esm_infra,
            None if self.maintenance.is_over(today) => &hosts.old_releases,
            None if matches!(arch, Arch::Amd64 | Arch::I386) => &hosts.main,
            None => &hosts.ports,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::release::{ReleaseFiles, Strictness};

    fn release(archives: &str) -> Release {
        let text = format!(
            "format: v3\nmaintenance: {{standard: 2020-01-01, end-of-life: 2030-01-01}}\n\
             archives:\n{archives}public-keys: {{k: {{id: \"0123456789ABCDEF\", path: keys/k}}}}\n"
        );
        let slice = "package: some\nslices: {bins: {contents: {/x:}}}\n";
        let files = [
            ("chisel.yaml".to_owned(), text.into_bytes()),
            ("slices/some.yaml".to_owned(), slice.as_bytes().to_vec()),
            ("keys/k".to_owned(), Vec::new()),
        ];
        Release::from_files(&ReleaseFiles::from_pairs("r", files), Strictness::Foreign).unwrap()
    }

    fn archive(more: &str) -> String {
        format!(
            "  a: {{version: 1, suites: [s], components: [c], public-keys: [k], priority: 1{more}}}\n"
        )
    }

    fn at(more: &str, arch: Arch, day: &str) -> Option<&'static str> {
        let release = release(&archive(more));
        release.standard_address(&release.archives["a"], arch, day.parse().unwrap())
    }

    #[test]
    fn the_architecture_and_the_day_decide_about_a_plain_archive() {
        let hosts = &Hosts::known().ubuntu;
        for (arch, day, wanted) in [
            (Arch::Amd64, "2026-01-01", &hosts.main),
            (Arch::I386, "2029-12-31", &hosts.main),
            (Arch::Arm64, "2026-01-01", &hosts.ports),
            (Arch::Riscv64, "2026-01-01", &hosts.ports),
            (Arch::Amd64, "2030-01-01", &hosts.old_releases),
            (Arch::Arm64, "2031-01-01", &hosts.old_releases),
        ] {
            assert_eq!(at("", arch, day), Some(wanted.as_str()), "{arch} {day}");
        }
    }

    #[test]
    fn a_subscription_stays_where_it_is() {
        let pro = &Hosts::known().ubuntu.pro;
        for (word, wanted) in [
            ("fips", &pro.fips),
            ("fips-updates", &pro.fips_updates),
            ("esm-apps", &pro.esm_apps),
            ("esm-infra", &pro.esm_infra),
        ] {
            for day in ["2026-01-01", "2031-01-01"] {
                let found = at(&format!(", pro: {word}"), Arch::Arm64, day);
                assert_eq!(found, Some(wanted.as_str()), "{word} {day}");
            }
        }
    }

    #[test]
    fn an_archive_of_somebody_else_has_none() {
        let day = "2026-01-01";
        assert_eq!(at(", label: Debian", Arch::Amd64, day), None);
        assert_eq!(at(", url: \"http://a.test\"", Arch::Amd64, day), None);
        assert_eq!(at(", pro: esm-apps, label: Other", Arch::Amd64, day), None);
        assert!(at(", label: Ubuntu", Arch::Amd64, day).is_some());
    }
}
