"""Finding: one observation about a file, a volume, a case or a result; and Verdict, the answer to one question.

A finding is data: code, severity, place, numbers. Its sentence is made here and nowhere else, and is never parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from medtrans.core.printable import printable

Severity = Literal["refuse", "warn", "note"]
Outcome = Literal["pass", "fail", "not shown", "not assessable", "plausible", "doubtful"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`refuse` stops the work, `warn` should be looked at, `note` is good to know."""

    code: str
    """Stable name of the kind of finding, in kebab-case: "sheared-axes"."""
    severity: Severity
    where: str
    """File, case or setting."""
    what: str
    consequence: str = ""
    """What it means for the result."""
    advice: str = ""
    """What to do."""
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """One line for the terminal and the report."""
        parts = [f"{self.where}: {self.what}", self.consequence, self.advice]
        return printable("; ".join(part for part in parts if part))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "numbers": dict(self.numbers)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finding:
        """The inverse of `to_dict`."""
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer to one question about a result.

    "not shown": it was tested, and the data do not decide; "not assessable": it could not be tested. "plausible" and
    "doubtful" answer whether something can be true, where no truth is known.
    """

    code: str
    question: str
    outcome: Outcome
    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The highest severity among the findings; None where there are none."""
    order: list[Severity] = ["refuse", "warn", "note"]
    severities = {finding.severity for finding in findings}
    return next((severity for severity in order if severity in severities), None)
