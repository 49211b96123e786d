"""Does a skull mask lie where the skull of its T1 is? python skull_mask.py LABELS T1 SKULL BRAIN [CT …]

SKULL and BRAIN are masks of the head of T1, made of another image and registered to it. At the outer table bone is dark
and the scalp bright, so that the mean step of the T1 across the outer surface of the mask, 2 mm without minus 2 mm
within, is largest where the mask lies right. It is looked for over rotations and shifts, by the T1 alone. LABELS are
label maps, painted as T1, whose masks do lie right: how far those are moved is the error of this search. Each CT is a
translation of the T1: Dice of its bone above 250 HU with the mask as given and as moved, and of both masks.
"""

import sys
from pathlib import Path

import numpy as np
from nibabel.affines import apply_affine, voxel_sizes
from scipy import ndimage, optimize
from scipy.spatial.transform import Rotation

from medtrans.core.filters import gaussian_filter
from medtrans.core.volume import Volume
from medtrans.metrics.image._overlap import dice
from medtrans.phantoms.contrasts import paint
from medtrans.phantoms.label_maps import from_label_map
from medtrans.phantoms.tissues import NUMBER
from medtrans.preparing.geometry import resample_like
from medtrans.reading.volumes import read_volume

BONE = "cortical bone", "marrow"
BRAIN = "CSF", "grey matter", "white matter", "deep grey matter"
STEP_MM, VAULT_MM, POINTS = 2.0, 110.0, 20_000


def outer_surface(skull: np.ndarray, brain: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the outer table in mm, above the base of the skull, and unit normals away from the head."""
    solid = ndimage.binary_fill_holes(ndimage.binary_closing(skull | brain, iterations=3))
    index = np.argwhere(solid & ~ndimage.binary_erosion(solid))
    points = apply_affine(affine, index)
    vault = points[:, 2] > points[:, 2].max() - VAULT_MM
    index, points = index[vault], points[vault]
    smooth = gaussian_filter(solid.astype(np.float32), 1.5 / voxel_sizes(affine))
    slopes = np.stack([slope[tuple(index.T)] for slope in np.gradient(smooth)], 1) @ np.linalg.inv(affine[:3, :3])
    normals = -slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-9)
    chosen = np.random.default_rng(0).permutation(len(points))[:POINTS]
    return points[chosen], normals[chosen]


def placed(t1: Volume, skull: np.ndarray, brain: np.ndarray) -> tuple[np.ndarray, float, float, float]:
    """The rigid motion (4, 4) of the mask to the largest step, steps before and after relative to the 95th percentile
    of the T1, and the mean distance by which the surface is moved, in mm."""
    bright = np.percentile(t1.voxels[t1.voxels > 0], 95)
    image = gaussian_filter(np.minimum(t1.voxels[0] / bright, 1).astype(np.float32), [0.7 / mm for mm in t1.spacing])
    points, normals = outer_surface(skull, brain, t1.affine)
    centre, inverse = points.mean(0), np.linalg.inv(t1.affine)

    def motion(x: np.ndarray) -> np.ndarray:
        out = np.eye(4)
        out[:3, :3] = Rotation.from_euler("xyz", x[:3], degrees=True).as_matrix()
        out[:3, 3] = centre + x[3:] - out[:3, :3] @ centre
        return out

    def at(places: np.ndarray) -> np.ndarray:
        return ndimage.map_coordinates(image, apply_affine(inverse, places).T, order=1, mode="nearest")

    def step(x: np.ndarray) -> float:
        moved = motion(x)
        places, across = apply_affine(moved, points), STEP_MM * normals @ moved[:3, :3].T
        return float((at(places + across) - at(places - across)).mean())

    found = optimize.minimize(lambda x: -step(x), np.zeros(6), method="Powell", options={"ftol": 1e-5})
    moved = motion(found.x)
    distance = np.linalg.norm(apply_affine(moved, points) - points, axis=1).mean()
    return moved, step(np.zeros(6)), -found.fun, float(distance)


def show(name: str, before: float, after: float, distance: float) -> None:
    print(f"{name:<12} step {before:.2f} -> {after:.2f}, moved {distance:.1f} mm", flush=True)


if __name__ == "__main__":
    labels, *rest = map(Path, sys.argv[1:])
    for number, path in enumerate(sorted(labels.glob("*_labels.nii.gz"))):
        head, rng = from_label_map(read_volume(path), np.random.default_rng(number)), np.random.default_rng([number, 2])
        masks = (np.isin(head.tissues.voxels[0], [NUMBER[name] for name in names]) for names in (BONE, BRAIN))
        show(path.name.split("_labels")[0], *placed(paint(head, "T1", rng, tesla=3.0), *masks)[1:])
    t1, skull, brain, *translated = map(read_volume, rest)
    moved, *facts = placed(t1, skull.voxels[0] > 0, brain.voxels[0] > 0)
    show("given", *facts)
    truth = skull.voxels[0] > 0
    mask = Volume(truth[None].astype(np.float32), moved @ skull.affine)
    other = resample_like(mask, skull).voxels[0] > 0.5
    print(f"Dice of the mask as given and as moved: {dice(truth, other):.3f}")
    for path, ct in zip(rest[3:], translated, strict=True):
        bone = ct.voxels[0] > 250
        print(f"{path.name}: bone Dice {dice(bone, truth):.3f} as given, {dice(bone, other):.3f} as moved")
