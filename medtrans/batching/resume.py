"""Resuming a batch: which cases are done, and which existing outputs may be replaced."""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.batching.ledger import Ledger, Line, now
from medtrans.batching.plan import Job
from medtrans.core.digest import digest
from medtrans.core.errors import UsageError
from medtrans.reading.names import sidecar_path
from medtrans.reading.volumes import hash_volume
from medtrans.translating.ensemble import AnyTranslator


def first_line(job: Job, inputs: Sequence[tuple[str, str]], translator: AnyTranslator) -> Line:
    """The line of the ledger for a job that begins. `inputs`: name and SHA-256 of each source."""
    hashes = [sha256 for _, sha256 in inputs]
    conditions = {"conditions": dict(job.conditions)} if job.conditions else {}
    return Line(
        case=job.name,
        output=job.output.name,
        input_sha256=hashes[0] if len(hashes) == 1 else digest(hashes),
        model_sha256=translator.identity.sha256,
        settings={**translator.resolved_settings, **conditions},
        verdict="begun",
        time=now(),
    )


def is_done(job: Job, line: Line, ledger: Ledger) -> bool:
    """Whether the ledger proves that the existing output was made of this input by this model and these settings.

    A model that was never saved has no hash and proves nothing.
    """
    last = ledger[job.output.name]
    if last is None or last.verdict != "done" or not line.model_sha256 or not last.same_origin(line):
        return False
    exists = job.output.exists() and sidecar_path(job.output).is_file()
    return exists and hash_volume(job.output) == last.output_sha256


def refuse_to_replace(job: Job, ledger: Ledger, overwrite: bool, resume: bool) -> None:
    """Without `overwrite`, an existing file is replaced only to `resume`, and only if the ledger says it was written
    by an earlier run. Raises UsageError.
    """
    existing = [path for path in (job.output, sidecar_path(job.output)) if path.exists()]
    if overwrite or not existing:
        return
    last = ledger[job.output.name]
    if resume and last and _is_own(job, last):
        return
    if resume:
        raise UsageError(existing[0], "is not the file that the ledger names", "give --overwrite to replace it")
    raise UsageError(existing[0], "exists", "give --overwrite, or --resume to continue")


def _is_own(job: Job, last: Line) -> bool:
    return last.verdict != "done" or not job.output.exists() or hash_volume(job.output) == last.output_sha256
