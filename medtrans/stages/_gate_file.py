"""Signature of the training images of a run, for the gate of its model: gate.json of the model folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from medtrans.auditing.gate.signature import GATE, MAX_IMAGES, Signature, write_signature
from medtrans.core.case import Case
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import Step
from medtrans.degradations.thick_slices import ThickSlices
from medtrans.phantoms.painting import factor_for, painted_head
from medtrans.reading.volumes import read_channels, read_volume
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._painted_cases import paint_degraded

PAINTED_HEADS, PAINTINGS = 16, 4
"""Heads that are painted for the signature, and the images of each."""
MODALITIES = ("MR", "CT")


def write_gate(recipe: Recipe, cases: Sequence[Case], run: RunFolder) -> None:
    """Measure the training images, unless it was done; nothing is written for a model that needs no gate: one that
    takes labels, or slices.

    `cases` are those of the run. Raises InputRefused, EnvironmentRefused.
    """
    modality = recipe.reading.source_modality
    if not recipe.translates or modality not in MODALITIES or (run.model / GATE).exists():
        return
    painted = bool(recipe.painting.target)
    thickest = thickest_slices(recipe.degrading.chain)
    volumes = _painted(recipe) if painted else _read(cases)
    signature = Signature.fit(volumes, modality, any_contrast=painted, slices_mm=thickest)
    if signature is not None:
        write_signature(run.model, signature)


def thickest_slices(steps: Sequence[Step]) -> float:
    """Millimetres of the thickest slices that a chain of degradations makes; 0 where it makes none."""
    inner = [thickest_slices(step.steps) for step in steps if hasattr(step, "steps")]
    own = [float(np.max(step.millimetres)) for step in steps if isinstance(step, ThickSlices)]
    return max([*inner, *own], default=0.0)


def _read(cases: Sequence[Case]) -> Iterator[Volume]:
    training = [case for case in cases if case.split == "train" and case.sources]
    for case in _even(training, MAX_IMAGES):
        yield read_channels(case.sources)


def _painted(recipe: Recipe) -> Iterator[Volume]:
    """Images as they are painted anew in the training."""
    training = [case for case in recipe.cases() if case.split == "train" and case.sources]
    preparation, painting = recipe.preparation(), recipe.painting
    for number, case in enumerate(_even(training, PAINTED_HEADS)):
        labels, rng = read_volume(case.sources[0]), np.random.default_rng([painting.seed, number])
        factor = factor_for(labels, recipe.preparing.spacing)
        head = painted_head(labels, rng, new_skull=painting.new_skulls, factor=factor)
        for _ in range(PAINTINGS):
            yield paint_degraded(head, painting, recipe.degrading, preparation, rng).source


def _even(cases: Sequence[Case], most: int) -> list[Case]:
    """At most so many, evenly chosen."""
    return [cases[number * len(cases) // most] for number in range(most)] if len(cases) > most else list(cases)
