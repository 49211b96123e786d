"""What may be said of a run: pass, fail or not assessable, each with the numbers behind it and no more than they say.

Better than the controls in these cases is one thing; that it would hold for other subjects needs a paired test over
subjects (Wilcoxon's, corrected by Holm over the controls), and that needs six.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from medtrans.core.metric import Score
from medtrans.evaluating.segmentation.structures import Structure
from medtrans.evaluating.segmentation.task import CEILING
from medtrans.evaluating.statistics.paired import FEWEST_FOR_TEST
from medtrans.evaluating.statistics.ranking import by_subject, holm, rank_systems
from medtrans.metrics import comparable
from medtrans.reporting.tables import OWN, Column, columns, competitors, counted, paired, worth

Word = Literal["pass", "fail", "not assessable"]
LEVEL = 0.05
FEW = 5
"""Structures, and cases of each, that a verdict names."""


@dataclass(frozen=True)
class Verdict:
    """A question, its answer, and the numbers behind it."""

    question: str
    word: Word
    because: str = ""


def verdicts(
    scores: Sequence[Score], refused: int, training: str, structures: Sequence[Structure] = ()
) -> list[Verdict]:
    """`refused` cases could not be assessed; `training` is the sentence on convergence, empty where nothing learned.

    What a segmenter finds in the real target is no control: it is the most that can be reached.
    """
    scores = [score for score in scores if score.system != CEILING]
    found = against_controls(scores) if scores else []
    if scores:
        found += [told(structures, kind) for kind in STRUCTURES] if structures else []
        cases = len({score.case for score in scores}) + refused
        words = f"{refused} of {cases} could not, with the reasons above" if refused else f"{cases} of {cases}"
        found.append(Verdict("Could every case be assessed?", "fail" if refused else "pass", words))
    return [*found, converged(training)] if training else found


def against_controls(scores: Sequence[Score]) -> list[Verdict]:
    """One line for each metric that a control has too, and one for other subjects; a single one where none has."""
    if len(competitors(scores)) > 1:
        judged = {score.metric for score in scores if score.system != OWN}
        heads = [head for head in columns(scores) if head.metric in judged]
        ranked, others = ([one for one in heads if comparable(one.metric) is wanted] for wanted in (True, False))
        found = [beats_controls(scores, one) for one in ranked] + ([unranked(others)] if others else [])
        return [*found, holds_beyond(scores, ranked[0])] if ranked else found
    missing = "control" if OWN in competitors(scores) else "translation"
    return [Verdict("Better than every control?", "not assessable", f"no {missing} was scored")]


def unranked(heads: Sequence[Column]) -> Verdict:
    """What no control can be beaten on in earnest."""
    names = ", ".join(head.label for head in heads)
    words = "an image unlike the target can be good there (texture, sharpness, shared information)"
    return Verdict(f"Better than every control on {names}?", "not assessable", words)


STRUCTURES = {
    "missed": "Is every structure of the targets found in the translations?",
    "invented": "Is no structure found in the translations that the targets lack?",
}


def told(structures: Sequence[Structure], kind: str) -> Verdict:
    """Whether no structure was "missed" or "invented" in any translation, else which, and in which cases."""
    own = [one for one in structures if one.system == OWN and one.found != "neither"]
    wrong = [one for one in own if one.found == kind]
    words = [
        f"{len(wrong)} {kind} of {counted(len(own), 'structure')} in {counted(len({s.case for s in own}), 'case')}"
    ]
    words += [f"{name} in {few(cases)}" for name, cases in list(_cases(wrong).items())[:FEW]]
    return Verdict(STRUCTURES[kind], "fail" if wrong else "pass" if own else "not assessable", "; ".join(words))


def few(names: Sequence[str]) -> str:
    """The first of them, and how many more."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _cases(structures: Sequence[Structure]) -> dict[str, list[str]]:
    """Name of a structure → its cases."""
    found: dict[str, list[str]] = {}
    for one in structures:
        found.setdefault(one.name, []).append(one.case)
    return found


def beats_controls(scores: Sequence[Score], column: Column) -> Verdict:
    """Whether the mean of a metric is better than every control's, over the cases both have a value for."""
    question = f"Better than every control on {column.label}, in these cases?"
    controls = competitors(scores)[1:] if OWN in competitors(scores) else []
    if not controls:
        missing = "control" if OWN in competitors(scores) else "translation"
        return Verdict(question, "not assessable", f"no {missing} was scored")
    rivals = {system: paired(scores, system, column.metric) for system in controls}
    missing = next((system for system, pairs in rivals.items() if not pairs), "")
    if missing:
        return Verdict(question, "not assessable", f"“{missing}” shares no scored case with the translation")
    means = {
        system: (fmean(own for own, _ in pairs), fmean(other for _, other in pairs)) for system, pairs in rivals.items()
    }
    good = all(worth(own, column) > worth(other, column) for own, other in means.values())
    nearest = max(means, key=lambda system: worth(means[system][1], column) - worth(means[system][0], column))
    own, other = map(column.words, means[nearest])
    won = sum(worth(one, column) > worth(two, column) for one, two in rivals[nearest])
    words = [own, "against", other, *column.unit.split(), f"for the best control, {nearest};"]
    words.append(f"better in {won} of {counted(len(rivals[nearest]), 'case')}")
    return Verdict(question, "pass" if good else "fail", " ".join(words))


def holds_beyond(scores: Sequence[Score], column: Column) -> Verdict:
    """Whether the paired test over subjects finds the translation better, or worse, than each control."""
    question = f"Would that hold on {column.label} for other subjects like these?"
    values = _by_competitor(scores, column)
    n = len(next(iter(values.values()), {}))
    if n < FEWEST_FOR_TEST or len(values) < 2:
        few = f"n = {counted(n, 'subject')}; below {FEWEST_FOR_TEST} no paired test can reach p < {LEVEL:g}"
        return Verdict(question, "not assessable", few if len(values) > 1 else "no control was scored")
    first, *others = holm({column.metric: rank_systems(values, column.direction)})[column.metric]
    own = [line for line in others if line.system == OWN]
    nearest = max(own or others, key=lambda line: 1.0 if math.isnan(line.p) else line.p)
    sure = all(line.p < LEVEL for line in own or others)
    word: Word = "not assessable" if not sure else "fail" if own else "pass"
    apart, low, high = map(column.words, (nearest.behind, nearest.behind_low, nearest.behind_high))
    rival = first.system if own else nearest.system
    words = f"n = {n}: {'worse' if own else 'better'} than {rival}, difference {apart} ({low} … {high}) {column.unit}"
    return Verdict(question, word, f"{words.strip()}, p = {nearest.p:.2g} (Holm)")


def converged(training: str) -> Verdict:
    """From the training's own sentence."""
    state, _, reason = training.partition(":")
    unknown = "not assessable" in training.lower()
    word: Word = "not assessable" if unknown else "pass" if state.startswith("Converged") else "fail"
    return Verdict("Did the training converge?", word, (reason or training).strip())


def _by_competitor(scores: Sequence[Score], column: Column) -> dict[str, dict[str, float]]:
    """Competitor → subject → value, for subjects that all have a finite value for; the translation first."""
    found = {
        system: by_subject(
            [
                (s.subject, s.value)
                for s in scores
                if (s.system, s.metric) == (system, column.metric) and math.isfinite(s.value)
            ]
        )
        for system in competitors(scores)
    }
    shared = [subject for subject in next(iter(found.values())) if all(subject in own for own in found.values())]
    return {system: {subject: own[subject] for subject in shared} for system, own in found.items()}
