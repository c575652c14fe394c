//! Which of the releases that an image spec names it is made of.

use anyhow::{Result, bail};
use camino::Utf8Path;
use model::{Baseline, ImageSpec, OwnData};

use super::label::{self, DEFAULT};

/// What decides between several releases: what was asked for, then the host's own, then the default
/// one, then the first by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseChoice {
    /// As it was asked for: a name, or a folder whose last part is the name in specs.
    asked: Option<String>,
    host: Option<String>,
}

impl ReleaseChoice {
    /// With `asked` from the command line, on the host whose files lie below `root`.
    pub fn new(asked: Option<&str>, root: &Utf8Path) -> Self {
        Self {
            asked: asked.map(str::to_owned),
            host: label::of_host(root),
        }
    }

    /// The release of a command that needs one and names none: what was asked for, else the host's
    /// own, else the default one.
    pub fn sole(&self) -> &str {
        let chosen = self.asked.as_deref().or(self.host.as_deref());
        chosen.unwrap_or(DEFAULT)
    }

    /// What [`super::Releases::find`] is asked for when a spec says `name`: the folder that was
    /// asked for under that name, else the name itself.
    pub fn reference<'n>(&'n self, name: &'n str) -> &'n str {
        match &self.asked {
            Some(asked) if asked.contains('/') && short(asked) == name => asked,
            _ => name,
        }
    }

    /// The one of `names` to take. Refused when something was asked for that is not among them.
    pub fn of<'n>(&self, names: impl Iterator<Item = &'n String>) -> Result<String> {
        let names: Vec<&String> = names.collect();
        let has = |name: &str| names.iter().any(|other| *other == name);
        if let Some(asked) = &self.asked {
            let short = short(asked);
            if has(short) {
                return Ok(short.to_owned());
            }
            let known: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            bail!(
                "nothing is said for the release `{short}`, only for {}",
                known.join(", ")
            );
        }
        let preferred = [self.host.as_deref(), Some(DEFAULT)];
        let found = preferred.into_iter().flatten().find(|name| has(name));
        match found.or_else(|| names.first().map(|name| name.as_str())) {
            Some(name) => Ok(name.to_owned()),
            None => bail!("no release is named"),
        }
    }

    /// The spec as it is for the chosen release: what it says for others is left out.
    pub fn narrow(&self, spec: &ImageSpec) -> Result<ImageSpec> {
        if spec.slices.is_empty() {
            return Ok(spec.clone());
        }
        let release = self.of(spec.slices.keys())?;
        let mut spec = spec.for_release(&release);
        if let Baseline::Install(packages) = &mut spec.baseline {
            if !packages.contains_key(&release) {
                bail!("baseline: install: names no packages for the release `{release}`");
            }
            packages.retain(|name, _| *name == release);
        }
        Ok(spec)
    }

    /// The folder that was asked for, with the digest of the release in it.
    pub fn own_folder(&self) -> Result<Option<OwnData>> {
        let Some(folder) = self.asked.as_ref().filter(|asked| asked.contains('/')) else {
            return Ok(None);
        };
        let files = chisel::ReleaseFiles::from_folder(Utf8Path::new(folder))?;
        Ok(Some(OwnData {
            path: folder.clone(),
            digest: files.digest(),
        }))
    }
}

/// The name in specs of what was asked for.
fn short(asked: &str) -> &str {
    let last = asked.trim_end_matches('/').rsplit('/').next();
    last.unwrap_or(asked)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn choice(asked: Option<&str>, host: Option<&str>) -> ReleaseChoice {
        ReleaseChoice {
            asked: asked.map(str::to_owned),
            host: host.map(str::to_owned),
        }
    }

    #[test]
    fn what_was_asked_for_wins_then_the_host_then_the_default() {
        let names = ["arch-1", "debian-13", "ubuntu-24.04"].map(str::to_owned);
        let of = |asked, host| choice(asked, host).of(names.iter());
        assert_eq!(of(None, None).unwrap(), "debian-13");
        assert_eq!(of(None, Some("ubuntu-24.04")).unwrap(), "ubuntu-24.04");
        assert_eq!(of(None, Some("ubuntu-25.10")).unwrap(), "debian-13");
        assert_eq!(of(Some("arch-1"), Some("ubuntu-24.04")).unwrap(), "arch-1");
        assert_eq!(
            of(Some("./mine/ubuntu-24.04/"), None).unwrap(),
            "ubuntu-24.04"
        );
        let said = of(Some("ubuntu-22.04"), None).unwrap_err().to_string();
        assert!(said.contains("`ubuntu-22.04`, only for arch-1"), "{said}");
        let none = choice(None, None).of(names[..1].iter()).unwrap();
        assert_eq!(none, "arch-1");
        assert!(choice(None, None).of([].iter()).is_err());
    }

    #[test]
    fn a_folder_stands_for_the_name_that_it_ends_in() {
        let choice = choice(Some("/srv/ubuntu-24.04"), None);
        assert_eq!(choice.reference("ubuntu-24.04"), "/srv/ubuntu-24.04");
        assert_eq!(choice.reference("debian-13"), "debian-13");
        assert_eq!(choice.sole(), "/srv/ubuntu-24.04");
    }

    #[test]
    fn a_command_without_a_spec_takes_the_hosts_own() {
        assert_eq!(choice(None, None).sole(), "debian-13");
        assert_eq!(choice(None, Some("ubuntu-26.04")).sole(), "ubuntu-26.04");
    }
}
