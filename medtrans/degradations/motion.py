"""Rigid motion between lines of k-space: each line belongs to the position of its time.

    Y(k) = (F T_k x)(k),   y = |Fᴴ Y|,   T_k a rotation and a translation that change at drawn times

Frost et al., MRM 2019, https://doi.org/10.1002/mrm.27667; Duffy et al., NeuroImage 2021, https://doi.org/10.1016/j.neuroimage.2021.117756
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge
from scipy import ndimage
from scipy.spatial.transform import Rotation

from medtrans.core.degradation import Degradation, Ladder, NonNegative, draw_uniform
from medtrans.core.volume import Volume
from medtrans.degradations._directions import Direction, axis_along, draw_direction
from medtrans.degradations._k_space import magnitude, to_image, to_k_space


@dataclass(frozen=True, kw_only=True)
class Motion(Degradation):
    name: Literal["motion"] = "motion"
    millimetres: NonNegative = (1.0, 4.0)
    """Largest translation along each axis in mm; as many degrees of rotation about each axis."""
    movements: Annotated[int, Ge(1)] = 3
    """How often the head moves during the scan."""
    phase: Direction = "back_front"
    """Direction of phase encoding: lines across it are measured one after the other."""

    modalities = ("MR",)
    role = "global"
    units: ClassVar[dict[str, str]] = {"millimetres": "mm and degrees", "movements": "movements"}
    ladder: ClassVar[Ladder] = Ladder("millimetres", (0, 0.5, 1, 2, 4, 8))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Times are fractions of the scan; positions are fractions of `millimetres` and of as many degrees."""
        times = np.sort(rng.uniform(0.05, 0.95, self.movements)).tolist()
        positions = rng.uniform(-1, 1, (self.movements, 6)).tolist()
        drawn = {"millimetres": draw_uniform(rng, self.millimetres), "phase": draw_direction(rng, self.phase)}
        return {**drawn, "times": times, "positions": positions}

    def apply(
        self, volume: Volume, *, millimetres: float, phase: str, times: list[float], positions: list[list[float]]
    ) -> Volume:
        x, axis = volume.voxels.astype(np.float32, copy=False), axis_along(volume, phase)
        begins = [round(time * volume.shape[axis]) for time in times]
        # The position at the centre of k-space, which carries the image, is the one without motion.
        middle = sum(begin <= volume.shape[axis] // 2 for begin in begins)
        still = positions[middle - 1] if middle else [0.0] * 6
        k_space = np.empty(0)
        for begin, position in zip([0, *begins], [[0.0] * 6, *positions], strict=True):
            offset = millimetres * (np.array(position) - np.array(still))
            lines = to_k_space(_moved(x, volume, offset) if offset.any() else x, [axis])
            part = [slice(None)] * (axis + 1) + [slice(begin, None)]
            if begin == 0:
                k_space = lines
            k_space[tuple(part)] = lines[tuple(part)]
        return volume.like(magnitude(to_image(k_space, [axis])))


def _moved(voxels: np.ndarray, volume: Volume, position: np.ndarray) -> np.ndarray:
    """Turned about the centre of the image by degrees, and shifted by mm, along the voxel axes."""
    size = np.diag(volume.spacing)
    turn = np.linalg.inv(size) @ Rotation.from_euler("xyz", position[3:], degrees=True).as_matrix() @ size
    centre = (np.array(volume.shape) - 1) / 2
    offset = centre - turn @ (centre + position[:3] / volume.spacing)
    return np.stack([ndimage.affine_transform(channel, turn, offset, order=1) for channel in voxels])
