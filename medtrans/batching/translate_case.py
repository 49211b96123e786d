"""Translation of one case: read, translate, write all its files, then give them their names."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from medtrans.batching.degraded_sources import read_measured, record_of
from medtrans.batching.forecast_case import forecast_case
from medtrans.batching.inspection import Inspection
from medtrans.batching.ledger import Ledger, Line
from medtrans.batching.outcome import Outcome, failed_outcome
from medtrans.batching.plan import Job
from medtrans.batching.resume import first_line, is_done, refuse_foreign
from medtrans.batching.sidecar import sidecar
from medtrans.batching.staging import publish, staged
from medtrans.batching.translated_series import (
    Hashed,
    findings_on_series,
    gives_series,
    refuse_series_without_space,
    without_names,
    write_series,
)
from medtrans.core.errors import InputRefused, MedtransError, UsageError
from medtrans.core.synthetic import DESCRIPTION
from medtrans.core.timestamps import now
from medtrans.core.volume import Volume
from medtrans.reading.memory import free_bytes
from medtrans.reading.names import sidecar_path, uncertainty_path
from medtrans.reading.storage import size_of, write_atomically
from medtrans.reading.volumes import hash_volume, read_channels, read_mask, read_upright, read_volume, write_volume
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.loading import Models
from medtrans.translating.progress import OnProgress
from medtrans.translating.translation import Translation


@dataclass(frozen=True)
class Batch:
    """What all jobs of a batch share."""

    translator: AnyTranslator
    ledger: Ledger
    overwrite: bool
    resume: bool
    log_failures: bool
    """A single bad input leaves nothing behind: its failure is not written to a ledger."""
    part: str = ""
    accepted: frozenset[str] = frozenset()
    """Cases whose failure is known: one that failed before is not tried again with the same input and model."""
    models: Models | None = None
    """By which another process loads the same translator."""
    inspection: Inspection | None = None
    foretell: bool = False
    """Write nothing, and foretell each case."""
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    """Of this batch, in its lines of the ledger."""

    def __reduce__(self) -> tuple[Callable[..., Batch], tuple[Any, ...]]:
        """Another process loads the models, and reads the ledger: once for all jobs of the batch."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        del kept["translator"], kept["ledger"]
        return _loaded, ((self.ledger.path.parent, self.ledger.part), kept)

    def outcome(self, job: Job, on_progress: OnProgress) -> Outcome:
        """Translate one job, or foretell it. An error becomes the outcome of its case."""
        if self.foretell:
            return forecast_case(job, self.translator)
        began, line = time.monotonic(), None
        try:
            for path in job.sources:
                _read_header_of_large(path)
            refuse_series_without_space(job)
            record = record_of(job, self.translator)
            read = [*job.sources, *([record] if record else [])]
            inputs, mask = [_hashed(path) for path in read], _hashed(job.mask) if job.mask else None
            line = first_line(job, [*inputs, *([mask] if mask else [])], self.translator, self.part)
            facts = self.inspection.facts if self.inspection else {}
            line = replace(line, batch=self.token, settings={**line.settings, **facts})
            with self.ledger.locked() if self.ledger.path.exists() else contextlib.nullcontext():
                if self._exists_done(job, line):
                    if self._logged(job):
                        return Outcome(job.name, "done", output=job.output)
                    return Outcome(job.name, "skipped", "done before", output=job.output)
            if self._failed_as_accepted(job, line):
                return Outcome(job.name, "failed", "as before; its input has not changed", exit_code=1)
            translation = self._translate(job, inputs, mask, record, on_progress)
            if not self._write(translation, job, line, inputs, mask):
                return Outcome(job.name, "skipped", "done meanwhile by another command", output=job.output)
        except Exception as reason:
            failed = failed_outcome(job, reason, began)
            if line and self.log_failures and not isinstance(reason, UsageError):
                with contextlib.suppress(MedtransError, OSError), self.ledger.locked():
                    self.ledger.add(replace(line, verdict="failed", message=failed.message, time=now()))
            return failed
        return Outcome(
            job.name,
            "done",
            seconds=time.monotonic() - began,
            output=job.output,
            clipped_fraction=translation.clipped_fraction,
            calibration=translation.checks.get("calibration"),
            findings=(*translation.findings, *findings_on_series(translation, job)),
        )

    def _failed_as_accepted(self, job: Job, line: Line) -> bool:
        last = self.ledger[job.key] if job.name in self.accepted else None
        return last is not None and last.verdict == "failed" and last.same_origin(line)

    def _exists_done(self, job: Job, line: Line) -> bool:
        """Whether nothing is left to do. Raises UsageError where something else exists that must not be replaced.

        Files get their names and their line while the ledger is locked: looked at without the lock, one may lack the
        other.
        """
        if self.overwrite and not self.resume and not self._logged(job):
            return False
        if is_done(job, line, self.ledger):
            return True
        existing = [each.path for each in job.outputs if os.path.lexists(each.path)]
        if existing and not self.overwrite and (self.resume or self._logged(job)):
            refuse_foreign(job, self.ledger)
        elif existing and not self.overwrite:
            raise UsageError(existing[0], "exists", "give --overwrite, or --resume to continue")
        return False

    def _logged(self, job: Job) -> bool:
        """Whether a process of this very batch has begun the job before: it was killed."""
        last = self.ledger[job.key]
        return last is not None and last.batch == self.token

    def _translate(
        self, job: Job, inputs: Sequence[Hashed], mask: Hashed | None, record: Path | None, on_progress: OnProgress
    ) -> Translation:
        volume = read_channels(job.sources, read_upright if job.resample_tilt else read_volume)
        body = _read_body(job)
        measured = read_measured(record) if record else None
        files = [*job.sources, *filter(None, (record, job.mask))]
        hashes = [*inputs, *([mask] if mask else [])]
        for path, before in zip(files, hashes, strict=True):
            if _hashed(path) != before:
                raise InputRefused(path, "changed while it was read", "run again when the file is complete", "changed")
        where = str(job.sources[0])
        noticed = self.inspection.before(volume, where) if self.inspection else ()
        translation = self.translator.translate(
            volume, mask=body, conditions=job.conditions, measured=measured, where=where, on_progress=on_progress
        )
        return self.inspection.after(volume, translation, noticed, where) if self.inspection else translation

    def _write(
        self, translation: Translation, job: Job, line: Line, inputs: Sequence[Hashed], mask: Hashed | None
    ) -> bool:
        """Write the files of a case and log it; False where another command has done the case meanwhile."""
        folder, deviation = job.output.parent, uncertainty_path(job.output)
        with staged(folder) as place:
            files = write_files(translation, self.translator, job, line, inputs, mask, place)
            first, *beside = [_hashed(file) for file in files[:-1]]
            line = replace(line, output_sha256=first[1], beside=dict(beside), time=now())
            with self.ledger.locked():
                if self._exists_done(job, line):
                    return False
                self.ledger.add(line)
                publish(files, folder, stale=[] if translation.uncertainty is not None else [deviation])
                self.ledger.add(replace(line, verdict="done", time=now()))
        return True


def _loaded(ledger: tuple[Path, tuple[int, int]], facts: dict[str, Any]) -> Batch:
    """The same one for the same batch, as a worker gets it with every job."""
    token = facts["token"]
    if token not in _LAST:
        _LAST.clear()
        _LAST[token] = Batch(facts["models"].load(), Ledger(*ledger), **facts)
    return _LAST[token]


_LAST: dict[str, Batch] = {}
"""Token → the last batch that came from another process."""


def write_files(
    translation: Translation,
    translator: AnyTranslator,
    job: Job,
    line: Line,
    inputs: Sequence[Hashed],
    mask: Hashed | None,
    place: Path,
) -> list[Path]:
    """Write the files of a job into the folder `place`, and return them: the volume first, the sidecar last.

    Between them are the standard deviation and the DICOM series, where it has them.
    """
    files, series = [place / job.output.name], None
    with_series = gives_series(translation, job)
    if with_series and job.series is not None:
        series = write_series(translation, translator, job, line, place / job.series.name)
    if job.output != job.series:
        write_volume(replace(translation.volume, provenance=None), files[0], description=DESCRIPTION)
    if translation.uncertainty is not None:
        files.append(uncertainty_path(files[0]))
        write_volume(replace(translation.uncertainty, provenance=None), files[-1], description=DESCRIPTION)
    hashed = [_hashed(file) for file in files]
    if job.anonymous:
        translation, inputs, mask = without_names(translation, inputs, mask)
    facts = sidecar(translation, translator, inputs, hashed, mask, job.mask_label, series)
    proof = sidecar_path(files[0])
    write_atomically(proof, facts, overwrite=False)
    beside = [place / job.series.name] if with_series and job.series and job.series != job.output else []
    return [*files, *beside, proof]


def _read_body(job: Job) -> Volume | None:
    if job.mask is None:
        return None
    return read_mask(job.mask, job.mask_label)


def _read_header_of_large(path: Path) -> None:
    """A file beyond the free memory is refused by its header; to hash it takes minutes. Raises InputRefused."""
    free = free_bytes()
    if free is not None and path.is_file() and size_of(path) > free:
        read_volume(path)


def _hashed(path: Path) -> Hashed:
    return path.name, hash_volume(path)
