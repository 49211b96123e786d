"""A ladder of planted hallucinations, from invisible to gross: which detector sees which strength?

    python docs/benchmarks/hallucinations.py [--quick] [--detector SEGMENTER]      minutes of one core; --quick: seconds

After the protocol of HalluGen (https://arxiv.org/abs/2512.03345): hallucinations of known place and severity, and of
every detector the AUROC and AUPRC on patches with and without one. Synthetic heads, T1 to CT at 3 mm: two regressions
with quantiles translate, a third, of the way back, is trained on real CTs. Balls of 16 mm are blended into the brain
of the translations, brighter by 10 to 500 HU. Each place is scored with its ball and without it; by chance both areas
are 0.5. The lesion audit has two detectors: a threshold in the smoothed CT, and a segmenter, which is trained on real
CTs of other heads with balls of 8 to 24 mm and 20 to 500 HU, unless one is given by --detector.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from calibration import recipe
from scipy import ndimage

from medtrans.auditing.case_audit import ReadCase, lesions_of
from medtrans.auditing.detector import find_detector
from medtrans.auditing.inserted_lesions import draw_places, inserted, signal
from medtrans.auditing.maps import correlation_map, cycle_maps, residual_map
from medtrans.auditing.plausibility import plausibility
from medtrans.auditing.ranking_scores import auprc, auroc
from medtrans.core.tables import text_table
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.reading.volumes import write_volume
from medtrans.recipe import make_recipe
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
    "quantiles", "lesion audit, threshold", "lesion audit, segmenter", "output checks",
)  # fmt: skip
SEGMENTER = {"heads": 12, "steps": 400}
BALLS_MM, BALLS_HU = [24, 20, 16, 16, 12, 12, 8, 8], (20, 500)
"""Of the heads that train the segmenter: what is tried for each, brighter than its surroundings."""


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


def detector(folder, heads, steps):
    """A segmenter of balls in real CTs of heads that are neither translated nor trained translations."""
    for number in range(900, 900 + heads):
        head, rng = make_head(number, shape=SHAPE, spacing=MM), np.random.default_rng(number)
        write_balls(folder, number, paint(head, "CT", rng), brain_of(head), BALLS_MM, BALLS_HU, rng)
    scale = {"name": "linear", "low": -100, "high": 600}
    return train(segmenter_recipe(folder, "CT", scale, steps), folder / "run").model


def write_balls(folder, number, image, place, diameters, heights, rng, signs=(1,)):
    """An image with balls, and the mask of them; heights are drawn evenly in their logarithm, between these."""
    voxels, mask, spacing = image.voxels[0], np.zeros((1, *image.shape), np.uint8), image.spacing
    for ball in draw_places(place, voxels, diameters, spacing, rng):
        height = rng.choice(signs) * np.exp(rng.uniform(*np.log(heights)))
        voxels = inserted(voxels, [ball], height, spacing)
        box, share = signal(ball, image.shape, spacing)
        mask[0][box][share > 0.5] = 1
    write_volume(image.like(voxels[None]), folder / "image" / f"p{number}.nii.gz")
    write_volume(image.like(mask), folder / "lesions" / f"p{number}.nii.gz")


def segmenter_recipe(folder, modality, scale, steps):
    return make_recipe(
        {
            "name": "detector",
            "reading": {
                "root": str(folder),
                "source": {"pattern": "image/*.nii.gz", "modality": modality},
                "target": {"pattern": "lesions/*.nii.gz", "modality": "labels"},
            },
            "preparing": {
                "source_normalisation": scale,
                "target_normalisation": {"name": "labels", "labels": [1]},
                "spatial_dims": 2,
                "slices": 3,
                "patch": [64, 64],
                "augmentation": [{"name": "flip"}, {"name": "blur", "millimetres": [0, 6]}],
            },
            "method": {"name": "segmenter", "network": {"name": "unet", "channels": [16, 32, 64], "norm": "batch"}},
            "training": {"steps": steps, "batch": 8, "device": "cpu", "workers": 0, "log_every": 100,
                         "validate_every": steps, "schedule": "cosine", "learning_rate": 3e-3},
            "evaluating": {"preset": "mr-percentile"},
        }
    )  # fmt: skip


def brain_of(head):
    """Within the brain and its ventricles, away from the border (i, j, k)."""
    tissues = ("white matter", "grey matter", "deep grey matter")
    return ndimage.binary_erosion(ndimage.binary_fill_holes(sum(map(head.fraction, tissues)) > 0.5))


def scores_of(image, case, places):
    """Detector → the score of each place of a translation `image`, of which `case` knows all else."""
    source, target, body, back, spread = (case[key] for key in ("source", "target", "body", "back", "spread"))
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
        "lesion audit, threshold": audited(case, translated, places, case["threshold"]),
        "lesion audit, segmenter": audited(case, translated, places, case["segmenter"]),
        "output checks": [doubts] * len(places),
    }


def above(brain, level):
    """A detector: what is brighter than a level in the smoothed image."""
    return lambda volume: (ndimage.gaussian_filter(volume.voxels[0], SMOOTH_VOXELS) > level) & brain


def audited(case, translated, places, read):
    """Volume of the largest lesion at each place that the audit calls invented; 0 where it calls none."""
    target = case["target"]
    masks = {"translated": read(translated), "target": read(target)}
    invented = [
        one for one in lesions_of(ReadCase("p", "p", translated, target, masks, None)) if one.status == "invented"
    ]
    to_voxels = np.linalg.inv(translated.affine)
    at = [np.rint(to_voxels[:3, :3] @ one.centre_mm + to_voxels[:3, 3]).astype(int) for one in invented]
    near = [ndimage.binary_dilation(mask, iterations=2) for mask in places]
    return [
        max((one.volume_mm3 for one, i in zip(invented, at, strict=True) if mask[tuple(i)]), default=0.0)
        for mask in near
    ]


def tested_case(number, models, reader):
    """A translated head, and what the detectors need."""
    head, rng = make_head(number, shape=SHAPE, spacing=MM), np.random.default_rng(number)
    source, target = paint(head, "T1", rng), paint(head, "CT", rng)
    first, second = (one.translate(source) for one in models[:2])
    both = [one.volume.voxels.astype(np.float32) for one in (first, second)]
    brain = brain_of(head)
    level = float(np.median(target.voxels[0][brain])) + ABOVE_HU
    return {
        "source": source,
        "target": target,
        "both": both,
        "body": models[0].preparation.body_mask(source),
        "back": models[2],
        "brain": brain,
        "spread": np.std(both, axis=0, ddof=1)[0],
        "quantiles": first.uncertainty.voxels[0],
        "threshold": above(brain, level),
        "segmenter": lambda volume: reader.read("p", "translated", volume)[0],
    }


def ladder(models, reader, tested, strengths):
    """(strength → detector → scores with a ball, scores without one), mean error of the translations."""
    clean, planted, errors = {}, {strength: {} for strength in strengths}, []
    for number in range(tested):
        case = tested_case(500 + number, models, reader)
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


def main(folder, segmenter, *, quick):
    strengths = STRENGTHS[1::2] if quick else STRENGTHS
    models = trained(folder, 2 if quick else TRAINED, 4 if quick else STEPS)
    steps = {"heads": 2, "steps": 4} if quick else {key: SEGMENTER[key] for key in ("heads", "steps")}
    reader = find_detector(segmenter or detector(folder / "detector", **steps), (), "CT", None, "cpu")
    print(f"trained: {time.process_time():.0f} s of the processor", flush=True)
    clean, planted, errors = ladder(models, reader, 1 if quick else TESTED, strengths)
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--detector", type=Path, metavar="SEGMENTER")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary), options.detector, quick=options.quick)
