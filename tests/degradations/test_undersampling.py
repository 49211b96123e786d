import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations._sampling_patterns import lines, spokes
from medtrans.degradations.undersampling import Undersampling


@pytest.mark.parametrize("pattern", ["regular", "random", "variable_density"])
@pytest.mark.parametrize("acceleration", [2, 4, 8])
def test_as_many_lines_are_measured_as_the_acceleration_leaves(pattern, acceleration):
    for seed in range(5):
        chosen = lines(pattern, 128, acceleration, 0.08, seed)
        assert chosen.sum() == 128 // acceleration
        assert chosen[60:69].all()


def test_regular_lines_fold_the_image():
    point = np.zeros((1, 64, 32, 1), np.float32)
    point[0, 20, 16] = 1
    how = {"acceleration": 2, "pattern": "regular", "centre": 0.0, "plane": "axial", "seed": 1}
    after = Undersampling().apply(Volume(point, np.eye(4)), **how).voxels[0, :, 16, 0]
    assert np.sort(np.argsort(after)[-2:]).tolist() == [20, 52]
    assert after[[20, 52]] == pytest.approx(0.5, abs=0.02)


def test_the_density_of_lines_falls_from_the_centre():
    counts = sum(lines("variable_density", 128, 4, 0.04, seed).astype(int) for seed in range(200))
    assert counts[44:84].mean() > 3 * counts[:20].mean()


def test_spokes_measure_about_the_share_of_k_space_and_all_cross_the_centre():
    mask = spokes((128, 128), 4)
    assert mask[64, 64]
    assert 0.12 < mask.mean() < 0.4
    assert mask[56:72, 56:72].mean() > 0.95


def test_a_second_measurement_of_the_result_is_the_first():
    x = np.random.default_rng(0).normal(size=(1, 32, 32, 2))
    grid = Volume(x, np.eye(4))
    how = {"acceleration": 3, "pattern": "random", "centre": 0.1, "plane": "axial", "seed": 3}
    seen = Undersampling().measure(x, grid, **how)
    mask = seen != 0
    assert mask.mean() == pytest.approx(11 / 32, abs=0.02)
    assert np.allclose(np.fft.fftshift(np.fft.fft2(x, axes=(1, 2), norm="ortho"), (1, 2))[mask], seen[mask])
