"""Batch translation: many files, one translator. A failed case does not stop the others, and a batch can be resumed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from medtrans.batching.batch_plan import EVERY_CASE, Selection, plan_batch
from medtrans.batching.case_progress import CaseProgress
from medtrans.batching.executors import Executor
from medtrans.batching.executors.serial import Serial
from medtrans.batching.file_formats import FileFormat
from medtrans.batching.inspection import Inspection
from medtrans.batching.ledger import Ledger
from medtrans.batching.masks import Masks
from medtrans.batching.outcome import Outcome, accepted_outcome, log_outcome
from medtrans.batching.plan import Conditions, Inputs, Job
from medtrans.batching.translate_case import Batch
from medtrans.core.errors import UsageError
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.reading.names import uncertainty_path
from medtrans.reading.temporary_files import remove_strays
from medtrans.reading.volumes import hash_volume
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.loading import Models


def translate_files(
    inputs: Inputs,
    output: str | Path,
    translator: AnyTranslator,
    *,
    selection: Selection = EVERY_CASE,
    names: Sequence[str] | None = None,
    conditions: Conditions = None,
    masks: Masks = None,
    mask_label: int | None = None,
    record: Path | None = None,
    protected: Sequence[Path] = (),
    overwrite: bool = False,
    resume: bool = False,
    tasks: str = "",
    accepted: Collection[str] = (),
    dry_run: bool = False,
    file_format: FileFormat = "nifti",
    anonymous: bool = False,
    resample_tilt: bool = False,
    models: Models | None = None,
    inspection: Inspection | None = None,
    executor: Executor | None = None,
    on_progress: ProgressCallback = no_progress,
    on_outcome: Callable[[Outcome], None] = log_outcome,
) -> list[Outcome]:
    """Translate a volume to a file, or a folder (or a list) into a folder; each output gets a sidecar.

    An input of several volumes is stacked into channels. `selection` says which of the cases; `names` are the names of
    the outputs, for a list; else those of the inputs are used. `conditions` belong to all cases or to each; outside of
    its mask (`mask_label` of it, or all above 0) a case becomes air. `record` is the JSON with the degradation of all
    sources, for data consistency; None takes that beside each. The uncertainty is written too, where there is one.
    Masks and standard deviations in a folder, known by their names, are left out. `protected` are further files that no
    output may replace. `resume` skips what the ledger proves done. `tasks` are those of an array of commands.
    `accepted` are the names of cases whose failure is known. `file_format` says whether DICOM series are written as
    DICOM, too; `anonymous` leaves identity out of their headers, `resample_tilt` interpolates those of a tilted gantry
    to a rectangular grid. `dry_run` writes nothing and foretells each case. `inspection` checks sources and results,
    but those of a dry run. `executor` shares the jobs out among processes, which load the `models`; None is this
    process alone. `on_outcome` gets each outcome at once. Raises UsageError where the batch as a whole is wrong (as
    outputs that exist), EnvironmentRefused where nothing can be written; a fault of one case becomes its Outcome.
    """
    preparation = translator.members[0].preparation
    modalities = preparation.source_modality, preparation.target_modality
    given = {"names": names, "conditions": conditions, "masks": masks, "mask_label": mask_label, "record": record}
    dicom = {"file_format": file_format, "anonymous": anonymous, "resample_tilt": resample_tilt}
    again = {"overwrite": overwrite, "resume": resume}
    planned = plan_batch(inputs, Path(output), modalities, selection, protected=protected, **given, **dicom, **again)  # type: ignore[arg-type]
    ledger, jobs, outcomes = planned.ledger, planned.jobs, planned.left_out
    for outcome in outcomes:
        on_outcome(outcome)
    if ledger is None:
        return outcomes
    _refuse_foreign_deviations(jobs, ledger, translator)
    for folder in () if dry_run else {job.output.parent for job in jobs}:
        remove_strays(folder)
    known = frozenset[str]() if selection.retry_failed else frozenset(accepted)
    resumed = resume or selection.retry_failed
    batch = Batch(
        translator, ledger, overwrite, resumed, len(jobs) > 1, tasks, known, models, inspection, foretell=dry_run
    )
    progress, found = CaseProgress(jobs, on_progress), dict[int, Outcome]()
    for number, outcome in (executor or Serial()).run(batch, jobs, progress.report):
        progress.finish(number, worked=outcome.verdict != "skipped")
        found[number] = accepted_outcome(outcome) if outcome.case in accepted else outcome
        on_outcome(found[number])
    return outcomes + [found[number] for number in range(len(jobs))]


def _refuse_foreign_deviations(jobs: Sequence[Job], ledger: Ledger, translator: AnyTranslator) -> None:
    """Raise UsageError where a file would be taken for the standard deviation of a translation that has none."""
    for path in () if translator.gives_uncertainty else (uncertainty_path(job.output) for job in jobs):
        if os.path.lexists(path) and not _is_own_deviation(path, ledger):
            what = "would be taken for the standard deviation of a translation that has none, and is not from medtrans"
            raise UsageError(path, what, "move it away, or give another output")


def _is_own_deviation(path: Path, ledger: Ledger) -> bool:
    """Whether a ledger names it."""
    return path.is_file() and ledger.wrote(path.name, hash_volume(path))
