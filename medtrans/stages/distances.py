"""Distances between a folder of generated volumes and a folder of real ones, which need not be pairs.

All volumes are on one scale: CT in HU on a fixed one, MR on that of the real set, which the generated set must match.
With a model as the extractor, they are prepared as the sources of that model are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.errors import InputRefused, MedtransError, ModelRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.modality import MODALITIES
from medtrans.core.suggestions import did_you_mean
from medtrans.core.volume import Volume
from medtrans.evaluating.distribution.distances import SPLITS, distances, standardised_by_real, volumes_per_half
from medtrans.evaluating.distribution.extractors import (
    Extractor,
    Radiomics,
    RandomNetwork,
    SegmenterExtractor,
    TorchScriptExtractor,
)
from medtrans.evaluating.distribution.image_sampler import (
    HU_SCALE,
    VIEWS,
    WHOLE,
    ImageSampler,
    IntensityRange,
    one_scale,
)
from medtrans.evaluating.distribution.results import DistanceResults
from medtrans.evaluating.failures import failure
from medtrans.evaluating.input_checks import refuse_not_finite
from medtrans.models.folder import load_model, model_hash
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.formats import supported
from medtrans.reading.names import BIDS_SUBJECT, UNCERTAINTY, stem
from medtrans.reading.volumes import read_volume, volumes_in

BUILT_IN: dict[str, Callable[[int], Extractor]] = {"radiomics": lambda dims: Radiomics(), "random": RandomNetwork}
MAX_VOXEL_RATIO = 1.01
"""Largest voxel over smallest, along one axis, without a finding."""


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
    """Distances of two folders by an `extractor`: radiomics, random, a TorchScript file or a segmenter's model folder.

    `view` is axial, coronal, sagittal or volume, that of the model if None; `spacing` in mm, None keeps each volume's
    own. A volume that cannot be used is listed, the rest go on. Raises UsageError, ModelRefused, and InputRefused
    where fewer than two volumes of a set are left.
    """
    sets, noticed = {"generated": _volumes(generated), "real": _volumes(real)}, _Noticed()
    if view is not None and view not in VIEWS:
        raise UsageError("--plane", f"nothing is named {view!r}", did_you_mean(view, VIEWS))
    if extractor in BUILT_IN or Path(extractor).is_file():
        sampler = _built_in_sampler(extractor, view or "axial", slices, spacing, sets["real"], noticed)
    else:
        if spacing:
            raise UsageError("--spacing", "a model brings its own spacing", "leave --spacing out")
        sampler = _model_sampler(Path(extractor), view, slices)
    noticed.findings.extend(_subject_findings(sets))
    one, other = (_read_set(folder, sets[role], sampler, noticed) for role, folder in _roles(generated, real))
    values = distances(*standardised_by_real(one.features, other.features), sampler.extractor.name, seed=seed)
    meaning = _meaning(sampler, one.features, other.features) | {"seed": seed}
    noticed.findings.extend(_voxel_findings(np.concatenate([one.sizes, other.sizes]), sampler))
    return DistanceResults(meaning, values, noticed.findings, noticed.failed)


def _roles(generated: Path, real: Path) -> tuple[tuple[str, Path], tuple[str, Path]]:
    return ("generated", generated), ("real", real)


@dataclass(frozen=True, eq=False)
class _Set:
    """Features (volume, image, feature) and voxel sizes (volume, axis)."""

    features: np.ndarray
    sizes: np.ndarray


def _read_set(folder: Path, paths: Sequence[Path], sampler: ImageSampler, noticed: _Noticed) -> _Set:
    """Features of the volumes that can be used; the others go to `noticed`."""
    features, sizes = [], []
    for path in (path for path in paths if str(path) not in noticed.failed):
        try:
            volume = _read(path)
            features.append(sampler.features(volume))
        except MedtransError as error:
            noticed.failed[str(path)] = failure(str(path), error)
            continue
        sizes.append(volume.spacing)
        if sampler.preparation.settings.source_normalisation == HU_SCALE:
            noticed.findings.extend(MODALITIES["CT"].check(volume.voxels, path.name))
    if len(features) < 2:
        why = next((noticed.failed[str(path)].what for path in paths if str(path) in noticed.failed), "")
        what = f"has {len(features)} volumes that can be assessed: {why or 'there are no more'}"
        raise InputRefused(folder, what, "give two or more")
    return _Set(np.stack(features), np.array(sizes))


def _built_in_sampler(
    extractor: str, view: str, slices: int, spacing: float | None, real: Sequence[Path], noticed: _Noticed
) -> ImageSampler:
    """On the scale of the real set, which is read once for that."""
    ranges = []
    for path in real:
        try:
            ranges.append(IntensityRange.of(_read(path)))
        except MedtransError as error:
            noticed.failed[str(path)] = failure(str(path), error)
    if not ranges:
        what = f"has no volume that can be assessed: {noticed.failed[str(real[0])].what}"
        raise InputRefused(real[0].parent, what, "give others")
    scale, words = one_scale(ranges, str(real[0].parent))
    grid = (spacing, spacing, spacing) if spacing else None
    settings = PreparingSettings(source_normalisation=scale, spacing=grid, slices=1)
    dims = 3 if view == WHOLE else 2
    reader = BUILT_IN[extractor](dims) if extractor in BUILT_IN else TorchScriptExtractor(Path(extractor))
    preparation = Preparation(settings, source_modality="CT" if scale == HU_SCALE else "MR")
    return ImageSampler(reader, preparation, view, slices if view != WHOLE else 1, words)


def _model_sampler(folder: Path, view: str | None, slices: int) -> ImageSampler:
    """Volumes prepared like the sources of the model."""
    method, preparation, _ = load_model(folder)
    encode = getattr(method, "features", None)
    if encode is None:
        what = f"is a {type(method).__name__}, which has no features"
        raise ModelRefused(folder, what, "give the model folder of a segmenter, or --extractor radiomics")
    settings = preparation.settings
    own = WHOLE if settings.spatial_dims == 3 else settings.plane
    if view not in (None, own):
        raise UsageError("--plane", f"{folder} was trained on {own} images, not on {view}", f"give --plane {own}")
    name = f"{type(method).__name__.lower()}-{model_hash(folder)[:8]}"
    task, source = method.task, settings.source_normalisation
    reader = SegmenterExtractor(name, encode, task.source_channels, method.divisor, source.background)
    words = ", ".join(f"{key} {value}" for key, value in source.to_dict().items())
    return ImageSampler(reader, preparation, own, slices if own != WHOLE else 1, f"as sources of the model: {words}")


def _read(path: Path) -> Volume:
    volume = read_volume(path)
    refuse_not_finite(str(path), "the volume", volume.voxels, np.ones(volume.shape, bool))
    return volume


def _volumes(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(folder, "is not a folder", "give a folder of volumes")
    paths = volumes_in(folder)
    if not paths:
        raise UsageError(folder, "holds no volume", supported())
    # The standard deviation that lies beside a translation is not an image of the set.
    deviations = {stem(path) + UNCERTAINTY for path in paths}
    return [path for path in paths if stem(path) not in deviations]


def _subject_findings(sets: Mapping[str, Sequence[Path]]) -> list[Finding]:
    """Subjects with several volumes, or in both sets, as far as the names of the files say so."""
    named = {role: [BIDS_SUBJECT.search(stem(path)) for path in paths] for role, paths in sets.items()}
    subjects = {role: [match[1] for match in matches if match] for role, matches in named.items()}
    findings = [
        Finding(
            code="repeated-subjects",
            severity="warn",
            where=role,
            what=f"{len(names)} volumes are of {len(set(names))} subjects by their names",
            consequence="n counts volumes, which are then not independent",
            advice="give one volume of each subject",
        )
        for role, names in subjects.items()
        if len(set(names)) < len(names)
    ]
    if shared := set(subjects["generated"]) & set(subjects["real"]):
        findings.append(
            Finding(
                code="shared-subjects",
                severity="warn",
                where="subjects in both sets",
                what=f"{len(shared)} by their names",
                consequence="the distances are smaller and p is larger than for other subjects",
                advice="give real volumes of other subjects",
            )
        )
    return findings


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


def _voxel_findings(sizes: np.ndarray, sampler: ImageSampler) -> list[Finding]:
    """Voxel sizes (volume, axis) that differ between volumes."""
    if sampler.preparation.settings.spacing or (sizes.max(0) <= MAX_VOXEL_RATIO * sizes.min(0)).all():
        return []
    low, high = (" x ".join(f"{side:.3g}" for side in sides) for sides in (sizes.min(0), sizes.max(0)))
    return [
        Finding(
            code="mixed-spacing",
            severity="warn",
            where="volumes",
            what=f"voxels are {low} to {high} mm",
            consequence="texture depends on the voxel size",
            advice="bring all to one size with --spacing",
            numbers={"smallest": sizes.min(0).tolist(), "largest": sizes.max(0).tolist()},
        )
    ]
