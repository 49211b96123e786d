"""Batch translation: many files, one translator. A failed case does not stop the others, and a batch can be resumed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from medtrans.batching.ledger import Ledger, Line, now
from medtrans.batching.outcome import Outcome, failed_outcome
from medtrans.batching.plan import Conditions, Inputs, Job, plan
from medtrans.batching.resume import first_line, is_done, refuse_to_replace
from medtrans.batching.sidecar import DESCRIPTION, sidecar
from medtrans.core.errors import MedtransError
from medtrans.reading.names import sidecar_path, uncertainty_path
from medtrans.reading.storage import refuse_unwritable, write_atomically
from medtrans.reading.volumes import hash_volume, read_channels, write_volume
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.progress import OnProgress, part_progress
from medtrans.translating.translation import Translation


def translate_files(
    inputs: Inputs,
    output: str | Path,
    translator: AnyTranslator,
    *,
    names: Sequence[str] | None = None,
    conditions: Conditions = None,
    overwrite: bool = False,
    resume: bool = False,
    part: tuple[int, int] = (0, 1),
    on_progress: Callable[[str, float], None] | None = None,
) -> list[Outcome]:
    """Translate a volume to a file, or a folder (or a list) into a folder; each output gets a sidecar.

    An input of several volumes is stacked into channels. `names` are the names of the outputs, for a list; else those
    of the inputs are used. `conditions` belong to all cases or to each. The uncertainty is written too, where there is
    one. `resume` skips what the ledger proves done. `part` is (number from 0, count): every count-th case.
    `on_progress` gets the case and the fraction of the batch that is done.
    Raises UsageError where the batch as a whole is wrong (nothing to do, outputs that collide or would replace inputs),
    EnvironmentRefused where nothing can be written; what is wrong with one case becomes its Outcome.
    """
    jobs = plan(inputs, Path(output), names, conditions)[part[0] :: part[1]]
    for folder in {job.output.parent for job in jobs}:
        refuse_unwritable(folder)
    ledger = Ledger(jobs[0].output.parent, part) if jobs else None
    outcomes = []
    for number, job in enumerate(jobs):
        assert ledger
        batch = _Batch(translator, ledger, overwrite=overwrite, resume=resume, log_failures=len(jobs) > 1)
        report = part_progress(_case_progress(on_progress, job.name), number, len(jobs))
        report(0.0)
        outcomes.append(batch.outcome(job, report))
        report(1.0)
    return outcomes


def write_translation(
    translation: Translation,
    translator: AnyTranslator,
    inputs: Sequence[tuple[str, str]],
    output: Path,
    *,
    overwrite: bool = False,
) -> str:
    """Write the volume, its uncertainty if it has one, then the sidecar, each atomically. Returns the volume's SHA-256.

    `inputs`: name and SHA-256 of each source.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    write_volume(translation.volume, output, description=DESCRIPTION, overwrite=overwrite)
    if translation.uncertainty is not None:
        write_volume(translation.uncertainty, uncertainty_path(output), description=DESCRIPTION, overwrite=True)
    written = hash_volume(output)
    write_atomically(sidecar_path(output), sidecar(translation, translator, inputs, (output.name, written)))
    return written


@dataclass(frozen=True)
class _Batch:
    """What all jobs of a batch share."""

    translator: AnyTranslator
    ledger: Ledger
    overwrite: bool
    resume: bool
    log_failures: bool
    """A single bad input leaves nothing behind: its failure is not written to a ledger."""

    def outcome(self, job: Job, on_progress: OnProgress) -> Outcome:
        """Translate one job. An error becomes the outcome of its case."""
        began = time.monotonic()
        try:
            inputs = [(volume.name, hash_volume(volume)) for volume in job.sources]
            line = first_line(job, inputs, self.translator)
            if self.resume and is_done(job, line, self.ledger):
                return Outcome(job.name, "skipped", "done before", output=job.output)
            refuse_to_replace(job, self.ledger, self.overwrite, self.resume)
        except Exception as reason:
            return failed_outcome(job, reason, began)
        try:
            translation = self._translate(job, line, inputs, on_progress)
        except Exception as reason:
            failed = failed_outcome(job, reason, began)
            if self.log_failures:
                with contextlib.suppress(MedtransError, OSError):
                    self.ledger.add(replace(line, verdict="failed", message=failed.message, time=now()))
            return failed
        return Outcome(
            job.name,
            "done",
            seconds=time.monotonic() - began,
            output=job.output,
            clipped_fraction=translation.clipped_fraction,
            findings=translation.findings,
        )

    def _translate(
        self, job: Job, line: Line, inputs: Sequence[tuple[str, str]], on_progress: OnProgress
    ) -> Translation:
        volume, where = read_channels(job.sources), str(job.sources[0])
        translation = self.translator.translate(volume, conditions=job.conditions, where=where, on_progress=on_progress)
        self.ledger.add(line)
        written = write_translation(translation, self.translator, inputs, job.output, overwrite=True)
        self.ledger.add(replace(line, verdict="done", output_sha256=written, time=now()))
        return translation


def _case_progress(on_progress: Callable[[str, float], None] | None, case: str) -> OnProgress:
    def report(fraction: float) -> None:
        if on_progress:
            on_progress(case, fraction)

    return report
