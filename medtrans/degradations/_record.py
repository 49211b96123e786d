"""Record of the degradations of an image: names and parameters that give the same image again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from medtrans import degradations
from medtrans.core.degradation import LinearDegradation
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import MODALITIES, Modality
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import Record

BRIGHT_PERCENTILE = 99.5
"""Of the voxels above 0: the bright end of an image without a unit, which becomes 1."""


def degrade_all(volume: Volume, record: Record, modality: Modality, labels: Volume | None = None) -> Volume:
    """The degraded volume in the unit of the original, float32. `labels` is its label map, for those that take one."""
    scale = np.float32(bright_end(volume) if modality.name != "CT" else 1.0)
    volume = volume.like(volume.voxels.astype(np.float32) / scale)
    for step in record:
        degradation = degradations.load(step["name"])()
        beside = {"labels": labels} if labels is not None and degradation.takes_labels else {}
        try:
            volume = degradation.apply(volume, **step["parameters"], **beside)
        except (TypeError, ValueError, KeyError, IndexError) as reason:
            what = f"parameters that were recorded do not fit ({reason})"
            raise InputRefused(step["name"], what, "give an unchanged sidecar") from reason
    return Volume(volume.voxels * scale, volume.affine, volume.origin)


def case_rng(seed: int, name: str) -> np.random.Generator:
    """Random numbers of a volume: they depend on the seed and its name alone."""
    return np.random.default_rng([seed, crc32(name.encode())])


def bright_end(volume: Volume) -> float:
    """Raises InputRefused where no voxel is above 0."""
    bright = volume.voxels[volume.voxels > 0]
    if not bright.size:
        raise InputRefused("volume", "has no voxel above 0, so it has no scale", "give an image of a body")
    return float(np.percentile(bright, BRIGHT_PERCENTILE))


def common_modality(names: Sequence[str], declared: str | None) -> Modality:
    """The declared modality, or the only one that has all these degradations. Raises UsageError."""
    kinds = {name: degradations.load(name).modalities for name in names}
    if declared is not None:
        for name, known in kinds.items():
            if declared not in known:
                raise UsageError(name, f"is no degradation of {declared}", f"it is one of {' and '.join(known)}")
        return MODALITIES[declared]
    common = [modality for modality in ("MR", "CT", "PET") if all(modality in known for known in kinds.values())]
    if not common:
        what = "have no kind of image in common: " + ", ".join(f"{n} ({'/'.join(k)})" for n, k in kinds.items())
        raise UsageError("degradations", what, "apply those of one modality")
    if len(common) > 1:
        what = f"can be applied to {' and '.join(common)}, whose units differ"
        raise UsageError("modality", what, f"give --modality {common[0]}, or another")
    return MODALITIES[common[0]]


def parse_record(value: Any, where: str) -> Record:
    """The record of a sidecar, checked. Raises InputRefused, UsageError on an unknown degradation."""
    steps = value.get("degradations") if isinstance(value, Mapping) else None
    if not isinstance(steps, list):
        raise InputRefused(where, "holds no record of degradations", "give a sidecar that medtrans degrade wrote")
    for step in steps:
        if not isinstance(step, Mapping) or not isinstance(step.get("parameters"), Mapping):
            raise InputRefused(where, "holds a degradation without parameters", "give an unchanged sidecar")
        degradations.load(str(step.get("name")))
    return [{"name": str(step["name"]), "parameters": dict(step["parameters"])} for step in steps]


def known_operator(record: Record, grid: Volume) -> KnownOperator | None:
    """The linear degradation of a record, for images on the grid; None where it is no single linear one."""
    if len(record) != 1:
        return None
    degradation = degradations.load(record[0]["name"])()
    return (
        KnownOperator(degradation, record[0]["parameters"], grid)
        if isinstance(degradation, LinearDegradation)
        else None
    )


def linear_names() -> list[str]:
    """The degradations whose measurements are a linear map of the image."""
    return [name for name in degradations.names() if issubclass(degradations.load(name), LinearDegradation)]
