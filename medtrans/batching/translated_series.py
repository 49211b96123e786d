"""DICOM series of a translation: its room on the disk, its files, and what the sidecar and the terminal say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from medtrans import __version__
from medtrans.batching.ledger import Line
from medtrans.batching.plan import Job
from medtrans.core.digest import digest
from medtrans.core.finding import Finding
from medtrans.reading.derived_series import Provenance, findings_on, refuse_without_space, shape_of, write_derived
from medtrans.reading.volumes import hash_volume
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.translation import Translation

BYTES_PER_VOXEL = 4
"""Of a NIfTI beside the series, at most: float32 that does not compress."""

Hashed = tuple[str, str]
"""Name and SHA-256 of a file."""


def refuse_series_without_space(job: Job) -> None:
    """Raise EnvironmentRefused where the disk lacks the room for the files of a job. Raises InputRefused."""
    if job.series is not None:
        beside = 0 if job.output == job.series else BYTES_PER_VOXEL
        shape = shape_of(job.sources[0], resample_tilt=job.resample_tilt)
        refuse_without_space(shape, job.series.parent, bytes_per_voxel_beside=beside)


def write_series(
    translation: Translation, translator: AnyTranslator, job: Job, line: Line, folder: Path
) -> dict[str, Any]:
    """Write the series into a new folder, and return what the sidecar says of it. Raises as `write_derived`."""
    made = Provenance(
        modality=translation.modality,
        version=__version__,
        model=translator.identity.name,
        model_sha256=line.model_sha256,
        inputs_sha256=line.input_sha256,
        settings_sha256=digest(line.settings),
        anonymous=job.anonymous,
    )
    uid = write_derived(translation.volume, folder, made)
    identity = "removed" if job.anonymous else "kept"
    return {"folder": folder.name, "sha256": hash_volume(folder), "series_instance_uid": uid, "identity": identity}


def gives_series(translation: Translation, job: Job) -> bool:
    """Whether a series is written: beside a NIfTI not for a label map without labels, which has no segment."""
    if job.series is None or job.output == job.series or translation.modality.name != "labels":
        return job.series is not None
    return bool((translation.volume.voxels > 0).any())


def findings_on_series(translation: Translation, job: Job) -> list[Finding]:
    """Findings on the series for its import; none where no series is asked for."""
    if job.series is None:
        return []
    if not gives_series(translation, job):
        what = (
            "no DICOM segmentation is written: the label map holds no label above 0, and one has at least one segment"
        )
        return [Finding(code="no-segment", severity="note", where=str(job.output), what=what)]
    return findings_on(translation.volume, job.series, anonymous=job.anonymous)


def without_names(
    translation: Translation, inputs: Sequence[Hashed], mask: Hashed | None
) -> tuple[Translation, list[Hashed], Hashed | None]:
    """For the sidecar: the names of files may be those of a patient."""
    findings = tuple(replace(finding, where="input") for finding in translation.findings)
    named = [(f"input {number}", sha256) for number, (_, sha256) in enumerate(inputs, start=1)]
    return replace(translation, findings=findings), named, ("mask", mask[1]) if mask else None
