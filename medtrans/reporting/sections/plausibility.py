"""Plausibility: what every translated CT was asked without its truth, and which cases are doubtful."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtrans.core.finding import Verdict
from medtrans.reporting.report import Section


@dataclass(frozen=True)
class Asked:
    """One question over all cases."""

    question: str
    plausible: int
    doubtful: tuple[tuple[str, str], ...]
    """Cases with their reasons."""
    not_assessable: int


def plausibility_section(cases: Mapping[str, Sequence[Verdict]]) -> Section | None:
    """A table with a row for each question; `cases` are the verdicts of each case."""
    every = [(case, verdict) for case, verdicts in cases.items() for verdict in verdicts]
    questions = dict.fromkeys(verdict.question for _, verdict in every)
    rows = [_asked(question, [one for one in every if one[1].question == question]) for question in questions]
    return Section("plausibility", "Plausibility without truth", rows) if rows else None


def verdicts_in(sidecars: Sequence[Mapping[str, Any]]) -> dict[str, list[Verdict]]:
    """Translated file → its verdicts, from the sidecars of translations."""
    return {
        str(facts["output"]["file"]): [Verdict(**verdict) for verdict in facts["plausibility"]]
        for facts in sidecars
        if facts.get("plausibility")
    }


def _asked(question: str, answers: Sequence[tuple[str, Verdict]]) -> Asked:
    outcomes = [verdict.outcome for _, verdict in answers]
    doubtful = tuple((case, verdict.reason) for case, verdict in answers if verdict.outcome == "doubtful")
    return Asked(question, outcomes.count("plausible"), doubtful, outcomes.count("not assessable"))
