"""Demo: the whole path in a few minutes, on synthetic heads.

Anatomy, MR physics and HU are synthetic, so the numbers say that the path works, not how well it works on patients.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medtrans.batching.outputs import Output, plan_outputs
from medtrans.batching.staging import publish, staged
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.phantoms.cohort import write_cohort
from medtrans.reading.storage import sha256
from medtrans.reading.temporary_files import remove_strays
from medtrans.recipe import Recipe, make_recipe
from medtrans.stages.run import RunResult, run

HEADS = 12
SHAPE = (64, 72, 64)
SPACING = 3.0
"""Millimetres."""

RECIPE: dict[str, Any] = {
    "name": "demo: MR to CT on synthetic heads",
    "about": "A 2.5D regression from T1-weighted MR to CT, trained and tested on different synthetic heads.",
    "reading": {
        "source": {"pattern": "*_T1.nii.gz", "modality": "MR"},
        "target": {"pattern": "*_CT.nii.gz", "modality": "CT"},
        "mask": "*_mask.nii.gz",
        "test_subjects": ["sub-10", "sub-11"],
        "validation_fraction": 0.1,
    },
    "preparing": {
        "source_normalisation": {"name": "percentiles"},
        "target_normalisation": {"name": "linear"},
        "spatial_dims": 2,
        "slices": 3,
        "augmentation": [{"name": "flip"}],
    },
    "method": {"name": "regression", "generator": {"name": "unet", "channels": [16, 32, 64, 128], "norm": "batch"}},
    "training": {
        "steps": 1200,
        "minutes": 2.5,
        "batch": 4,
        "learning_rate": 2e-3,
        "schedule": "cosine",
        "warm_up": 20,
        "ema_decay": 0.99,
        "validate_every": 100,
        "checkpoint_every": 100,
        "log_every": 5,
    },
    "evaluating": {"preset": "synthrad2023", "region": "mask"},
}


def demo(
    folder: Path, *, on_progress: ProgressCallback = no_progress, changes: dict[str, Any] | None = None
) -> RunResult:
    """Write the heads to `folder`/cases (existing ones are kept), then run the recipe in `folder`/run.

    Raises UsageError where another file has the name of one of them.
    """
    cases = folder / "cases"
    remove_strays(cases)
    missing = [seed for seed in range(HEADS) if not (cases / f"sub-{seed:02}_mask.nii.gz").exists()]
    for done, seed in enumerate(missing):
        on_progress("heads", f"head {seed + 1} of {HEADS}", done / len(missing))
        _write_head(cases, seed)
    on_progress("heads", f"{HEADS} synthetic heads in {cases}", 1.0)
    result = run(_recipe(cases, changes or {}), folder / "run", on_progress=on_progress)
    assert result is not None
    return result


def _write_head(cases: Path, seed: int) -> None:
    """An interrupted demo may have left a part of the head: the same files, which are written again."""
    with staged(cases) as place:
        files = write_cohort(place, [seed], ("T1", "CT"), shape=SHAPE, spacing=SPACING)
        own = {cases / file.name: file for file in files}
        planned = [Output(path, "volume") for path in own]
        plan_outputs(
            planned, replaceable=lambda path: sha256(path) == sha256(own[path]), advice="give another --folder"
        )
        publish(files, cases)


def _recipe(cases: Path, changes: dict[str, Any]) -> Recipe:
    values = {**RECIPE, "reading": {**RECIPE["reading"], "root": str(cases.resolve())}}
    values["training"] = {**RECIPE["training"], **changes}
    return make_recipe(values, where="demo")
