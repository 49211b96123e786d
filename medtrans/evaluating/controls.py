"""What any method must beat: answers that need no method."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from medtrans.core.volume import Volume


class MeanTarget:
    """The mean of training targets: one value for the body, and, where all share one shape, one value per voxel."""

    def __init__(self, targets: Iterable[tuple[Volume, np.ndarray]]) -> None:
        """`targets`: volumes in the model's unit, with their bodies (i, j, k)."""
        total, count, image, number = 0.0, 0, None, 0
        for volume, body in targets:
            voxels = volume.voxels.astype(np.float64)
            total, count, number = (
                total + float(voxels[:, body].sum()),
                count + int(body.sum()) * len(voxels),
                number + 1,
            )
            if number == 1:
                image = voxels
            elif image is not None:
                image = image + voxels if image.shape == voxels.shape else None
        self.value = total / count if count else float("nan")
        self.image = image / number if image is not None else None

    def one_value(self, like: Volume, body: np.ndarray, air: float) -> Volume:
        """The mean value in the body of `like`, air elsewhere."""
        return like.like(np.where(body, self.value, air)[None].repeat(like.channels, axis=0).astype(np.float32))

    def per_voxel(self, like: Volume) -> Volume | None:
        """The mean image, where it has the shape of `like`."""
        if self.image is None or self.image.shape != like.voxels.shape:
            return None
        return like.like(self.image.astype(np.float32))
