"""Writes reference.json: what numpy, scipy and diptest say, for tests/reference.rs.

Run with numpy 2, scipy 1.17 and diptest 0.12. Intervals are built here by shifting the
data until scipy's test stops rejecting, not by the method of the crate.
"""

import json
import pathlib

import diptest
import numpy as np
from scipy import stats
from scipy.stats._wilcoxon import WilcoxonDistribution

rng = np.random.default_rng(20240229)


def rounded(values):
    return [float(f"{v:.6g}") for v in values]


def limits(ordered, rejects):
    """Where the test stops rejecting, from below and from above."""
    low = next(at for at in ordered if not rejects(at + 1e-9))
    high = next(at for at in ordered[::-1] if not rejects(at - 1e-9))
    return {"estimate": np.median(ordered), "low": low, "high": high}


def signed_rank(d, level):
    n = len(d)
    walsh = np.sort([(d[i] + d[j]) / 2 for i in range(n) for j in range(i, n)])
    method = "exact" if n <= 50 else "approx"

    def rejects(at):
        return stats.wilcoxon(d - at, method=method, correction=True).pvalue <= 1 - level

    return {"d": list(d), "level": level, **limits(walsh, rejects)}


def rank_sum(a, b, level):
    differences = np.sort(np.subtract.outer(a, b).ravel())
    method = "exact" if max(len(a), len(b)) <= 50 else "asymptotic"
    tied = len(np.unique(np.concatenate([a, b]))) < len(a) + len(b)
    p = stats.mannwhitneyu(a, b, method="asymptotic" if tied else method).pvalue

    def rejects(at):
        return stats.mannwhitneyu(a - at, b, method=method).pvalue <= 1 - level

    return {"a": list(a), "b": list(b), "level": level, "p": p, **limits(differences, rejects)}


def summary(values):
    quantiles = {q: np.quantile(values, q) for q in (0.0, 0.1, 0.25, 0.5, 0.9, 0.95, 1.0)}
    return {
        "values": list(values),
        "quantiles": [[q, v] for q, v in quantiles.items()],
        "mad": stats.median_abs_deviation(values, scale="normal"),
        "cv": np.std(values, ddof=1) / np.mean(values),
    }


def slope(n):
    x = rounded(rng.uniform(0, 50, n))
    y = rounded(5 * np.array(x) + rng.standard_t(2, n))
    return {"x": x, "y": y, "slope": stats.theilslopes(y, x)[0]}


def modes(kind, n):
    low = rng.lognormal(2, 0.1, n)
    values = rounded(np.where(rng.random(n) < kind, low * 3, low))
    return {"values": values, "dip": diptest.dipstat(np.array(values)), "share": kind}


def fisher(table):
    return {"table": table, "p": stats.fisher_exact(table).pvalue}


reference = {
    "signed_rank": [
        signed_rank(np.array(rounded(rng.normal(0.05, 0.2, n))), level)
        for n, level in [(6, 0.95), (5, 0.9), (9, 0.995), (12, 0.95), (25, 0.9), (25, 0.99),
                         (50, 0.95), (51, 0.95), (120, 0.995)]
    ],
    "rank_sum": [
        rank_sum(
            np.array(rounded(rng.normal(1.0, 0.2, m))),
            np.array(rounded(rng.normal(0.9, 0.3, n))),
            level,
        )
        for m, n, level in [
            (4, 4, 0.95), (7, 5, 0.9), (20, 31, 0.95), (50, 50, 0.99), (60, 40, 0.95)
        ]
    ]
    + [rank_sum(np.array([1.0, 2, 2, 3, 5, 5]), np.array([2.0, 3, 3, 4, 6, 7]), 0.95)],
    "summary": [summary(rounded(rng.lognormal(3, 0.4, n))) for n in (2, 7, 40)],
    "theil_sen": [slope(n) for n in (2, 9, 30)],
    "dip": [
        modes(kind, n)
        for kind, n in [(0.0, 20), (0.5, 25), (0.3, 60), (0.0, 200), (0.2, 400)]
    ],
    "fisher": [
        fisher(t)
        for t in ([[3, 1], [1, 3]], [[10, 0], [0, 10]], [[0, 5], [0, 7]], [[200, 3], [180, 19]],
                  [[0, 12], [9, 4]], [[5, 5], [5, 5]], [[4000, 60], [3900, 130]])
    ],
}
out = pathlib.Path(__file__).with_name("reference.json")
text = json.dumps(reference, separators=(",", ":"))
out.write_text(text.replace("},", "},\n") + "\n")
