"""Convergence of a training: the change of the validation metric over the last quarter of the steps.

    gain = (best value of the last quarter - best value before) / |best value before|        positive is better

More than 2 % better: not converged. More than 2 % worse: past its best. Else converged.
"""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.core.finding import Outcome, Verdict
from medtrans.training.journal import Row

QUESTION = "Did the training converge?"
MIN_VALIDATIONS = 4
TOLERANCE = 0.02
"""Relative change of the metric that counts as none."""
LAST_QUARTER = 0.75


def convergence(rows: Sequence[Row], metric: str, direction: str) -> Verdict:
    """The verdict on a journal's column `metric`, where `direction` values are better."""
    values = [(int(row["step"]), row[metric]) for row in rows if metric in row]
    if len(values) < MIN_VALIDATIONS:
        reason = f"only {len(values)} of the {MIN_VALIDATIONS} needed values of {metric} were measured"
        return not_assessable(reason, validations=len(values))
    sign = 1 if direction == "higher" else -1
    steps = values[-1][0]
    early = [sign * value for step, value in values if step <= LAST_QUARTER * steps] or [sign * values[0][1]]
    late = [sign * value for step, value in values if step > LAST_QUARTER * steps]
    gain = (max(late) - max(early)) / max(abs(max(early)), 1e-12)
    numbers = {"metric": metric, "gain": gain, "steps": steps, "validations": len(values)}
    if gain > TOLERANCE:
        return _verdict("not-converged", "fail", f"{metric} still improved by {gain:.0%}", numbers)
    if gain < -TOLERANCE:
        return _verdict("past-best", "fail", f"{metric} became {-gain:.0%} worse", numbers)
    return _verdict("converged", "pass", f"{metric} changed by {gain:+.1%}", numbers)


def not_assessable(reason: str, **numbers: int) -> Verdict:
    """The verdict without enough validations."""
    return Verdict(code="not-assessable", question=QUESTION, outcome="not assessable", reason=reason, numbers=numbers)


def _verdict(code: str, outcome: Outcome, change: str, numbers: dict[str, object]) -> Verdict:
    reason = f"{change} over the last quarter of {numbers['steps']} steps"
    return Verdict(code=code, question=QUESTION, outcome=outcome, reason=reason, numbers=numbers)
