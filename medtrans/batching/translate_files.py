"""Batch translation: many files, one translator. A failed case does not stop the others, and a batch can be resumed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from medtrans.batching.file_formats import FileFormat, dicom_jobs
from medtrans.batching.forecast_case import forecast_case
from medtrans.batching.ledger import Ledger
from medtrans.batching.left_out import left_out_outcomes, not_images
from medtrans.batching.masks import Masks
from medtrans.batching.outcome import Outcome
from medtrans.batching.outputs import Output, refuse_existing_outputs
from medtrans.batching.plan import Conditions, Inputs, Job, plan
from medtrans.batching.translate_case import Batch
from medtrans.core.errors import UsageError
from medtrans.reading.names import uncertainty_path
from medtrans.reading.storage import refuse_unwritable
from medtrans.reading.temporary_files import remove_strays
from medtrans.reading.volumes import hash_volume, is_volume
from medtrans.translating.ensemble import AnyTranslator, Ensemble
from medtrans.translating.progress import OnProgress, part_progress

TO_REPLACE = "give --overwrite, or --resume to continue"
NOT_LOGGED = "no ledger here names them, so --resume does not replace them: move them away, or give --overwrite"


def translate_files(
    inputs: Inputs,
    output: str | Path,
    translator: AnyTranslator,
    *,
    names: Sequence[str] | None = None,
    conditions: Conditions = None,
    masks: Masks = None,
    mask_label: int | None = None,
    record: Path | None = None,
    protected: Sequence[Path] = (),
    overwrite: bool = False,
    resume: bool = False,
    part: tuple[int, int] = (0, 1),
    tasks: str = "",
    dry_run: bool = False,
    file_format: FileFormat = "nifti",
    anonymous: bool = False,
    resample_tilt: bool = False,
    on_progress: Callable[[str, float], None] | None = None,
) -> list[Outcome]:
    """Translate a volume to a file, or a folder (or a list) into a folder; each output gets a sidecar.

    An input of several volumes is stacked into channels. `names` are the names of the outputs, for a list; else those
    of the inputs are used. `conditions` belong to all cases or to each; outside of its mask (`mask_label` of it, or all
    above 0) a case becomes air. `record` is the JSON with the degradation of all sources, for data consistency; None
    takes that beside each. The uncertainty is written too, where there is one. Masks and standard deviations in a
    folder, known by their names, are left out. `protected` are further files that no output may replace. `resume` skips
    what the ledger proves done. `part` is (number from 0, count): every count-th case; `tasks` are those of an array.
    `file_format` says whether DICOM series are written as DICOM, too; `anonymous` leaves identity out of their headers,
    `resample_tilt` interpolates those of a tilted gantry to a rectangular grid. `dry_run` writes nothing and foretells
    each case. `on_progress` gets the case and the fraction of the batch that is done.
    Raises UsageError where the batch as a whole is wrong (nothing to do, outputs that exist, collide or would replace
    inputs), EnvironmentRefused where nothing can be written; what is wrong with one case becomes its Outcome.
    """
    unused = not_images(inputs, translator)
    adapt = dicom_jobs(file_format, translator, anonymous=anonymous, resample_tilt=resample_tilt)
    fixed = {"adapt": adapt, "mask_label": mask_label, "record": record, "left_out": unused, "protected": protected}
    every = plan(inputs, Path(output), names, conditions, masks, **fixed)  # type: ignore[arg-type]
    if part[1] > 1 and not _is_shared(inputs):
        raise UsageError("--num-parts", "one case is not shared out among commands", "leave it out")
    jobs = every[part[0] :: part[1]]
    for folder in {job.output.parent for job in jobs}:
        refuse_unwritable(folder)
    outcomes = left_out_outcomes(unused) if part[0] == 0 else []
    if not jobs:
        return outcomes
    ledger = Ledger(jobs[0].output.parent, part)
    _refuse_existing(jobs, ledger, translator, overwrite=overwrite, resume=resume)
    if dry_run:
        return outcomes + [forecast_case(job, translator) for job in jobs]
    remove_strays(jobs[0].output.parent)
    batch = Batch(translator, ledger, overwrite, resume, log_failures=len(jobs) > 1, part=tasks)
    return outcomes + list(_outcomes(batch, jobs, on_progress))


def _outcomes(batch: Batch, jobs: Sequence[Job], on_progress: Callable[[str, float], None] | None) -> Iterator[Outcome]:
    for number, job in enumerate(jobs):
        report = part_progress(_case_progress(on_progress, job.name), number, len(jobs))
        report(0.0)
        yield batch.outcome(job, report)
        report(1.0)


def _is_shared(inputs: Inputs) -> bool:
    """A folder or a list of cases can be shared out, whatever it holds; one volume cannot."""
    if isinstance(inputs, (str, Path)):
        return Path(inputs).is_dir() and not is_volume(Path(inputs))
    return len(inputs) > 1


def _refuse_existing(
    jobs: Sequence[Job], ledger: Ledger, translator: AnyTranslator, *, overwrite: bool, resume: bool
) -> None:
    """Before anything is translated. Raises UsageError."""
    logged = {each.path for job in jobs if ledger[job.output.name] for each in job.outputs}
    planned = [Output(ledger.path, "ledger"), *(each for job in jobs for each in job.outputs)]
    advice = NOT_LOGGED if resume else TO_REPLACE
    refuse_existing_outputs(planned, overwrite, replaceable=lambda path: resume and path in logged, advice=advice)
    for path in () if _gives_uncertainty(translator) else (uncertainty_path(job.output) for job in jobs):
        if os.path.lexists(path) and not _is_own_deviation(path, ledger):
            what = "would be taken for the standard deviation of a translation that has none, and is not from medtrans"
            raise UsageError(path, what, "move it away, or give another output")


def _gives_uncertainty(translator: AnyTranslator) -> bool:
    if isinstance(translator, Ensemble):
        return True
    return translator.settings.samples > 1 and translator.method.noise_channels > 0


def _is_own_deviation(path: Path, ledger: Ledger) -> bool:
    """Whether a ledger names it."""
    return path.is_file() and ledger.wrote(path.name, hash_volume(path))


def _case_progress(on_progress: Callable[[str, float], None] | None, case: str) -> OnProgress:
    def report(fraction: float) -> None:
        if on_progress:
            on_progress(case, fraction)

    return report
