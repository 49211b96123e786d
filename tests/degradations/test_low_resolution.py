import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.low_resolution import LowResolution


def wave(cycles, side=64):
    """A cosine above 0, of so many cycles over the image, along i."""
    values = 2 + np.cos(2 * np.pi * cycles * np.arange(side) / side)
    return Volume(np.broadcast_to(values[:, None, None], (1, side, side, 2)).astype(np.float32), np.eye(4))


def test_a_wave_is_kept_below_half_the_sampling_rate_and_lost_above():
    kept = LowResolution().apply(wave(15), millimetres=2.0, plane="axial").voxels  # 16 of 64 are measured
    lost = LowResolution().apply(wave(17), millimetres=2.0, plane="axial").voxels
    assert kept == pytest.approx(wave(15).voxels, abs=1e-4)
    assert lost == pytest.approx(2, abs=1e-4)


def test_an_edge_rings_by_the_nine_percent_of_gibbs():
    step = np.zeros((1, 256, 256, 1), np.float32)
    step[:, 64:192] = 1
    after = LowResolution().apply(Volume(step, np.eye(4)), millimetres=4.0, plane="axial").voxels
    assert after.max() - 1 == pytest.approx(0.0895, abs=0.01)
