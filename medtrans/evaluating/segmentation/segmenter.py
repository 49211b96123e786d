"""Who judges the downstream task: a segmenter from its model folder, or label maps that were made elsewhere."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused, ModelRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.evaluating.segmentation.classes import Classes, checked, find_classes
from medtrans.evaluating.segmentation.task import SegmentationTask, from_files
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.preparing.normalisation import Labels
from medtrans.translating.translator import Translator


def from_label_maps(translated: Path, target: Path, classes: Classes, tolerance: float) -> SegmentationTask:
    """Label maps of any segmenter: two files, or two folders of files named as the cases."""
    said = f"external label maps, {translated.name} of the translations and {target.name} of the targets"
    return SegmentationTask(classes, said, from_files(translated), from_files(target), tolerance=tolerance)


def from_segmenter(
    model: Path, classes: Classes | None, tolerance: float, reference: Path | None = None, *, device: str = "auto"
) -> SegmentationTask:
    """The segmenter of a model folder; without `classes`, its own by their numbers.

    `reference`, the true label maps of the targets, is what its maps are held against, that of the real target too.
    Raises ModelRefused, UsageError.
    """
    segmenter = Segmenter(model, device)
    named = segmenter.classes(classes)
    if reference is None:
        said = f"{segmenter.said} of translation and target"
        return SegmentationTask(named, said, segmenter.of_translation, segmenter.of_target, tolerance=tolerance)
    said = f"{segmenter.said}, held against {reference.name}; that of the real target is the ceiling"
    return SegmentationTask(
        named, said, segmenter.of_translation, from_files(reference), segmenter.of_target, tolerance
    )


class Segmenter:
    """A trained model that writes label maps."""

    def __init__(self, model: Path, device: str = "auto") -> None:
        """Raises ModelRefused where it writes anything else."""
        self.where, self.translator = model, Translator.load(model, device=device)
        target = self.translator.preparation.settings.target
        if not isinstance(target, Labels):
            raise ModelRefused(model, f"writes {target.unit}, not labels", "give a segmenter (method.name: segmenter)")
        self.labels = target.labels
        identity = self.translator.identity
        self.said = f"label maps by the segmenter {identity.name} (sha256 {identity.sha256[:12]})"

    def classes(self, asked: Classes | None) -> Classes:
        """`asked`, or a class for each number. Raises UsageError where it knows no such number."""
        if asked is None:
            return {str(number): (number,) for number in self.labels}
        unknown = {name: set(numbers) - set(self.labels) for name, numbers in asked.items()}
        wrong = [f"{min(numbers)} ({name})" for name, numbers in unknown.items() if numbers]
        if wrong:
            known = ", ".join(map(str, self.labels))
            raise UsageError("classes", f"the segmenter {self.where} has no {wrong[0]}", f"its labels are {known}")
        return asked

    def of_target(self, case: str, image: Volume) -> Volume:
        """Raises InputRefused."""
        return self.translator.translate(image, where=case).volume

    def of_translation(self, case: str, image: Volume) -> Volume:
        """Nothing but background where the segmenter can make nothing of it: all that is real is missed, then."""
        try:
            return self.of_target(case, image)
        except InputRefused as reason:
            warnings.warn(f"{case}: the segmenter refuses a translation, so it finds nothing: {reason}", stacklevel=2)
            return image.like(np.zeros((1, *image.shape), np.uint8))


def of_settings(asked: EvaluatingSettings, device: str) -> SegmentationTask | None:
    """What a recipe asks for; None where it names no segmenter. Raises ModelRefused, UsageError."""
    if asked.downstream is None:
        if asked.classes:
            raise UsageError("evaluating.classes", "has no segmenter", "set evaluating.downstream to a model folder")
        return None
    classes = find_classes(asked.classes) if isinstance(asked.classes, str) and asked.classes else asked.classes
    named = checked(classes, "evaluating.classes") if classes else None
    return from_segmenter(asked.downstream, named, asked.surface_tolerance, device=device)


def of_words(
    model: Path | None, translated: Path | None, target: Path | None, classes: str | None, tolerance: float
) -> SegmentationTask | None:
    """What the command line asks for: a segmenter, with the target's labels as a reference, or labels of both.

    None where it asks for nothing. Raises UsageError, ModelRefused.
    """
    named = find_classes(classes) if classes else None
    if model is not None and translated is not None:
        raise UsageError("--downstream", "and --labels-translated are two judges", "give one of them")
    if model is not None:
        return from_segmenter(model, named, tolerance, target)
    if translated is None and target is None and named is None:
        return None
    if translated is None or target is None:
        missing = "--labels-translated" if translated is None else "--labels-target"
        raise UsageError(missing, "is missing", "give label maps of both sides, or a segmenter by --downstream")
    if named is None:
        raise UsageError("--classes", "is missing", "say which numbers count: AB, HN, TH, total, or '{liver: 5}'")
    return from_label_maps(translated, target, named, tolerance)
