"""Depth profile: signal along rays from the skin inwards, with scalp, skull and brain one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.auditing.gate.coarse import Coarse
from medtrans.auditing.gate.orientation import Frame
from medtrans.core.volume import Volume

RAYS, CENTRE_BELOW_MM, LOWEST_RISE, LONGEST_MM = 400, 75.0, -0.1, 150
DEPTH_MM = 50
"""Depths of a profile, from the skin."""
OUTER_MM, INNER_MM, DEEP_MM = 9, (20, 35), (35, 50)
"""Within the first lies the scalp, up to the second the skull, in it the rim of the brain."""
EDGE = 0.2
"""Of the median signal of the body: the skin is where a ray has it for the last time."""
MIN_RAYS = 40


@dataclass(frozen=True)
class Profile:
    """In parts of the median signal at depths of 20 to 50 mm; nan where the head is not held."""

    scalp: float
    skull: float
    rim: float
    deep: float
    dip: float
    """Median over rays of the share of the signal that is lost between scalp and brain: the skull of an MR."""
    bone_rise: float
    """Median over rays of the highest signal of the second to 14th mm over that of the brain: the skull of a CT."""
    evenness: float
    """Interquartile range of the brain over its median."""


def depth_profile(volume: Volume, coarse: Coarse, frame: Frame, rotation: np.ndarray) -> Profile:
    """Of the first channel; `rotation` turns the head upright, `frame` is its place then."""
    rays = _rays(frame) @ rotation  # (ray, mm from the centre, 3), in the world of the image
    values = nearest(volume.voxels[0], volume.affine, rays).astype(np.float32) - np.float32(coarse.air)
    body = nearest(coarse.body, coarse.affine, rays) > 0
    typical = float(np.median(coarse.image[coarse.body]))
    along = _inwards(values, body, EDGE * typical)
    inner = np.nanmedian(along[:, INNER_MM[0] : DEEP_MM[1]]) if len(along) >= MIN_RAYS else 0.0
    if not inner > 0:
        return Profile(*[float("nan")] * 7)
    along = along / inner
    outer, brain = along[:, :OUTER_MM].max(axis=1), along[:, slice(*INNER_MM)].mean(axis=1)
    lowest = along[:, 3 : INNER_MM[0] - 2].min(axis=1)
    smaller = np.maximum(np.minimum(outer, brain), 1e-3)
    middle = np.nanmedian(along, axis=0)
    lower, upper = np.nanpercentile(along[:, INNER_MM[0] :], (25, 75))
    return Profile(
        scalp=float(middle[:OUTER_MM].max()),
        skull=float(middle[3 : INNER_MM[0] - 2].min()),
        rim=float(middle[slice(*INNER_MM)].mean()),
        deep=float(middle[slice(*DEEP_MM)].mean()),
        dip=float(np.nanmedian(1 - lowest / smaller)),
        bone_rise=float(np.nanmedian(along[:, 2:15].max(axis=1) / np.maximum(brain, 1e-3))),
        evenness=float(upper - lower),
    )


def _rays(frame: Frame) -> np.ndarray:
    """Points (ray, mm, 3) on rays to the upper half of a sphere around the middle of the head (Fibonacci's lattice)."""
    number = np.arange(RAYS)
    rise = LOWEST_RISE + (1 - LOWEST_RISE) * (number + 0.5) / RAYS
    turn = number * np.pi * (3 - np.sqrt(5))
    level = np.sqrt(1 - rise**2)
    directions = np.stack([level * np.cos(turn), level * np.sin(turn), rise], axis=-1)
    centre = np.array([frame.x, frame.y, frame.vertex - CENTRE_BELOW_MM])
    return np.asarray(centre + directions[:, None] * np.arange(LONGEST_MM)[:, None])


def nearest(voxels: np.ndarray, affine: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values at points (..., 3) in mm; 0 outside of the grid."""
    inverse = np.linalg.inv(affine)
    index = np.rint(points @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    inside = ((index >= 0) & (index < voxels.shape)).all(axis=-1)
    index = np.where(inside[..., None], index, 0)
    return np.where(inside, voxels[index[..., 0], index[..., 1], index[..., 2]], 0)


def _inwards(values: np.ndarray, body: np.ndarray, edge: float) -> np.ndarray:
    """Values (ray, depth) from the skin inwards, of the rays that reach a skin."""
    near = np.arange(values.shape[1])
    last_body = np.where(body.any(axis=1), body.shape[1] - 1 - body[:, ::-1].argmax(axis=1), 0)
    tissue = (values > edge) & (np.abs(near - last_body[:, None]) <= 8)
    skin = np.where(tissue.any(axis=1), tissue.shape[1] - 1 - tissue[:, ::-1].argmax(axis=1), 0)
    used = (skin >= DEPTH_MM) & (skin < LONGEST_MM - 2)
    depth = skin[used][:, None] - np.arange(DEPTH_MM)
    return np.asarray(np.take_along_axis(values[used], depth, axis=1))
