"""`medtrans audit insert` of a trained model, with a segmenter as a second detector.

    python docs/benchmarks/insertions.py FOLDER [--quick]        minutes of one core; --quick: seconds

Synthetic heads at 3 mm: a small regression of T1 to FLAIR is trained on 10 heads, a segmenter of dark and bright balls
on the real FLAIR of 12 others. Balls are then put into 8 further heads, source and real image, within the brain. All
files stay in FOLDER; the page is FOLDER/audit/audit.html.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from hallucinations import MM, SHAPE, brain_of, segmenter_recipe, write_balls

from medtrans.auditing.insertion_audit import Design
from medtrans.auditing.insertion_tables import to_text
from medtrans.metrics.image._noise import noise
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.reading.volumes import write_volume
from medtrans.recipe import make_recipe
from medtrans.stages.audit_insert import Beside, audit_insert
from medtrans.stages.train import train

BALLS_MM, BALLS_NOISE = [20, 16, 12, 12, 8, 8, 6, 6], (1, 12)
"""Of the segmenter's training; in standard deviations of the noise, dark or bright."""


def write_heads(folder, seeds):
    """T1, FLAIR and the place where balls may lie."""
    for seed in seeds:
        head, rng = make_head(seed, shape=SHAPE, spacing=MM), np.random.default_rng(seed)
        for contrast in ("T1", "FLAIR"):
            write_volume(paint(head, contrast, rng), folder / contrast / f"p{seed:04}.nii.gz", overwrite=True)
        place = paint(head, "T1", rng).like(brain_of(head)[None].astype(np.uint8))
        write_volume(place, folder / "place" / f"p{seed:04}.nii.gz", overwrite=True)


def translator(folder, steps):
    settings = {
        "name": "t1-to-flair",
        "reading": {
            "root": str(folder / "trained"),
            "source": {"pattern": "T1/*.nii.gz", "modality": "MR"},
            "target": {"pattern": "FLAIR/*.nii.gz", "modality": "MR"},
        },
        "preparing": {"spatial_dims": 2, "slices": 3, "patch": [64, 64], "augmentation": [{"name": "flip"}],
                      "target_normalisation": {"name": "percentiles"}},
        "method": {"name": "regression", "generator": {"name": "unet", "channels": [16, 32, 64], "norm": "batch"}},
        "training": {"steps": steps, "batch": 8, "device": "cpu", "workers": 0, "log_every": 100,
                     "validate_every": steps, "schedule": "cosine", "learning_rate": 3e-3},
        "evaluating": {"preset": "mr-percentile"},
    }  # fmt: skip
    return train(make_recipe(settings), folder / "translator").model


def detector(folder, heads, steps):
    for seed in range(900, 900 + heads):
        head, rng = make_head(seed, shape=SHAPE, spacing=MM), np.random.default_rng(seed)
        image, place = paint(head, "FLAIR", rng), brain_of(head)
        deviation = noise(image.voxels[0], place, str(seed), "image")
        heights = [times * deviation for times in BALLS_NOISE]
        write_balls(folder / "balls", seed, image, place, BALLS_MM, heights, rng, signs=(-1, 1))
    return train(segmenter_recipe(folder / "balls", "MR", {"name": "percentiles"}, steps), folder / "detector").model


def main(folder, *, quick):
    write_heads(folder / "trained", range(3 if quick else 10))
    write_heads(folder / "tested", range(500, 502 if quick else 508))
    model = translator(folder, 4 if quick else 400)
    reader = detector(folder, *((2, 4) if quick else (12, 400)))
    print(f"trained: {time.process_time():.0f} s of the processor", flush=True)
    design = Design(diameters=(8.0,), contrasts=(4.0,), lesions=12) if quick else Design()
    tested = folder / "tested"
    found = audit_insert(
        tested / "T1", [model], folder / "audit", design, Beside(tested / "FLAIR", tested / "place"), detector=reader,
        device="cpu", overwrite=True,
    )  # fmt: skip
    print(to_text(found))
    print(f"all: {time.process_time():.0f} s of the processor")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    main(options.folder, quick=options.quick)
