import numpy as np
import pytest

from medtrans.preparing.transforms.elastic import Elastic


@pytest.mark.parametrize("size", [(40, 50), (30, 31, 32)])
def test_displacements_are_smooth_and_as_large_as_the_setting(size):
    elastic = Elastic(millimetres=2.0)
    fields = np.stack([elastic.displacement(size, millimetres=2.0, bumps=5, seed=seed) for seed in range(40)])
    assert fields.shape == (40, len(size), *size)
    assert fields.std() == pytest.approx(2.0, rel=0.15)
    assert np.abs(np.diff(fields, axis=2)).max() < 2.5


def test_axes_are_displaced_independently():
    field = Elastic().displacement((30, 30), millimetres=1.0, bumps=5, seed=0)
    assert abs(np.corrcoef(field[0].ravel(), field[1].ravel())[0, 1]) < 0.6
