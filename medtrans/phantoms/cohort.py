"""Write synthetic cases as files: sub-00_T1.nii.gz, sub-00_CT.nii.gz, sub-00_mask.nii.gz …"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medtrans.phantoms.anatomy import Head, Lesion, make_head
from medtrans.phantoms.contrasts import paint
from medtrans.reading.memory import memory_errors
from medtrans.reading.volumes import write_volume


def write_cohort(
    folder: Path,
    seeds: Sequence[int],
    contrasts: Sequence[str] = ("T1", "CT"),
    *,
    shape: tuple[int, int, int] = (128, 144, 128),
    spacing: float = 1.5,
    lesions: Sequence[Lesion] = (),
    randomised: bool = False,
    overwrite: bool = True,
) -> list[Path]:
    """Make the heads of `seeds`; returns the files, each head's body mask last. Lesions add sub-XX_lesion.nii.gz.

    Raises UsageError where a file exists and `overwrite` is False.
    """
    files = []
    for seed in seeds:
        name, how = cohort_name(seed), {"randomised": randomised, "overwrite": overwrite}
        with memory_errors(name):
            head = make_head(seed, shape=shape, spacing=spacing, lesions=lesions)
            files += write_head(folder, name, head, contrasts, seed=seed, **how)
    return files


def write_head(
    folder: Path,
    name: str,
    head: Head,
    contrasts: Sequence[str],
    *,
    seed: int,
    randomised: bool = False,
    overwrite: bool = True,
) -> list[Path]:
    """Paint one head in each contrast and write it, the mask last: a folder with the mask has the whole case.

    Raises UsageError where a file exists and `overwrite` is False.
    """
    volumes = {}
    for number, contrast in enumerate(contrasts):
        rng = np.random.default_rng([seed, number])
        volumes[contrast] = paint(head, contrast, rng, randomised=randomised)
    if head.lesions:
        volumes["lesion"] = head.lesion_mask
    volumes["mask"] = head.mask
    files = []
    for kind, volume in volumes.items():
        files.append(head_file(folder, name, kind))
        write_volume(volume, files[-1], dtype=_type(kind), description="synthetic head", overwrite=overwrite)
    return files


def head_file(folder: Path, name: str, kind: str) -> Path:
    """Where an image of a head is written; `kind` is a contrast, "lesion" or "mask"."""
    return folder / f"{name}_{kind}.nii.gz"


def cohort_name(seed: int) -> str:
    """The name of a generated head."""
    return f"sub-{seed:02}"


def _type(kind: str) -> type:
    return {"CT": np.int16, "mask": np.uint8, "lesion": np.uint8}.get(kind, np.uint16)
