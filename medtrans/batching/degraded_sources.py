"""Record of the degradation of a source, for translations that agree with it: the JSON of `medtrans degrade`."""

from __future__ import annotations

from pathlib import Path

from medtrans.batching.plan import Job
from medtrans.core.errors import InputRefused
from medtrans.degradations._record import parse_record
from medtrans.reading.names import sidecar_path
from medtrans.reading.sidecars import read_sidecar
from medtrans.translating.data_consistency import Measured
from medtrans.translating.ensemble import AnyTranslator


def record_of(job: Job, translator: AnyTranslator) -> Path | None:
    """The file with the record of the source of a job; None where the translator does not ask for one.

    Raises InputRefused where there is none.
    """
    first = translator.members[0]
    if not first.settings.in_source_unit:
        return None
    file = job.record or sidecar_path(job.sources[0])
    if not file.is_file():
        name = "data consistency" if first.settings.posterior_sampling is None else "posterior sampling"
        what = f"{name} needs the record of its degradation, but there is no {file.name}"
        advice = f"give it by --consistent-with, or translate without (--{name.replace(' ', '-')} off)"
        raise InputRefused(job.sources[0], what, advice)
    return file


def read_measured(record: Path) -> Measured:
    """How the source was degraded. Raises InputRefused, UsageError."""
    facts = read_sidecar(record)
    return Measured(parse_record(facts, str(record)), str(facts.get("interpolation", "")))
