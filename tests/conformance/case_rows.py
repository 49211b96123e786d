"""What the page and the baselines of an evaluation measure in one case."""

import statistics

import numpy as np

from medtrans.core.volume import Volume
from medtrans.evaluating.intensity_errors import by_intensity, by_tissue
from medtrans.evaluating.measurements import measurements
from medtrans.evaluating.training_baselines import TrainingBaselines, TrainingCase
from tests.conformance.image_rows import SPACING, pairs_of_images
from tests.conformance.rows import row

AFFINE = np.diag([*SPACING, 1.0])


def in_body():
    """Translation and target of the voxels in the body, as lists."""
    for x, y, body in pairs_of_images():
        yield x[body].tolist(), y[body].tolist()


def of_tissue(hu):
    return sum(hu >= limit for limit in (-200, -30, 200))


@row("Share, mean error and MAE of each tissue", "a loop over voxels", within=1e-9)
def _():
    for x, y in in_body():
        for number, band in enumerate(by_intensity(np.array(y), np.array(x), modality="CT").bands):
            errors = [a - b for a, b in zip(x, y, strict=True) if of_tissue(b) == number]
            yield band.share, len(errors) / len(y)
            if errors:
                yield from ((band.mean, statistics.fmean(errors)), (band.absolute, statistics.fmean(map(abs, errors))))


@row("Histograms of each tissue", "a loop over voxels", within=1e-12)
def _():
    for x, y in in_body():
        for found in by_tissue(np.array(y), np.array(x)):
            number = of_tissue({"air inside": -300, "fat": -100, "soft tissue": 0, "bone": 500}[found.name])
            own = [pair for pair in zip(y, x, strict=True) if of_tissue(pair[0]) == number]
            for values, shares in zip(zip(*own, strict=True), (found.target, found.translated), strict=True):
                bins = [sum(value >= edge for edge in found.edges[1:-1]) for value in values]
                yield from ((share, bins.count(place) / len(own)) for place, share in enumerate(shares))


@row("Mean in the mask (HU), volume of bone (ml)", "a loop over voxels", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        volumes = (Volume(image[None], AFFINE) for image in (x, y, body))
        mean, bone = measurements(*volumes, modality="CT", case="case", subject="subject")
        for image, means, volume in ((x, mean.translated, bone.translated), (y, mean.target, bone.target)):
            values = image[body].tolist()
            yield means, statistics.fmean(values)
            yield volume, sum(value > 200 for value in values) * np.prod(SPACING) / 1000


@row("Intensity lookup, training mean, training mean image", "medians and means, voxel by voxel", within=1e-4)
def _():
    rng = np.random.default_rng(0)
    inside = rng.random((8, 8, 8)) < 0.7
    sources = rng.uniform(-1, 1, (3, 1, 8, 8, 8))
    targets = 900 * sources**2 + rng.normal(0, 40, sources.shape)
    cases = [TrainingCase(Volume(y, AFFINE), inside, x) for x, y in zip(sources[:2], targets[:2], strict=True)]
    found = TrainingBaselines(cases).volumes(Volume(targets[2], AFFINE), inside, -1024.0, sources[2])
    pairs = [
        (x[0][place], y[0][place])
        for x, y in zip(sources[:2], targets[:2], strict=True)
        for place in zip(*np.nonzero(inside), strict=True)
    ]
    low, high = np.percentile([one for one, _ in pairs], (0.1, 99.9))
    for place in zip(*np.nonzero(inside), strict=True):
        own = bin_of(sources[2][0][place], low, high)
        yield (
            found["intensity lookup"].voxels[0][place],
            statistics.median(y for x, y in pairs if bin_of(x, low, high) == own),
        )
        yield found["training mean"].voxels[0][place], statistics.fmean(y for _, y in pairs)
        yield found["training mean image"].voxels[0][place], (targets[0][0][place] + targets[1][0][place]) / 2


def bin_of(value, low, high):
    """Of 64 equal bins."""
    return min(max(int((value - low) / (high - low) * 64), 0), 63)
