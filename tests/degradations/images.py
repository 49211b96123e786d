"""Small images for the laws of degradations: a body in air, of the unit that a degradation wants."""

import numpy as np

from medtrans import degradations
from medtrans.core.volume import Origin, Volume
from tests.preparing.phantom_volumes import ball

SPACING = (1.0, 1.5, 2.0)


def relative(shape=(2, 16, 15, 14), dtype=np.float32):
    """A body of about .8 in air of 0, in voxels of 1, 1.5 and 2 mm, in two channels of different values."""
    texture = np.random.default_rng(0).uniform(0.7, 0.9, shape)
    return Volume((ball(shape[1:]) * texture).astype(dtype), np.diag([*SPACING, 1.0]), Origin("nifti"))


def hounsfield(shape=(2, 16, 15, 14), dtype=np.float32):
    """The same body with tissue of about 60 HU, bone within, in air of -1000 HU."""
    body = relative(shape).voxels
    bone = np.broadcast_to(ball(shape[1:]) & ~ball(shape[1:], 0.6), shape) if len(shape) == 4 else 0
    return relative(shape).like((np.where(body > 0, 100 * body, -1000) + 900 * bone).astype(dtype))


def suited(name, shape=(2, 16, 15, 14), dtype=np.float32):
    """An image of a modality that the degradation is made for."""
    return (hounsfield if degradations.load(name).modalities == ("CT",) else relative)(shape, dtype)


def smooth_head(name, side=40):
    """A head-like image: an ellipsoid with soft structures, in voxels of 4 mm; for laws about strength."""
    axes = np.meshgrid(*[np.linspace(-1, 1, side)] * 3, indexing="ij")
    radius = np.sqrt(sum((axis / size) ** 2 for axis, size in zip(axes, (0.7, 0.85, 0.8), strict=True)))
    inside = 0.5 + 0.25 * np.sin(7 * axes[0]) * np.sin(5 * axes[1] + 1) * np.cos(6 * axes[2])
    shell = (radius > 0.85) & (radius < 1)
    image = np.where(radius < 1, np.where(shell, 0.95, inside), 0)
    if degradations.load(name).modalities == ("CT",):
        image = np.where(radius < 1, np.where(shell, 900, 200 * inside - 60), -1000)[..., side // 2 - 4 : side // 2 + 4]
    return Volume(image[None].astype(np.float32), np.diag([4.0, 4.0, 4.0, 1.0]))
