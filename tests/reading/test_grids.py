import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.reading.grids import LPS_TO_RAS, compare_grids, is_lps_as_ras
from tests.reading.formats.nifti_files import affine

VOXELS = np.zeros((1, 5, 6, 7), np.int16)
GRID = Volume(VOXELS, affine())


@pytest.mark.parametrize("degrees", [0, 7, 20, 90])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1)])
def test_an_lps_matrix_saved_as_ras_is_named_and_never_to_be_resampled(degrees, flips):
    one = Volume(VOXELS, affine(degrees, flips=flips))
    other = Volume(VOXELS, LPS_TO_RAS @ one.affine)
    for pair in ((one, other), (other, one)):
        assert is_lps_as_ras(*pair)
        difference = compare_grids(*pair)
        assert difference.code == "lps-as-ras"
        assert "LPS" in difference.what
        assert "do not resample" in difference.advice


@pytest.mark.parametrize("voxels", [(0.5, 0.5, 0.5), (-0.5, 0, 0), (0, 0.5, -0.5)])
def test_half_a_voxel_is_named_and_never_to_be_resampled(voxels):
    moved = GRID.affine.copy()
    moved[:3, 3] += moved[:3, :3] @ voxels
    difference = compare_grids(GRID, Volume(VOXELS, moved))
    assert difference.code == "half-voxel"
    assert "do not resample" in difference.advice


def test_other_grids_are_only_said_to_differ():
    for shift in (0.3, 1.0, 40.0):
        moved = GRID.affine.copy()
        moved[:3, 3] += shift * np.array([1.0, 0, 0])
        difference = compare_grids(GRID, Volume(VOXELS, moved))
        assert difference.code == "other-grid"
        assert f"{shift:.2f} mm apart" in difference.what
    assert "(1, 5, 6)" not in compare_grids(GRID, Volume(np.zeros((1, 5, 6, 8)), affine())).what
    assert "(5, 6, 8)" in compare_grids(GRID, Volume(np.zeros((1, 5, 6, 8)), affine())).what
