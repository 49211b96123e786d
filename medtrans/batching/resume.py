"""What an earlier run has proved, and what a later one may replace."""

from __future__ import annotations

from collections.abc import Sequence

from medtrans.batching.ledger import Ledger, Line, now
from medtrans.batching.plan import Job
from medtrans.batching.sidecar import sidecar_path
from medtrans.core.digest import digest
from medtrans.core.errors import UsageError
from medtrans.reading.files import sha256
from medtrans.translating.ensemble import AnyTranslator


def first_line(job: Job, inputs: Sequence[tuple[str, str]], translator: AnyTranslator) -> Line:
    """The ledger's line of a job that is about to begin. `inputs`: name and SHA-256 of each source file."""
    hashes = [sha256 for _, sha256 in inputs]
    return Line(
        case=job.name,
        output=job.output.name,
        input_sha256=hashes[0] if len(hashes) == 1 else digest(hashes),
        model_sha256=translator.identity.sha256,
        settings={**translator.asked, **({"known": dict(job.condition)} if job.condition else {})},
        verdict="begun",
        time=now(),
    )


def is_done(job: Job, line: Line, ledger: Ledger) -> bool:
    """Whether the ledger proves that this input, model and settings made the file that is there.

    A model that was never saved has no hash, and proves nothing.
    """
    last = ledger[job.output.name]
    if last is None or last.verdict != "done" or not line.model_sha256 or not last.has_the_origin_of(line):
        return False
    there = job.output.is_file() and sidecar_path(job.output).is_file()
    return there and sha256(job.output) == last.output_sha256


def refuse_to_replace(job: Job, ledger: Ledger, overwrite: bool, resume: bool) -> None:
    """Without `overwrite`, only what the ledger knows as written here may be replaced, and only to `resume`.

    Raises UsageError.
    """
    there = [path for path in (job.output, sidecar_path(job.output)) if path.exists()]
    if overwrite or not there:
        return
    last = ledger[job.output.name]
    if (
        resume
        and last
        and (last.verdict != "done" or not job.output.exists() or sha256(job.output) == last.output_sha256)
    ):
        return
    what = "is not what the ledger says was written here" if resume else "exists"
    raise UsageError(there[0], what, "give --overwrite" if resume else "give --overwrite, or --resume to go on")
