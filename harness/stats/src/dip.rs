//! How far a sample is from having one mode.
//!
//! The dip of Hartigan and Hartigan ("The Dip Test of Unimodality", Annals of Statistics 13, 1985):
//! the least distance between the empirical distribution function and any distribution function
//! that is convex up to some point and concave from there. Computed by narrowing the interval in
//! which the mode can lie, as in Hartigan (Applied Statistics algorithm AS 217, 1985).
//!
//! All heights are counts of values, not shares: the function steps from k to k + 1 at the value
//! with index k.

use crate::summary::count;

/// Which side of the steps a line is drawn along.
#[derive(Clone, Copy)]
enum Side {
    /// Greatest convex minorant, through the lower corners of the steps.
    Below,
    /// Least concave majorant, through the upper corners.
    Above,
}

/// The dip of ascending finite values: from 1 / 2n, for one perfect mode, to 1/4, for two atoms.
/// 0 for no values.
pub(crate) fn dip(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    if n == 0 {
        return 0.0;
    }
    let (mut low, mut high, mut dip) = (0, n - 1, 1.0f64);
    loop {
        let minorant = hull(sorted, low, high, Side::Below);
        let majorant = hull(sorted, low, high, Side::Above);
        let (gap, from, to) = widest_gap(sorted, &minorant, &majorant);
        if gap <= dip {
            break;
        }
        let convex: Vec<usize> = minorant.into_iter().filter(|knot| *knot <= from).collect();
        let concave: Vec<usize> = majorant.into_iter().filter(|knot| *knot >= to).collect();
        let outside =
            farthest(sorted, &convex, Side::Below).max(farthest(sorted, &concave, Side::Above));
        dip = dip.max(outside);
        if (from, to) == (low, high) {
            break;
        }
        (low, high) = (from, to);
    }
    dip / (2.0 * count(n))
}

/// Indices of the corners that the hull over `low..=high` goes through.
fn hull(x: &[f64], low: usize, high: usize, side: Side) -> Vec<usize> {
    let mut knots: Vec<usize> = Vec::new();
    for next in low..=high {
        while let [.., first, second] = knots[..] {
            let rise = count(next - second) * (x[second] - x[first]);
            let run = count(second - first) * (x[next] - x[second]);
            let keep = match side {
                Side::Below => rise > run,
                Side::Above => rise < run,
            };
            if keep {
                break;
            }
            knots.pop();
        }
        knots.push(next);
    }
    knots
}

/// Index coordinate of a hull at the value with index `at`.
fn height(x: &[f64], knots: &[usize], at: usize) -> f64 {
    let right = knots
        .partition_point(|knot| *knot < at)
        .min(knots.len() - 1);
    on_chord(x, knots[right.saturating_sub(1)], knots[right], at)
}

fn on_chord(x: &[f64], left: usize, right: usize, at: usize) -> f64 {
    let run = x[right] - x[left];
    if run > 0.0 {
        count(left) + count(right - left) * ((x[at] - x[left]) / run)
    } else {
        count(at)
    }
}

/// The greatest vertical distance between the hulls, and the knots between which it lies.
fn widest_gap(x: &[f64], minorant: &[usize], majorant: &[usize]) -> (f64, usize, usize) {
    let mut widest = (0.0, minorant[0], majorant[majorant.len() - 1]);
    for knot in minorant {
        let gap = height(x, majorant, *knot) - count(*knot) + 1.0;
        if gap > widest.0 {
            let next = majorant
                .partition_point(|other| other < knot)
                .min(majorant.len() - 1);
            widest = (gap, *knot, majorant[next]);
        }
    }
    for knot in majorant {
        let gap = count(*knot) - height(x, minorant, *knot) + 1.0;
        if gap > widest.0 {
            let next = minorant.partition_point(|other| other <= knot).max(1);
            widest = (gap, minorant[next - 1], *knot);
        }
    }
    widest
}

/// The greatest distance of the steps from a hull that is drawn along one side of them.
fn farthest(x: &[f64], knots: &[usize], side: Side) -> f64 {
    let chords = knots
        .windows(2)
        .flat_map(|ends| (ends[0]..=ends[1]).map(move |at| (ends, at)));
    chords.fold(1.0f64, |most, (ends, at)| {
        let above = count(at) - on_chord(x, ends[0], ends[1], at);
        most.max(
            1.0 + if matches!(side, Side::Below) {
                above
            } else {
                -above
            },
        )
    })
}
