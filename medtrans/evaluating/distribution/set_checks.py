"""Checks of two sets of volumes: repeated or shared subjects, and voxels of different sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from medtrans.core.finding import Finding
from medtrans.reading.names import BIDS_SUBJECT, stem

MAX_VOXEL_RATIO = 1.01
"""Largest voxel over smallest, along one axis, without a finding."""


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
