import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from medtrans.core.errors import EmptyMask
from medtrans.metrics.image.ms_ssim import MSSSIM
from tests.metrics.image import damaged


def as_it_is_written(translated, target, inside):
    """The formula read aloud: every voxel of every level, roots taken, nothing left out before the end."""
    x, y = (np.where(inside, np.clip(image.astype(float), -1024, 3071), -1024) + 1024 for image in (target, translated))
    pad = [((97 - side) // 2, 97 - side - (97 - side) // 2) if side < 97 else (0, 0) for side in x.shape]
    x, y, inside = (np.pad(array, pad, mode="edge") for array in (x, y, inside))
    c1, c2, value = (0.01 * 4095) ** 2, (0.03 * 4095) ** 2, 1.0
    for weight in (0.0448, 0.2856, 0.3001, 0.2363, 0.1333):
        ux, uy, uxx, uyy, uxy = (uniform_filter(image, 7) for image in (x, y, x * x, y * y, x * y))
        vx, vy, vxy = (343 / 342 * v for v in (uxx - ux * ux, uyy - uy * uy, uxy - ux * uy))
        sx, sy = np.sqrt(np.maximum(vx, 0)), np.sqrt(np.maximum(vy, 0))
        factors = (
            (2 * ux * uy + c1) / (ux**2 + uy**2 + c1),
            (2 * sx * sy + c2) / (vx + vy + c2),
            (vxy + c2 / 2) / (sx * sy + c2 / 2),
        )
        level = np.prod([np.maximum(factor, 0) ** weight for factor in factors], axis=0)
        middle = (slice(3, -3),) * 3
        value *= np.clip(level[middle][inside[middle]].mean(), 0, 1)
        x, y = (np.pad(image, [(1, 0)] * 3) for image in (x, y))
        x, y = (
            sum(
                image[i::2, j::2, k::2][tuple(slice((side) // 2) for side in image.shape)]
                for i in (0, 1)
                for j in (0, 1)
                for k in (0, 1)
            )
            / 8
            for image in (x, y)
        )
        inside = inside[::2, ::2, ::2]
    return value  # fmt: skip


def box(shape, *sides):
    inside = np.zeros(shape, bool)
    inside[tuple(slice(*side) for side in sides)] = True
    return inside


@pytest.mark.parametrize("inside", [damaged.body(), box(damaged.SHAPE, (3, 19), (0, 30), (5, 24))], ids=["body", "box"])
def test_ms_ssim_of_a_small_volume_is_the_formula_read_aloud(inside):
    expected = as_it_is_written(damaged.noisy(80), damaged.image(), inside)
    assert MSSSIM()(damaged.noisy(80), damaged.image(), inside) == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("odd", [0, 1])
def test_ms_ssim_is_the_formula_wherever_the_mask_lies(odd):
    """Masks off every border, their corners at even and odd places: leaving out the rest must not shift a level."""
    shape = (98 + odd, 101, 97)
    rng = np.random.default_rng(odd)
    target = rng.uniform(-1000, 2000, shape)
    translated = target + rng.normal(0, 300, shape)
    inside = box(shape, (33 + odd, 66), (20, 77 + odd), (31, 63))
    expected = as_it_is_written(translated, target, inside)
    assert MSSSIM()(translated, target, inside) == pytest.approx(expected, rel=0, abs=1e-12)


def test_opposite_structure_scores_zero_and_not_nan():
    i, j, k = np.ogrid[:97, :97, :97]
    wave = 1000.0 * ((i // 8 + j // 8 + k // 8) % 2)
    assert MSSSIM()(1000 - wave, wave, np.ones(wave.shape, bool)) < 0.2


def test_a_mask_lost_between_every_second_voxel_is_refused_with_its_level():
    lost = np.zeros((97, 97, 97), bool)
    lost[49, 49, 49] = True
    with pytest.raises(EmptyMask, match="no voxel of it is left at level 2 of 5"):
        MSSSIM()(np.zeros(lost.shape), np.zeros(lost.shape), lost)
