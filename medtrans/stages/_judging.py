"""Score the test cases of a run beside the controls, and write the report."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from medtrans.core.case import Case, Pair, Split
from medtrans.core.errors import InputRefused, MedtransError
from medtrans.core.metric import Score
from medtrans.core.volume import Volume
from medtrans.evaluating.baselines import COPY, MeanTarget, copy_of_source
from medtrans.evaluating.folders import Paths
from medtrans.evaluating.measurements import Measurement, measurements
from medtrans.evaluating.presets import find_preset
from medtrans.evaluating.results import TRANSLATED, Evaluation, to_csv, to_json
from medtrans.evaluating.scoring import EVERYTHING, definition, evaluate, scored_on
from medtrans.evaluating.segmentation.structures import Structure, is_single_class
from medtrans.evaluating.segmentation.table import to_csv as structures_to_csv
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.evaluating.uncertainty import SENTENCES, evaluate_spread
from medtrans.metrics import uncertainty as spreads
from medtrans.preparing.preparation import Preparation
from medtrans.reading.cohort import load_pair
from medtrans.reading.files import read_volume, spread_path, write_atomically
from medtrans.recipe import Recipe
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.latex import to_tex
from medtrans.reporting.page import Report, write_page
from medtrans.reporting.provenance import provenance
from medtrans.reporting.tables import worst_to_best
from medtrans.training.journal import Row

MEAN, MEAN_IMAGE = "mean of the training targets", "mean training image"
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
    pictured: tuple[CaseImages, ...]
    unscored: tuple[str, ...] = ()
    """Cases that were translated but have no target."""
    split: str = ""
    """How many cases were there to train, validate and test."""


def judged_pair(case: Case, recipe: Recipe, preparation: Preparation) -> Pair:
    """A case as it is scored: the target in the unit of translations, the mask of the voxels that count.

    Raises InputRefused where the mask file should say which, and there is none.
    """
    return _in_written_unit(_counted_pair(case, recipe, preparation), preparation)


def _counted_pair(case: Case, recipe: Recipe, preparation: Preparation) -> Pair:
    """The volumes as they were measured, the mask of the voxels that count. Raises as `judged_pair`."""
    pair = load_pair(case)
    assert pair.target is not None
    within = recipe.evaluating.within
    if within == "mask" and pair.mask is None:
        advice = "give it one by reading.mask or the table, or set evaluating.within: body"
        raise InputRefused(case.name, "has no mask file, and evaluating.within is mask", advice)
    mask = pair.mask if within == "mask" else None
    if within == "body":
        mask = pair.target.like(preparation.body(pair.target).astype(np.uint8))
    return replace(pair, mask=mask)


def _in_written_unit(pair: Pair, preparation: Preparation) -> Pair:
    assert pair.target is not None
    return replace(pair, target=preparation.as_written(pair.target, pair.source))


def judge(
    recipe: Recipe,
    cases: Sequence[Case],
    translations: dict[str, Path],
    failed: dict[str, str],
    preparation: Preparation,
    downstream: SegmentationTask | None = None,
) -> Judgement:
    """Score each translated test case that has a target, beside the controls; list what cannot be scored."""
    mean = MeanTarget(_training_targets(recipe, cases, preparation))
    scores: list[Score] = []
    structures: list[Structure] = []
    read_for: list[Measurement] = []
    on: dict[str, dict[str, str]] = {}
    asked = recipe.evaluating
    refused, known = dict(failed), {case.name: case for case in cases if case.name in translations}
    for case in (case for case in known.values() if case.targets):
        try:
            pair = _counted_pair(case, recipe, preparation)
            assert pair.target is not None
            on[case.name] = scored_on(pair.target, pair.mask)
            pair = _in_written_unit(pair, preparation)
            assert pair.target is not None
            made = {"translated": read_volume(translations[case.name]), **_controls(pair, preparation, mean)}
            found: list[Score] = []
            for system, volume in made.items():
                named = {"case": case.name, "subject": case.subject, "system": system}
                found += evaluate(volume, pair.target, pair.mask, asked.preset, also=asked.also, **named)
            spread = spread_path(translations[case.name])
            if recipe.translating.samples > 1 and spread.is_file():
                told = read_volume(spread)
                found += evaluate_spread(
                    made["translated"], pair.target, told, pair.mask, case=case.name, subject=case.subject
                )
            scores += found
            hounsfield = recipe.preparing.target.unit == "HU"
            pair_of = made["translated"], pair.target, pair.mask
            read_for += measurements(*pair_of, hounsfield=hounsfield, case=case.name, subject=case.subject)
            if downstream:
                structures += downstream.structures(case.name, case.subject, made, pair.target)
        except MedtransError as reason:
            refused[case.name] = str(reason)
    meaning = definition(asked.preset, WITHIN[asked.within], asked.also)
    if preparation.settings.target.unit != "HU":
        said = "Targets are brought to the model's unit by their own intensities in the body; translations are not."
        meaning = replace(meaning, details=(said, *meaning.details))
    if {score.metric for score in scores} & set(spreads.names()):
        meaning = replace(meaning, details=(*meaning.details, *SENTENCES))
    if downstream:
        meaning, structures, more = downstream.told(meaning, structures)
        scores += more
    unscored = tuple(name for name, case in known.items() if not case.targets)
    count = recipe.evaluating.pictures
    shown = [*worst_to_best(scores, count), *unscored][:count]
    shown_cases = tuple(pictured(known[name], translations[name], recipe, preparation, downstream) for name in shown)
    counts = Counter(case.split for case in cases)
    split = ", ".join(f"{counts[part]} {part}" for part in get_args(Split))
    return Judgement(Evaluation(meaning, scores, refused, structures, read_for, on), shown_cases, unscored, split)


def pictured(
    case: Case, translation: Path, recipe: Recipe, preparation: Preparation, downstream: SegmentationTask | None = None
) -> CaseImages:
    """Read again: only the few volumes that are shown are held in memory."""
    pair = judged_pair(case, recipe, preparation) if case.targets else load_pair(case)
    mask = pair.mask if pair.mask is not None and pair.mask.voxels.any() else None
    return with_structures(CaseImages(case.name, pair.source, pair.target, read_volume(translation), mask), downstream)


def with_structures(case: CaseImages, downstream: SegmentationTask | None) -> CaseImages:
    """And the label maps of target and translation; without them where there are none, which is listed elsewhere."""
    if downstream is None or case.target is None:
        return case
    try:
        found = downstream.seen(case.case, case.translated, case.target)
    except InputRefused:
        return case
    return replace(case, structures=found, classes=tuple(downstream.classes))


def write_judgement(
    folder: Path, recipe: Recipe, judgement: Judgement, journal: Sequence[Row], verdict: str, facts: dict[str, Any]
) -> Path:
    """scores.csv, scores.json, tables.tex and report.html in `folder`; returns the report."""
    _write_tables(folder, judgement.evaluation)
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
        structures=judgement.evaluation.structures,
        measurements=judgement.evaluation.measurements,
        cases=list(judgement.pictured),
        journal=list(journal),
        best=f"validation/{recipe.training.best}",
        provenance=provenance() | made_of | facts,
        recipe=text,
        settings=recipe.to_dict(),
        split=judgement.split,
        verdict=verdict,
        warnings=_doubts(judgement),
        failures=_failures(judgement.evaluation),
        hounsfield=recipe.preparing.target.unit == "HU",
    )
    write_page(folder / "report.html", report)
    return folder / "report.html"


def write_evaluation(
    folder: Path,
    evaluation: Evaluation,
    paths: Mapping[str, Paths],
    title: str,
    *,
    sources: Mapping[str, Path] | None = None,
    downstream: SegmentationTask | None = None,
) -> Path:
    """The same page and tables for volumes that were only scored: no recipe, no training. Returns the report.

    `paths` are each case's translation, target and mask; `sources`, if any, are shown beside them where they lie on
    their grid, else the page says why not.
    """
    chosen = worst_to_best(evaluation.scores, EvaluatingSettings.pictures)
    cases = [with_structures(_scored(name, *paths[name]), downstream) for name in chosen]
    unseen: list[str] = []
    if sources is not None:
        cases = [_beside_source(case, sources.get(case.case), unseen) for case in cases]
    judgement = Judgement(evaluation, tuple(cases))
    _write_tables(folder, evaluation)
    report = Report(
        title=title,
        about="Translated volumes scored against their targets.",
        date=datetime.date.today().isoformat(),
        definition=evaluation.definition,
        scores=evaluation.scores,
        structures=evaluation.structures,
        measurements=evaluation.measurements,
        cases=judgement.pictured,
        provenance=provenance(),
        warnings=[*_doubts(judgement), *unseen],
        failures=_failures(evaluation),
        hounsfield=find_preset(evaluation.definition.preset).kind == "CT",
    )
    write_page(folder / "report.html", report)
    return folder / "report.html"


def _scored(name: str, translated: Path, target: Path, mask: Path | None) -> CaseImages:
    return CaseImages(name, None, read_volume(target), read_volume(translated), read_volume(mask) if mask else None)


def _beside_source(case: CaseImages, source: Path | None, unseen: list[str]) -> CaseImages:
    """With its source, or as it is and a sentence in `unseen`."""
    try:
        if source is None:
            raise InputRefused(case.case, "there is no source of its name", "put it into the folder of sources")
        return replace(case, source=read_volume(source))
    except InputRefused as reason:
        unseen.append(f"{case.case}: shown without its source: {str(reason).removeprefix(f'{case.case}: ')}")
        return case


def _write_tables(folder: Path, evaluation: Evaluation) -> None:
    write_atomically(folder / "scores.csv", to_csv(evaluation))
    write_atomically(folder / "scores.json", to_json(evaluation).encode())
    if evaluation.structures:
        write_atomically(folder / "downstream.csv", structures_to_csv(evaluation.structures))
    if evaluation.scores:
        whole = [score for score in evaluation.scores if not is_single_class(score.metric)]
        write_atomically(
            folder / "tables.tex", to_tex(whole, evaluation.definition, evaluation.structures, len(evaluation.refused))
        )


def _failures(evaluation: Evaluation) -> list[str]:
    return [f"{name}: {why.removeprefix(f'{name}: ')}" for name, why in evaluation.refused.items()]


def _doubts(judgement: Judgement) -> list[str]:
    """What is to be said of the scores of each translation, once, and of those without a score."""
    own = (score for score in judgement.evaluation.scores if score.system == TRANSLATED and score.note)
    noted = [score for score in own if not is_single_class(score.metric)]
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
    # Where images are their own targets, a copy would be the answer itself.
    if pair.source.channels == pair.target.channels and pair.case.sources != pair.case.targets:
        made[COPY] = copy_of_source(
            pair.source,
            body,
            air,
            normalise=lambda voxels: asked.source.normalise(voxels, body)[0],
            restore=asked.target.restore,
        )
    return made
