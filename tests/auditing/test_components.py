import math

import numpy as np
import pytest

from medtrans.auditing.components import centre_mm, components, longest_diameter, sphere_diameter
from tests.auditing.lesion_volumes import AFFINE, SPACING, balls


def box(*sides, shape=(12, 12, 12)):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(2, 2 + side) for side in sides)] = True
    return mask


def test_voxels_that_touch_at_a_corner_are_one_lesion():
    mask = box(2, 2, 2)
    mask[4, 4, 4] = mask[5, 5, 5] = True
    assert len(components(mask, (2, 2, 2))) == 1
    mask[4, 4, 4] = False
    assert len(components(mask, (2, 2, 2))) == 1, "a single voxel is no lesion"


@pytest.mark.parametrize(
    ("sides", "spacing", "count"),
    [((3, 1, 1), 1.0, 0), ((10, 1, 1), 1.0, 1), ((9, 1, 1), 1.0, 0), ((2, 1, 1), 3.0, 0), ((3, 1, 1), 3.0, 1)],
)
def test_fewer_than_10_mm3_or_3_voxels_are_no_lesion(sides, spacing, count):
    assert len(components(box(*sides), (spacing,) * 3)) == count


def test_lesions_are_numbered_from_the_largest():
    mask = box(2, 2, 2) | np.roll(box(3, 3, 3), 6, axis=0)
    found = components(mask, (2, 2, 2))
    assert found.volumes == (27 * 8.0, 8 * 8.0)
    assert np.count_nonzero(found.labels == 1) == 27
    assert np.array_equal(found.mask, mask)


def test_a_ball_has_its_diameter():
    mask = balls(((0, 0, 0), 20.0))
    volume = np.count_nonzero(mask) * SPACING**3
    assert sphere_diameter(volume) == pytest.approx(20, rel=0.05)
    assert longest_diameter(mask, AFFINE) == pytest.approx(20, abs=SPACING)
    assert centre_mm(mask, AFFINE) == pytest.approx((0, 0, 0), abs=1e-9)


def test_the_longest_diameter_of_a_rod_is_its_length_on_any_grid():
    mask = box(1, 5, 1)
    oblique = np.eye(4)
    c, s = math.cos(0.4), math.sin(0.4)
    oblique[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.diag([1.0, 3.0, 2.0])
    assert longest_diameter(mask, oblique) == pytest.approx(15)
    assert longest_diameter(box(1, 1, 1), np.diag([2.0, 2, 2, 1])) == pytest.approx(2)
    assert math.isnan(longest_diameter(np.zeros((3, 3, 3), bool), np.eye(4)))


def test_a_large_lesion_in_one_plane_has_a_diameter_too():
    mask = np.zeros((40, 40, 3), bool)
    mask[:, :, 1] = True
    assert longest_diameter(mask, np.eye(4)) == pytest.approx(39 * math.sqrt(2) + 1)


def test_the_centre_of_a_ring_lies_in_the_ring():
    ring = balls(((0, 0, 0), 24.0)) & ~balls(((0, 0, 0), 14.0))
    i, j, k = np.rint(np.linalg.solve(AFFINE, [*centre_mm(ring, AFFINE), 1])[:3]).astype(int)
    assert ring[i, j, k]
