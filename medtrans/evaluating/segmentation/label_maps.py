"""Label maps from files: any segmenter's, by the names of the cases."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.evaluating.matched_files import has_several
from medtrans.evaluating.segmentation.classes import Classes, find_classes
from medtrans.evaluating.segmentation.task import LabelMap, LabelMaps, SegmentationTask
from medtrans.reading.names import stem
from medtrans.reading.patterns import files_by_case, is_pattern
from medtrans.reading.volumes import read_volume, volumes_in

MAX_LABEL = 2**31


def from_label_maps(translated: Path, target: Path, classes: Classes, tolerance: float) -> SegmentationTask:
    """Label maps of any segmenter: two files, or two folders of files named as the cases."""
    origin = f"external label maps, {translated.name} of the translations and {target.name} of the targets"
    maps = from_files(translated), from_files(target)
    return SegmentationTask(classes, origin, *maps, tolerance=tolerance, of_any_image=False)


def of_options(
    label_maps: Path | None, reference: Path | None, labels: str | None, tolerance: float
) -> SegmentationTask | None:
    """The segmentation task of a command line without a segmenter: label maps of both sides, and their labels.

    None where no option is given. Raises UsageError where one is missing.
    """
    classes = find_classes(labels) if labels else None
    if label_maps is None and reference is None and classes is None:
        return None
    if label_maps is None or reference is None:
        missing = "--label-maps" if label_maps is None else "--reference-labels"
        raise UsageError(missing, "is missing", "give label maps of both sides, or a segmenter by --segmenter")
    if classes is None:
        raise UsageError("--labels", "is missing", "name the labels that count: AB, HN, TH, total, or '{liver: 5}'")
    return from_label_maps(label_maps, reference, classes, tolerance)


def from_files(path: Path) -> LabelMaps:
    """Label maps from a folder by the names of the cases, by a pattern, or a file for the one case there is.

    Raises InputRefused where there is neither.
    """
    if not is_pattern(path) and not path.exists():
        raise InputRefused(path, "does not exist", "give a label map, or a folder of them named as the cases")
    cases = set[str]()

    def read(case: str, image: Volume) -> LabelMap:
        if not has_several(path):
            cases.add(case)
            if len(cases) > 1:
                what = f"{path} is one label map, there are more cases"
                raise InputRefused(case, what, "give a folder of them", "missing-label-map")
            return LabelMap(read_labels(path))
        files = files_by_case(path).items() if is_pattern(path) else [(stem(file), file) for file in volumes_in(path)]
        named = [file for name, file in files if name == case]
        if len(named) != 1:
            what = f"has {len(named)} label maps in {path}"
            raise InputRefused(case, what, "one volume of that name is needed", "missing-label-map")
        return LabelMap(read_labels(named[0]))

    return read


def read_labels(path: Path) -> Volume:
    """A label map of one channel. Raises InputRefused where a value is not a whole number from 0."""
    labels = read_volume(path)
    if labels.channels != 1:
        raise InputRefused(path, f"has {labels.channels} channels", "give one label map that holds all classes")
    voxels = labels.voxels
    with np.errstate(invalid="ignore"):
        wrong = voxels[~((voxels >= 0) & (voxels < MAX_LABEL) & (voxels == np.rint(voxels)))]
    if wrong.size:
        raise InputRefused(path, f"is no label map, it holds {wrong[0]:g}", "give whole numbers from 0", "no-labels")
    return labels if voxels.dtype.kind in "iu" else labels.like(voxels.astype(np.int32))
