"""Degrade volumes: files → files, each with a sidecar that holds the drawn parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medtrans import __version__
from medtrans.batching.outputs import Output, plan_outputs
from medtrans.batching.plan import Job, plan
from medtrans.batching.staging import publish, staged
from medtrans.core.errors import InputRefused, MedtransError, UsageError
from medtrans.core.finding import Finding
from medtrans.core.modality import Modality
from medtrans.core.sealed_json import NotSealed, seal, unseal
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import Record, Step, draw_all, names_in
from medtrans.degradations._record import case_rng, common_modality, degrade_all, parse_record
from medtrans.preparing.geometry import on_grid_of
from medtrans.reading.checks import unreadable
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import sidecar_path
from medtrans.reading.sidecars import MAX_SIDECAR_BYTES
from medtrans.reading.storage import read_bytes, write_atomically
from medtrans.reading.volumes import hash_volume, read_volume, write_volume
from medtrans.translating.output_checks import to_whole_hu

NOTICE = "Degraded by computation from the input; not measured so."
DESCRIPTION = f"DEGRADED medtrans {__version__}"
"""The field `descrip` of the NIfTI header."""


@dataclass(frozen=True)
class Degraded:
    """One volume: its output, None where it could not be degraded, and the findings on it."""

    source: Path
    output: Path | None
    record: Record
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        output = str(self.output) if self.output else None
        findings = [finding.to_dict() for finding in self.findings]
        return {"input": str(self.source), "output": output, "degradations": self.record, "findings": findings}


def degrade(
    inputs: Path,
    output: Path,
    chain: Sequence[Step],
    *,
    modality: str | None = None,
    seed: int = 0,
    replay: Path | None = None,
    labels: Path | None = None,
    keep_grid: bool = False,
    overwrite: bool = False,
) -> list[Degraded]:
    """Degrade a volume, or each volume of a folder, by a chain, or by the record in the sidecar `replay`.

    `labels` is the label map of the volume, or the folder of those of a folder, under the same names. With `keep_grid`
    the result is interpolated on the grid of the input.
    What is drawn for a volume depends on the seed and its name alone, so that a folder and a single file give the same.
    Raises UsageError, InputRefused; of a folder, a volume that fails is reported, and the others are degraded.
    """
    record, recorded = _read_record(replay, labels) if replay is not None else (None, None)
    names = names_in(chain) if record is None else [step["name"] for step in record]
    kind = common_modality(names, modality or recorded)
    jobs = plan(inputs, output)
    maps = _label_maps(jobs, labels)
    outputs = [each for job in jobs for each in _outputs(job)]
    plan_outputs(outputs, [inputs, *filter(None, (replay, labels))], overwrite)
    results = []
    for job in jobs:
        drawn = record if record is not None else draw_all(chain, case_rng(seed, job.name))
        try:
            findings = degrade_one(job, drawn, kind, seed, maps.get(job.name), keep_grid=keep_grid)
            results.append(Degraded(job.sources[0], job.output, drawn, tuple(findings)))
        except MedtransError as reason:
            if inputs.is_file() or len(jobs) == 1:
                raise
            results.append(Degraded(job.sources[0], None, drawn, (unreadable(reason),)))
    return results


def degrade_one(
    job: Job,
    record: Record,
    modality: Modality,
    seed: int,
    labels: Path | None = None,
    *,
    keep_grid: bool = False,
    interpolation: str = "cubic",
) -> list[Finding]:
    """Write the degraded volume of a job and its sidecar. Raises InputRefused, EnvironmentRefused."""
    source, folder = job.sources[0], job.output.parent
    with memory_errors(source):
        volume = read_volume(source)
        doubts = modality.check(volume.voxels, str(source))
        if modality.quantitative and doubts:
            advice = "give an image in that unit, or degradations of another modality"
            raise InputRefused(source, doubts[0].what, f"{modality.name} is degraded in {modality.unit}; {advice}")
        if not np.isfinite(volume.voxels).all():
            raise InputRefused(source, "holds voxels that are not finite numbers", "replace them first")
        degraded = degrade_all(volume, record, modality, read_volume(labels) if labels else None)
        facts = _facts(source, record, modality, seed, labels)
        if keep_grid and not degraded.shares_grid_with(volume):
            degraded = on_grid_of(volume, degraded, modality.air, interpolation)
            facts["interpolation"] = interpolation
        degraded = _in_disk_type(degraded, modality)
    folder.mkdir(parents=True, exist_ok=True)
    with staged(folder) as place:
        files = [place / job.output.name, place / sidecar_path(job.output).name]
        write_volume(degraded, files[0], description=DESCRIPTION)
        shape = {"voxels": list(degraded.shape), "millimetres": list(degraded.spacing)}
        facts["output"] = {**shape, "sha256": hash_volume(files[0])}
        write_atomically(files[1], seal(facts), overwrite=False)
        publish(files, folder)
    return [*volume.findings, *doubts]


def _facts(source: Path, record: Record, modality: Modality, seed: int, labels: Path | None) -> dict[str, Any]:
    """The content of a sidecar. SYNTHETIC, since no scanner measured it."""
    return {
        "SYNTHETIC": True,
        "notice": NOTICE,
        "medtrans": __version__,
        "degradations": record,
        "seed": seed,
        "modality": modality.name,
        "unit": modality.unit,
        "inputs": [{"name": source.name, "sha256": hash_volume(source)}],
        **({"labels": {"name": labels.name, "sha256": hash_volume(labels)}} if labels else {}),
    }


def _in_disk_type(volume: Volume, modality: Modality) -> Volume:
    """CT in whole HU, other images as float32."""
    return to_whole_hu(volume) if modality.name == "CT" else volume


def _label_maps(jobs: Sequence[Job], labels: Path | None) -> dict[str, Path]:
    """The label map of each job, by its name. Raises InputRefused where one is missing."""
    if labels is None:
        return {}
    files = {job.name: labels / job.sources[0].name if labels.is_dir() else labels for job in jobs}
    for file in files.values():
        if not file.exists():
            raise InputRefused(file, "does not exist", "give a label map for each volume, under its name")
    return files


def _outputs(job: Job) -> tuple[Output, Output]:
    source = str(job.sources[0])
    return Output(job.output, "volume", source), Output(sidecar_path(job.output), "sidecar", source)


def _read_record(file: Path, labels: Path | None) -> tuple[Record, str | None]:
    """The degradations and the modality of a sidecar."""
    try:
        facts = unseal(read_bytes(file, MAX_SIDECAR_BYTES))
    except NotSealed as reason:
        raise InputRefused(file, str(reason), "give a sidecar that medtrans degrade wrote") from reason
    record = parse_record(facts, str(file))
    if "labels" in facts and not labels:
        what = f"was made with the label map {facts['labels'].get('name')}"
        raise UsageError(file, what, "give --labels too")
    return record, facts.get("modality")
