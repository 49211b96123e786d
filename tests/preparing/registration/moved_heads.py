"""A head in two contrasts, one of them moved by a known rotation and translation onto a grid of its own."""

import numpy as np
from scipy.spatial.transform import Rotation

from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.preparing.geometry import resample_like
from medtrans.reading.grids import LPS_TO_RAS

SHAPE, SPACING = (44, 52, 44), 4.5


def moved_head(seed, *, contrast="CT", degrees=15.0, millimetres=20.0):
    """(T1, moved volume, the 4×4 matrix in RAS from points of the first to points of the second)."""
    rng = np.random.default_rng(seed)
    head = make_head(seed, shape=SHAPE, spacing=SPACING)
    fixed, other = paint(head, "T1", rng), paint(head, contrast, rng)
    centre = (other.affine @ [*(np.array(SHAPE) / 2), 1])[:3]
    axis, direction = (vector / np.linalg.norm(vector) for vector in rng.normal(size=(2, 3)))
    truth = np.eye(4)
    truth[:3, :3] = Rotation.from_rotvec(np.radians(degrees) * axis).as_matrix()
    truth[:3, 3] = centre + millimetres * direction - truth[:3, :3] @ centre
    scanned = np.diag([4.0, 4.2, 5.0, 1.0])
    scanned[:3, 3] = centre - np.array([120, 126, 120])
    grid = Volume(np.zeros((1, 60, 60, 48), np.uint8), scanned)
    background = float(other.voxels.min())
    return fixed, resample_like(Volume(other.voxels, truth @ other.affine), grid, background=background), truth


def error_mm(transform, fixed, truth):
    """Mean distance between where a transform and where the truth maps points of the bright voxels."""
    places = np.argwhere(fixed.voxels[0] > np.percentile(fixed.voxels, 70))[::29]
    points = np.column_stack([places, np.ones(len(places))]) @ fixed.affine.T
    mapped = np.array([transform.TransformPoint((LPS_TO_RAS @ point)[:3].tolist()) for point in points])
    return float(np.linalg.norm(mapped - (points @ (LPS_TO_RAS @ truth).T)[:, :3], axis=1).mean())
