"""Overlap and distance of two masks, and of bone."""

import math
from itertools import product

import numpy as np
from scipy.spatial.distance import cdist

from medtrans.evaluating.segmentation.structures import structure
from medtrans.metrics.image._overlap import dice, hausdorff95, surface_dice
from medtrans.metrics.image.bone_dice import BoneDice
from medtrans.metrics.image.bone_hd95 import BoneHD95
from tests.conformance.image_rows import SPACING, pairs_of_images
from tests.conformance.rows import row


def masks():
    """Pairs of masks of two balls."""
    places = np.moveaxis(np.indices((20, 18, 16)), 0, -1) * SPACING
    rng = np.random.default_rng(0)
    for _ in range(8):
        centres = np.array([9, 13, 24]) + rng.uniform(-3, 3, (2, 3))
        radii = rng.uniform(5, 8, 2)
        yield [np.linalg.norm(places - c, axis=-1) < r for c, r in zip(centres, radii, strict=True)]


def surface(mask):
    padded = np.pad(mask, 1)
    alone = [np.roll(padded, step, axis)[1:-1, 1:-1, 1:-1] for axis in range(3) for step in (-1, 1)]
    return np.argwhere(mask & ~np.logical_and.reduce(alone)) * SPACING


@row("Dice", "sets of voxels", within=1e-12)
def _():
    for a, b in masks():
        one, other = ({tuple(place) for place in np.argwhere(mask).tolist()} for mask in (a, b))
        yield dice(a, b), 2 * len(one & other) / (len(one) + len(other))


@row("Bone Dice", "sets of voxels from 250 HU", within=1e-12)
def _():
    for x, y, body in pairs_of_images():
        one, other = ({n for n, value in enumerate(image[body]) if value >= 250} for image in (x, y))
        yield BoneDice()(x, y, body), 2 * len(one & other) / (len(one) + len(other))


@row("Bone HD95", "every distance of two surfaces, scipy's cdist", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        apart = cdist(*(surface(body & (image >= 250)) for image in (x, y)))
        yield BoneHD95()(x, y, body, SPACING), max(np.percentile(apart.min(axis), 95) for axis in (0, 1))


@row("HD95", "MONAI, compute_hausdorff_distance", within=1e-5, requires="monai")
def _():
    import torch
    from monai.metrics import compute_hausdorff_distance

    for pair in masks():
        one, other = (torch.from_numpy(mask[None, None].astype(np.float32)) for mask in pair)
        theirs = compute_hausdorff_distance(one, other, True, percentile=95, spacing=list(SPACING))
        yield hausdorff95(*pair, SPACING), theirs


@row("HD95", "every distance of two surfaces, scipy's cdist", within=1e-9)
def _():
    for a, b in masks():
        apart = cdist(surface(a), surface(b))
        yield hausdorff95(a, b, SPACING), max(np.percentile(apart.min(axis), 95) for axis in (0, 1))


@row("Surface Dice", "MONAI, compute_surface_dice", within=1e-6, requires="monai")
def _():
    import torch
    from monai.metrics import compute_surface_dice

    for pair in masks():
        one, other = (torch.from_numpy(mask[None, None].astype(np.float32)) for mask in pair)
        theirs = compute_surface_dice(one, other, [2.0], include_background=True, spacing=list(SPACING))
        yield surface_dice(*pair, SPACING, 2.0), theirs


@row("Surface Dice", "every distance of two surfaces, scipy's cdist", within=1e-9)
def _():
    for (a, b), tolerance in product(masks(), (0.0, 1.0, 3.0)):
        apart = cdist(surface(a), surface(b))
        within = np.concatenate([apart.min(0), apart.min(1)]) <= tolerance
        yield surface_dice(a, b, SPACING, tolerance), within.mean()


@row("Volume and volume error of a structure (ml, %)", "sets of voxels", within=1e-9)
def _():
    for a, b in masks():
        found = structure(a, b, SPACING, 2.0, ("case", "subject", "system"), "ball")
        one, other = (len(np.argwhere(mask)) * math.prod(SPACING) / 1000 for mask in (a, b))
        yield from ((found.ml, one), (found.real_ml, other), (found.volume_error, abs(one - other)))
        yield found.volume_error_percent, 100 * abs(one - other) / other
