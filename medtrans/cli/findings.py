"""Findings on the terminal: the one place that prints them."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from medtrans.core.finding import Finding

LABELS = {"refuse": "error", "warn": "warning", "note": "note"}


def to_text(findings: Iterable[Finding]) -> str:
    """One line per finding, the severity first."""
    return "\n".join(f"{finding.severity:6} {finding.sentence}" for finding in findings) or "no problems found"


def print_findings(findings: Iterable[Finding]) -> None:
    """One line per finding on standard error, as errors are printed."""
    for finding in findings:
        line = " ".join(finding.sentence.split())
        print(f"medtrans: {LABELS[finding.severity]}: {line}", file=sys.stderr)
