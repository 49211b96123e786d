import numpy as np
import pytest

from medtrans.core import voxel_statistics
from medtrans.core.voxel_statistics import blocks, count, finite_range, flat, sample


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(voxel_statistics, "BLOCK", 7)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32, np.float64])
def test_blocks_hold_every_finite_voxel_once(order, dtype):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 200, (2, 3, 4, 5)).astype(dtype, order=order)
    if values.dtype.kind == "f":
        values[0, 0, 0, :3] = np.nan, np.inf, -np.inf
    finite = np.sort(values[np.isfinite(values)])
    assert np.array_equal(np.sort(np.concatenate(list(blocks(values)))), finite)
    assert finite_range(values) == (finite[0], finite[-1])
    assert count(values, lambda block: block > 100) == np.sum(finite > 100)
    assert np.array_equal(np.sort(sample(values)), finite)


def test_no_copy_is_made_of_an_array_that_lies_together():
    for values in (
        np.zeros((1, 3, 4, 5)),
        np.zeros((1, 3, 4, 5), order="F"),
        np.moveaxis(np.zeros((3, 4, 5, 2)), 3, 0),
    ):
        assert np.shares_memory(flat(values), values)


def test_no_finite_voxel_has_no_range():
    assert np.isnan(finite_range(np.full((1, 2, 2, 2), np.nan))).all()
