"""Findings as the result of a command."""

from __future__ import annotations

from collections.abc import Iterable

from medtrans.core.finding import Finding


def to_text(findings: Iterable[Finding]) -> str:
    """One line per finding, the severity first."""
    return "\n".join(f"{finding.severity:6} {finding.sentence}" for finding in findings) or "no problems found"
