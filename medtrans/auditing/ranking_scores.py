"""A map as a detector of wrong voxels: areas under the curves of sensitivity, and of precision."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import rankdata


def auroc(values: np.ndarray, wrong: np.ndarray) -> float:
    """The share of pairs of a wrong and a right voxel in which the wrong one has the larger value; ties count half.

    Flat arrays; nan where all are wrong, or none. Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747
    """
    count = int(np.count_nonzero(wrong))
    others = len(wrong) - count
    if not count or not others:
        return math.nan
    ranks = float(rankdata(values)[wrong].sum())
    return (ranks - count * (count + 1) / 2) / (count * others)


def auprc(values: np.ndarray, wrong: np.ndarray) -> float:
    """Average precision: the mean precision at each wrong voxel; ties share theirs. By chance it is the share of wrong.

    Flat arrays; nan where all are wrong, or none.
    """
    count = int(np.count_nonzero(wrong))
    if not count or count == len(wrong):
        return math.nan
    order = np.argsort(-values, kind="stable")
    hits = np.cumsum(wrong[order])
    last = np.append(np.flatnonzero(np.diff(values[order])), len(order) - 1)
    precision, recall = hits[last] / (last + 1), hits[last] / count
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))
