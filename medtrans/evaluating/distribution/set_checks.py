"""Checks of two sets of volumes: subjects, voxel sizes, kinds of image, and features that lie far apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.core.modality import MODALITIES
from medtrans.core.volume import Volume
from medtrans.core.voxel_statistics import sample
from medtrans.evaluating.input_checks import same_unit
from medtrans.reading.names import BIDS_SUBJECT, stem

MAX_VOXEL_RATIO = 1.01
"""Largest voxel over smallest, along one axis, without a finding."""
MAX_LABELS = 40
"""Different whole numbers; an image has more."""
MAX_DEVIATIONS = 100.0
"""Standard deviations of the real set between the means of a feature in both sets."""


def subject_findings(sets: Mapping[str, Sequence[Path]]) -> list[Finding]:
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


def voxel_findings(sizes: np.ndarray) -> list[Finding]:
    """Voxel sizes (volume, axis) that differ between volumes."""
    if (sizes.max(0) <= MAX_VOXEL_RATIO * sizes.min(0)).all():
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


def kind_of(volume: Volume) -> str:
    """Kind of image, by its values: masks and label maps, CT in HU, or another."""
    values = np.unique(sample(volume.voxels))
    if len(values) <= MAX_LABELS and np.array_equal(values, np.round(values)) and (values >= 0).all():
        return "label maps or masks"
    return "images without a unit" if MODALITIES["CT"].check(volume.voxels, "") else "CT in HU"


def refuse_other_kind(generated: Sequence[str], real: Sequence[str], where: Path) -> None:
    """Raises InputRefused where most volumes of one set are of another kind than most of the other."""
    one, other = (max(sorted(set(kinds)), key=kinds.count, default="") for kinds in (list(generated), list(real)))
    if one and other and one != other:
        what = f"the generated volumes are {one}, the real ones {other}: a distance between them has no meaning"
        raise InputRefused(where, what, "give two sets of one kind", "other-kind")


def refuse_other_scale(generated: Sequence[float], real: Sequence[float], where: Path) -> None:
    """Raises InputRefused where the upper percentiles of both sets cannot be of one unit."""
    one, other = (float(np.nanmedian(tops)) if len(tops) else float("nan") for tops in (generated, real))
    if not same_unit(one, other):
        what = f"the 99.5th percentiles of both sets are {one:g} and {other:g} (medians), which is no one unit"
        raise InputRefused(where, what, "bring both sets to one unit", "other-unit")


def distance_findings(generated: np.ndarray) -> list[Finding]:
    """Features (volume, image, feature) of the generated set, standardised by the real one, that lie far from it."""
    apart = float(np.abs(generated.mean((0, 1))).max())
    if apart <= MAX_DEVIATIONS:
        return []
    return [
        Finding(
            code="far-apart",
            severity="warn",
            where="features",
            what=f"those of both sets lie up to {apart:.3g} standard deviations of the real set apart",
            consequence="the distances say that the sets are of different kinds, not how good the generated one is",
            advice="check unit, modality, voxel size and field of view of both sets",
            numbers={"deviations": apart},
        )
    ]
