import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.preparing.geometry import orient
from medtrans.reporting.images.slices import body_of, centre_views, obliquity, to_ras, worst_view
from tests.reporting.report_volumes import SPACING, affine, example_case, head

PLACES = {
    "axial": {"R": (None, 0), "L": (None, -1), "A": (0, None), "P": (-1, None)},
    "coronal": {"R": (None, 0), "L": (None, -1), "S": (0, None), "I": (-1, None)},
    "sagittal": {"A": (None, 0), "P": (None, -1), "S": (0, None), "I": (-1, None)},
}


def side_of(letter, shape):
    """A volume that is 1 in the half of the patient towards `letter` (RAS+)."""
    axis = next(axis for axis, pair in enumerate(("LR", "PA", "IS")) if letter in pair)
    there = np.arange(shape[axis]) >= shape[axis] / 2
    there = there if letter in "RAS" else ~there
    return np.broadcast_to(np.expand_dims(there, [other for other in range(3) if other != axis]), shape)


@pytest.mark.parametrize(("plane", "letter"), [(plane, letter) for plane in PLACES for letter in PLACES[plane]])
def test_each_side_of_the_patient_is_where_radiological_display_has_it(plane, letter):
    body = np.ones((8, 10, 12), bool)
    view = next(view for view in centre_views(body, (1, 1, 1)) if view.plane == plane)
    picture = view.cut(side_of(letter, body.shape))
    row, column = PLACES[plane][letter]
    edge = picture[row] if row is not None else picture[:, column]
    opposite = picture[-1 - row] if row is not None else picture[:, -1 - column]
    assert edge.all()
    assert not opposite.any()


@pytest.mark.parametrize("stored", ["RAS", "LAS", "LPS", "RPI", "PIR", "SAL"])
def test_the_order_of_storage_does_not_change_the_picture(stored):
    voxels, body = head()
    volume = orient(Volume(voxels[None], affine()), stored)[0]
    mask = orient(Volume(body[None].astype(np.uint8), affine()), stored)[0]
    assert volume.orientation == stored
    found = body_of(to_ras(mask), to_ras(volume))
    for view, expected in zip(centre_views(found, to_ras(volume).spacing), centre_views(body, SPACING), strict=True):
        assert view == expected
        assert np.array_equal(view.cut(to_ras(volume).voxels[0]), expected.cut(voxels))


def test_a_picture_is_measured_in_millimetres():
    body = np.ones((10, 20, 5), bool)
    extents = {view.plane: view.extent for view in centre_views(body, (1.0, 2.0, 6.0))}
    assert extents == {"axial": (10, 40), "coronal": (10, 30), "sagittal": (40, 30)}


def test_slices_are_cropped_to_the_body_and_a_margin():
    body = np.zeros((60, 60, 60), bool)
    body[20:30, 25:35, 5:55] = True
    assert centre_views(body, (3.0, 3.0, 3.0))[0].box == ((15, 35), (20, 40), (0, 60))


def test_the_planes_go_through_the_centre_of_mass():
    body = np.zeros((30, 30, 30), bool)
    body[2:7, 10:15, 20:25] = True
    assert {view.plane: view.number for view in centre_views(body, (1, 1, 1))} == {
        "sagittal": 4,
        "coronal": 12,
        "axial": 22,
    }


@pytest.mark.parametrize(("shape", "plane"), [((9, 8, 1), "axial"), ((9, 1, 8), "coronal"), ((1, 9, 8), "sagittal")])
def test_a_single_slice_has_one_plane(shape, plane):
    assert [view.plane for view in centre_views(np.ones(shape, bool), (1, 1, 1))] == [plane]
    assert worst_view(np.ones(shape), np.ones(shape, bool), (1, 1, 1)) is None


def test_the_worst_slice_has_the_largest_mean_error_in_the_body():
    body = np.ones((6, 6, 9), bool)
    error = np.zeros(body.shape)
    error[..., 7] = -3
    error[0, 0, 2] = 50
    assert worst_view(error, body, (1, 1, 1)).number == 7


def test_neither_a_rim_of_few_voxels_nor_the_outside_is_the_worst_slice():
    body = np.ones((10, 10, 9), bool)
    body[..., 8] = False
    body[0, 0, 8] = True
    body[5:, :, 3] = False
    error = np.zeros(body.shape)
    error[..., 8], error[5:, :, 3], error[..., 4] = 1000, 1000, 5
    assert worst_view(error, body, (1, 1, 1)).number == 4


def test_without_a_mask_the_body_is_segmented():
    case = example_case(mask=False, shape=(32, 32, 32))
    found = body_of(None, case.target)
    assert np.mean(found == head((32, 32, 32))[1]) > 0.97


def test_an_empty_mask_means_the_whole_volume():
    case = example_case()
    assert body_of(case.mask.like(np.zeros(case.mask.shape)), case.target).all()


def test_the_obliquity_of_a_grid_is_its_angle():
    angle = np.radians(12)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    place = np.eye(4)
    place[:3, :3] = turn @ np.diag([1, 2, 3])
    assert obliquity(Volume(np.zeros((1, 2, 2, 2)), place)) == pytest.approx(12)
    assert obliquity(Volume(np.zeros((1, 2, 2, 2)), affine())) == 0
