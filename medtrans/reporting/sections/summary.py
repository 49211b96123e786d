"""Summary: the answers at the top of the page, one card each, and links to the sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medtrans.core.finding import Finding, Verdict
from medtrans.core.measurement import Structure
from medtrans.core.score import TRANSLATED, Evaluation
from medtrans.evaluating.columns import count_text
from medtrans.reporting.page import STATES
from medtrans.reporting.report import Section
from medtrans.reporting.sections.case_panel import CasePanel


@dataclass(frozen=True)
class Card:
    """A question, its answer in large print, and the reason below."""

    question: str
    answer: str
    reason: str
    state: str = ""
    """Class of the style sheet: good, bad or open."""
    anchor: str = ""
    """Section with the details."""


@dataclass(frozen=True)
class Summary:
    """The cards, and (anchor, heading) of the sections that can be jumped to."""

    cards: tuple[Card, ...]
    links: tuple[tuple[str, str], ...]
    first: CasePanel | None = None
    """The case whose worst slice stands before any table: the worst one."""


def summary_section(
    evaluation: Evaluation,
    verdicts: Sequence[Verdict],
    findings: Sequence[Finding],
    *,
    panels: Sequence[CasePanel] = (),
    sections: Sequence[Section] = (),
) -> Section:
    """Cards of the given verdicts, of the structures, and of the scored and the failed cases.

    `panels` are the cases with images, the worst one first.
    """
    cards = [*map(_verdict_card, verdicts), *_structure_cards(evaluation.structures)]
    cards += _case_cards(evaluation, len(panels))
    cards.append(_failure_card(len(evaluation.failed), findings))
    links = tuple((section.name, section.heading) for section in sections if section.heading)
    return Section("summary", "", Summary(tuple(cards), links, panels[0] if panels else None))


def _verdict_card(verdict: Verdict) -> Card:
    return Card(verdict.question, verdict.outcome.capitalize(), verdict.reason, STATES[verdict.outcome])


def _structure_cards(structures: Sequence[Structure]) -> list[Card]:
    own = [one for one in structures if one.system == TRANSLATED and one.found != "neither"]
    if not own:
        return []
    wrong = sum(one.found != "both" for one in own)
    reason = f"of {len(own)}, over all cases"
    return [Card("Structures missed or invented", str(wrong or "None"), reason, _state(wrong), "structures")]


def _case_cards(evaluation: Evaluation, displayed: int) -> list[Card]:
    cases = {score.case for score in evaluation.scores}
    subjects = {score.subject for score in evaluation.scores}
    if not cases and not displayed:
        return []
    reason = f"of {count_text(len(subjects), 'subject')}; images of {displayed} below"
    return [Card("Cases scored", str(len(cases)), reason)]


def _failure_card(failed: int, findings: Sequence[Finding]) -> Card:
    warnings = sum(finding.severity != "note" for finding in findings)
    below = ", listed below" if failed or findings else ""
    reason = f"{count_text(warnings, 'warning') if warnings else 'No warnings'}{below}"
    state = "bad" if failed else "open" if warnings else ""
    return Card("Cases that could not be scored", str(failed or "None"), reason, state)


def _state(wrong: int) -> str:
    return "bad" if wrong else "good"
