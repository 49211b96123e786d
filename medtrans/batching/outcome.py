"""Outcome of one case of a batch: done, skipped, left out or failed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from medtrans.batching.plan import Job
from medtrans.core.errors import MedtransError
from medtrans.core.finding import Finding
from medtrans.reading.memory import is_out_of_memory, out_of_memory


class Forecast(Protocol):
    """What the translation of a case will take."""

    def to_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Outcome:
    """Result of one case. `exit_code` is 0, or that of the error; `message` is one sentence."""

    case: str
    verdict: Literal["done", "skipped", "left out", "failed", "foretold"]
    message: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    output: Path | None = None
    clipped_fraction: float | None = None
    findings: tuple[Finding, ...] = ()
    forecast: Forecast | None = None
    """Of a dry run."""
    error: Exception | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        facts = {key: value for key, value in vars(self).items() if key not in ("error", "forecast")}
        findings = [finding.to_dict() for finding in self.findings]
        if self.forecast is not None:
            facts["forecast"] = self.forecast.to_dict()
        return {**facts, "output": str(self.output) if self.output else None, "findings": findings}


def failed_outcome(job: Job, reason: Exception, began: float) -> Outcome:
    """The outcome of a job that raised `reason`; `began` is the time.monotonic() of its start."""
    if is_out_of_memory(reason):
        reason = out_of_memory(job.sources[0])
    known = isinstance(reason, (MedtransError, OSError))
    message = str(reason) if known else f"a bug of medtrans, please report it: {type(reason).__name__}: {reason}"
    if not any(str(path) in message for path in (*job.sources, job.output)):
        message = f"{job.sources[0]}: {message}"
    code = reason.exit_code if isinstance(reason, MedtransError) else 5 if isinstance(reason, OSError) else 1
    return Outcome(job.name, "failed", " ".join(message.split()), code, time.monotonic() - began, error=reason)
