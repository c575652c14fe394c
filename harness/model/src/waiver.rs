//! Waivers: failures accepted by name, for a reason, until a day.

use serde::{Deserialize, Serialize};

use crate::{CheckId, ImageName};

/// A failure of one check in one image that the profile's owner accepts for a while. It is
/// reported as `waived`, never as passed, and counted apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Its id, for people and trackers: `SEC-142`.
    pub id: String,
    /// The check whose failure is accepted.
    pub check: CheckId,
    /// The image in which it is.
    pub image: ImageName,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, `YYYY-MM-DD` in UTC.
    pub expires: String,
}

/// A waiver of the profile and what became of it in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UsedWaiver {
    /// The waiver.
    pub waiver: Waiver,
    /// What became of it.
    pub state: WaiverState,
}

/// What became of a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverState {
    /// It covered a failure.
    Used,
    /// There was nothing to cover: it can be removed.
    Unused,
    /// Its last day was over when the run started; it covered nothing.
    Expired,
}

impl WaiverState {
    /// The words of every document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Used => "covered a failure",
            Self::Unused => "had nothing to cover and can be removed",
            Self::Expired => "had expired and covered nothing",
        }
    }
}

impl Waiver {
    /// Why it cannot be used as written, if so.
    pub fn flaw(&self) -> Option<String> {
        let [id, reason] = [&self.id, &self.reason].map(|text| text.trim().is_empty());
        if id || reason {
            return Some("a waiver needs an id and a reason".to_owned());
        }
        let parts: Vec<&str> = self.expires.split('-').collect();
        let digits = |part: &&str, n: usize| {
            part.len() == n && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let [year, month, day] = parts.as_slice() else {
            return Some(format!("expires: `{}` is not YYYY-MM-DD", self.expires));
        };
        let day_exists = digits(year, 4)
            && digits(month, 2)
            && digits(day, 2)
            && ("01"..="12").contains(month)
            && ("01"..="31").contains(day);
        (!day_exists).then(|| format!("expires: `{}` is not YYYY-MM-DD", self.expires))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_do_not_exist_are_refused() {
        let waiver = |expires: &str| Waiver {
            id: "W-1".to_owned(),
            check: CheckId::declared("IMM-005"),
            image: ImageName::new("web").unwrap(),
            reason: "until the vendor mends it".to_owned(),
            expires: expires.to_owned(),
        };
        assert_eq!(waiver("2027-01-31").flaw(), None);
        for bad in [
            "2027-1-31",
            "soon",
            "2027-13-01",
            "2027-01-32",
            "27-01-01",
            "",
        ] {
            assert!(waiver(bad).flaw().is_some(), "{bad}");
        }
        let unreasoned = Waiver {
            reason: " ".to_owned(),
            ..waiver("2027-01-31")
        };
        assert!(unreasoned.flaw().is_some());
    }
}
