"""Sources made from targets, once for each case, in the run folder: what validates, tests and is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from medtrans.batching.plan import Job
from medtrans.core.case import Case
from medtrans.core.errors import MedtransError, UsageError
from medtrans.core.modality import find_modality
from medtrans.core.progress import ProgressCallback
from medtrans.core.sealed_json import NotSealed, unseal
from medtrans.degradations._combinations import Record
from medtrans.preparing.degrading import label_map, once_degraded
from medtrans.reading.names import sidecar_path
from medtrans.reading.sidecars import MAX_SIDECAR_BYTES
from medtrans.reading.storage import read_bytes
from medtrans.reading.volumes import hash_volume
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages.degrade import degrade_one


def degraded_cases(recipe: Recipe, run: RunFolder, cases: Sequence[Case], on_progress: ProgressCallback) -> list[Case]:
    """The cases with degraded targets as their sources, made here unless they are there.

    Raises UsageError, InputRefused, EnvironmentRefused.
    """
    several = next((case for case in cases if len(case.targets) > 1), None)
    if several:
        what = f"has {len(several.targets)} targets, but degrading makes the source of one"
        raise UsageError(several.name, what, "read one target for each case, or take degrading out")
    made = []
    for done, case in enumerate(cases, start=1):
        made.append(replace(case, sources=(_degraded(recipe, run, case),)))
        on_progress("degrading", case.name, done / len(cases))
    return made


def _degraded(recipe: Recipe, run: RunFolder, case: Case) -> Path:
    """The degraded target of a case, on the grid of the target."""
    output, settings = run.degraded / f"{case.name}.nii.gz", recipe.degrading
    record = once_degraded(settings, case.name)
    if not _is_made(output, case.targets[0], record):
        output.unlink(missing_ok=True)
        sidecar_path(output).unlink(missing_ok=True)
        job, modality = Job(case.name, case.targets, output), find_modality(recipe.reading.target_modality)
        labels = label_map(settings, case, recipe.reading.root)
        how = recipe.preparing.interpolation
        degrade_one(job, record, modality, settings.seed, labels, keep_grid=True, interpolation=how)
    return output


def _is_made(output: Path, target: Path, record: Record) -> bool:
    """Whether the file is what this record makes of this target."""
    try:
        facts = unseal(read_bytes(sidecar_path(output), MAX_SIDECAR_BYTES))
        hashes = facts["inputs"][0]["sha256"], facts["output"]["sha256"]
        return facts["degradations"] == record and hashes == (hash_volume(target), hash_volume(output))
    except (NotSealed, MedtransError, OSError, KeyError, TypeError, IndexError):
        return False
