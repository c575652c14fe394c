//! Sizes: exact, from the layouts; no interval and no doubt.

use model::{Arm, Estimate, ImageFacts, Measurement};

/// Compressed and uncompressed size of both arms.
#[allow(clippy::type_complexity, reason = "a table of two rows")]
pub(crate) fn measure(candidate: &ImageFacts, baseline: Option<&ImageFacts>) -> Vec<Measurement> {
    let sizes: [(&str, &str, fn(&ImageFacts) -> u64); 2] = [
        ("size.uncompressed", "bytes of files on disk", |facts| {
            facts.file_bytes
        }),
        ("size.compressed", "bytes of compressed layers", |facts| {
            facts.compressed_bytes
        }),
    ];
    sizes
        .into_iter()
        .map(|(metric, title, read)| one(metric, title, candidate, baseline, read))
        .collect()
}

fn one(
    metric: &str,
    title: &str,
    candidate: &ImageFacts,
    baseline: Option<&ImageFacts>,
    read: fn(&ImageFacts) -> u64,
) -> Measurement {
    #[allow(
        clippy::cast_precision_loss,
        reason = "sizes of images are far below 2^52"
    )]
    let bytes = |facts: &ImageFacts| read(facts) as f64;
    let a = bytes(candidate);
    let b = baseline.map_or(0.0, bytes);
    let ratio = (b > 0.0).then(|| Estimate {
        value: a / b,
        low: a / b,
        high: a / b,
        level: 1.0,
    });
    Measurement {
        metric: metric.to_owned(),
        title: title.to_owned(),
        unit: "bytes".to_owned(),
        arm_a: Arm::Candidate,
        arm_b: Arm::Baseline,
        n: 1,
        rejected: 0,
        median_a: a,
        median_b: b,
        ratio,
        ratio_90: ratio,
        detectable: None,
        limit: None,
        method: "counted in the image, exact".to_owned(),
        series: Vec::new(),
    }
}
