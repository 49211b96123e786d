"""Small made images with balls for lesions, and cases of them as files."""

import numpy as np

from medtrans.auditing.case_audit import ReadCase
from medtrans.core.volume import Volume
from medtrans.reading.volumes import write_volume

SIDE, SPACING = 40, 2.0
AFFINE = np.diag([SPACING] * 3 + [1.0])
AFFINE[:3, 3] = -SIDE
GRID = np.stack(np.meshgrid(*[np.arange(SIDE) * SPACING - SIDE] * 3, indexing="ij"))
HEAD = np.square(GRID).sum(axis=0) <= 36**2
LARGE, MIDDLE, SMALL = ((-16, -16, 0), 14.0), ((12, 12, 0), 8.0), ((-12, 12, 4), 4.5)
"""Centre and diameter in mm."""


def balls(*places):
    """Mask (i, j, k) of balls."""
    found = np.zeros((SIDE,) * 3, bool)
    for centre, diameter in places:
        found |= np.square(GRID - np.reshape(centre, (3, 1, 1, 1))).sum(axis=0) <= (diameter / 2) ** 2
    return found


def image(lesions, seed=0, height=60.0, noise=5.0):
    """A head of 100 with noise, lesions by `height` brighter, and 0 outside."""
    rng = np.random.default_rng(seed)
    voxels = np.where(HEAD, 100 + noise * rng.standard_normal(HEAD.shape), 0) + np.where(lesions, height, 0)
    return Volume(voxels.astype(np.float32)[None], AFFINE)


def read_case(truth, read, in_target=None, in_source=None, name="p1"):
    """A case whose masks are given; the images show the truth, and what is read in the translation."""
    readings = {"translated": read, "target": in_target, "source": in_source}
    given = {image: mask for image, mask in readings.items() if mask is not None}
    shown = truth if truth is not None else in_target
    return ReadCase(name, name, image(read), None if shown is None else image(shown), given, truth)


def write_case(folder, name, truth, translated, in_target=None, *, labels=True):
    """Files of a case: source, translated, target, lesions; and label maps of the detector."""
    seed = sum(map(ord, name))
    images = {"source": image(truth, seed), "target": image(truth, seed), "translated": image(translated, seed)}
    for role, volume in images.items():
        write_volume(volume, folder / role / f"{name}.nii.gz")
    masks = {"lesions": truth}
    if labels:
        masks |= {"labels/translated": translated, "labels/target": truth if in_target is None else in_target}
    for place, mask in masks.items():
        write_volume(Volume(mask.astype(np.uint8)[None], AFFINE), folder / place / f"{name}.nii.gz")


def words(folder, out, *more, name=""):
    """The command of an audit of the cases in a folder, or of the one of that file's name."""
    paths = {role: folder / role / name for role in ("source", "translated", "target", "lesions")}
    roles = [word for role, path in paths.items() for word in (f"--{role}", path)]
    return ["audit", "lesions", *roles, "--detector", folder / "labels", "-o", out, *more]
