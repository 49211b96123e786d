"""Detector of lesions: a segmenter's model folder, or a folder of label maps that any program or reader made.

Label maps lie in folders named after the images: DETECTOR/translated, DETECTOR/target, DETECTOR/source, in files named
as the cases; those of the translations may also lie in DETECTOR itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from medtrans.auditing.case_audit import SOURCE, TARGET, TRANSLATED
from medtrans.core.errors import GridMismatch, InputRefused, ModelRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.evaluating.segmentation.label_maps import read_labels
from medtrans.reading.grids import compare_grids
from medtrans.reading.names import stem
from medtrans.reading.volumes import is_volume, volumes_in

if TYPE_CHECKING:
    from medtrans.evaluating.segmentation.segmenter import Segmenter

IMAGES = (TRANSLATED, TARGET, SOURCE)
CONFIG = "config.json"
"""In a model folder."""


@dataclass(frozen=True)
class Detector:
    """What reads lesions, and what it cannot read, with the reason."""

    origin: str
    """One sentence."""
    segmenter: Segmenter | None
    labels: tuple[int, ...]
    """Numbers of the lesions in its label maps; empty for all above 0."""
    maps: dict[str, dict[str, Path]] = field(default_factory=dict)
    """Image → case → label map, where it is no segmenter."""
    unread: dict[str, str] = field(default_factory=dict)
    """Image → why it is not read."""

    def reads(self, image: str) -> bool:
        """Whether images of a role can be read."""
        return image not in self.unread

    def read(self, case: str, image: str, volume: Volume) -> tuple[np.ndarray, tuple[Finding, ...]]:
        """Where there is a lesion (i, j, k). Raises InputRefused, GridMismatch."""
        if self.segmenter is not None:
            found = self.segmenter.of_target(case, volume)
            return np.isin(found.volume.voxels[0], self.labels), found.findings
        path = self.maps[image].get(case)
        if path is None:
            what = f"there is no label map of the {image} image among those of the detector"
            raise InputRefused(case, what, f"add one named {case}, empty where no lesion was read", "missing-label-map")
        return lesion_mask(path, self.labels, volume, "--detector-label"), ()


def find_detector(
    path: Path, labels: Sequence[int], modality: str | None, source_modality: str | None, device: str = "auto"
) -> Detector:
    """The detector at `path`. `modality` is that of the translations, None where it is not known.

    Raises ModelRefused where it is neither a model nor label maps, or reads another modality; UsageError where it has
    several labels and none is named.
    """
    if (path / CONFIG).is_file():
        return _of_segmenter(path, labels, modality, source_modality, device)
    maps = {image: _by_name(path / image) for image in IMAGES if (path / image).is_dir()}
    if TRANSLATED not in maps and path.is_dir():
        maps[TRANSLATED] = _by_name(path)
    if path.is_file() and is_volume(path):
        maps[TRANSLATED] = {stem(path): path}
    if not maps.get(TRANSLATED):
        what = "is neither a segmenter's model folder nor a folder of label maps of the translations"
        advice = "give a model folder, or label maps in folders named translated, target and source"
        raise ModelRefused(path, what, advice, "no-detector")
    missing = {image: f"{path.name} has no folder {image} of label maps" for image in IMAGES if not maps.get(image)}
    return Detector(f"label maps of {path.name}", None, tuple(labels), maps, missing)


def lesion_mask(path: Path, labels: Sequence[int], grid: Volume, option: str) -> np.ndarray:
    """Where a label map holds one of `labels`, or the only value above 0. An empty map is one without lesions.

    Raises InputRefused on several values of which none is named, GridMismatch on another grid than the translation's.
    """
    found = read_labels(path)
    refuse_other_grid(path, found, grid)
    voxels = found.voxels[0]
    values = np.unique(voxels[voxels > 0])
    if not labels and len(values) > 1:
        named = ", ".join(f"{value:g}" for value in values[:8])
        what, advice = f"holds several labels ({named})", f"name those of lesions by {option}, each with its own"
        raise InputRefused(path, what, advice, "several-labels")
    return np.isin(voxels, labels) if labels else np.asarray(voxels > 0)


def refuse_other_grid(path: Path, volume: Volume, translated: Volume) -> None:
    """Raises GridMismatch, with the difference to the grid of the translation."""
    if not volume.shares_grid_with(translated):
        found = compare_grids(translated, volume)
        advice = found.advice if found.code != "other-grid" else "resample it to the grid of the translation"
        raise GridMismatch(path, f"lies on another grid than the translation: {found.what}", advice, found.code)


def _of_segmenter(
    path: Path, labels: Sequence[int], modality: str | None, source_modality: str | None, device: str
) -> Detector:
    from medtrans.evaluating.segmentation.segmenter import Segmenter

    segmenter = Segmenter(path, device)
    reads = segmenter.translator.preparation.source_modality
    if modality is not None and modality != reads:
        what = f"reads {reads}, and the translations are {modality}"
        raise ModelRefused(path, what, f"give a segmenter that was trained on {modality}", "other-modality")
    if not labels and len(segmenter.labels) > 1:
        known = ", ".join(map(str, segmenter.labels))
        raise UsageError("--detector-label", f"is missing: the segmenter has the labels {known}", "name the lesion's")
    chosen = segmenter.classes({"lesion": tuple(labels)} if labels else None)
    unread = {}
    if source_modality != reads:
        unread[SOURCE] = (
            "the modality of the sources is not declared: give --source-modality"
            if source_modality is None
            else f"the detector reads {reads}, and the sources are {source_modality}"
        )
    numbers = tuple(number for own in chosen.values() for number in own)
    return Detector(segmenter.origin, segmenter, numbers, unread=unread)


def _by_name(folder: Path) -> dict[str, Path]:
    return {stem(path): path for path in volumes_in(folder)} if folder.is_dir() else {}
