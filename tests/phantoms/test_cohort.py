import numpy as np
import pytest

from medtrans.phantoms import Lesion
from medtrans.phantoms.cohort import write_cohort
from medtrans.reading.volumes import read_volume


def test_a_cohort_is_written_as_cases_with_their_masks_last(tmp_path):
    lesion = Lesion(20.0, (20.0, 0.0, 10.0))
    files = write_cohort(tmp_path, [3], ("T1", "CT"), shape=(24, 32, 24), spacing=6.0, lesions=[lesion])
    assert [file.name for file in files] == [f"sub-03_{kind}.nii.gz" for kind in ("T1", "CT", "lesion", "mask")]
    t1, ct, ill, body = (read_volume(file) for file in files)
    assert all(volume.shares_grid_with(body) for volume in (t1, ct, ill))
    assert t1.spacing == pytest.approx((6, 6, 6))
    assert ct.voxels.min() == -1024
    assert set(np.unique(ill.voxels)) == set(np.unique(body.voxels)) == {0, 1}


def test_each_contrast_of_a_head_has_random_numbers_of_its_own(tmp_path):
    options = {"shape": (24, 32, 24), "spacing": 6.0}
    alone = write_cohort(tmp_path / "one", [3], ("T1",), **options)
    both = write_cohort(tmp_path / "two", [3], ("T1", "CT"), **options)
    assert np.array_equal(read_volume(alone[0]).voxels, read_volume(both[0]).voxels)
