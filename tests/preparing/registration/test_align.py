import numpy as np
import pytest
from scipy import ndimage

from medtrans.core.errors import EmptyMask
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.preparing.geometry import resample_like
from medtrans.preparing.masks import body_mask
from medtrans.preparing.registration import search
from medtrans.preparing.registration.align import may_be_ct, place, register
from medtrans.preparing.registration.images import Pyramid, to_image, to_voxels
from medtrans.preparing.registration.search import search_affine, search_bspline
from medtrans.reading.grids import LPS_TO_RAS
from tests.preparing.registration.moved_heads import error_mm, moved_head

MR_CT = find_modality("MR"), find_modality("CT")


@pytest.fixture(scope="module")
def registered():
    fixed, moving, truth = moved_head(0)
    return fixed, moving, truth, register(fixed, moving, modalities=MR_CT)


def test_a_rotation_of_15_degrees_and_20_mm_between_mr_and_ct_is_found(registered):
    fixed, _, truth, found = registered
    assert error_mm(found.transform, fixed, truth) < 1.0
    assert found.judgement.outcome == "good"
    assert found.judgement.measures.moved > 15


def test_a_ct_is_known_by_its_values_where_no_modality_is_declared(registered):
    mr, ct, *_ = registered
    assert [may_be_ct(each, None) for each in (mr, ct)] == [False, True]
    assert not may_be_ct(ct, find_modality("MR"))


def test_the_same_images_give_the_same_transform_to_the_last_bit(registered):
    one, other = (Pyramid(each, each.like(np.ones(each.voxels.shape))) for each in registered[:2])
    found = [search._descend(one.level(8), other.level(8), registered[3].transform, 8.0) for _ in range(3)]
    assert len({transform.GetParameters() for _, transform in found}) == 1
    assert found[0][1].GetParameters() != registered[3].transform.GetParameters()


@pytest.mark.slow
def test_two_heads_are_not_registered_well():
    fixed, _, _ = moved_head(1)
    _, moving, _ = moved_head(2)
    judged = register(fixed, moving, modalities=MR_CT).judgement
    assert judged.outcome != "good"
    assert judged.reasons


def test_an_image_that_shares_a_tenth_of_the_body_is_not_registered_well(registered):
    fixed, moving, _, _ = registered
    affine = moving.affine.copy()
    affine[:3, 3] += 34 * affine[:3, 2]
    judged = register(fixed, Volume(moving.voxels[..., 34:], affine), modalities=MR_CT).judgement
    assert judged.outcome != "good"


def test_a_volume_is_placed_as_resampling_by_the_matrix_does(registered):
    fixed, moving, _, found = registered
    matrix = np.eye(4)
    rotation, centre = np.reshape(found.transform.GetMatrix(), (3, 3)), np.array(found.transform.GetCenter())
    matrix[:3, :3], matrix[:3, 3] = rotation, centre + found.transform.GetTranslation() - rotation @ centre
    back = Volume(moving.voxels, LPS_TO_RAS @ np.linalg.inv(matrix) @ LPS_TO_RAS @ moving.affine)
    expected = resample_like(back, fixed, order=1, background=-1024).voxels
    placed = place(found.transform, moving, fixed, -1024, order=1).voxels
    inner = ndimage.binary_erosion(expected[0] > -1000, iterations=3)
    assert inner.sum() > 5000
    assert np.abs(placed - expected)[0][inner].mean() < 0.05 * np.abs(expected[0][inner]).mean()


def test_labels_are_placed_without_new_values(registered):
    fixed, moving, _, found = registered
    labels = moving.like(np.digitize(moving.voxels, (-300, 250)).astype(np.uint8) * 7)
    placed = place(found.transform, labels, fixed, 0, order=0)
    assert set(np.unique(placed.voxels)) == {0, 7, 14}
    assert placed.voxels.dtype == np.uint8


def test_no_value_leaves_the_range_of_the_volume(registered):
    fixed, moving, _, found = registered
    placed = place(found.transform, moving, fixed, -1024, order=3).voxels
    assert placed.min() >= -1024
    assert placed.max() <= moving.voxels.max()


def test_an_empty_mask_is_refused(registered):
    fixed, moving, _, _ = registered
    with pytest.raises(EmptyMask):
        register(fixed, moving, modalities=MR_CT, bodies=(fixed.like(np.zeros(fixed.voxels.shape)), None))


def test_an_image_of_itk_has_the_place_and_the_voxels_of_the_volume(registered):
    fixed, _, _, _ = registered
    image = to_image(fixed)
    place_of_voxel = (LPS_TO_RAS @ fixed.affine @ [3, 5, 7, 1])[:3]
    assert image.TransformIndexToPhysicalPoint((3, 5, 7)) == pytest.approx(place_of_voxel)
    assert np.array_equal(to_voxels(image), fixed.voxels)


@pytest.mark.slow
def test_a_smooth_deformation_is_found_in_part():
    """Coarse images; docs/benchmarks/align.py measures finer ones."""
    head, _, _ = moved_head(3)
    other = moved_head(3, contrast="T2", degrees=0, millimetres=0)[1]
    places = np.indices(head.shape).astype(float)
    bent = [places[axis] + (2.0 * np.sin(places[1] / 14) if axis == 2 else 0) for axis in range(3)]
    fixed = head.like(ndimage.map_coordinates(head.voxels[0], bent, order=1, mode="nearest"))
    sides = [Pyramid(each, each.like(body_mask(each.voxels[0], each.spacing))) for each in (fixed, other)]
    affine = search_affine(*sides, search.search_rigid(*sides))
    deformed = search_bspline(*sides, affine)
    inside = np.argwhere(fixed.voxels[0] > np.percentile(fixed.voxels, 70))[::29]
    points = np.column_stack([inside, np.ones(len(inside))]) @ fixed.affine.T
    shown = np.column_stack([*(axis[tuple(inside.T)] for axis in bent), np.ones(len(inside))]) @ fixed.affine.T

    def error(transform):
        mapped = np.array([transform.TransformPoint((LPS_TO_RAS @ point)[:3].tolist()) for point in points])
        return np.linalg.norm(mapped - (shown @ LPS_TO_RAS.T)[:, :3], axis=1).mean()

    assert error(deformed) < 0.8 * error(affine)
