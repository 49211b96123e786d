"""Outcome of one case of a batch: done, skipped, left out or failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from medtrans.batching.plan import Job
from medtrans.core.errors import MedtransError
from medtrans.core.finding import Finding
from medtrans.core.log import log_findings
from medtrans.reading.memory import is_out_of_memory, out_of_memory

LOGGER = logging.getLogger(__name__)


class Forecast(Protocol):
    """What the translation of a case will take."""

    def to_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Outcome:
    """Result of one case. `exit_code` is 0, or that of the error; `message` is one sentence."""

    case: str
    verdict: Literal["done", "skipped", "left out", "failed", "accepted", "foretold"]
    """accepted: failed, as it is known to; `message` says why."""
    message: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    output: Path | None = None
    clipped_fraction: float | None = None
    calibration: Mapping[str, Any] | None = None
    """Expected error with its interval, where the uncertainty is calibrated."""
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


def accepted_outcome(outcome: Outcome) -> Outcome:
    """The outcome of a case whose failure is known and accepted."""
    return replace(outcome, verdict="accepted", exit_code=0) if outcome.verdict == "failed" else outcome


def log_outcome(outcome: Outcome) -> None:
    """One line for the case to the logger "medtrans.batching", and one for each finding."""
    log_findings(outcome.findings)
    if outcome.verdict == "failed":
        LOGGER.error(outcome.message)
    elif outcome.verdict == "accepted":
        LOGGER.info("%s: failed, as is accepted: %s", outcome.case, outcome.message)
    else:
        took = f" in {outcome.seconds:.1f} s" if outcome.seconds else ""
        LOGGER.info("%s: %s%s%s", outcome.case, outcome.verdict, took, f": {outcome.output}" if outcome.output else "")


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
