"""Batch of translations, planned without a network: a wrong path is refused before torch is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtrans.batching.file_formats import FileFormat, dicom_jobs
from medtrans.batching.found_inputs import find_inputs
from medtrans.batching.ledger import Ledger
from medtrans.batching.left_out import left_out_outcomes, not_images
from medtrans.batching.masks import Masks
from medtrans.batching.outcome import Outcome
from medtrans.batching.outputs import Output, refuse_existing_outputs
from medtrans.batching.plan import Conditions, Inputs, Job, plan
from medtrans.core.errors import UsageError
from medtrans.reading.storage import refuse_unwritable

TO_REPLACE = "give --overwrite, or --resume to continue"
NOT_LOGGED = "no ledger here names them, so --resume does not replace them: move them away, or give --overwrite"


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which cases are translated, of those that the inputs hold."""

    pattern: str | None = None
    """Of the names of volumes in folders, as for the shell."""
    recursive: bool = False
    """Whether folders in a folder are searched; outputs keep the tree."""
    part: tuple[int, int] = (0, 1)
    """Number from 0 and count: every count-th case."""
    retry_failed: bool = False
    """Only the cases whose last line in the ledger is a failure."""


EVERY_CASE = Selection()


@dataclass(frozen=True)
class BatchPlan:
    """Jobs of this command, and the outcomes of what is left out."""

    jobs: list[Job]
    ledger: Ledger | None
    """None where there is no job."""
    left_out: list[Outcome]


def plan_batch(
    inputs: Inputs,
    output: Path,
    modalities: tuple[str, str],
    selection: Selection,
    *,
    overwrite: bool,
    resume: bool,
    file_format: FileFormat = "nifti",
    anonymous: bool = False,
    resample_tilt: bool = False,
    names: Sequence[str] | None = None,
    conditions: Conditions = None,
    masks: Masks = None,
    **fixed: Any,
) -> BatchPlan:
    """The jobs of `translate_files`, whose arguments these are; `modalities` are those of source and target.

    Raises UsageError, InputRefused, EnvironmentRefused.
    """
    source, target = modalities
    found = find_inputs(inputs, output, pattern=selection.pattern, recursive=selection.recursive)
    unused = [] if source == "labels" or found.volumes is None else not_images(found.volumes)
    found = found.without(unused)
    adapt = dicom_jobs(file_format, target, anonymous=anonymous, resample_tilt=resample_tilt)
    how = {"places": found.places, "adapt": adapt, "left_out": unused, **fixed}
    every = plan(found.inputs, output, names, conditions, masks, **how)  # type: ignore[arg-type]
    (number, count), is_first = selection.part, selection.part[0] == 0
    if count > 1 and found.places is None and len(every) == 1:
        raise UsageError("--num-parts", "one case is not shared out among commands", "leave it out")
    jobs, outcomes = every[number::count], left_out_outcomes(unused) if is_first else []
    refuse_unwritable(*{job.output.parent for job in jobs})
    if not jobs:
        return BatchPlan([], None, outcomes)
    ledger = Ledger(jobs[0].folder, selection.part)
    if selection.retry_failed:
        jobs = _failed(jobs, ledger)
    _refuse_existing(jobs, ledger, overwrite=overwrite, resume=resume or selection.retry_failed)
    return BatchPlan(jobs, ledger, outcomes)


def _failed(jobs: Sequence[Job], ledger: Ledger) -> list[Job]:
    """Those whose last line in the ledger is a failure. Raises UsageError without a ledger."""
    if not ledger.lines:
        what = "there is no ledger of an earlier batch in the output folder"
        raise UsageError("--retry-failed", what, "give its output folder, or translate without --retry-failed")
    lines = [(job, ledger[job.key]) for job in jobs]
    return [job for job, line in lines if line is not None and line.verdict == "failed"]


def _refuse_existing(jobs: Sequence[Job], ledger: Ledger, *, overwrite: bool, resume: bool) -> None:
    """Before anything is translated. Raises UsageError."""
    logged = {each.path for job in jobs if ledger[job.key] for each in job.outputs}
    planned = [Output(ledger.path, "ledger"), *(each for job in jobs for each in job.outputs)]
    advice = NOT_LOGGED if resume else TO_REPLACE
    refuse_existing_outputs(planned, overwrite, replaceable=lambda path: resume and path in logged, advice=advice)
