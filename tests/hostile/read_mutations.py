"""Read mutated files one after another: python read_mutations.py KIND FOLDER FIRST LAST, seeds FIRST to LAST - 1.

Memory and time are limited. Each fault becomes a line of JSON in FOLDER/faults.jsonl, with its smallest set of edits;
FOLDER/now holds the seed at work, for the case that the process dies of it. Counts go to FOLDER/counts.jsonl.
"""

import dataclasses
import json
import logging
import os
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume
from medtrans.reading.checks import check_volume
from medtrans.reading.formats._affine import is_usable
from medtrans.reading.formats.nifti import encode_nifti
from medtrans.reading.volumes import read_grid, read_volume, same_geometry
from tests.hostile.mutations import Mutation, mutation
from tests.hostile.text_mutations import text_mutation


@dataclasses.dataclass(frozen=True)
class Kind:
    """A family of files, and what reading one of them may take at most."""

    mutation: Callable[[int], Mutation]
    seconds: int
    megabytes: int
    """Beyond what the process has at its begin."""


KINDS = {"nifti": Kind(mutation, 2, 96), "text": Kind(text_mutation, 30, 2048)}
"""Text headers are read by a child process, which imports SimpleITK."""


SAME_PLACE = 0.01
"""Largest difference in mm of two affines whose corners, some voxels away, are less than 0.1 mm apart."""


class Inconsistent(Exception):
    """A volume that was read, and is none."""


def outcome_of(content: bytes, path: Path, seconds: int) -> tuple[str, str]:
    """Outcome and fault of a file; the fault is "" where it is read and consistent, or refused in words."""
    path.write_bytes(content)
    signal.alarm(2 * seconds)  # The process dies where nothing else interrupts it.
    began = time.monotonic()
    try:
        outcome = read(path)
    except Exception as reason:
        return "fault", f"{type(reason).__name__}: {reason}".replace(str(path), "FILE")
    finally:
        signal.alarm(0)
    took = time.monotonic() - began
    return (outcome, "") if took < seconds else ("fault", f"slow: {took:.1f} s")


def read(path: Path) -> str:
    """Check a file, read it, and write it again. Raises Inconsistent, or what falls through."""
    findings = check_volume(path)
    refused = [finding for finding in findings if finding.severity == "refuse"]
    try:
        volume = read_volume(path)
    except InputRefused as reason:
        _expect(len(refused) == 1 and refused[0].what == reason.what, f"check says {refused}, reading says {reason}")
        _expect(reason.what and reason.advice and "None" not in reason.what, f"no advice: {reason}")
        return "refused"
    _expect_grid(path, volume)
    _expect(volume.voxels.size and volume.voxels.dtype.kind in "iuf", f"voxels {volume.voxels.dtype}")
    _expect(refused or np.isfinite(volume.voxels).all(), "voxels that are not finite, and no finding")
    if refused:
        return "refused"
    _expect_same_when_written(path.with_name("again.nii"), volume)
    if not findings and path.name.endswith((".nii", ".nii.gz")):
        _expect_alike_elsewhere(path, volume)
    return "read with a finding" if findings else "read"


def _expect_grid(path: Path, volume: Volume) -> None:
    shape, affine = read_grid(path)
    _expect(is_usable(volume.affine), f"affine {volume.affine.tolist()}")
    _expect(shape == volume.shape, f"read_grid says {shape}, read_volume {volume.shape}")
    _expect(np.array_equal(affine, volume.affine), f"read_grid says {affine.tolist()}, not {volume.affine.tolist()}")


def _expect_same_when_written(path: Path, volume: Volume) -> None:
    path.write_bytes(encode_nifti(volume, compressed=False))
    again = read_volume(path)
    alike = same_geometry(volume, again) if volume.origin.format == "nifti" else volume.shares_grid_with(again)
    _expect(alike, "written again, it lies elsewhere")
    _expect(np.array_equal(volume.voxels, again.voxels), "written again, it has other values")


def _expect_alike_elsewhere(path: Path, volume: Volume) -> None:
    """What is read without a finding, nibabel reads alike, unless it has doubts itself, as about an extension.

    It reserves the memory that the size of an extension claims, before it looks whether the file has so much.
    """
    try:
        image = nib.load(path)
    except (Warning, ValueError, HeaderDataError, MemoryError):
        return
    values = np.asarray(image.dataobj).reshape(volume.shape)
    _expect(np.allclose(values, volume.voxels[0], rtol=1e-5), "nibabel reads other values")
    _expect(
        np.allclose(image.affine, volume.affine, atol=SAME_PLACE), f"nibabel reads the place {image.affine.tolist()}"
    )


def _expect(holds: object, otherwise: str) -> None:
    if not holds:
        raise Inconsistent(otherwise)


def smallest(case: Mutation, path: Path, seconds: int) -> Mutation:
    """The same fault with as few edits as possible."""
    kind = outcome_of(case.content, path, seconds)[1].partition(":")[0]
    for edit in case.edits:
        fewer = dataclasses.replace(case, edits=tuple(other for other in case.edits if other is not edit))
        if outcome_of(fewer.content, path, seconds)[1].partition(":")[0] == kind:
            case = fewer
    return case


def main(kind: Kind, folder: Path, first: int, last: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (kind.megabytes << 20),) * 2)
    warnings.simplefilter("error")
    logging.disable()
    now = os.open(folder / "now", os.O_RDWR | os.O_CREAT)
    counts: Counter[str] = Counter()
    with (folder / "faults.jsonl").open("a") as faults, (folder / "counts.jsonl").open("a") as log:
        for seed in range(first, last):
            os.pwrite(now, f"{seed:12}".encode(), 0)
            case = kind.mutation(seed)
            path = folder / f"v{case.suffix}"
            outcome, fault = outcome_of(case.content, path, kind.seconds)
            counts[outcome] += 1
            if fault:
                what = str(smallest(case, path, kind.seconds))
                print(json.dumps({"seed": seed, "fault": fault, "file": what}), file=faults, flush=True)
            if (seed + 1) % 1000 == 0 or seed + 1 == last:
                print(json.dumps(counts), file=log, flush=True)
                counts.clear()


if __name__ == "__main__":
    main(KINDS[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
