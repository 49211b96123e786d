import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.reading.extents import Extent, voxels_and_fields
from medtrans.reading.volumes import write_volume


def test_sizes_lie_along_the_axes_of_the_body_whatever_the_order_of_the_file(tmp_path):
    affine = np.array([[0, 0, -3.0, 0], [1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]])
    write_volume(Volume(np.zeros((1, 4, 5, 6), np.float32), affine), tmp_path / "a.nii.gz")
    ((voxel, field),) = voxels_and_fields([tmp_path / "a.nii.gz"])
    assert voxel == pytest.approx((3, 1, 2))
    assert field == pytest.approx((18, 4, 10))


def test_an_extent_is_the_median_and_the_range():
    extent = Extent.of([(1, 1, 1), (1, 1, 2), (1, 1, 6)])
    assert (extent.median, extent.low, extent.high) == ((1, 1, 2), (1, 1, 1), (1, 1, 6))
