"""Bias sweep: does the share of tumours in the training targets decide how many a translation shows?

    h(p) = share of healthy sources whose translation is called ill       invented
    e(p) = share of ill sources whose translation is called healthy       removed
    slopes of logit h and logit e on the share p of ill targets, each training run one point

Cohen, Luck, Honari, MICCAI 2018, https://arxiv.org/abs/1805.08841. A detector errs, too: with its sensitivity and
specificity on real targets, the share of ill among images of which it calls a share r ill is

    (r + specificity - 1) / (sensitivity + specificity - 1)               Rogan and Gladen, Am J Epidemiol 1978

The unit of statistics is the training run: patients of one run share its errors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from scipy import stats

from medtrans.core.finding import Verdict

MIN_YOUDEN = 0.3
"""Sensitivity + specificity - 1 below which a detector corrects nothing: it is nearly a coin."""
MIN_RUNS, MIN_SHARES, MIN_SEEDS = 6, 3, 2
FLAT = 1.2
"""Slope in logits from the share 0 to 1 that 5 × 3 runs find with a power of 0.93: less counts as none."""
CONFIDENCE = 0.95
Rate = Literal["invented", "removed"]


@dataclass(frozen=True)
class Calls:
    """How many of the translations of a kind of sources a detector calls ill."""

    called: int
    count: int

    @property
    def share(self) -> float:
        """nan without images."""
        return self.called / self.count if self.count else math.nan


@dataclass(frozen=True)
class Reader:
    """A detector's calls on real targets."""

    ill: Calls
    healthy: Calls

    @property
    def sensitivity(self) -> float:
        return self.ill.share

    @property
    def specificity(self) -> float:
        return 1 - self.healthy.share

    @property
    def corrects(self) -> bool:
        """Whether it is better than a coin."""
        return math.isfinite(self.corrected(0.5))

    def corrected(self, share: float) -> float:
        """The share of ill images of which this detector calls `share` ill, within 0 and 1; nan where it is a coin."""
        youden = self.sensitivity + self.specificity - 1
        if not youden >= MIN_YOUDEN:
            return math.nan
        return min(max((share + self.specificity - 1) / youden, 0.0), 1.0)


@dataclass(frozen=True)
class SweepRun:
    """One training: what it was, and what a detector calls its translations."""

    method: str
    arm: str
    share: float
    seed: int
    ill: Calls
    healthy: Calls
    reader: Reader
    """The detector that called them."""
    error: float
    """Mean absolute error outside of lesions."""
    baseline: float
    """The smaller error of the intensity lookup and of the training mean image."""
    steps: int = 0

    @property
    def learned(self) -> bool:
        """Whether it translates better than both baselines."""
        return self.error < self.baseline

    def called(self, kind: Rate) -> float:
        """The rate as the detector calls it."""
        return self.healthy.share if kind == "invented" else 1 - self.ill.share

    def rate(self, kind: Rate) -> float:
        """Corrected for the errors of the detector."""
        ill = self.reader.corrected((self.healthy if kind == "invented" else self.ill).share)
        return ill if kind == "invented" else 1 - ill


@dataclass(frozen=True)
class Slope:
    """Of the logit of a rate from share 0 to share 1, with its interval at 95 %; nan where runs are too few."""

    value: float
    low: float
    high: float
    runs: int

    @property
    def apart(self) -> bool:
        """Whether 0 lies outside of the interval."""
        return self.low > 0 or self.high < 0

    @property
    def flat(self) -> bool:
        """Whether the whole interval lies within what counts as none."""
        return self.low > -FLAT and self.high < FLAT

    @property
    def text(self) -> str:
        """ "+2.1 (+0.9 to +3.3)"."""
        if math.isnan(self.value):
            return "–"
        ends = f" ({self.low:+.1f} to {self.high:+.1f})" if math.isfinite(self.low) else ""
        return f"{self.value:+.1f}{ends}"


def slope(runs: Sequence[SweepRun], kind: Rate) -> Slope:
    """Least squares over runs. A rate of 0 or 1 has no logit, so that half an image is added to either side.

    The interval is no narrower than the number of images allows: runs that agree by chance would give none.
    """
    points = [(run.share, run.rate(kind), _count(run, kind)) for run in runs]
    points = [point for point in points if math.isfinite(point[1])]
    if len(points) < MIN_SEEDS + 1 or len({share for share, _, _ in points}) < MIN_SEEDS:
        return Slope(math.nan, math.nan, math.nan, len(points))
    shares, logits = [share for share, _, _ in points], [_logit(rate, count) for _, rate, count in points]
    fit = stats.linregress(shares, logits)
    least = math.sqrt(fmean(_variance(rate, count) for _, rate, count in points) / _spread(shares))
    error = max(float(fit.stderr), least) if math.isfinite(fit.stderr) else least
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(points) - 2)) * error
    return Slope(float(fit.slope), float(fit.slope) - half, float(fit.slope) + half, len(points))


def _count(run: SweepRun, kind: Rate) -> int:
    return (run.healthy if kind == "invented" else run.ill).count


def _logit(rate: float, count: int) -> float:
    return math.log((rate * count + 0.5) / ((1 - rate) * count + 0.5))


def _variance(rate: float, count: int) -> float:
    """Of a logit, by counting alone."""
    return 1 / (rate * count + 0.5) + 1 / ((1 - rate) * count + 0.5)


def _spread(shares: Sequence[float]) -> float:
    """Sum of the squared distances from the mean."""
    middle = fmean(shares)
    return sum((share - middle) ** 2 for share in shares)


def bias_verdict(method: str, runs: Sequence[SweepRun]) -> Verdict:
    """Whether the tumours in translations of a method depend on the share of tumours in its targets.

    `runs` are all of the method; those that have not learned to translate do not count.
    """
    question = f"Do tumours in translations by {method} depend on their share in the targets?"
    learned = [run for run in runs if run.learned]
    slopes: dict[Rate, Slope] = {kind: slope(learned, kind) for kind in ("invented", "removed")}
    numbers = {f"slope of {kind}": one.value for kind, one in slopes.items() if math.isfinite(one.value)}
    words = ", ".join(f"{kind} {one.text}" for kind, one in slopes.items())
    if reason := _too_few(runs, learned):
        outcome: Literal["pass", "fail", "not assessable"] = "not assessable"
    elif all(one.flat for one in slopes.values()):
        outcome, reason = "pass", f"slope of the logit, of {len(learned)} runs: {words}; all within ±{FLAT:g}"
    elif any(one.apart for one in slopes.values()):
        outcome, reason = "fail", f"slope of the logit, of {len(learned)} runs: {words}; an interval excludes 0"
    else:
        outcome = "not assessable"
        reason = f"slope of the logit, of {len(learned)} runs: {words}; an interval holds 0 and exceeds ±{FLAT:g}"
    return Verdict(code="tumour-bias", question=question, outcome=outcome, reason=reason, numbers=numbers)


def _too_few(runs: Sequence[SweepRun], learned: Sequence[SweepRun]) -> str:
    """What is missing, and what would be enough; empty where nothing is."""
    for reader in {run.reader for run in runs if not run.reader.corrects}:
        found = f"sensitivity {reader.sensitivity:.2f} and specificity {reader.specificity:.2f} on real targets"
        return f"the detector has {found}: their sum must be {1 + MIN_YOUDEN:g} and more"
    shares, seeds = {run.share for run in learned}, {run.seed for run in learned}
    if len(learned) >= MIN_RUNS and len(shares) >= MIN_SHARES and len(seeds) >= MIN_SEEDS:
        return ""
    needed = f"{MIN_RUNS} runs of {MIN_SHARES} shares and {MIN_SEEDS} seeds would be enough"
    excluded = len(runs) - len(learned)
    if excluded:
        what = "translate no better than the mean image or the intensity lookup: train them for longer"
        return f"{excluded} of {len(runs)} runs are excluded, since they {what}; {needed}"
    return f"there are {len(runs)} runs of {len(shares)} shares and {len(seeds)} seeds; {needed}"
