"""Distances between a folder of generated volumes and a folder of real ones, which need not be pairs.

All volumes are on one scale: CT in HU on a fixed one, MR on that of the real set, which the generated set must match.
With a model as the extractor, they are prepared as the sources of that model are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.errors import MedtransError
from medtrans.core.finding import Finding
from medtrans.core.modality import MODALITIES
from medtrans.core.volume import Volume
from medtrans.evaluating.distribution.distances import SPLITS, distances, standardised_by_real, volumes_per_half
from medtrans.evaluating.distribution.image_sampler import HU_SCALE, ImageSampler, IntensityRange
from medtrans.evaluating.distribution.results import DistanceResults
from medtrans.evaluating.distribution.samplers import built_in_sampler, model_sampler
from medtrans.evaluating.distribution.set_checks import (
    distance_findings,
    kind_of,
    refuse_other_kind,
    refuse_other_scale,
    subject_findings,
    voxel_findings,
)
from medtrans.evaluating.failures import failure
from medtrans.evaluating.input_checks import refuse_not_finite, top
from medtrans.reading.checks import refusal
from medtrans.reading.memory import memory_errors
from medtrans.reading.volumes import read_volume
from medtrans.stages._volume_sets import has_own_scale, refuse_wrong_choices, volume_sets


@dataclass(frozen=True)
class _Noticed:
    """What is collected while the volumes are read: failures by path, and findings."""

    failed: dict[str, Finding] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def measure(
    generated: Path,
    real: Path,
    extractor: str = "radiomics",
    view: str | None = None,
    *,
    slices: int = 8,
    spacing: float | None = None,
    seed: int = 0,
) -> DistanceResults:
    """Distances of two folders by an `extractor`: radiomics, random, a TorchScript file, or a segmenter by its
    model folder or the name of a shipped one.

    `view` is axial, coronal, sagittal or volume, that of the model if None; `spacing` in mm, None keeps each volume's
    own. A volume that cannot be used is listed, the rest go on. Raises UsageError, ModelRefused, and InputRefused or
    EnvironmentRefused where fewer than two volumes of a set are left.
    """
    sets, noticed, own_scale = volume_sets(generated, real), _Noticed(), has_own_scale(extractor)
    refuse_wrong_choices(extractor, view, spacing)
    if own_scale:
        ranges = _ranges(sets["real"], noticed)
        sampler = built_in_sampler(extractor, view or "axial", slices, spacing, ranges, str(real))
    else:
        sampler = model_sampler(extractor, view, slices)
    noticed.findings.extend(subject_findings(sets))
    one, other = (_read_set(sets[role], sampler, noticed) for role in ("generated", "real"))
    refuse_other_kind(one.kinds, other.kinds, generated)
    if own_scale:
        refuse_other_scale(one.tops, other.tops, generated)
    made, true = _features(generated, sets["generated"], one, noticed), _features(real, sets["real"], other, noticed)
    scaled = standardised_by_real(made, true)
    values = distances(*scaled, sampler.extractor.name, seed=seed)
    noticed.findings.extend(distance_findings(scaled[0]))
    meaning = _meaning(sampler, made, true) | {"seed": seed}
    if not sampler.preparation.settings.spacing:
        noticed.findings.extend(voxel_findings(np.array([*one.sizes, *other.sizes])))
    return DistanceResults(meaning, values, noticed.findings, noticed.failed)


@dataclass(frozen=True)
class _Set:
    """What was read of a set: one entry a volume."""

    features: list[np.ndarray] = field(default_factory=list)
    """(image, feature), of the volumes that can be used."""
    sizes: list[tuple[float, float, float]] = field(default_factory=list)
    """Voxels of those, in mm."""
    kinds: list[str] = field(default_factory=list)
    tops: list[float] = field(default_factory=list)
    """99.5th percentiles."""


def _read_set(paths: Sequence[Path], sampler: ImageSampler, noticed: _Noticed) -> _Set:
    """Features of the volumes that can be used; the others go to `noticed`."""
    found = _Set()
    for path in (path for path in paths if str(path) not in noticed.failed):
        try:
            volume = _read(path)
            found.kinds.append(kind_of(volume))
            found.tops.append(top(volume.voxels))
            with memory_errors(path):
                found.features.append(sampler.features(volume))
        except MedtransError as error:
            noticed.failed[str(path)] = failure(str(path), error)
            continue
        found.sizes.append(volume.spacing)
        if sampler.preparation.settings.source_normalisation == HU_SCALE:
            noticed.findings.extend(MODALITIES["CT"].check(volume.voxels, path.name))
    return found


def _features(folder: Path, paths: Sequence[Path], found: _Set, noticed: _Noticed) -> np.ndarray:
    """Features (volume, image, feature) of a set. Raises InputRefused or EnvironmentRefused below two volumes."""
    if len(found.features) < 2:
        failed = [noticed.failed[str(path)] for path in paths if str(path) in noticed.failed]
        why = failed[0].what if failed else "there are no more"
        what = f"has {len(found.features)} volumes that can be assessed: {why}"
        raise refusal(failed)(folder, what, "give two or more")
    return np.stack(found.features)


def _ranges(real: Sequence[Path], noticed: _Noticed) -> list[IntensityRange]:
    """Intensities of the real volumes that can be read. Raises InputRefused or EnvironmentRefused where none can."""
    ranges = []
    for path in real:
        try:
            with memory_errors(path):
                ranges.append(IntensityRange.of(_read(path)))
        except MedtransError as error:
            noticed.failed[str(path)] = failure(str(path), error)
    if not ranges:
        what = f"has no volume that can be assessed: {noticed.failed[str(real[0])].what}"
        raise refusal(noticed.failed.values())(real[0].parent, what, "give others")
    return ranges


def _read(path: Path) -> Volume:
    volume = read_volume(path)
    refuse_not_finite(str(path), "the volume", volume.voxels, np.ones(volume.shape, bool))
    return volume


def _meaning(sampler: ImageSampler, generated: np.ndarray, real: np.ndarray) -> dict[str, Any]:
    """Every setting that the numbers depend on, by name."""
    spacing = sampler.preparation.settings.spacing
    kept, count = standardised_by_real(generated, real)[0].shape[2], generated.shape[2]
    constant = f", without {count - kept} that are constant there" if kept < count else ""
    return {
        "extractor": sampler.extractor.name,
        "plane": sampler.view,
        "unit": "the volume",
        "generated volumes": len(generated),
        "real volumes": len(real),
        "images a volume": generated.shape[1],
        "volumes of a half": volumes_per_half(len(generated), len(real)),
        "random halves": SPLITS,
        "features": f"{kept}, standardised by all real images{constant}",
        "voxels": " x ".join(f"{side:g}" for side in spacing) + " mm" if spacing else "as they are",
        "intensities": sampler.intensities,
    }
