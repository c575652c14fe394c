//! Claims against images: what was published, and what is found about it, side by side.

use model::{ClaimVerdict, Report};
use serde::Serialize;

use crate::reading::{Chip, places};
use crate::text::one_line;

/// The audit as a table: one row a claim, one column an image on a platform.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Claims {
    /// Column heads: `python`, or `python on kind` with several platforms.
    pub(crate) columns: Vec<String>,
    /// Rows.
    pub(crate) rows: Vec<Row>,
}

/// One claim.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// Its words, as published.
    pub(crate) text: String,
    /// Where they were published.
    pub(crate) source: String,
    /// One finding a column; absent where the claim was not audited.
    pub(crate) found: Vec<Option<Found>>,
}

/// What was found about one claim for one image.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Found {
    /// The finding.
    pub(crate) finding: Chip,
    /// A second one that holds as well.
    pub(crate) also: Option<Chip>,
    /// The number behind it.
    pub(crate) number: String,
    /// Why.
    pub(crate) reason: String,
}

/// The audit of a report; claims and columns in the report's order.
pub(crate) fn audited(report: &Report) -> Claims {
    let mut columns: Vec<(&str, &str)> = Vec::new();
    let mut claims: Vec<(&str, &str, &str)> = Vec::new();
    for verdict in &report.claims {
        let column = (verdict.image.as_str(), verdict.platform.as_str());
        if !columns.contains(&column) {
            columns.push(column);
        }
        if !claims.iter().any(|(id, ..)| *id == verdict.claim) {
            claims.push((&verdict.claim, &verdict.text, &verdict.source));
        }
    }
    let several = columns
        .iter()
        .any(|(_, platform)| *platform != columns[0].1);
    let labels: Vec<(String, String)> = places(report, None)
        .iter()
        .map(|p| (p.platform.to_string(), p.label()))
        .collect();
    let label = |platform: &str| {
        let known = labels.iter().find(|(name, _)| name == platform);
        known.map_or_else(|| platform.to_owned(), |(_, label)| label.clone())
    };
    let rows = claims
        .iter()
        .map(|(id, text, source)| Row {
            text: one_line(text),
            source: one_line(source),
            found: columns
                .iter()
                .map(|(image, platform)| {
                    report
                        .claims
                        .iter()
                        .find(|v| {
                            v.claim == *id
                                && v.image.as_str() == *image
                                && v.platform.as_str() == *platform
                        })
                        .map(Found::of)
                })
                .collect(),
        })
        .collect();
    Claims {
        columns: columns
            .iter()
            .map(|(image, platform)| match several {
                true => format!("{image} on {}", label(platform)),
                false => (*image).to_owned(),
            })
            .collect(),
        rows,
    }
}

impl Found {
    fn of(verdict: &ClaimVerdict) -> Self {
        let chip = |f: model::ClaimFinding| Chip::new(f.word(), f.into());
        Self {
            finding: chip(verdict.finding),
            also: verdict.also.map(chip),
            number: one_line(&verdict.number),
            reason: one_line(&verdict.reason),
        }
    }
}

impl Row {
    /// `equivalent on all 3`, or `refuted on 2 of 3, equivalent on 1 of 3`.
    pub(crate) fn together(&self) -> String {
        let mut findings: Vec<(String, usize)> = Vec::new();
        for found in self.found.iter().flatten() {
            let word = found.words();
            match findings.iter_mut().find(|(known, _)| *known == word) {
                Some((_, n)) => *n += 1,
                None => findings.push((word, 1)),
            }
        }
        let total: usize = findings.iter().map(|(_, n)| n).sum();
        let parts: Vec<String> = findings
            .iter()
            .map(|(word, n)| match (total, *n == total) {
                (1, _) => word.clone(),
                (_, true) => format!("{word} on all {total}"),
                _ => format!("{word} on {n} of {total}"),
            })
            .collect();
        parts.join(", ")
    }

    /// ` (66.0 MB, 72.3 MB)`: the numbers behind the findings, where they are few; ratios with
    /// intervals are left out, for they stand in the table by image.
    pub(crate) fn numbers(&self) -> String {
        const MOST: usize = 4;
        let numbers: Vec<&str> = self
            .found
            .iter()
            .flatten()
            .map(|found| found.number.as_str())
            .filter(|number| !number.is_empty() && !number.contains('('))
            .collect();
        match numbers.len() {
            1..=MOST => format!(" ({})", numbers.join(", ")),
            _ => String::new(),
        }
    }
}

impl Found {
    /// `refuted`, or `refuted, though lower`, or `refuted, and equivalent`.
    pub(crate) fn words(&self) -> String {
        match &self.also {
            Some(also) if also.word == model::ClaimFinding::DirectionOnly.word() => {
                format!("{}, though lower", self.finding.word)
            }
            Some(also) => format!("{}, and {}", self.finding.word, also.word),
            None => self.finding.word.clone(),
        }
    }
}
