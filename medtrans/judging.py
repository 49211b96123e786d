"""Score the test cases of a run beside the controls, and write the report."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.case import Case, Pair
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
from medtrans.reporting.page import Pictured, Report, write_page
from medtrans.reporting.provenance import provenance
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
    refused, shown = dict(failed), []
    for case in cases:
        if case.name not in translations or not case.targets:
            continue
        try:
            pair = judged_pair(case, recipe, preparation)
            made = {"translated": read_volume(translations[case.name]), **_controls(pair, preparation, mean)}
            for who, volume in made.items():
                assert pair.target is not None
                named = {"case": case.name, "subject": case.subject, "who": who}
                scores += evaluate(volume, pair.target, pair.mask, recipe.evaluating.preset, **named)
            mask = pair.mask if pair.mask is not None and pair.mask.voxels.any() else None
            shown.append(Pictured(case.name, pair.source, pair.target, made["translated"], mask))
        except MedtransError as reason:
            refused[case.name] = str(reason)
    meaning = definition(recipe.evaluating.preset, WITHIN[recipe.evaluating.within])
    if preparation.settings.target.unit != "HU":
        said = "Targets are brought to the model's unit by their own intensities in the body; translations are not."
        meaning = replace(meaning, details=(said, *meaning.details))
    worst = _worst_first(scores)
    shown.sort(key=lambda one: worst.index(one.case) if one.case in worst else len(worst))
    return Judgement(Evaluation(meaning, scores, refused), tuple(shown[: recipe.evaluating.pictures]))


def write_judgement(
    folder: Path, recipe: Recipe, judgement: Judgement, journal: Sequence[Row], verdict: str, facts: dict[str, Any]
) -> Path:
    """scores.csv, scores.json and report.html in `folder`; returns the report."""
    write_atomically(folder / "scores.csv", to_csv(judgement.evaluation))
    write_atomically(folder / "scores.json", to_json(judgement.evaluation).encode())
    refused = [f"{name} was not assessed: {why}" for name, why in judgement.evaluation.refused.items()]
    report = Report(
        title=recipe.name,
        about=recipe.about,
        date=datetime.date.today().isoformat(),
        definition=judgement.evaluation.definition,
        scores=list(judgement.evaluation.scores),
        cases=list(judgement.pictured),
        journal=list(journal),
        best=f"validation/{recipe.training.best}",
        provenance=provenance() | facts,
        recipe=recipe.to_yaml(),
        verdict=verdict,
        warnings=refused,
    )
    write_page(folder / "report.html", report)
    return folder / "report.html"


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


def _worst_first(scores: Sequence[Score]) -> list[str]:
    """Cases by the first metric of their translation, the worst first."""
    own = [score for score in scores if score.who == "translated"]
    first = [score for score in own if score.metric == own[0].metric] if own else []
    return [
        score.case for score in sorted(first, key=lambda s: s.value, reverse=bool(own) and own[0].better == "lower")
    ]
