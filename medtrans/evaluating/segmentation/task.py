"""Segmentation task: the structures of a translation's label map compared with those of the target's.

Label maps come from a segmenter trained on real targets of other subjects, or from files. With reference label maps
both are compared with the reference, the segmenter's map of the real target too: that is the upper bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.measurement import MISSED_BELOW, Structure
from medtrans.core.score import TRANSLATED, Clause, Score
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import refuse_other_grid
from medtrans.evaluating.segmentation.classes import Classes
from medtrans.evaluating.segmentation.structures import present, scores_of, structure

UPPER_BOUND = "real target"
"""System that is scored where the segmenter's own map of the real target is compared with a reference."""


@dataclass(frozen=True)
class LabelMap:
    """The label map of one image, and what was noticed while it was made."""

    volume: Volume
    findings: tuple[Finding, ...] = ()


class LabelMaps(Protocol):
    """A case's name and an image → its label map. Raises InputRefused."""

    def __call__(self, case: str, image: Volume) -> LabelMap: ...


@dataclass(frozen=True)
class CaseStructures:
    """Structures of every system of one case, and findings."""

    structures: list[Structure]
    findings: list[Finding]


@dataclass(frozen=True)
class StructureScores:
    """Structures of all cases that are in any map, their scores, and the clauses that define these."""

    structures: list[Structure] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    clauses: tuple[Clause, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class SegmentationTask:
    """The source of the label maps, and the classes that count."""

    classes: Classes
    origin: str
    """One sentence: where the label maps come from, and what they are compared with."""
    of_translated: LabelMaps
    of_target: LabelMaps
    of_real: LabelMaps | None = None
    """The segmenter, where `of_target` is a reference with which its map of the real target is compared."""
    tolerance: float = 2.0
    """Of the surface Dice, in mm."""
    of_any_image: bool = True
    """Whether baselines have label maps, too; false where the maps of the translations are files."""

    def structures(self, case: str, subject: str, systems: Mapping[str, Volume], target: Volume) -> CaseStructures:
        """Every class of every system: `systems` is name → image, on the grid of `target`.

        Raises InputRefused where an image has no label map, GridMismatch where its map does not lie on it.
        """
        real, *others = self._maps(case, systems, target)
        found = [
            structure(
                np.isin(labels, numbers),
                np.isin(real[1], numbers),
                target.spacing,
                self.tolerance,
                (case, subject, system),
                name,
            )
            for system, labels, _ in others
            for name, numbers in self.classes.items()
        ]
        return CaseStructures(found, [finding for _, _, findings in (real, *others) for finding in findings])

    def tissues(self, case: str, target: Volume) -> dict[str, np.ndarray]:
        """Masks (i, j, k) of the classes in the label map of the target. Raises as `structures` does."""
        labels, _ = _labels(self.of_target, case, target)
        return {name: np.isin(labels, numbers) for name, numbers in self.classes.items()}

    def class_numbers(self, case: str, translated: Volume, target: Volume) -> dict[str, Volume]:
        """For the report: the class of each voxel, 1, 2 … in the order of `classes`, of "target" and "translated".

        Raises as `structures` does.
        """
        images = {"target": (self.of_target, target), TRANSLATED: (self.of_translated, translated)}
        found = {}
        for role, (maps, image) in images.items():
            labels, _ = _labels(maps, case, image)
            numbers = np.zeros(labels.shape, np.int16)
            for number, own in enumerate(self.classes.values(), start=1):
                numbers[np.isin(labels, own)] = number
            found[role] = image.like(numbers)
        return found

    def summarise(self, structures: Sequence[Structure]) -> StructureScores:
        """Of all cases: scores and clauses, without the classes that are in no map."""
        there, absent = present(structures)
        findings = (_no_class(self.classes),) if structures and not there else ()
        return StructureScores(there, scores_of(there), self._clauses(absent), findings)

    def _maps(
        self, case: str, systems: Mapping[str, Volume], target: Volume
    ) -> list[tuple[str, np.ndarray, tuple[Finding, ...]]]:
        """System, labels and findings; the target first."""
        chosen = {name: image for name, image in systems.items() if name == TRANSLATED or self.of_any_image}
        maps = [("target", *_labels(self.of_target, case, target))]
        maps += [(name, *_labels(self.of_translated, case, image)) for name, image in chosen.items()]
        if self.of_real:
            maps.append((UPPER_BOUND, *_labels(self.of_real, case, target)))
        return maps

    def _clauses(self, absent: Sequence[str]) -> tuple[Clause, ...]:
        metrics = (
            "for each structure A is what the label map of the target holds, B what the other one holds. Dice: "
            "2 |A ∩ B| / (|A| + |B|). HD95: the 95th percentile of the distances in mm from the surface voxels of one "
            "to the nearest of the other, the larger of both directions. Surface Dice: the fraction of the surface "
            f"voxels of both that lie within {self.tolerance:g} mm of the other's (Nikolov et al. 2018). Volume error: "
            "|V(B) − V(A)| in ml, and in % of V(A)."
        )
        absence = (
            f"a structure with |A ∩ B| below {MISSED_BELOW:.0%} of A's volume is missed, one that is in B "
            "alone is invented. What is in one of both alone has Dice 0, surface Dice 0 and the diagonal of the volume "
            "as HD95; what is in neither is nan. Means of a case are over the structures that one of both maps has."
        )
        values = {"tolerance_mm": self.tolerance, "classes": {name: list(own) for name, own in self.classes.items()}}
        clauses = (
            Clause(SEGMENTATION, f"{self.origin}.", {"origin": self.origin}),
            Clause("Structures", metrics, values),
            Clause("Missing structures", absence),
        )
        if not absent:
            return clauses
        return (*clauses, Clause("Structures in no label map", f"{', '.join(absent)}.", {"names": list(absent)}))


SEGMENTATION = "Segmentation"
"""Subject of the clause that names the origin of the label maps."""


def _labels(maps: LabelMaps, case: str, image: Volume) -> tuple[np.ndarray, tuple[Finding, ...]]:
    found = maps(case, image)
    refuse_other_grid(case, image, "the label map", found.volume)
    return found.volume.voxels[0], found.findings


def _no_class(classes: Classes) -> Finding:
    return Finding(
        code="no-class-found",
        severity="warn",
        where="label maps",
        what=f"hold none of the classes {', '.join(classes)}",
        consequence="no structure is compared",
        advice="check the numbers of the labels",
    )
