"""File format of the translations of a batch: NIfTI, a derived DICOM series, or both beside each other.

| input | output | auto | dicom, both |
|---|---|---|---|
| DICOM | a folder | NAME.nii.gz and NAME_dicom/0001.dcm … | NAME_dicom/0001.dcm …, with both also NAME.nii.gz |
| DICOM | a file | the file | refused |
| another format | any | the format of the input, or of the file | refused: no patient, study and frame of reference |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from medtrans.batching.plan import Job
from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.derived_series import MODALITIES, is_dicom
from medtrans.reading.names import SERIES, stem
from medtrans.reading.volumes import is_volume

FileFormat = Literal["auto", "nifti", "dicom", "both"]


def writable_format(wanted: FileFormat, modality: str) -> FileFormat:
    """NIfTI where the modality of the target is none that medtrans writes as DICOM. Raises UsageError if asked for."""
    if modality in MODALITIES or wanted == "nifti":
        return wanted
    if wanted == "auto":
        return "nifti"
    what = f"the model gives {modality}, which is not written as DICOM"
    raise UsageError(f"--format {wanted}", what, f"write NIfTI; DICOM is written for {', '.join(MODALITIES)}")


def dicom_jobs(
    wanted: FileFormat, modality: str, *, anonymous: bool, resample_tilt: bool
) -> Callable[[Job, bool], Job]:
    """What is asked of DICOM series, as a function of a job and whether it is written into a folder.

    `modality` is that of the target. Raises UsageError where it is not written as DICOM, and DICOM is asked for.
    """
    possible = writable_format(wanted, modality)

    def adapt(job: Job, to_folder: bool) -> Job:
        job = with_series(job, possible, to_folder=to_folder)
        return replace(job, anonymous=anonymous, resample_tilt=resample_tilt)

    return adapt


def with_series(job: Job, wanted: FileFormat, *, to_folder: bool) -> Job:
    """The job with the folder of its series, where one is written. Raises UsageError, InputRefused."""
    if wanted == "nifti" or (wanted == "auto" and not (to_folder and is_dicom(job.sources[0]))):
        return job
    if not to_folder:
        what = "is the name of one file, and a DICOM series is a folder of files"
        raise UsageError(job.output, what, f"give a folder for --format {wanted}")
    if not is_dicom(job.sources[0]):
        is_known = is_volume(job.sources[0])
        what = "is no DICOM" if is_known else "is not of a known format"
        advice = "give the DICOM series itself, or --format nifti: a series without patient and study belongs to nobody"
        raise InputRefused(job.sources[0], f"{what}, so that it names no patient, study and frame of reference", advice)
    series = job.output.with_name(stem(job.output) + SERIES)
    return replace(job, series=series, output=series if wanted == "dicom" else job.output)
