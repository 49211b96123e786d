"""The downstream task: does one who segments the translation find what there is in the real image?

Label maps come from a segmenter trained on real targets of other people, or from any other one, made elsewhere. With a
reference made by hand both are held against it, the segmenter's map of the real target too: that is the ceiling.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.metric import Definition, Score
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import refuse_other_grid
from medtrans.evaluating.segmentation.classes import Classes
from medtrans.evaluating.segmentation.structures import LEAST, Structure, present, scores_of, structure
from medtrans.reading.files import read_volume, stem, volumes_in

CEILING = "real target"
"""Who is scored where the segmenter's own map of the real target is held against a reference."""
Maps = Callable[[str, Volume], Volume]
"""A case's name and an image → its label map. Raises InputRefused."""
HIGHEST = 2**31


@dataclass(frozen=True)
class SegmentationTask:
    """Whose label maps count, and which classes of them."""

    classes: Classes
    said: str
    """One sentence: whose maps these are, and what they are held against."""
    of_translated: Maps
    of_target: Maps
    ceiling: Maps | None = None
    """The segmenter, where `of_target` is a reference it can itself be held against."""
    tolerance: float = 2.0
    """Of the surface Dice, in mm."""

    def structures(self, case: str, subject: str, made: Mapping[str, Volume], target: Volume) -> list[Structure]:
        """Every class of every competitor: `made` is name → image, on the grid of `target`.

        Raises InputRefused where an image has no label map, GridMismatch where its map does not lie on it.
        """
        real = self._labels(self.of_target, case, target)
        maps = {system: self._labels(self.of_translated, case, volume) for system, volume in made.items()}
        if self.ceiling:
            maps[CEILING] = self._labels(self.ceiling, case, target)
        asked = target.spacing, self.tolerance
        return [
            structure(np.isin(labels, numbers), np.isin(real, numbers), *asked, (case, subject, system), name)
            for system, labels in maps.items()
            for name, numbers in self.classes.items()
        ]

    def seen(self, case: str, translated: Volume, target: Volume) -> dict[str, Volume]:
        """For pictures: which class each voxel is of, 1, 2 … in the order of `classes`, by role.

        Raises as `structures` does.
        """
        found = {}
        for role, maps, image in (("target", self.of_target, target), ("translated", self.of_translated, translated)):
            labels = self._labels(maps, case, image)
            numbers = np.zeros(labels.shape, np.int16)
            for number, own in enumerate(self.classes.values(), start=1):
                numbers[np.isin(labels, own)] = number
            found[role] = image.like(numbers)
        return found

    def told(
        self, meaning: Definition, structures: Sequence[Structure]
    ) -> tuple[Definition, list[Structure], list[Score]]:
        """Of all cases: `meaning` with what is meant here, the structures that are in any map, and their scores."""
        there, absent = present(structures)
        if structures and not there:
            warnings.warn("no label map holds any of the classes asked for: are these their numbers?", stacklevel=2)
        details = (
            f"Downstream: {self.said}.",
            "For each structure A is what the label map of the target holds, B what the other one holds. Dice: "
            "2 |A ∩ B| / (|A| + |B|). HD95: the 95th percentile of the distances in mm from the surface voxels of one "
            "to the nearest of the other, the larger of both directions. Surface Dice: the share of the surface voxels "
            f"of both that lie within {self.tolerance:g} mm of the other's (Nikolov et al. 2018). Volume error: "
            "|V(B) − V(A)| in ml, and in % of V(A).",
            f"A structure of which B holds less than {LEAST:.0%} of A's volume is missed, one that is in B alone is "
            "invented. What is in one of both alone has Dice 0, surface Dice 0 and the diagonal of the volume as HD95; "
            "what is in neither is nan. Means of a case are over the structures that one of both maps has.",
            *([f"Structures in no label map: {', '.join(absent)}."] if absent else []),
        )
        return replace(meaning, details=(*meaning.details, *details)), there, scores_of(there)

    @staticmethod
    def _labels(maps: Maps, case: str, image: Volume) -> np.ndarray:
        labels = maps(case, image)
        refuse_other_grid(case, image, "the label map", labels)
        return labels.voxels[0]


def from_files(path: Path) -> Maps:
    """Label maps from a folder by the names of the cases, or a file for the one case there is.

    Raises InputRefused where there is neither.
    """
    if not path.exists():
        raise InputRefused(path, "is not there", "give a label map, or a folder of them named as the cases")
    asked = set[str]()

    def read(case: str, image: Volume) -> Volume:
        if not path.is_dir():
            asked.add(case)
            if len(asked) > 1:
                raise InputRefused(case, f"{path} is one label map, there are more cases", "give a folder of them")
            return read_labels(path)
        named = [file for file in volumes_in(path) if stem(file) == case]
        if len(named) != 1:
            raise InputRefused(case, f"has {len(named)} label maps in {path}", "one volume of that name is needed")
        return read_labels(named[0])

    return read


def read_labels(path: Path) -> Volume:
    """A label map of one channel. Raises InputRefused where its values are no whole numbers from 0."""
    labels = read_volume(path)
    if labels.channels != 1:
        raise InputRefused(path, f"has {labels.channels} channels", "give one label map that holds all classes")
    voxels = labels.voxels
    with np.errstate(invalid="ignore"):
        wrong = voxels[~((voxels >= 0) & (voxels < HIGHEST) & (voxels == np.rint(voxels)))]
    if wrong.size:
        raise InputRefused(path, f"is no label map, it holds {wrong[0]:g}", "give whole numbers from 0")
    return labels if voxels.dtype.kind in "iu" else labels.like(voxels.astype(np.int32))
