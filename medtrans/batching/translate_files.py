"""Many files, one translator: a failing case does not stop the rest, and a killed run is taken up where it stopped."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from medtrans.batching.ledger import Ledger, now
from medtrans.batching.plan import Inputs, Job, Known, plan
from medtrans.batching.resume import first_line, is_done, refuse_to_replace
from medtrans.batching.sidecar import DESCRIPTION, sidecar, sidecar_path
from medtrans.core.case import Case
from medtrans.core.errors import MedtransError
from medtrans.core.volume import Volume
from medtrans.reading.cohort import load_pair
from medtrans.reading.files import refuse_unwritable, sha256, spread_path, write_atomically, write_volume
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.translator import OnProgress, Translation


@dataclass(frozen=True)
class Outcome:
    """What became of one case. `exit_code` is 0, or the error's; `message` one sentence."""

    case: str
    verdict: Literal["done", "skipped", "failed"]
    message: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    output: Path | None = None
    clipped_fraction: float | None = None
    warnings: tuple[str, ...] = ()
    error: Exception | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        facts = {key: value for key, value in vars(self).items() if key != "error"}
        return {**facts, "output": str(self.output) if self.output else None, "warnings": list(self.warnings)}


def translate_files(
    inputs: Inputs,
    output: str | Path,
    translator: AnyTranslator,
    *,
    names: Sequence[str] | None = None,
    known: Known = None,
    overwrite: bool = False,
    resume: bool = False,
    part: tuple[int, int] = (0, 1),
    on_progress: Callable[[str, float], None] | None = None,
) -> list[Outcome]:
    """Translate a file to a file, or a folder (or a list) into a folder; beside each output its sidecar.

    An input of several files is stacked into channels. `names` are the outputs' names, for a list; else the inputs'.
    `known` are the conditions of all cases or of each. Where several answers are drawn, their spread is written too.
    `resume` skips what the ledger proves done. `part` is (number from 0, of how many): every so-many-th case.
    `on_progress` is told the case and the share of everything that is done.
    Raises UsageError where the whole is wrong (nothing to do, outputs that collide or would fall on inputs),
    EnvironmentRefused where nothing may be written; what is wrong with one case becomes its Outcome.
    """
    jobs = plan(inputs, Path(output), names, known)[part[0] :: part[1]]
    for folder in {job.output.parent for job in jobs}:
        refuse_unwritable(folder)
    ledger = Ledger(jobs[0].output.parent, part) if jobs else None
    outcomes = []
    for number, job in enumerate(jobs):

        def shown(share: float, job: Job = job, number: int = number) -> None:
            if on_progress:
                on_progress(job.name, (number + share) / len(jobs))

        assert ledger
        shown(0.0)
        asked: dict[str, Any] = {"overwrite": overwrite, "resume": resume, "note_failure": len(jobs) > 1}
        outcomes.append(_outcome(job, translator, ledger, **asked, on_progress=shown))
        shown(1.0)
    return outcomes


def write_translation(
    translation: Translation,
    translator: AnyTranslator,
    inputs: Sequence[tuple[str, str]],
    output: Path,
    *,
    overwrite: bool = False,
) -> str:
    """Write the volume, its spread where it has one, then its sidecar, each whole or not at all.

    Returns the volume's SHA-256.

    `inputs`: name and SHA-256 of each source file.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    write_volume(translation.volume, output, description=DESCRIPTION, overwrite=overwrite)
    if translation.spread is not None:
        write_volume(translation.spread, spread_path(output), description=DESCRIPTION, overwrite=True)
    written = sha256(output)
    write_atomically(sidecar_path(output), sidecar(translation, translator, inputs, (output.name, written)))
    return written


def _read(files: Sequence[Path]) -> tuple[Volume, list[str]]:
    """One volume (several files of one grid become its channels) and what the reader warned of. Raises InputRefused."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        volume = load_pair(Case(subject="", name=files[0].name, sources=tuple(files))).source
    return volume, [str(warning.message) for warning in said]


def _outcome(
    job: Job,
    translator: AnyTranslator,
    ledger: Ledger,
    *,
    overwrite: bool,
    resume: bool,
    note_failure: bool,
    on_progress: OnProgress,
) -> Outcome:
    """What becomes of one job. A single bad file leaves nothing behind: its failure is not noted in the ledger."""
    began = time.monotonic()
    try:
        inputs = [(file.name, sha256(file)) for file in job.sources]
        line = first_line(job, inputs, translator)
        if resume and is_done(job, line, ledger):
            return Outcome(job.name, "skipped", "done before", output=job.output)
        refuse_to_replace(job, ledger, overwrite, resume)
    except Exception as reason:
        return _failed(job, reason, began)
    try:
        volume, said = _read(job.sources)
        where = str(job.sources[0])
        translation = translator.translate(volume, condition=job.condition, where=where, on_progress=on_progress)
        translation = replace(translation, warnings=(*said, *translation.warnings))
        ledger.add(line)
        written = write_translation(translation, translator, inputs, job.output, overwrite=True)
        ledger.add(replace(line, verdict="done", output_sha256=written, time=now()))
    except Exception as reason:
        failed = _failed(job, reason, began)
        if note_failure:
            with contextlib.suppress(MedtransError, OSError):
                ledger.add(replace(line, verdict="failed", message=failed.message, time=now()))
        return failed
    return Outcome(
        job.name,
        "done",
        seconds=time.monotonic() - began,
        output=job.output,
        clipped_fraction=translation.clipped_fraction,
        warnings=translation.warnings,
    )


def _failed(job: Job, reason: Exception, began: float) -> Outcome:
    known = isinstance(reason, (MedtransError, OSError))
    message = str(reason) if known else f"a fault of medtrans, not yours: {type(reason).__name__}: {reason}"
    if not any(str(path) in message for path in (*job.sources, job.output)):
        message = f"{job.sources[0]}: {message}"
    code = reason.exit_code if isinstance(reason, MedtransError) else 5 if isinstance(reason, OSError) else 1
    return Outcome(job.name, "failed", " ".join(message.split()), code, time.monotonic() - began, error=reason)
