"""Convergence of a training: whether more steps would still change the validation metric.

    gain = (best value late - best value early) / |best value early|        positive is better

Flat is a gain within ±2 %. With a run of half the steps, early is the best value of that run and late the best of this
one. Without, they are the best values before and in the last quarter of the steps; a metric that is flat there tells
nothing where the learning rate falls to zero, which flattens every curve, nor where it was flat from the start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from medtrans.core.finding import Outcome, Verdict
from medtrans.training.journal import Row

QUESTION = "Did the training converge?"
MIN_VALIDATIONS = 4
TOLERANCE = 0.02
"""Relative change of the metric that counts as none: flat."""
LAST_QUARTER = 0.75
FLAT = f"and up to {TOLERANCE:.0%} counts as flat"
DECAYED = 0.9
"""Fraction of its highest value below which the learning rate has decayed."""


@dataclass(frozen=True)
class HalfRun:
    """A training with the same recipe that had half of the steps, or minutes."""

    name: str
    rows: Sequence[Row]
    """Its journal."""


def convergence(
    rows: Sequence[Row], metric: str, direction: str, half: HalfRun | None = None, validate_every: int = 0
) -> Verdict:
    """The verdict on a journal's column `metric`, where `direction` values are better.

    `validate_every` is the number of steps between two validations, for the budget that more of them would need.
    """
    sign = 1 if direction == "higher" else -1
    values = _values(rows, metric, sign)
    before = _values(half.rows, metric, sign) if half else []
    if half and values and before:
        return _against_half(values, before, metric, sign, half.name)
    if len(values) < MIN_VALIDATIONS:
        reason = f"only {len(values)} of the {MIN_VALIDATIONS} needed values of {metric} were measured"
        return not_assessable(reason + _needed_budget(rows, validate_every), validations=len(values))
    return _last_quarter(values, metric, sign, _rates(rows))


def _needed_budget(rows: Sequence[Row], validate_every: int) -> str:
    """Steps and minutes that enough validations take, at the speed of the journal; empty where nothing is known."""
    last = rows[-1] if rows else {}
    if not validate_every or not last.get("seconds") or not last["step"]:
        return ""
    steps = MIN_VALIDATIONS * validate_every
    minutes = math.ceil(steps * last["seconds"] / last["step"] / 60)
    budget = f"{MIN_VALIDATIONS} validations need {steps} steps, about {minutes} min at the speed of this training"
    return f"; {budget}: set training.steps and minutes, or a lower training.validate_every"


def not_assessable(reason: str, **numbers: object) -> Verdict:
    """The verdict where nothing could be decided."""
    return Verdict(code="not-assessable", question=QUESTION, outcome="not assessable", reason=reason, numbers=numbers)


def _against_half(
    values: Sequence[tuple[int, float]], before: Sequence[tuple[int, float]], metric: str, sign: int, name: str
) -> Verdict:
    steps, early, late = values[-1][0], _best(before), _best(values)
    gain = _gain(early, late)
    numbers = {"metric": metric, "gain": gain, "tolerance": TOLERANCE, "steps": steps, "validations": len(values)}
    numbers |= {"half_steps": before[-1][0], "best": sign * late, "half_best": sign * early}
    where = f"{sign * early:.4g} after {before[-1][0]} steps ({name}), {sign * late:.4g} after {steps}"
    if gain > TOLERANCE:
        return _verdict("not-converged", "fail", f"{metric} was {where}: {_percent(gain)}, so more steps help", numbers)
    if gain < -TOLERANCE:
        return _verdict("past-best", "fail", f"{metric} was {where}: {_percent(gain)}, so fewer were better", numbers)
    return _verdict("converged", "pass", f"{metric} was {where}: {_percent(gain)}, {FLAT}", numbers)


def _last_quarter(values: Sequence[tuple[int, float]], metric: str, sign: int, rates: Sequence[float]) -> Verdict:
    steps, highest = values[-1][0], max(rates, default=math.nan)
    last = rates[-1] if rates else math.nan
    early = _best([(step, value) for step, value in values if step <= LAST_QUARTER * steps] or values[:1])
    late = _best([(step, value) for step, value in values if step > LAST_QUARTER * steps])
    gain, since_first = _gain(early, late), _gain(values[0][1], max(early, late))
    numbers = {"metric": metric, "gain": gain, "tolerance": TOLERANCE, "steps": steps, "validations": len(values)}
    numbers |= {"best": sign * max(early, late), "learning_rate": last, "highest_learning_rate": highest}
    change = f"{metric} was {_percent(gain)} over the last quarter of {steps} steps"
    if gain < -TOLERANCE:
        return _verdict("past-best", "fail", f"{change}: it became worse than before", numbers)
    if not last >= DECAYED * highest:
        falling = f"the learning rate fell from {highest:.2g} to {last:.2g}, which flattens any curve" if rates else ""
        advice = f"compare with a run of {math.ceil(steps / 2)} steps beside this one"
        reason = f"{change}, but {falling or 'the learning rate was not logged'}; {advice}"
        return not_assessable(reason, **numbers)
    if gain > TOLERANCE:
        return _verdict("not-converged", "fail", f"{change} and still improves", numbers)
    if since_first <= TOLERANCE:
        reason = f"{metric} is no better than at its first value, at step {values[0][0]}: nothing shows that it learnt"
        return not_assessable(reason, **numbers)
    return _verdict("converged", "pass", f"{change} at a constant learning rate, {FLAT}", numbers)


def _values(rows: Sequence[Row], metric: str, sign: int) -> list[tuple[int, float]]:
    """(step, value), larger is better; without values that are not finite."""
    return [(int(row["step"]), sign * row[metric]) for row in rows if math.isfinite(row.get(metric, math.nan))]


def _rates(rows: Sequence[Row]) -> list[float]:
    return [row["learning_rate"] for row in rows if "learning_rate" in row]


def _best(values: Sequence[tuple[int, float]]) -> float:
    return max(value for _, value in values)


def _gain(early: float, late: float) -> float:
    return (late - early) / max(abs(early), 1e-12)


def _percent(gain: float) -> str:
    """How much better or worse, in words."""
    return f"{abs(gain):.1%} {'better' if gain >= 0 else 'worse'}"


def _verdict(code: str, outcome: Outcome, reason: str, numbers: dict[str, object]) -> Verdict:
    return Verdict(code=code, question=QUESTION, outcome=outcome, reason=reason, numbers=numbers)
