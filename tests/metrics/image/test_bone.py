import numpy as np
import pytest

from medtrans.core.errors import EmptyMask
from medtrans.metrics.image.bone_dice import BoneDice
from medtrans.metrics.image.bone_hd95 import BoneHD95

EVERYWHERE = np.ones((12, 12, 12), bool)


def cube(start, value=900):
    image = np.zeros(EVERYWHERE.shape)
    image[start : start + 4, 4:8, 4:8] = value
    return image


def test_a_cube_moved_by_one_voxel_overlaps_by_three_quarters_and_is_a_spacing_away():
    assert BoneDice()(cube(5), cube(4), EVERYWHERE) == 0.75
    assert BoneHD95()(cube(5), cube(4), EVERYWHERE, (2.0, 1.0, 1.0)) == 2


def test_the_threshold_says_what_is_bone():
    assert BoneDice()(cube(4, 200), cube(4), EVERYWHERE) == 0
    assert BoneDice(threshold=150)(cube(4, 200), cube(4), EVERYWHERE) == 1


def test_missed_bone_scores_the_diagonal_and_never_better():
    assert BoneHD95()(cube(4, 0), cube(4), EVERYWHERE, (1.0, 2.0, 3.0)) == pytest.approx(12 * np.sqrt(14))
    assert BoneDice()(cube(4, 0), cube(4), EVERYWHERE) == 0


@pytest.mark.parametrize("metric", [BoneDice(), BoneHD95()])
def test_no_bone_in_either_is_refused(metric):
    with pytest.raises(EmptyMask, match="in neither image"):
        metric(cube(4, 0), cube(4, 0), EVERYWHERE)
