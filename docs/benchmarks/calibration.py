"""Calibrated uncertainty on synthetic heads that were not there: coverage by tissue and of lesions, expected error.

    python docs/benchmarks/calibration.py [FOLDER]        two minutes of one core; a number after it: other seeds

T1 to CT in slices of 6 mm: small regressions with quantiles, trained on 10 heads. 40 other heads calibrate a single
model, and the ensemble of two, 40 more are translated. Half of the heads have lesions that a CT shows (calcified,
400 HU) and no training head had. Some sources are spoilt by noise, so that errors differ from case to case.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy import stats

from medtrans.auditing.calibrated import uncertainty_floor
from medtrans.auditing.calibrating import coverage_rows, half_widths, mean_width
from medtrans.auditing.components import components
from medtrans.auditing.error_ratios import case_errors
from medtrans.core.tables import text_table
from medtrans.phantoms.anatomy import Lesion, make_head
from medtrans.phantoms.contrasts import paint
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import make_recipe
from medtrans.stages.audit_calibrate import calibrate_model
from medtrans.stages.train import train
from medtrans.translating.ensemble import load_translator

SHAPE, MM = (32, 40, 32), 6.0
TRAINED, CALIBRATED, HELD_OUT = 10, 40, 40
STEPS, MODELS = 300, 2
LESION_MM, LESION_HU = 24.0, 400.0


def case(seed, lesions):
    """(T1, CT, lesion mask); the CT shows lesions as calcified, the T1 does not. Noise of the T1 differs by case."""
    rng = np.random.default_rng(seed)
    head = make_head(seed, shape=SHAPE, spacing=MM, lesions=[Lesion(LESION_MM)] if lesions else [])
    source = paint(head, "T1", rng, noise=float(rng.choice([0.01, 0.03, 0.08])) if seed >= TRAINED else 0.02)
    target = paint(head, "CT", rng)
    mask = head.lesion_mask.voxels if lesions else np.zeros_like(target.voxels, np.uint8)
    hurt = target.like((target.voxels + LESION_HU * (mask > 0)).astype(np.float32))
    return source, hurt, target.like(mask.astype(np.uint8))


def write(folder, seeds, *, lesions):
    for number, seed in enumerate(seeds):
        images = dict(zip(("source", "target", "lesions"), case(seed, lesions and number % 2 == 0), strict=True))
        for role, volume in images.items():
            write_volume(volume, folder / role / f"p{seed:04}.nii.gz", overwrite=True)


def recipe(root, seed, *, back=False, side=32, steps=STEPS):
    """T1 to CT, or the way `back`, of the files in a folder."""
    modalities = ("CT", "MR") if back else ("MR", "CT")
    scale = {"target_normalisation": {"name": "percentiles"}} if back else {}
    return make_recipe(
        {
            "name": "calibration",
            "reading": {
                "root": str(root),
                "source": {"pattern": "source/*.nii.gz", "modality": modalities[0]},
                "target": {"pattern": "target/*.nii.gz", "modality": modalities[1]},
            },
            "preparing": {
                "spatial_dims": 2,
                "slices": 3,
                "patch": [side, side],
                "augmentation": [{"name": "flip"}],
                **scale,
            },
            "method": {
                "name": "regression",
                "generator": {"name": "unet", "channels": [12, 24, 48], "norm": "batch"},
                "quantiles": [0.05, 0.95],
            },
            "evaluating": {"preset": "mr-percentile" if back else "synthrad2025"},
            "training": {"steps": steps, "batch": 8, "seed": seed, "device": "cpu", "workers": 0, "log_every": 100,
                         "validate_every": steps, "schedule": "cosine", "learning_rate": 3e-3},
        }
    )  # fmt: skip


def measured(translator, folder):
    """Errors of each case of a folder."""
    first, found = translator.members[0].preparation, []
    for path in sorted((folder / "source").iterdir()):
        source, target, lesions = (read_volume(folder / role / path.name) for role in ("source", "target", "lesions"))
        made, name = translator.translate(source), path.name[:5]
        found.append(
            case_errors(
                name, name, made.volume.voxels[0], made.uncertainty.voxels[0], target.voxels[0],
                first.body_mask(source), "CT", uncertainty_floor(first),
                lesions=components(lesions.voxels[0] > 0, source.spacing).labels,
            )
        )  # fmt: skip
    return found


def report(name, known, cases):
    factors = np.array([tissue.factor for tissue in known.tissues.values()])
    rows = []
    for row in coverage_rows(cases, factors):
        below = row["high"] < 1 - known.alpha
        rows.append({"model": name, "of the": row["of"], "part": row["part"], "patients": str(row["patients"]),
                     "within": f"{row['coverage']:.1%}", "95 %": f"{row['low']:.1%} to {row['high']:.1%}",
                     "least": f"{row['least']:.0%}", "below 90 %": "yes" if below else "no"})  # fmt: skip
    print(f"{name}: mean half widths, HU:", end=" ")
    print(", ".join(f"{key} {mean_width(cases, key, one.factor):.0f}" for key, one in known.tissues.items()))
    widths, errors = half_widths(cases, factors)
    expected = known.expected
    inside = int(np.sum((expected.low * widths <= errors) & (errors <= expected.high * widths)))
    ends = stats.binomtest(inside, len(errors)).proportion_ci(0.95)
    found = stats.spearmanr(expected.ratio * widths, errors)
    print(text_table(rows, left=("of the", "part")))
    print(
        f"{name}: MAE {errors.mean():.1f} HU ({errors.min():.1f} to {errors.max():.1f}); expected MAE errs by "
        f"{np.abs(expected.ratio * widths - errors).mean():.1f} HU; in its interval {inside} of {len(errors)} "
        f"(95 % {ends.low:.0%} to {ends.high:.0%}); Spearman {found.statistic:.2f} held out, "
        f"{expected.spearman:.2f} calibrated{'; unusable: ' + expected.unusable if expected.unusable else ''}\n"
    )


def main(folder, seed=0):
    first = 1000 * seed
    groups = {"trained": TRAINED, "calibrated": CALIBRATED, "held out": HELD_OUT}
    for number, (name, count) in enumerate(groups.items()):
        start = first + sum(list(groups.values())[:number])
        write(folder / name, range(start, start + count), lesions=name != "trained")
    print(f"heads: {time.process_time():.0f} s of the processor")
    for number in range(MODELS):
        train(recipe(folder / "trained", number), folder / f"run{number}")
    print(f"trained: {time.process_time():.0f} s of the processor")
    models = [folder / f"run{number}" / "model" for number in range(MODELS)]
    for name, chosen in {"quantiles": models[:1], "ensemble of 2": models}.items():
        root = folder / "calibrated"
        known = calibrate_model(
            root / "source", root / "target", chosen, folder / f"audit {name}", lesions=root / "lesions", device="cpu",
            overwrite=True,
        ).calibration  # fmt: skip
        members = load_translator(chosen, "cpu").with_settings(uncertainty=True)
        report(name, known, measured(members, folder / "held out"))
    print(f"all: {time.process_time():.0f} s of the processor")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(sys.argv[1] if len(sys.argv) > 1 else temporary), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
