import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.thick_slices import ThickSlices

HOW = {"gap": 0.0, "plane": "axial"}
BOX = {**HOW, "profile": "box"}


def column(values, spacing=1.0):
    """One column of voxels along the head."""
    return Volume(np.array(values, np.float32).reshape(1, 1, 1, -1), np.diag([1.0, 1.0, spacing, 1.0]))


def test_an_ideal_profile_gives_the_mean_of_the_slices_within():
    thick = ThickSlices().apply(column(np.arange(12)), millimetres=3.0, **BOX)
    assert thick.voxels.ravel().tolist() == pytest.approx([1, 4, 7, 10])
    assert thick.affine @ [0, 0, 0, 1] == pytest.approx([0, 0, 1, 1])
    assert thick.spacing == pytest.approx((1, 1, 3))


def test_a_gap_is_lost_between_slices():
    thick = ThickSlices().apply(column(np.arange(10)), millimetres=3.0, gap=2.0, plane="axial", profile="box")
    assert thick.voxels.ravel().tolist() == pytest.approx([2, 7])
    assert thick.spacing[2] == pytest.approx(5)


def test_a_gaussian_profile_has_its_full_width_at_half_maximum():
    size, spacing, middle = 201, 0.1, 100
    response = [
        ThickSlices().measure(
            column(np.eye(size)[i], spacing).voxels,
            column(np.zeros(size), spacing),
            millimetres=4.0,
            gap=0.0,
            plane="axial",
            profile="gaussian",
        )[0, 0, 0, 2]
        for i in range(size)
    ]
    above = np.flatnonzero(np.array(response) >= max(response) / 2) * spacing
    assert np.ptp(above) == pytest.approx(4.0, abs=0.15)
    assert above.mean() == pytest.approx(middle * spacing, abs=0.05)


@pytest.mark.parametrize(("plane", "axis"), [("axial", 0), ("coronal", 2), ("sagittal", 1)])
def test_the_plane_is_that_of_the_head_whatever_the_order_of_the_voxels(plane, axis):
    affine = np.array([[0, 1.0, 0, 0], [0, 0, 1.0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1.0]])  # i towards superior
    thick = ThickSlices().apply(
        Volume(np.zeros((1, 12, 12, 12), np.float32), affine), **{**BOX, "plane": plane}, millimetres=4.0
    )
    assert [thick.shape[a] == 3 for a in range(3)] == [a == axis for a in range(3)]


def test_the_null_space_has_no_mean_within_a_slice():
    x = np.random.default_rng(0).normal(size=(1, 2, 2, 12))
    rest = ThickSlices().null_space(x, Volume(x, np.eye(4)), millimetres=3.0, **BOX)
    assert rest.reshape(2, 2, 4, 3).mean(-1) == pytest.approx(0, abs=1e-9)
