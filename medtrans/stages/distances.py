"""A folder of made volumes beside a folder of real ones: how far apart are the sets?

Volumes need no partners. All are seen on one scale: CT in HU on a fixed one, MR on the real set's, which the made set
must meet; through a model, as that model sees its sources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.errors import InputRefused, MedtransError, ModelRefused, UsageError
from medtrans.core.settings import did_you_mean
from medtrans.core.volume import Volume
from medtrans.evaluating.distribution.distances import SPLITS, by_real, distances, volumes_a_half
from medtrans.evaluating.distribution.extractors import (
    Extractor,
    Radiomics,
    RandomNetwork,
    TorchScriptExtractor,
    Trained,
)
from medtrans.evaluating.distribution.image_sampler import (
    HOUNSFIELD,
    VIEWS,
    WHOLE,
    ImageSampler,
    IntensityRange,
    one_scale,
)
from medtrans.evaluating.distribution.results import DistanceResults
from medtrans.evaluating.input_checks import doubt_hounsfield, refuse_not_finite
from medtrans.models.folder import load_model, model_hash
from medtrans.preparing.preparation import Preparation, PreparingSettings
from medtrans.reading.files import READS, SPREAD, SUBJECT, read_volume, stem, volumes_in

PLAIN: dict[str, Callable[[int], Extractor]] = {"radiomics": lambda dims: Radiomics(), "random": RandomNetwork}
ALIKE = 1.01
"""How many times the smallest voxel the largest may be without a word."""


def measure(
    made: Path,
    real: Path,
    extractor: str = "radiomics",
    view: str | None = None,
    *,
    slices: int = 8,
    spacing: float | None = None,
    seed: int = 0,
) -> DistanceResults:
    """Volumes of two folders, seen by an `extractor`: radiomics, random, a TorchScript file, or a segmenter's
    model folder.

    `view` is axial, coronal, sagittal or volume, a model's own if None; `spacing` in mm, None keeps each volume's own.
    A volume that cannot be assessed is listed, the rest go on. Raises UsageError, ModelRefused, and InputRefused where
    not two volumes of each set are left.
    """
    sets, refused = {"made": _volumes(made), "real": _volumes(real)}, dict[Path, str]()
    if view is not None and view not in VIEWS:
        raise UsageError("--plane", f"nothing is named {view!r}", did_you_mean(view, VIEWS))
    if extractor in PLAIN or Path(extractor).is_file():
        sight = _plain_sight(extractor, view or "axial", slices, spacing, sets["real"], refused)
    else:
        if spacing:
            raise UsageError("--spacing", "is not for models, which bring their own", "leave it out")
        sight = _model_sight(Path(extractor), view, slices)
    doubts = _subject_doubts(sets)
    one, other = (
        _seen(folder, sets[role], sight, refused, doubts) for role, folder in (("made", made), ("real", real))
    )
    found = distances(*by_real(one.features, other.features), sight.extractor.name, seed=seed)
    meaning = _meaning(sight, one.features, other.features) | {"seed": seed}
    doubts += _voxel_doubt(np.concatenate([one.sizes, other.sizes]), sight)
    return DistanceResults(meaning, found, doubts, {str(path): why for path, why in refused.items()})


@dataclass(frozen=True)
class _Set:
    """Features (volume, image, feature) and voxel sizes (volume, axis)."""

    features: np.ndarray
    sizes: np.ndarray


def _seen(
    folder: Path, paths: Sequence[Path], sight: ImageSampler, refused: dict[Path, str], doubts: list[str]
) -> _Set:
    """What can be assessed; the rest goes to `refused`, what is to be said of a volume to `doubts`."""
    features, sizes = [], []
    for path in (path for path in paths if path not in refused):
        try:
            volume = _read(path)
            features.append(sight.features(volume))
        except MedtransError as reason:
            refused[path] = reason.what
            continue
        sizes.append(volume.spacing)
        if sight.preparation.settings.source == HOUNSFIELD and (doubt := doubt_hounsfield(volume.voxels)):
            doubts.append(f"{path.name} {doubt}")
    if len(features) < 2:
        why = next((refused[path] for path in paths if path in refused), "there are no more")
        raise InputRefused(folder, f"has {len(features)} volumes that can be assessed: {why}", "give two or more")
    return _Set(np.stack(features), np.array(sizes))


def _plain_sight(
    extractor: str, view: str, slices: int, spacing: float | None, real: Sequence[Path], refused: dict[Path, str]
) -> ImageSampler:
    """On the scale of the real set, found in a first reading."""
    found = []
    for path in real:
        try:
            found.append(IntensityRange.of(_read(path)))
        except MedtransError as reason:
            refused[path] = reason.what
    if not found:
        raise InputRefused(real[0].parent, f"has no volume that can be assessed: {refused[real[0]]}", "give others")
    scale, said = one_scale(found, str(real[0].parent))
    grid = (spacing, spacing, spacing) if spacing else None
    asked = PreparingSettings(source=scale, spacing=grid, stack=1)
    eye = PLAIN[extractor](3 if view == WHOLE else 2) if extractor in PLAIN else TorchScriptExtractor(Path(extractor))
    return ImageSampler(eye, Preparation(asked), view, slices if view != WHOLE else 1, said)


def _model_sight(folder: Path, view: str | None, slices: int) -> ImageSampler:
    """As the model sees its sources."""
    method, preparation, _ = load_model(folder)
    encode = getattr(method, "features", None)
    if encode is None:
        what = f"is a {type(method).__name__}, which tells no features"
        raise ModelRefused(folder, what, "give the model folder of a segmenter, or --extractor radiomics")
    asked = preparation.settings
    own = WHOLE if asked.spatial_dims == 3 else asked.plane
    if view not in (None, own):
        raise UsageError("--plane", f"{folder} has learned from {own} images, not from {view}", f"give --plane {own}")
    name = f"{type(method).__name__.lower()}-{model_hash(folder)[:8]}"
    eye = Trained(name, encode, method.task.source_channels, method.divisor, asked.source.background)
    told = ", ".join(f"{key} {value}" for key, value in asked.source.to_dict().items())
    return ImageSampler(eye, preparation, own, slices if own != WHOLE else 1, f"as the model sees its sources: {told}")


def _read(path: Path) -> Volume:
    volume = read_volume(path)
    refuse_not_finite(str(path), "the volume", volume.voxels, np.ones(volume.shape, bool))
    return volume


def _volumes(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(folder, "is not a folder", "give a folder of volumes")
    found = volumes_in(folder)
    if not found:
        raise UsageError(folder, "holds no volume", READS)
    # The spread that lies beside a translation is no image.
    spreads = {stem(path) + SPREAD for path in found}
    return [path for path in found if stem(path) not in spreads]


def _subject_doubts(sets: Mapping[str, Sequence[Path]]) -> list[str]:
    """What is to be said of subjects, as far as the names tell them: the volume is the unit of every number here."""
    known = {role: [told[0] for path in paths if (told := SUBJECT.match(path.name))] for role, paths in sets.items()}
    doubts = []
    for role, subjects in known.items():
        if len(set(subjects)) < len(subjects):
            what = f"{role}: {len(subjects)} volumes are of {len(set(subjects))} subjects by their names"
            doubts.append(f"{what}, and n counts volumes, which are then not independent: give one of each subject")
    if shared := set(known["made"]) & set(known["real"]):
        what = f"subjects in both sets by their names: {len(shared)}"
        doubts.append(f"{what}, which brings the sets nearer and p up: give real volumes of others")
    return doubts


def _meaning(sight: ImageSampler, made: np.ndarray, real: np.ndarray) -> dict[str, Any]:
    """Whatever changes the numbers, by name."""
    spacing = sight.preparation.settings.spacing
    kept, count = by_real(made, real)[0].shape[2], made.shape[2]
    constant = f", without {count - kept} that are constant there" if kept < count else ""
    return {
        "extractor": sight.extractor.name,
        "plane": sight.view,
        "unit": "the volume, whoever it is of",
        "made volumes": len(made),
        "real volumes": len(real),
        "images a volume": made.shape[1],
        "volumes of a half": volumes_a_half(len(made), len(real)),
        "random halves": SPLITS,
        "features": f"{kept}, standardised by all real images{constant}",
        "voxels": " x ".join(f"{side:g}" for side in spacing) + " mm" if spacing else "as they are",
        "intensities": sight.intensities,
    }


def _voxel_doubt(sizes: np.ndarray, sight: ImageSampler) -> list[str]:
    """What is to be said of the voxel sizes (volume, axis)."""
    if sight.preparation.settings.spacing or (sizes.max(0) <= ALIKE * sizes.min(0)).all():
        return []
    low, high = (" x ".join(f"{side:.3g}" for side in sides) for sides in (sizes.min(0), sizes.max(0)))
    return [f"voxels are {low} to {high} mm, and texture depends on that: bring all to one size with --spacing"]
