"""Risk control: the smallest interval whose mean loss is at most alpha with a probability of at least 1 - delta.

    L_i(λ)     share of the voxels of patient i outside of  translation ± λ σ          in [0, 1], falling in λ
    λ̂ = the smallest λ from which on  max_k K_k(λ) > 1 / delta
    K_k(λ) = Π_{i ≤ k} (1 - ν_i (L_i(λ) - alpha))
    ν_i = min(1, √(2 ln(1/delta) / (n s²_{i-1}))),   m_i = (1/2 + Σ_{j ≤ i} L_j) / (i + 1),
    s²_i = (1/4 + Σ_{j ≤ i} (L_j - m_j)²) / (i + 1)

If E L(λ) were above alpha, K would be a supermartingale from 1, and exceed 1/delta with a probability of at most delta.
The unit is the patient: voxels of one patient err together, patients are exchangeable. Risk-controlling prediction
sets: Bates, Angelopoulos, Lei, Malik, Jordan, JACM 2021, https://arxiv.org/abs/2101.02703 (proposition 5, theorem A.1);
the bound: Waudby-Smith and Ramdas, JRSS B 2024, https://arxiv.org/abs/2010.09686.
"""

from __future__ import annotations

import math

import numpy as np

ALPHA, DELTA = 0.1, 0.1
SEED = 0
"""Of the order of the patients, on which the bound depends: it must not be that of their names or errors."""


def is_controlled(losses: np.ndarray, alpha: float = ALPHA, delta: float = DELTA) -> bool:
    """Whether the mean of the distribution of `losses` (n,), one for each patient, is shown to be at most `alpha`."""
    count = len(losses)
    if not count:
        return False
    number = np.arange(1, count + 1)
    means = (0.5 + np.cumsum(losses)) / (number + 1)
    variances = (0.25 + np.cumsum(np.square(losses - means))) / (number + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    bets = np.minimum(1, np.sqrt(2 * math.log(1 / delta) / (count * before)))
    return bool(np.cumsum(np.log1p(-bets * (losses - alpha))).max() > math.log(1 / delta))


def smallest_factor(losses: np.ndarray, factors: np.ndarray, alpha: float = ALPHA, delta: float = DELTA) -> float:
    """λ̂ among the rising `factors` (f,), of losses (n, f); inf where even the largest is not shown to be enough."""
    order = np.random.default_rng(SEED).permutation(len(losses))
    chosen = math.inf
    for number in reversed(range(len(factors))):
        if not is_controlled(losses[order, number], alpha, delta):
            break
        chosen = float(factors[number])
    return chosen


def enough_patients(alpha: float = ALPHA, delta: float = DELTA) -> int:
    """The fewest patients that show anything, and then only where none of their voxels lies outside: 25 for .1, .1."""
    count = 1
    while not is_controlled(np.zeros(count), alpha, delta):
        count += 1
    return count


def ranked_interval(values: np.ndarray, alpha: float = ALPHA) -> tuple[float, float]:
    """Ends of the interval in which the value of one more patient lies with a probability of at least 1 - alpha.

    The k-th smallest and k-th largest of n, k = ⌊(n + 1) alpha / 2⌋: split conformal prediction, Vovk, Gammerman,
    Shafer 2005; Lei et al. 2018, https://arxiv.org/abs/1604.04173. Infinite below 2 / alpha - 1 values: 19 for .1.
    """
    count = len(values)
    rank = math.floor((count + 1) * alpha / 2 + 1e-9)
    if rank < 1:
        return -math.inf, math.inf
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[count - rank])
