"""Write synthetic cases as files: sub-00_T1.nii.gz, sub-00_CT.nii.gz, sub-00_mask.nii.gz …

Of several visits: sub-00_ses-1_T1.nii.gz, sub-00_ses-1_lesion.nii.gz …; from the second on also the mask of what
changed since the visit before, sub-00_ses-2_change.nii.gz, and the image as the scanner of the first visit would show
it, sub-00_ses-2_T1_harmonised.nii.gz. visits_T1.csv lists the visits of all heads with their dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.core.tables import to_csv
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import Head, Lesion, make_head
from medtrans.phantoms.contrasts import paint
from medtrans.phantoms.follow_up import change_mask, draw_course
from medtrans.phantoms.label_maps import label_map
from medtrans.phantoms.scanners import scanner
from medtrans.reading.memory import memory_errors
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import write_volume

LABELS = "labels"
"""Name of the label map among the contrasts."""


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


def write_follow_ups(
    folder: Path,
    seeds: Sequence[int],
    visits: int,
    contrasts: Sequence[str] = ("T1",),
    *,
    shape: tuple[int, int, int] = (128, 144, 128),
    spacing: float = 1.5,
    lesions: Sequence[Lesion] = (),
    overwrite: bool = True,
) -> list[Path]:
    """Visits of the heads of `seeds`, see `draw_course`, in MR contrasts; returns the files, the tables last.

    Raises UsageError where a file exists and `overwrite` is False.
    """
    files: list[Path] = []
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        with memory_errors(cohort_name(seed)):
            before: Head | None = None
            for number, visit in enumerate(draw_course(seed, visits, lesions), start=1):
                head = make_head(seed, shape=shape, spacing=spacing, lesions=visit.lesions, atrophy=visit.atrophy)
                name, volumes = visit_name(seed, number), _of_visit(head, before, contrasts, seed, number)
                files += _write(folder, name, volumes, overwrite=overwrite)
                rows.append({"subject": cohort_name(seed), "session": f"ses-{number}", "date": visit.day, "name": name})
                before = head
    for contrast in contrasts:
        files.append(visits_table(folder, contrast))
        write_atomically(files[-1], to_csv([{**row, **_names(row, contrast)} for row in rows]), overwrite=overwrite)
    return files


def _of_visit(head: Head, before: Head | None, contrasts: Sequence[str], seed: int, number: int) -> dict[str, Volume]:
    """Kind → volume of one visit; `before` is the head at the visit before."""
    volumes = {}
    for index, contrast in enumerate(contrasts):
        clean = paint(head, contrast, np.random.default_rng([seed, index]), noise=0, bias=0)
        looks = {contrast: number, **({f"{contrast}_harmonised": 1} if before else {})}
        for stream, (kind, look) in enumerate(looks.items()):
            volumes[kind] = scanner(look).scan(clean, head.body, np.random.default_rng([seed, index, number, stream]))
    volumes["lesion"] = head.lesion_mask
    if before:
        volumes["change"] = change_mask(before, head)
    return {**volumes, "mask": head.mask}


def _names(row: Mapping[str, Any], contrast: str) -> dict[str, str]:
    """Columns of a visit in the table of a contrast: names of its files."""
    kinds = {"source": contrast, "mask": "mask", **({"change": "change"} if row["session"] != "ses-1" else {})}
    return {column: head_file(Path(), row["name"], kind).name for column, kind in kinds.items()}


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

    Of the contrast "labels" it is the label map.

    Raises UsageError where a file exists and `overwrite` is False.
    """
    volumes = {}
    for number, contrast in enumerate(contrasts):
        rng = np.random.default_rng([seed, number])
        volumes[contrast] = label_map(head) if contrast == LABELS else paint(head, contrast, rng, randomised=randomised)
    if head.lesions:
        volumes["lesion"] = head.lesion_mask
    volumes["mask"] = head.mask
    return _write(folder, name, volumes, overwrite=overwrite)


def _write(folder: Path, name: str, volumes: Mapping[str, Volume], *, overwrite: bool) -> list[Path]:
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


def visit_name(seed: int, number: int) -> str:
    """The name of a visit of a generated head, counted from 1."""
    return f"{cohort_name(seed)}_ses-{number}"


def visits_table(folder: Path, contrast: str) -> Path:
    """Where the visits of all heads are listed."""
    return folder / f"visits_{contrast}.csv"


def _type(kind: str) -> type:
    masks = dict.fromkeys(("mask", "lesion", "change"), np.uint8)
    return {"CT": np.int16, LABELS: np.int16, **masks}.get(kind, np.uint16)
