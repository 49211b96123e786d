"""Cohort of the bias sweep: heads with and without a tumour, the cases of each run, and runs as they are kept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.auditing.bias_sweep import Calls, Reader, SweepRun
from medtrans.core.errors import UsageError
from medtrans.core.volume import Volume
from medtrans.phantoms.lesion_slices import lesion_slices
from medtrans.reading.storage import read_bytes
from medtrans.reading.volumes import read_volume, write_volume

METHODS = ("cyclegan", "cut", "pix2pix", "regression")
UNPAIRED = ("cyclegan", "cut")
SHARES, SEEDS = (0.0, 0.25, 0.5, 0.75, 1.0), (0, 1, 2)
SOURCE_SHARE = 0.5
"""Of ill sources of unpaired methods; those of pairs are as ill as their targets."""
SOURCE, TARGET = "FLAIR", "T2"
DIAMETERS_MM = 20.0, 36.0
GROUPS = {"detector": 10_000, "test": 20_000, "source": 30_000, "target": 40_000, "teacher": 50_000}
"""Group of heads → the seed of its first; no head is in two."""
Head = Mapping[str, Volume]


@dataclass(frozen=True)
class Plan:
    """What all runs of a folder have in common."""

    heads: int
    """Of each group; the test has half as many."""
    minutes: float
    """Of each training without pairs."""
    paired_minutes: float
    """Of each training with pairs, which learns in less time."""
    detector_minutes: float
    spacing: float = 3.0
    """Mm of a pixel."""
    quick: bool = False


@dataclass(frozen=True)
class Job:
    """One training."""

    method: str
    arm: str
    share: float
    seed: int

    @property
    def name(self) -> str:
        return f"{self.arm}/{self.method}_share-{round(100 * self.share):03}_seed-{self.seed}"


def make_heads(output: Path, group: str, count: int, spacing: float) -> None:
    """Write the slices of each head of a group, ill and healthy, unless they are there."""
    for seed in range(GROUPS[group], GROUPS[group] + count):
        diameter = float(np.random.default_rng(seed).uniform(*DIAMETERS_MM))
        if not head_file(output, seed, False, "mask").exists():
            slices = lesion_slices(seed, (SOURCE, TARGET), diameter, spacing)
            for ill, images in zip((True, False), slices, strict=True):
                for kind, volume in images.items():
                    write_volume(volume, head_file(output, seed, ill, kind), overwrite=True)


def head_file(output: Path, seed: int, ill: bool, kind: str) -> Path:
    return output / "heads" / f"head-{seed}_{'ill' if ill else 'healthy'}_{kind}.nii.gz"


def read_head(output: Path, seed: int, ill: bool) -> Head:
    kinds = (SOURCE, TARGET, "mask", *(["lesion"] if ill else []))
    return {kind: read_volume(head_file(output, seed, ill, kind)) for kind in kinds}


def ill_heads(group: str, count: int, share: float, seed: int) -> dict[int, bool]:
    """Head → whether it is ill; those of a smaller share are ill with a larger one, too."""
    heads = np.random.default_rng([seed, GROUPS[group]]).permutation(count) + GROUPS[group]
    return {int(head): number < round(share * count) for number, head in enumerate(heads)}


def table(output: Path, job: Job, heads: int) -> str:
    """The training cases of a run as CSV."""
    rows = []
    unpaired = job.method in UNPAIRED
    for head, ill in ill_heads("target", heads, job.share, job.seed).items():
        rows.append(_row(output, head, ill, ("target",) if unpaired else ("source", "target")))
    if unpaired:
        for head, ill in ill_heads("source", heads, SOURCE_SHARE, job.seed).items():
            rows.append(_row(output, head, ill, ("source",)))
    return to_csv(rows)


def _row(output: Path, head: int, ill: bool, roles: Sequence[str]) -> dict[str, Any]:
    files = {role: head_file(output, head, ill, kind).name for role, kind in (("source", SOURCE), ("target", TARGET))}
    given = {role: file if role in roles else "" for role, file in files.items()}
    lesion = head_file(output, head, ill, "lesion").name if ill and len(roles) == 2 else ""
    known = {"subject": f"head-{head}", "name": f"head-{head}", "split": "train", "tumour": int(ill)}
    return {**known, **given, "mask": head_file(output, head, ill, "mask").name, "lesion": lesion}


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def run_of(values: Mapping[str, Any]) -> SweepRun:
    """The inverse of asdict."""
    reader = Reader(*(Calls(**values["reader"][kind]) for kind in ("ill", "healthy")))
    calls = {kind: Calls(**values[kind]) for kind in ("ill", "healthy")}
    return SweepRun(**{**values, **calls, "reader": reader})


def read_known(file: Path, plan: Plan) -> dict[Job, SweepRun]:
    """The runs of the sweep.json of another machine. Raises UsageError where it is of another plan."""
    facts = json.loads(read_bytes(file, 1 << 24))
    if facts["plan"] != asdict(plan):
        what = f"holds a sweep with {facts['plan']}, not {asdict(plan)}"
        raise UsageError(file, what, "give the same --heads, --spacing and minutes, or leave out --known")
    runs = [run_of(values) for values in facts["runs"]]
    return {job_of(run): run for run in runs}


def job_of(run: SweepRun) -> Job:
    return Job(run.method, run.arm, run.share, run.seed)
