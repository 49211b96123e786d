"""Admission: a volume that cannot be translated is refused before the model runs."""

from __future__ import annotations

from medtrans.core.ct_window import is_ct
from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.core.modality import Modality
from medtrans.core.volume import Volume, refuse_other_images
from medtrans.reading.value_checks import check_declared, check_values


def admit(volume: Volume, channels: int, modality: Modality, where: str) -> tuple[Finding, ...]:
    """Findings on a source of that many channels and that modality, the reader's first. Raises InputRefused."""
    refuse_other_images(volume, where)
    if volume.channels != channels:
        plural = "s" if volume.channels > 1 else ""
        what = f"has {volume.channels} channel{plural}, the model takes {channels}"
        raise InputRefused(where, what, "give the contrasts of the training, in the same order")
    findings = [*volume.findings, *check_declared(volume, modality.name, where), *check_values(volume, where)]
    findings += modality.check(volume.voxels, where)
    for finding in findings:
        if finding.severity == "refuse":
            raise InputRefused(where, finding.what, finding.advice)
    if modality.name == "MR" and is_ct(volume, findings):
        advice = "give the MR, or a model that takes CT (medtrans list models)"
        raise InputRefused(where, "is a CT by its values, air at -1000 and bone, and the model takes MR", advice)
    return tuple(finding for finding in findings if finding.severity != "note")
