"""A tilted gantry: a field known everywhere, sampled by shifted slices, is found again on a rectangular grid."""

import os
from pathlib import Path

import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.reading.volumes import read_upright, read_volume
from tests.reading.formats.dicom_files import plain_series, slice_of, volume, write_series

DATA = Path(os.environ.get("MEDTRANS_TEST_DATA", "-"))
ANGLE = np.radians(18.5)


def field(points):
    """Linear in LPS mm, so that linear interpolation finds it exactly; whole numbers to a half."""
    return 20 * points[..., 0] - 12 * points[..., 1] + 8 * points[..., 2] + 300


def tilted(folder, depths=(0, 4, 8, 12, 16, 20), rows=30, columns=20, angle=ANGLE):
    """Slices at these places of the table, whose planes the gantry has turned by the angle."""
    directions = [1, 0, 0, 0, np.cos(angle), -np.sin(angle)]
    along = np.array(directions).reshape(2, 3)
    slices = []
    for depth in depths:
        place = np.array([-20.0, -30.0, depth])
        i, j = np.meshgrid(np.arange(columns) * 3.0, np.arange(rows) * 2.0)
        points = place + i[..., None] * along[0] + j[..., None] * along[1]
        slices.append(slice_of(np.rint(field(points)).astype(np.int16), place=place, directions=directions))
    return write_series(folder, slices)


def inside(found):
    """Voxels that are interpolated from voxels of the series, and what the field is at each."""
    indices = np.stack(np.meshgrid(*[np.arange(side) for side in found.shape], indexing="ij"), -1)
    lps = (indices @ found.affine[:3, :3].T + found.affine[:3, 3]) * [-1, -1, 1]
    return found.voxels[0] > found.voxels.min(), field(lps)


@pytest.mark.parametrize("depths", [(0, 4, 8, 12, 16, 20), (0, 4, 8, 12, 17.5, 23)])
def test_every_voxel_of_the_rectangular_grid_has_the_value_of_its_place(depths, tmp_path):
    folder = tilted(tmp_path / "s", depths)
    with pytest.raises(InputRefused, match=r"tilted by 18\.5°; give --resample-tilt"):
        read_volume(folder)
    found = read_upright(folder)
    columns = found.affine[:3, :3]
    assert np.allclose(columns.T @ columns, np.diag(np.square([3, 2, 4 * np.cos(ANGLE)])), atol=1e-6)
    where, wanted = inside(found)
    assert np.count_nonzero(where) > 0.6 * found.voxels.size
    assert np.abs(found.voxels[0] - wanted)[where].max() <= 1.5
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("tilt-resampled", "warn")
    assert "18.5°" in finding.what
    assert ("mm apart, are interpolated" in finding.what) == (depths[-1] == 23)


def test_nothing_of_the_series_is_cut_off(tmp_path):
    folder = tilted(tmp_path / "s")
    found = read_upright(folder)
    assert found.shape == (20, 30 + int(np.ceil(20 * np.sin(ANGLE) / 2)), 6)
    assert found.voxels.dtype == np.int16


def test_a_missing_slice_is_refused_although_it_could_be_interpolated(tmp_path):
    with pytest.raises(InputRefused, match="1 slice is missing, the first after slice 2"):
        read_upright(tilted(tmp_path / "s", (0, 4, 12, 16, 20)))


def test_a_series_without_tilt_is_read_as_ever(tmp_path):
    folder = write_series(tmp_path / "s", plain_series(volume()))
    one, other = read_volume(folder), read_upright(folder)
    assert np.array_equal(one.voxels, other.voxels)
    assert np.array_equal(one.affine, other.affine)
    assert other.findings == ()


@pytest.mark.skipif(not DATA.is_dir(), reason="MEDTRANS_TEST_DATA names no folder of real volumes")
def test_the_real_series_with_a_tilt_becomes_rectangular_with_the_same_histogram():
    found = read_upright(DATA / "dicom" / "ct_head_gantry_tilt")
    assert "18.5°, 1.08 to 7.00 mm apart, are interpolated" in found.findings[-1].what
    columns = found.affine[:3, :3] / np.linalg.norm(found.affine[:3, :3], axis=0)
    assert np.allclose(columns.T @ columns, np.eye(3), atol=1e-6)
    assert found.shape[2] == 37
    brain = (found.voxels > 0) & (found.voxels < 80)
    assert 500e3 < np.count_nonzero(brain) * abs(np.linalg.det(found.affine[:3, :3])) < 2500e3, "mm³"
