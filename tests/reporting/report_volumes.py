"""A small made head, ball in ball, with a corner that tells left from right, and a report on it."""

from dataclasses import replace

import numpy as np

from medtrans.core.metric import Definition, Score
from medtrans.core.volume import Volume
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.page import Report

SHAPE = (20, 24, 16)
SPACING = (2.0, 2.0, 4.0)


def affine(spacing=SPACING):
    return np.diag([*spacing, 1.0])


def head(shape=SHAPE, spacing=SPACING):
    """CT in HU (i, j, k) and its body: skull around soft tissue, denser towards the patient's right front top."""
    centre = [(n - 1) / 2 for n in shape]
    away = [(np.arange(n) - c) / max(0.45 * n, 1) for n, c in zip(shape, centre, strict=True)]
    x, y, z = np.meshgrid(*away, indexing="ij")
    radius = np.sqrt(x**2 + y**2 + z**2)
    voxels = np.full(shape, -1024.0, np.float32)
    voxels[radius < 1] = 800
    inside = radius < 0.8
    voxels[inside] = 40 + 30 * x[inside] + 20 * y[inside] + 10 * z[inside]
    return voxels, radius < 1


def segmented(case):
    """With what a segmenter finds: bone and soft tissue in the target, nothing but bone in the translation."""
    true = np.where(case.mask.voxels[0] == 0, 0, np.where(case.target.voxels[0] > 300, 1, 2)).astype(np.int16)
    found = {"target": case.target.like(true), "translated": case.target.like(np.where(true == 2, 0, true))}
    return replace(case, structures=found, classes=("bone", "soft tissue"))


def pictured(name="sub-01", shape=SHAPE, spacing=SPACING, *, target=True, mask=True, shift=25.0):
    voxels, body = head(shape, spacing)
    place = affine(spacing)
    source = Volume(np.where(body, 500 - voxels / 4, 0)[None].astype(np.float32), place)
    dice = np.random.default_rng(0)
    made = np.where(body, voxels + shift + 20 * dice.standard_normal(shape), -1024).astype(np.float32)
    return CaseImages(
        name,
        source,
        source.like(voxels) if target else None,
        source.like(made),
        source.like(body.astype(np.uint8)) if mask else None,
    )


def scores(cases=("sub-01", "sub-02"), controls=("copy of the source",)):
    """The translation has MAE 40, 41 …; each control 100 more than the one before."""
    found = []
    for number, case in enumerate(cases):
        for place, system in enumerate(("translated", *controls)):
            found += [
                Score(case, case, system, "mae", 40.0 + number + 100 * place, "HU", "lower"),
                Score(case, case, system, "psnr", 30.0 - number - 5 * place, "dB", "higher"),
            ]
    return found


def journal(steps=100, every=1):
    rows = []
    for step in range(every, steps + 1, every):
        row = {"step": step, "seconds": 0.1 * step, "generator/l1": 1 / step, "discriminator/tell": 0.3}
        if step % 10 == 0:
            row |= {"validation/mae": 50.0 + abs(step - 60), "learning_rate": 1e-3}
        rows.append(row)
    return rows


DEFINITION = Definition("synthrad2023", (-1024.0, 3000.0), 4024.0, "body", ("MAE: not clipped.",))


def report(**changes):
    values = {
        "title": "MR to CT",
        "about": "One sentence.",
        "date": "2025-01-02",
        "definition": DEFINITION,
        "scores": scores(),
        "cases": [pictured()],
        "journal": journal(),
        "best": "validation/mae",
        "provenance": {"software": {"python": "3.11"}, "seed": 7},
        "recipe": "name: MR to CT\n",
        "verdict": "Converged: it did.",
    }
    return Report(**values | changes)
