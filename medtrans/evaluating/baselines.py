"""What any method must beat: answers that need no method.

Each is a volume on the grid of the case, in the target's unit, with air outside the body, scored like a translation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.volume import Volume

COPY = "copy of the source"
"""How the input as if it were the answer is called."""
Values = Callable[[np.ndarray], np.ndarray]


def copy_of_source(source: Volume, body: np.ndarray, air: float, *, normalise: Values, restore: Values) -> Volume:
    """The input as if it were the answer: each channel normalised as a source, then restored as a target.

    `body` (i, j, k) true inside; `normalise` takes the voxels (i, j, k) of a source to the scale that networks see,
    `restore` takes that scale to the target's unit, in which `air` is given.
    """
    copied = [restore(normalise(channel)) for channel in source.voxels]
    return _in_air(source, np.stack(copied), body, air)


def mean_value(targets: Iterable[tuple[Volume, np.ndarray]], like: Volume, body: np.ndarray, air: float) -> Volume:
    """The mean of the training targets over their bodies, everywhere in `body`. For many cases: MeanTarget, once."""
    return MeanTarget(targets).one_value(like, body, air)


def mean_image(
    targets: Iterable[tuple[Volume, np.ndarray]], like: Volume, body: np.ndarray, air: float
) -> Volume | None:
    """The mean training target per voxel; None unless all share the shape of `like`. For many cases: MeanTarget."""
    return MeanTarget(targets).per_voxel(like, body, air)


class MeanTarget:
    """The mean of training targets, read once: one value for the body and, where all share a shape, one per voxel."""

    def __init__(self, targets: Iterable[tuple[Volume, np.ndarray]]) -> None:
        """`targets`: volumes in the model's unit with their bodies (i, j, k). Raises InputRefused on nan in a body."""
        total, count, number = 0.0, 0, 0
        image: np.ndarray | None = None
        for volume, body in targets:
            voxels = volume.voxels.astype(np.float64)
            inside = voxels[:, body]
            if not np.isfinite(inside).all():
                raise InputRefused(
                    "a training target", "has voxels that are nan or infinite in its body", "leave it out"
                )
            total, count, number = total + float(inside.sum()), count + inside.size, number + 1
            if number == 1:
                image = voxels
            elif image is not None:
                image = image + voxels if image.shape == voxels.shape else None
        self.value = total / count if count else float("nan")
        self.image = image / number if image is not None else None

    def one_value(self, like: Volume, body: np.ndarray, air: float) -> Volume:
        """The mean value in `body` (i, j, k), air elsewhere, with the channels of `like`."""
        return _in_air(like, np.full(like.voxels.shape, self.value), body, air)

    def per_voxel(self, like: Volume, body: np.ndarray | None = None, air: float = 0.0) -> Volume | None:
        """The mean image where it has the shape of `like`, else None; air outside `body`, where one is given."""
        if self.image is None or self.image.shape != like.voxels.shape:
            return None
        return _in_air(like, self.image, np.ones(like.shape, bool) if body is None else body, air)


def _in_air(like: Volume, voxels: np.ndarray, body: np.ndarray, air: float) -> Volume:
    return like.like(np.where(body, voxels, air).astype(np.float32))
