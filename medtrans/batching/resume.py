"""Resuming a batch: which cases are done, and which existing files may be replaced."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from medtrans.batching.file_kinds import is_of_kind
from medtrans.batching.ledger import Ledger, Line
from medtrans.batching.plan import Job
from medtrans.core.digest import digest
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.timestamps import now
from medtrans.reading.names import sidecar_path, uncertainty_path
from medtrans.reading.volumes import hash_volume
from medtrans.translating.ensemble import AnyTranslator


def first_line(job: Job, inputs: Sequence[tuple[str, str]], translator: AnyTranslator, part: str = "") -> Line:
    """The line of the ledger for a job that begins. `inputs`: name and SHA-256 of each source and of the mask."""
    hashes = [sha256 for _, sha256 in inputs]
    facts = {
        "conditions": dict(job.conditions),
        "mask_label": job.mask_label,
        "masked": job.mask is not None,
        "resample_tilt": job.resample_tilt,
    }
    return Line(
        case=job.name,
        output=job.key,
        input_sha256=hashes[0] if len(hashes) == 1 else digest(hashes),
        model_sha256=translator.identity.sha256,
        settings={**translator.resolved_settings, **{key: value for key, value in facts.items() if value}},
        part=part,
        verdict="begun",
        time=now(),
    )


def is_done(job: Job, line: Line, ledger: Ledger) -> bool:
    """Whether the ledger proves that all existing files were made of this input by this model and these settings.

    A model that was never saved has no hash and proves nothing.
    """
    last = ledger[job.key]
    if last is None or last.verdict != "done" or not line.model_sha256 or not last.same_origin(line):
        return False
    proved = {job.output.name: last.output_sha256, **last.beside}
    deviation = uncertainty_path(job.output)
    if job.series is not None and job.series.name not in proved:
        return False
    if not sidecar_path(job.output).is_file() or (os.path.lexists(deviation) and deviation.name not in proved):
        return False
    return all(_hash(job.output.with_name(name)) == sha256 for name, sha256 in proved.items())


def refuse_foreign(job: Job, ledger: Ledger) -> None:
    """Raise UsageError on an existing file that no command of this ledger wrote."""
    for path in filter(None, (job.output, uncertainty_path(job.output), job.series)):
        if os.path.lexists(path) and not ledger.wrote(path.name, _hash(path)):
            what = "is not the file that the ledger names"
            raise UsageError(path, what, "move it away, or give --overwrite to replace it")
    beside = sidecar_path(job.output)
    if os.path.lexists(beside) and not is_of_kind(beside, "sidecar"):
        raise UsageError(beside, "is not a sidecar of medtrans", "move it away")


def _hash(path: Path) -> str:
    """Empty where there is no file."""
    try:
        return hash_volume(path)
    except InputRefused:
        return ""
