"""Findings and failures: cases that could not be scored, and everything else that was noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from medtrans.core.finding import Finding
from medtrans.reporting.report import Section

LABELS = {"refuse": "Refused", "warn": "Warning", "note": "Note"}
STATES = {"refuse": "bad", "warn": "open", "note": "note"}


@dataclass(frozen=True)
class Message:
    """One line: label, class of the style sheet, sentence."""

    label: str
    state: str
    text: str


def findings_section(failed: Mapping[str, Finding], findings: Sequence[Finding]) -> Section | None:
    """Failed cases first, then findings by severity; equal sentences once."""
    order = list(LABELS)
    messages = [Message("Not scored", "bad", finding.sentence) for finding in failed.values()]
    messages += [
        Message(LABELS[finding.severity], STATES[finding.severity], finding.sentence)
        for finding in sorted(findings, key=lambda finding: order.index(finding.severity))
    ]
    return Section("findings", "", list(dict.fromkeys(messages))) if messages else None
