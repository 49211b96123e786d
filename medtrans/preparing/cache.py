"""Cache: prepared volumes on disk, so that only the first epoch decodes and prepares.

A case is stored as .npy files under a key made from its files (path, size, time of change) and from the preparation;
when either changes, it is prepared again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from medtrans.core.case import Case, Pair
from medtrans.core.errors import GridMismatch, MedtransError
from medtrans.core.volume import Volume
from medtrans.preparing.cached_volume import CachedVolume, open_cached, write_cached
from medtrans.preparing.geometry import to_grid
from medtrans.preparing.patches import PLANES
from medtrans.preparing.preparation import Preparation, Prepared
from medtrans.reading.cohort import load_pair
from medtrans.reading.memory import memory_errors
from medtrans.reading.volumes import read_mask, stamp

FORMAT = 8
"""Version of the files of an entry; part of its key."""
KEY_SETTINGS = (
    "orientation",
    "spacing",
    "interpolation",
    "source_normalisation",
    "target_normalisation",
    "body_mask",
    "source_modality",
    "target_modality",
)
"""What of a preparation changes its volumes: augmentation, slices and patches do not."""


CachedPair = tuple[CachedVolume | None, CachedVolume | None]
"""Source and target of a case; None for a side that the case lacks."""


def cached(
    cases: Sequence[Case],
    preparation: Preparation,
    folder: Path,
    *,
    load: Callable[[Case], Pair] = load_pair,
    on_progress: Callable[[float], None] | None = None,
) -> list[CachedPair]:
    """Source and target of each case, prepared in `folder` where they are not there yet.

    `on_progress` is called with the fraction that is done. Raises InputRefused, EnvironmentRefused.
    """
    pairs = []
    for done, case in enumerate(cases):
        pairs.append(_cached_pair(case, preparation, folder, load))
        if on_progress:
            on_progress((done + 1) / len(cases))
    return pairs


def _cached_pair(case: Case, preparation: Preparation, folder: Path, load: Callable[[Case], Pair]) -> CachedPair:
    key, axis = _key(case, preparation), _first_axis(preparation)
    roles = [role for role, paths in (("source", case.sources), ("target", case.targets)) if paths]
    entries = {role: open_cached(folder / f"{key}.{role}", axis) for role in roles}
    if None in entries.values():
        prepared = prepared_case(case, preparation, load)
        for role in roles:
            write_cached(folder / f"{key}.{role}", axis, prepared[role])
            entries[role] = open_cached(folder / f"{key}.{role}", axis)
    return entries.get("source"), entries.get("target")


def prepared_case(
    case: Case, preparation: Preparation, load: Callable[[Case], Pair] = load_pair
) -> dict[str, Prepared]:
    """The sides of the case by role. A pair's target is normalised in the body found in its source.

    A margin of air counts too: a network that never saw it would write tissue there, beyond the skin.
    """
    pair = load(case)
    with memory_errors(case.name), _naming(case.name):
        prepared = {}
        body = preparation.body_mask(pair.source) if case.sources else None
        if case.sources:
            left_out = read_mask(case.change) if case.changed_untaught and case.change else None
            prepared["source"] = preparation.prepare_source(
                pair.source, pair.mask, margin=True, body=body, target=pair.target, left_out=left_out
            )
            if case.lesion:
                lesion = _on_training_grid(read_mask(case.lesion), pair.source, preparation)
                prepared["source"] = replace(prepared["source"], lesion=lesion)
        if pair.target is not None:
            prepared["target"] = preparation.prepare_target(pair.target, pair.mask, body=body, margin=True)
    return prepared


def _on_training_grid(lesion: Volume, source: Volume, preparation: Preparation) -> np.ndarray:
    """A mask of lesions (i, j, k) on the grid of the prepared source. Raises GridMismatch."""
    if not lesion.shares_grid_with(source):
        what = f"lies on another grid: {lesion.shape}, not {source.shape}"
        raise GridMismatch("lesion mask", what, "resample it to the grid of the source first")
    settings, mask = preparation.settings, Volume(lesion.voxels[:1] > 0, source.affine)
    resampled, _ = to_grid(mask, orientation=settings.orientation, spacing=settings.spacing, order=0)
    return resampled.voxels[0].astype(bool, copy=False)


@contextlib.contextmanager
def _naming(case: str) -> Iterator[None]:
    """Adds the name of the case to errors."""
    try:
        yield
    except MedtransError as reason:
        raise type(reason)(f"{case}: {reason.where}", reason.what, reason.advice, reason.code) from reason


def _key(case: Case, preparation: Preparation) -> str:
    changed = [case.change] if case.changed_untaught and case.change else []
    lesion = [case.lesion] if case.lesion and case.sources else []
    paths = [*case.sources, *case.targets, *([case.mask] if case.mask else []), *changed, *lesion]
    values = preparation.to_dict()
    settings = {name: values[name] for name in KEY_SETTINGS}
    channels = [len(case.sources), len(case.targets)]
    stamps = [stamp(path) for path in paths]
    facts = [FORMAT, _first_axis(preparation), channels, case.mask_label, len(lesion), stamps, settings]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _first_axis(preparation: Preparation) -> int:
    return PLANES[preparation.settings.plane] if preparation.settings.spatial_dims == 2 else 0
