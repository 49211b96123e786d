"""Segmenter: a trained model that writes label maps of targets and translations."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused, ModelRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.evaluating.segmentation.classes import Classes, checked, find_classes
from medtrans.evaluating.segmentation.label_maps import from_files
from medtrans.evaluating.segmentation.task import LabelMap, SegmentationTask
from medtrans.evaluating.settings import SegmentationSettings
from medtrans.models.zoo import model_folder
from medtrans.preparing.normalisation.labels import Labels
from medtrans.translating.translator import Translator


class Segmenter:
    """A trained model that writes label maps."""

    def __init__(self, model: str | Path, device: str = "auto") -> None:
        """`model` is a folder or the name of a shipped model. Raises ModelRefused where it writes anything else."""
        self.folder = model_folder(model)
        self.translator = Translator.load(self.folder, device=device)
        target = self.translator.preparation.settings.target_normalisation
        if not isinstance(target, Labels):
            raise ModelRefused(
                model,
                f"writes {self.translator.preparation.target_modality}, not labels",
                "give a segmenter (method.name: segmenter)",
            )
        self.labels = target.labels
        identity = self.translator.identity
        self.origin = f"label maps by the segmenter {identity.name} (sha256 {identity.sha256[:12]})"

    def classes(self, chosen: Classes | None) -> Classes:
        """`chosen`, or a class for each label. Raises UsageError where it has no such label."""
        if chosen is None:
            return {str(number): (number,) for number in self.labels}
        unknown = {name: set(numbers) - set(self.labels) for name, numbers in chosen.items()}
        wrong = [f"{min(numbers)} ({name})" for name, numbers in unknown.items() if numbers]
        if wrong:
            known = ", ".join(map(str, self.labels))
            raise UsageError("labels", f"the segmenter {self.folder} has no {wrong[0]}", f"its labels are {known}")
        return chosen

    def of_target(self, case: str, image: Volume) -> LabelMap:
        """Raises InputRefused."""
        return LabelMap(self.translator.translate(image, where=case).volume)

    def of_translation(self, case: str, image: Volume) -> LabelMap:
        """Background alone where the segmenter refuses the image: then every structure of the target is missed."""
        try:
            return self.of_target(case, image)
        except InputRefused as reason:
            finding = Finding(
                code="translation-not-segmented",
                severity="warn",
                where=case,
                what=f"the segmenter refuses a translation: {reason.what}",
                consequence="it finds nothing, so that every structure counts as missed",
                advice="look at the translation",
            )
            return LabelMap(image.like(np.zeros((1, *image.shape), np.uint8)), (finding,))


def from_segmenter(
    model: str | Path, classes: Classes | None, tolerance: float, reference: Path | None = None, *, device: str = "auto"
) -> SegmentationTask:
    """The segmenter of a model folder, or a shipped one by its name; without `classes`, its labels by their numbers.

    `reference`, the true label maps of the targets, is compared with its maps, that of the real target too.
    Raises ModelRefused, UsageError.
    """
    segmenter = Segmenter(model, device)
    named = segmenter.classes(classes)
    if reference is None:
        origin = f"{segmenter.origin} of translation and target"
        return SegmentationTask(named, origin, segmenter.of_translation, segmenter.of_target, tolerance=tolerance)
    origin = f"{segmenter.origin}, compared with {reference.name}; that of the real target is the upper bound"
    maps = segmenter.of_translation, from_files(reference), segmenter.of_target
    return SegmentationTask(named, origin, *maps, tolerance)


def of_settings(settings: SegmentationSettings, device: str) -> SegmentationTask | None:
    """The segmentation task of a recipe; None where it names no segmenter. Raises ModelRefused, UsageError."""
    if settings.model is None:
        if settings.labels:
            advice = "set evaluating.segmentation.model to a model folder"
            raise UsageError("evaluating.segmentation.labels", "has no segmenter", advice)
        return None
    named = settings.labels
    table = find_classes(named) if isinstance(named, str) and named else named
    classes = checked(table, "evaluating.segmentation.labels") if table else None
    return from_segmenter(settings.model, classes, settings.surface_tolerance, device=device)


def of_options(
    model: str | Path, label_maps: Path | None, reference: Path | None, labels: str | None, tolerance: float
) -> SegmentationTask:
    """The segmentation task of a command line that names a segmenter. Raises UsageError, ModelRefused."""
    if label_maps is not None:
        raise UsageError("--segmenter", "and --label-maps are mutually exclusive", "give one of them")
    return from_segmenter(model, find_classes(labels) if labels else None, tolerance, reference)
