"""Facts about a training for the model card and the methods paragraph: what was read, how it was split, voxel sizes."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from medtrans.core.case import Case, Split
from medtrans.models.config import model_hash, read_config
from medtrans.preparing.geometry import SPACING_TOLERANCE_MM
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.extents import Extent, Sides, voxels_and_fields
from medtrans.reading.settings import ReadingSettings
from medtrans.reading.tables import cases_in_table
from medtrans.recipe import Recipe
from medtrans.reporting.paragraphs.degrading import degrading_sentences
from medtrans.reporting.paragraphs.follow_up import follow_up_sentence
from medtrans.reporting.paragraphs.painting import painting_sentences
from medtrans.reporting.run_record import FROZEN

Splits = Mapping[Split, Any]


def model_facts(
    recipe: Recipe, cases: Sequence[Case], training: Mapping[str, Any], left_out: int = 0
) -> dict[str, Any]:
    """Plain values; `training` are the facts of `training.environment`, `left_out` the cases that were not used."""
    settings = recipe.training.to_dict()
    optimiser = {key: settings[key] for key in ("optimizer", "learning_rate", "betas", "weight_decay")}
    return {
        "name": recipe.name,
        "about": recipe.about,
        "declared": {key: value for key, value in recipe.card.to_dict().items() if value},
        "data": data_facts(recipe, cases) | ({"left out": left_out} if left_out else {}),
        "training": {**training, "optimiser": optimiser},
        **frozen_models(recipe),
        "seed": recipe.training.seed,
        "recipe_sha256": hashlib.sha256(recipe.to_yaml().encode()).hexdigest(),
    }


def frozen_models(recipe: Recipe) -> dict[str, dict[str, str]]:
    """The trained models that the method uses: role → name and hash, since a path means nothing elsewhere."""
    folders = recipe.method_class.requires_models(recipe.method_settings)
    names = {
        role: f"{read_config(folder)['card'].get('name', 'unnamed')} (sha256 {model_hash(folder)[:12]})"
        for role, folder in folders.items()
    }
    return {FROZEN: names} if names else {}


def data_facts(recipe: Recipe, cases: Sequence[Case]) -> dict[str, Any]:
    """What was read, without the names of subjects, cases and folders."""
    sizes = {case.name: _size(case) for case in cases}
    training = [sizes[case.name] for case in cases if case.split == "train"]
    counts = Counter(case.scanner for case in cases if case.split == "train" and case.scanner)
    scanners = {name: f"({count} of {len(training)} cases)" for name, count in counts.items()}
    sources = follow_up_sentence(recipe.reading.to_dict())
    if recipe.degrading.chain:
        sources = degrading_sentences(recipe.degrading.to_dict())
    if recipe.painting.target:
        sources = painting_sentences(recipe.painting.to_dict(), recipe.degrading.to_dict())
    return {
        "read from": read_from(recipe.reading, cases),
        **({"sources": sources} if sources else {}),
        "subjects": _by_split(cases, lambda some: len({case.subject for case in some})),
        "cases": _by_split(cases, len),
        "cases with a mask file": _by_split(cases, lambda some: sum(case.mask is not None for case in some)),
        "split": split_text(recipe.reading, cases),
        "voxel size": Extent.of([voxel for voxel, _ in training]).to_dict(),
        "field of view": Extent.of([field for _, field in training]).to_dict(),
        "resampled": any(_resampled(voxel, recipe.preparing) for voxel, _ in sizes.values()),
        **({"scanner": scanners} if scanners else {}),
    }


def read_from(reading: ReadingSettings, cases: Sequence[Case]) -> str:
    """The patterns, or the name and the columns of the table, and the modality and number of images of each role."""
    roles = {"source": reading.source, "target": reading.target}
    if reading.source == reading.target:  # One image is read, and its source is made from it.
        del roles["source"]
    counts = {role: max(len(getattr(case, f"{role}s")) for case in cases) for role in roles}
    if reading.table is None:
        files = {role: ", ".join(image.patterns) for role, image in roles.items() if image} | {"mask": reading.mask}
        return "; ".join(f"{role} files {pattern}" for role, pattern in files.items() if pattern)
    columns = [column for role, count in counts.items() if roles[role] for column in _columns(role, count)]
    columns += ["mask"] * any(case.mask for case in cases)
    return f"table {reading.table.name}, columns {', '.join(columns)}"


def split_text(reading: ReadingSettings, cases: Sequence[Case]) -> str:
    """How the subjects were split: as far as something decided it."""
    given = cases_in_table(reading.root, reading.table) if reading.table else []
    if given and all(case.split for case in given):
        return "as given in the table"
    held_out = "test subjects were named in advance" if reading.test_subjects else ""
    splits = {case.split for case in cases} - {"train"} - ({"test"} if held_out else set())
    drawn = f"at random (seed {reading.seed})" if splits else ""
    return " and the others split ".join(filter(None, (held_out, drawn))) or "all for training"


def _columns(role: str, count: int) -> list[str]:
    return [role] if count == 1 else [f"{role}_{number}" for number in range(1, count + 1)]


def _size(case: Case) -> tuple[Sides, Sides]:
    """Voxel size and field of view of a case, whose volumes lie on one grid."""
    first: Path = (*case.sources, *case.targets)[0]
    return voxels_and_fields([first])[0]


def _resampled(voxel: Sides, preparing: PreparingSettings) -> bool:
    """Whether a volume of this voxel size is brought to another one."""
    if preparing.spacing is None:
        return False
    own = [voxel["RLAPSI".index(letter) // 2] for letter in preparing.orientation]
    return not np.allclose(own, preparing.spacing, rtol=0, atol=SPACING_TOLERANCE_MM)


def _by_split(cases: Sequence[Case], count: Callable[[Sequence[Case]], int]) -> dict[str, int]:
    return {split: count([case for case in cases if case.split == split]) for split in get_args(Split)}
