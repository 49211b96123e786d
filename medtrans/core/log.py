"""Log: what happens, as records of Python's `logging` under the logger "medtrans".

| level | what |
|---|---|
| ERROR | a case or a command that failed |
| WARNING | a finding that makes a result doubtful |
| NOTE (25) | a finding to know of |
| INFO | a case that is done |

A script that wants them on its terminal calls `logging.basicConfig(level="INFO")`; without that nothing is printed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from medtrans.core.finding import Finding

NOTE = 25
LEVELS = {"refuse": logging.ERROR, "warn": logging.WARNING, "note": NOTE}
"""Severity of a finding → level."""
LOGGER = logging.getLogger("medtrans.findings")

logging.addLevelName(NOTE, "NOTE")


def log_findings(findings: Iterable[Finding]) -> None:
    """One record for each finding."""
    for finding in findings:
        LOGGER.log(LEVELS[finding.severity], " ".join(finding.sentence.split()))
