"""Pairs painted from label maps: once for each case, in the run folder, and anew for the items of the training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from medtrans import __version__
from medtrans.core.case import Case
from medtrans.core.modality import find_modality
from medtrans.core.progress import ProgressCallback
from medtrans.core.sealed_json import seal
from medtrans.degradations._combinations import draw_all
from medtrans.degradations._record import case_rng
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.painting import PaintedPair, PaintingSettings, factor_for, paint_pair, painted_head
from medtrans.preparing.degrading import DegradingSettings, degraded_in_place
from medtrans.preparing.on_the_fly import MadeVolume
from medtrans.preparing.preparation import Preparation
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import sidecar_path
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import hash_volume, read_volume, write_volume
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._made_files import record_of_made

DESCRIPTION = f"PAINTED medtrans {__version__}"
"""The field `descrip` of the NIfTI header."""
NOTICE = "Painted from a label map by computation; not measured."


def painted_cases(recipe: Recipe, run: RunFolder, cases: Sequence[Case], on_progress: ProgressCallback) -> list[Case]:
    """The cases with one painted pair each, made here unless it is there. Raises InputRefused, EnvironmentRefused."""
    made = []
    for done, case in enumerate(cases, start=1):
        made.append(_painted(recipe, run, case))
        on_progress("painting", case.name, done / len(cases))
    return made


@dataclass(frozen=True)
class Painter:
    """Paints the label map of a case, and prepares source and target. Can be sent to another process."""

    label_maps: Sequence[Path]
    settings: PaintingSettings
    degrading: DegradingSettings
    preparation: Preparation
    heads: dict[tuple[int, int], Head] = field(default_factory=dict, init=False, repr=False, compare=False)
    """By case and shape, the latest last; not more than are in use."""

    def __call__(self, index: int, shape: int, rng: np.random.Generator) -> tuple[MadeVolume, MadeVolume]:
        with memory_errors(self.label_maps[index]):
            pair = paint_degraded(self._head(index, shape), self.settings, self.degrading, self.preparation, rng)
            return _prepared(pair, self.preparation)

    def _head(self, index: int, shape: int) -> Head:
        if (index, shape) not in self.heads:
            labels, spacing = read_volume(self.label_maps[index]), self.preparation.settings.spacing
            new = self.settings.new_skulls
            self.heads[index, shape] = painted_head(
                labels, np.random.default_rng(shape), new_skull=new, factor=factor_for(labels, spacing)
            )
            while len(self.heads) > KEPT:
                del self.heads[next(iter(self.heads))]
        return self.heads[index, shape]


KEPT = 10
"""Heads in the memory of a process: one for each volume that items are taken from, and some."""


def _prepared(pair: PaintedPair, preparation: Preparation) -> tuple[MadeVolume, MadeVolume]:
    """As a training case that was read would be."""
    body = preparation.body_mask(pair.source)
    source = preparation.prepare_source(pair.source, pair.mask, margin=True, body=body)
    target = preparation.prepare_target(pair.target, pair.mask, margin=True, body=body)
    return MadeVolume.of(source), MadeVolume.of(target)


def paint_degraded(
    head: Head,
    settings: PaintingSettings,
    degrading: DegradingSettings,
    preparation: Preparation,
    rng: np.random.Generator,
) -> PaintedPair:
    """A painted pair, its source degraded where the recipe degrades."""
    pair = paint_pair(head, settings, rng)
    if not degrading.chain:
        return pair
    record, how = draw_all(degrading.chain, rng), preparation.settings.interpolation
    return replace(pair, source=degraded_in_place(pair.source, record, find_modality("MR"), how))


def _painted(recipe: Recipe, run: RunFolder, case: Case) -> Case:
    """The case of a label map, with the pair that is painted once."""
    (file,) = case.sources
    kinds = ("source", "target", "mask")
    outputs = {kind: run.painted / f"{case.name}_{kind}.nii.gz" for kind in kinds}
    settings = {"painting": recipe.painting.to_dict(), "degrading": recipe.degrading.to_dict()}
    wanted = {"labels": hash_volume(file), "spacing": recipe.preparing.to_dict()["spacing"], **settings}
    record = sidecar_path(run.painted / f"{case.name}.nii.gz")
    if record_of_made(record, wanted) is None:
        labels, rng = read_volume(file), case_rng(recipe.painting.seed, case.name)
        preparation = recipe.preparation()
        with memory_errors(file):
            head = painted_head(labels, rng, new_skull=False, factor=factor_for(labels, recipe.preparing.spacing))
            pair = paint_degraded(head, recipe.painting, recipe.degrading, preparation, rng)
        for kind, path in outputs.items():
            write_volume(getattr(pair, kind), path, description=DESCRIPTION, overwrite=True)
        hashes = {path.name: hash_volume(path) for path in outputs.values()}
        write_atomically(record, seal({"notice": NOTICE, **wanted, "outputs": hashes}), overwrite=True)
    return replace(case, sources=(outputs["source"],), targets=(outputs["target"],), mask=outputs["mask"])
