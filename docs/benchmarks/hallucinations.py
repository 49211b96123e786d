"""A ladder of planted hallucinations, from invisible to gross: which detector sees which strength?

    python docs/benchmarks/hallucinations.py [--quick]        a few minutes of one core; --quick: seconds

After the protocol of HalluGen (https://arxiv.org/abs/2512.03345): hallucinations of known place and severity, and of
every detector the AUROC and AUPRC on patches with and without one. Synthetic heads, T1 to CT at 3 mm: two regressions
with quantiles translate, a third, of the way back, is trained on real CTs. Balls of 16 mm are blended into the brain
of the translations, brighter by 10 to 500 HU. Each place is scored with its ball and without it; by chance both areas
are 0.5. The lesion audit is given a threshold in the smoothed CT as its detector.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from calibration import recipe
from scipy import ndimage

from medtrans.auditing.case_audit import ReadCase, lesions_of
from medtrans.auditing.inserted_lesions import draw_places, inserted, signal
from medtrans.auditing.maps import correlation_map, cycle_maps, residual_map
from medtrans.auditing.plausibility import plausibility
from medtrans.auditing.ranking_scores import auprc, auroc
from medtrans.core.tables import text_table
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.reading.volumes import write_volume
from medtrans.stages.train import train
from medtrans.translating.translator import Translator

SHAPE, MM = (64, 72, 64), 3.0
STRENGTHS = (10, 30, 60, 120, 250, 500)
"""HU above the translation: 10 is less than its noise, 500 is bone."""
DIAMETER = 16.0
TRAINED, TESTED, PLACES, STEPS = 8, 6, 8, 200
ABOVE_HU, SMOOTH_VOXELS = 40.0, 0.7
"""Of the lesion audit: a lesion is that much above the median of the brain."""
DETECTORS = (
    "residual", "cycle", "cycle, noise-robust", "sFRC", "ensemble, one model invents", "ensemble, all invent",
    "quantiles", "lesion audit", "output checks",
)  # fmt: skip


def trained(folder, tested, steps):
    """Two models of the translation, and one of the way back."""
    for number in range(tested):
        head, rng = make_head(number, shape=SHAPE, spacing=MM), np.random.default_rng(number)
        for role, contrast in (("source", "T1"), ("target", "CT")):
            write_volume(paint(head, contrast, rng), folder / "forward" / role / f"p{number:04}.nii.gz")
            other = {"source": "target", "target": "source"}[role]
            write_volume(paint(head, contrast, rng), folder / "back" / other / f"p{number:04}.nii.gz")
    models = []
    for way, seed in (("forward", 0), ("forward", 1), ("back", 0)):
        run = folder / f"{way}{seed}"
        train(recipe(folder / way, seed, back=way == "back", side=64, steps=steps), run)
        models.append(Translator.load(run / "model", device="cpu"))
    return [one.with_settings(uncertainty=one is not models[2]) for one in models]


def scores_of(image, case, places):
    """Detector → the score of each place of a translation `image`, of which `case` knows all else."""
    source, target, body, back, brain, spread = (
        case[key] for key in ("source", "target", "body", "back", "brain", "spread")
    )
    translated = target.like(image)
    cycles = cycle_maps(
        back.preparation.in_written_unit(source), translated, lambda one: back.translate(one).volume, body
    )
    crossings, counted = correlation_map(image[0], target.voxels[0], body)
    maps = {
        "residual": residual_map(translated, target),
        "cycle": cycles["cycle"],
        "cycle, noise-robust": cycles["cycle_robust"],
        "sFRC": np.where(counted, 1 - crossings, 0),
        "ensemble, all invent": spread,
        "quantiles": case["quantiles"],
    }
    found = {name: [float(one[mask].mean()) for mask in places] for name, one in maps.items()}
    doubts = sum(one.outcome == "doubtful" for one in plausibility(translated, source))
    return {
        **found,
        "lesion audit": audited(translated, target, brain, places),
        "output checks": [doubts] * len(places),
    }


def audited(translated, target, brain, places):
    """Volume of the largest lesion at each place that the audit calls invented; 0 where it calls none."""
    level = float(np.median(target.voxels[0][brain]))
    read = {
        name: (ndimage.gaussian_filter(one.voxels[0], SMOOTH_VOXELS) > level + ABOVE_HU) & brain
        for name, one in (("translated", translated), ("target", target))
    }
    invented = [
        one for one in lesions_of(ReadCase("p", "p", translated, target, read, None)) if one.status == "invented"
    ]
    to_voxels = np.linalg.inv(translated.affine)
    at = [np.rint(to_voxels[:3, :3] @ one.centre_mm + to_voxels[:3, 3]).astype(int) for one in invented]
    near = [ndimage.binary_dilation(mask, iterations=2) for mask in places]
    return [
        max((one.volume_mm3 for one, i in zip(invented, at, strict=True) if mask[tuple(i)]), default=0.0)
        for mask in near
    ]


def tested_case(number, models):
    """A translated head, and what the detectors need."""
    head, rng = make_head(number, shape=SHAPE, spacing=MM), np.random.default_rng(number)
    source, target = paint(head, "T1", rng), paint(head, "CT", rng)
    first, second = (one.translate(source) for one in models[:2])
    both = [one.volume.voxels.astype(np.float32) for one in (first, second)]
    tissues = ("white matter", "grey matter", "deep grey matter")
    brain = ndimage.binary_erosion(ndimage.binary_fill_holes(sum(map(head.fraction, tissues)) > 0.5))
    return {
        "source": source,
        "target": target,
        "both": both,
        "body": models[0].preparation.body_mask(source),
        "back": models[2],
        "brain": brain,
        "spread": np.std(both, axis=0, ddof=1)[0],
        "quantiles": first.uncertainty.voxels[0],
    }


def ladder(models, tested, strengths):
    """(strength → detector → scores with a ball, scores without one), mean error of the translations."""
    clean, planted, errors = {}, {strength: {} for strength in strengths}, []
    for number in range(tested):
        case = tested_case(500 + number, models)
        image, rng = np.mean(case["both"], axis=0), np.random.default_rng(number)
        errors.append(np.abs(image - case["target"].voxels)[0][case["body"]].mean())
        balls = draw_places(case["brain"], case["target"].voxels[0], [DIAMETER] * PLACES, (MM,) * 3, rng)
        places = []
        for ball in balls:
            box, share = signal(ball, SHAPE, (MM,) * 3)
            places.append(np.zeros(SHAPE, bool))
            places[-1][box] = share > 0.5
        add(clean, scores_of(image, case, places) | {"ensemble, one model invents": means(case["spread"], places)})
        for strength in strengths:
            with_balls = inserted(image[0], balls, strength, (MM,) * 3)[None]
            one = inserted(case["both"][0][0], balls, 2 * strength, (MM,) * 3)  # Their mean has `strength`.
            spread = np.std([one, case["both"][1][0]], axis=0, ddof=1)
            own = {"ensemble, one model invents": means(spread, places)}
            add(planted[strength], scores_of(with_balls, case, places) | own)
        print(f"head {number}: {len(balls)} places, {time.process_time():.0f} s of the processor", flush=True)
    return clean, planted, errors


def means(values, places):
    return [float(values[mask].mean()) for mask in places]


def add(gathered, scores):
    for name, own in scores.items():
        gathered.setdefault(name, []).extend(own)


def main(folder, *, quick):
    strengths = STRENGTHS[1::2] if quick else STRENGTHS
    models = trained(folder, 2 if quick else TRAINED, 4 if quick else STEPS)
    print(f"trained: {time.process_time():.0f} s of the processor", flush=True)
    clean, planted, errors = ladder(models, 1 if quick else TESTED, strengths)
    rows, count = [], len(clean["residual"])
    for name in DETECTORS:
        cells = {}
        for strength in strengths:
            values = np.array([*planted[strength][name], *clean[name]])
            wrong = np.arange(len(values)) < count
            cells[f"{strength} HU"] = f"{auroc(values, wrong):.2f} {auprc(values, wrong):.2f}"
        rows.append({"detector": name, **cells})
    print(text_table(rows))
    half = 1.96 * np.sqrt((2 * count + 1) / (12 * count * count))  # Of the rank sum under chance.
    print(f"AUROC, AUPRC; {count} places with, {count} without, in {len(errors)} heads; by chance 0.50 ± {half:.2f};")
    print(f"MAE of the translations {np.mean(errors):.0f} HU ({min(errors):.0f} to {max(errors):.0f});")
    print(f"{time.process_time():.0f} s of the processor")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary), quick="--quick" in sys.argv)
