"""Score the test cases of a run beside the controls, and write the report."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from medtrans.core.case import Case, Pair, Split
from medtrans.core.errors import MedtransError
from medtrans.core.metric import Score
from medtrans.core.volume import Volume
from medtrans.evaluating.cases import EVERYTHING, definition, evaluate
from medtrans.evaluating.controls import MeanTarget, copy_of_source
from medtrans.evaluating.folders import Evaluation, to_csv, to_json
from medtrans.preparing.preparation import Preparation
from medtrans.reading.cohort import load_pair
from medtrans.reading.files import read_volume, write_atomically
from medtrans.recipe import Recipe
from medtrans.reporting.page import Report, write_page
from medtrans.reporting.pictured import Pictured
from medtrans.reporting.provenance import provenance
from medtrans.reporting.tables import worst_to_best
from medtrans.training.journal import Row

COPY, MEAN, MEAN_IMAGE = "copy of the source", "mean of the training targets", "mean training image"
ENOUGH = 30
"""Training cases that the mean of the targets is taken over, evenly picked."""
WITHIN = {
    "mask": "voxels above 0 of each case's mask file",
    "body": "the body found in each target",
    "everything": EVERYTHING,
}


@dataclass(frozen=True)
class Judgement:
    """What came of a run's test cases."""

    evaluation: Evaluation
    pictured: tuple[Pictured, ...]
    unscored: tuple[str, ...] = ()
    """Cases that were translated but have no target."""
    split: str = ""
    """How many cases were there to train, validate and test."""


def judged_pair(case: Case, recipe: Recipe, preparation: Preparation) -> Pair:
    """A case as it is scored: the target in the unit of translations, the mask of the voxels that count."""
    pair = load_pair(case)
    assert pair.target is not None
    within = recipe.evaluating.within
    mask = pair.mask if within == "mask" else None
    if within == "body":
        mask = pair.target.like(preparation.body(pair.target).astype(np.uint8))
    return replace(pair, target=preparation.as_written(pair.target, pair.source), mask=mask)


def judge(
    recipe: Recipe,
    cases: Sequence[Case],
    translations: dict[str, Path],
    failed: dict[str, str],
    preparation: Preparation,
) -> Judgement:
    """Score each translated test case that has a target, beside the controls; list what cannot be scored."""
    mean = MeanTarget(_training_targets(recipe, cases, preparation))
    scores: list[Score] = []
    refused, known = dict(failed), {case.name: case for case in cases if case.name in translations}
    for case in (case for case in known.values() if case.targets):
        try:
            pair = judged_pair(case, recipe, preparation)
            assert pair.target is not None
            made = {"translated": read_volume(translations[case.name]), **_controls(pair, preparation, mean)}
            found: list[Score] = []
            for who, volume in made.items():
                named = {"case": case.name, "subject": case.subject, "who": who}
                found += evaluate(volume, pair.target, pair.mask, recipe.evaluating.preset, **named)
            scores += found
        except MedtransError as reason:
            refused[case.name] = str(reason)
    meaning = definition(recipe.evaluating.preset, WITHIN[recipe.evaluating.within])
    if preparation.settings.target.unit != "HU":
        said = "Targets are brought to the model's unit by their own intensities in the body; translations are not."
        meaning = replace(meaning, details=(said, *meaning.details))
    unscored = tuple(name for name, case in known.items() if not case.targets)
    count = recipe.evaluating.pictures
    shown = [*worst_to_best(scores, count), *unscored][:count]
    shown_cases = tuple(pictured(known[name], translations[name], recipe, preparation) for name in shown)
    counts = Counter(case.split for case in cases)
    split = ", ".join(f"{counts[part]} {part}" for part in get_args(Split))
    return Judgement(Evaluation(meaning, scores, refused), shown_cases, unscored, split)


def pictured(case: Case, translation: Path, recipe: Recipe, preparation: Preparation) -> Pictured:
    """Read again: only the few volumes that are shown are held in memory."""
    pair = judged_pair(case, recipe, preparation) if case.targets else load_pair(case)
    mask = pair.mask if pair.mask is not None and pair.mask.voxels.any() else None
    return Pictured(case.name, pair.source, pair.target, read_volume(translation), mask)


def write_judgement(
    folder: Path, recipe: Recipe, judgement: Judgement, journal: Sequence[Row], verdict: str, facts: dict[str, Any]
) -> Path:
    """scores.csv, scores.json and report.html in `folder`; returns the report."""
    write_atomically(folder / "scores.csv", to_csv(judgement.evaluation))
    write_atomically(folder / "scores.json", to_json(judgement.evaluation).encode())
    text, scores = recipe.to_yaml(), list(judgement.evaluation.scores)
    made_of = {"recipe sha256": hashlib.sha256(text.encode()).hexdigest()}
    if judgement.split:
        made_of |= {"cases": judgement.split, "hashes of images": "in the JSON beside each translation"}
    report = Report(
        title=recipe.name,
        about=recipe.about,
        date=datetime.date.today().isoformat(),
        definition=judgement.evaluation.definition,
        scores=scores,
        cases=list(judgement.pictured),
        journal=list(journal),
        best=f"validation/{recipe.training.best}",
        provenance=provenance() | made_of | facts,
        recipe=text,
        verdict=verdict,
        warnings=_doubts(judgement),
        failures=[f"{name}: {why.removeprefix(f'{name}: ')}" for name, why in judgement.evaluation.refused.items()],
        hounsfield=recipe.preparing.target.unit == "HU",
    )
    write_page(folder / "report.html", report)
    return folder / "report.html"


def _doubts(judgement: Judgement) -> list[str]:
    """What is to be said of the scores of each translation, once, and of those without a score."""
    noted = [score for score in judgement.evaluation.scores if score.who == "translated" and score.note]
    doubts = [f"{score.case}: {score.note.removeprefix('warning: ')}" for score in noted]
    if judgement.unscored:
        doubts.append(f"Translated but not scored, there is no target: {', '.join(judgement.unscored)}")
    return list(dict.fromkeys(doubts))


def _training_targets(
    recipe: Recipe, cases: Sequence[Case], preparation: Preparation
) -> Iterator[tuple[Volume, np.ndarray]]:
    learners = [case for case in cases if case.split == "train" and case.targets]
    for case in learners[:: max(len(learners) // ENOUGH, 1)]:
        pair = load_pair(case)
        assert pair.target is not None
        yield preparation.as_written(pair.target, pair.source), preparation.body(pair.target)


def _controls(pair: Pair, preparation: Preparation, mean: MeanTarget) -> dict[str, Volume]:
    """Name → volume. The copy is the normalised source written as if it were a normalised target."""
    assert pair.target is not None
    asked, body = preparation.settings, preparation.body(pair.source)
    air = float(asked.target.restore(np.array([asked.target.background], np.float32))[0])
    made = {MEAN: mean.one_value(pair.target, body, air)}
    image = mean.per_voxel(pair.target, body, air)
    if image is not None:
        made[MEAN_IMAGE] = image
    if pair.source.channels == pair.target.channels:
        made[COPY] = copy_of_source(
            pair.source,
            body,
            air,
            normalise=lambda voxels: asked.source.normalise(voxels, body)[0],
            restore=asked.target.restore,
        )
    return made
