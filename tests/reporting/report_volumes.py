"""Synthetic records for the report: a small head of nested balls, scores, a journal, and a report on them."""

from dataclasses import replace

import numpy as np

from medtrans.core.finding import Verdict
from medtrans.core.score import Clause, Definition, Evaluation, MetricId, Score
from medtrans.core.volume import Volume
from medtrans.reporting.evaluation_report import evaluation_report
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.run_record import RunRecord

SHAPE = (20, 24, 16)
SPACING = (2.0, 2.0, 4.0)
MAE, PSNR = MetricId("mae"), MetricId("psnr")
CONVERGED = Verdict(code="convergence", question="Did the training converge?", outcome="pass", reason="it did.")
DEFINITION = Definition(
    preset="synthrad2023",
    modality="CT",
    value_range=(-1024.0, 3000.0),
    data_range=4024.0,
    region="body",
    clauses=(Clause("MAE", "not clipped."),),
)


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
    """The case with label maps: bone and soft tissue in the target, only bone in the translation."""
    labels = np.where(case.mask.voxels[0] == 0, 0, np.where(case.target.voxels[0] > 300, 1, 2)).astype(np.int16)
    maps = {"target": case.target.like(labels), "translated": case.target.like(np.where(labels == 2, 0, labels))}
    return replace(case, structures=maps, classes=("bone", "soft tissue"))


def example_case(
    name="sub-01", shape=SHAPE, spacing=SPACING, *, target=True, mask=True, shift=25.0, modality="CT", source="MR"
):
    """Images of one case; the translation is the target plus `shift` and noise."""
    voxels, body = head(shape, spacing)
    place = affine(spacing)
    of_source = Volume(np.where(body, 500 - voxels / 4, 0)[None].astype(np.float32), place)
    rng = np.random.default_rng(0)
    translated = np.where(body, voxels + shift + 20 * rng.standard_normal(shape), -1024).astype(np.float32)
    return CaseImages(
        name,
        of_source,
        of_source.like(voxels) if target else None,
        of_source.like(translated),
        of_source.like(body.astype(np.uint8)) if mask else None,
        source_modality=source,
        target_modality=modality,
    )


def scores(cases=("sub-01", "sub-02"), baselines=("copied source",)):
    """The translation has MAE 40, 41 …; each baseline 100 more than the one before."""
    found = []
    for number, case in enumerate(cases):
        for place, system in enumerate(("translated", *baselines)):
            found += [
                Score(case, case, system, MAE, 40.0 + number + 100 * place, "HU", "lower"),
                Score(case, case, system, PSNR, 30.0 - number - 5 * place, "dB", "higher"),
            ]
    return found


def with_value(found, case, system, metric, value, note=""):
    """The scores with one value replaced."""
    return [
        replace(s, value=value, note=note) if (s.case, s.system, s.metric) == (case, system, metric) else s
        for s in found
    ]


def journal(steps=100, every=1):
    rows = []
    for step in range(every, steps + 1, every):
        row = {"step": step, "seconds": 0.1 * step, "generator/l1": 1 / step, "discriminator/gan": 0.3}
        if step % 10 == 0:
            row |= {"validation/mae": 50.0 + abs(step - 60), "learning_rate": 1e-3}
        rows.append(row)
    return rows


RUN = {"journal": journal(), "monitor": "mae", "recipe": "name: MR to CT\n", "convergence": CONVERGED}
"""Record of a run."""


def report(cases=None, run=None, **changes):
    """A report; `changes` are fields of the evaluation, or title, about, date, provenance and findings."""
    page = {
        "title": "MR to CT",
        "about": "One sentence.",
        "date": "2025-01-02",
        "provenance": {"software": {"python": "3.11"}, "seed": 7},
    }
    page |= {
        name: changes.pop(name) for name in ("title", "about", "date", "provenance", "findings") if name in changes
    }
    evaluation = Evaluation(**{"definition": DEFINITION, "scores": scores()} | changes)
    title, images = page.pop("title"), [example_case()] if cases is None else cases
    return evaluation_report(title, evaluation, images, run=RunRecord(**RUN | (run or {})), **page)
