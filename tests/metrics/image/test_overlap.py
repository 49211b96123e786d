import numpy as np
import pytest
import torch
from monai.metrics import compute_hausdorff_distance, compute_surface_dice
from scipy.spatial.distance import cdist

from medtrans.core.errors import EmptyMask
from medtrans.metrics.image._overlap import dice, hausdorff95, surface_dice, volume_ml

SHAPE, SPACING = (20, 18, 16), (1.0, 1.5, 3.0)
NOTHING = np.zeros(SHAPE, bool)


def ball(centre, radius):
    """Radius in mm; a mask of SHAPE."""
    places = np.moveaxis(np.indices(SHAPE), 0, -1) * SPACING
    return np.linalg.norm(places - np.array(centre), axis=-1) < radius


ONE, OTHER = ball((9, 13, 24), 7), ball((11, 14, 22), 8)
PAIRS = [(ONE, OTHER), (ONE, ball((5, 6, 40), 6)), (ONE, ONE | ball((2, 2, 2), 3))]


def monai(mask):
    return torch.from_numpy(mask[None, None].astype(np.float32))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_hd95_and_surface_dice_are_those_of_monai_where_it_defines_them(a, b):
    pair = {"include_background": True, "spacing": list(SPACING)}
    assert hausdorff95(a, b, SPACING) == pytest.approx(
        float(compute_hausdorff_distance(monai(a), monai(b), percentile=95, **pair)), rel=1e-5
    )
    expected = compute_surface_dice(monai(a), monai(b), class_thresholds=[2.0], **pair)
    assert surface_dice(a, b, SPACING, 2.0) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_every_distance_is_that_of_the_nearest_surface_voxel(a, b):
    def surface(mask):
        padded = np.pad(mask, 1)
        alone = [np.roll(padded, step, axis)[1:-1, 1:-1, 1:-1] for axis in range(3) for step in (-1, 1)]
        return np.argwhere(mask & ~np.logical_and.reduce(alone)) * SPACING

    apart = cdist(surface(a), surface(b))
    directed = apart.min(1), apart.min(0)
    assert hausdorff95(a, b, SPACING) == pytest.approx(max(np.percentile(each, 95) for each in directed))
    for tolerance in (0.0, 1.0, 3.0):
        expected = (np.concatenate(directed) <= tolerance).mean()
        assert surface_dice(a, b, SPACING, tolerance) == pytest.approx(expected)


def test_dice_counts_voxels():
    a, b = np.array([[[1, 1, 1, 0]]], bool), np.array([[[0, 1, 1, 1]]], bool)
    assert dice(a, b) == pytest.approx(2 * 2 / 6)


def test_a_mask_agrees_with_itself():
    assert (dice(ONE, ONE), hausdorff95(ONE, ONE, SPACING), surface_dice(ONE, ONE, SPACING, 0.0)) == (1, 0, 1)


@pytest.mark.parametrize(("a", "b"), [(ONE, NOTHING), (NOTHING, ONE)])
def test_what_one_mask_lacks_is_a_whole_diagonal_away(a, b):
    diagonal = np.sqrt(20**2 + 27**2 + 48**2)
    assert hausdorff95(a, b, SPACING) == pytest.approx(diagonal)
    assert dice(a, b) == surface_dice(a, b, SPACING, 2.0) == 0


@pytest.mark.parametrize("measure", [dice, lambda a, b: hausdorff95(a, b, SPACING)])
def test_what_neither_mask_has_is_refused_with_a_reason(measure):
    with pytest.raises(EmptyMask, match="in neither"):
        measure(NOTHING, NOTHING)


@pytest.mark.parametrize("measure", [dice, hausdorff95, lambda *pair: surface_dice(*pair, 2.0)])
def test_it_does_not_matter_which_comes_first(measure):
    spacing = () if measure is dice else (SPACING,)
    assert measure(ONE, OTHER, *spacing) == measure(OTHER, ONE, *spacing)


def test_a_box_moved_by_one_slice_is_one_spacing_away():
    a = NOTHING.copy()
    a[5:12, 4:12, 5:10] = True
    assert hausdorff95(a, np.roll(a, 1, axis=2), SPACING) == SPACING[2]


def test_an_image_of_one_slice_has_its_outline_for_a_surface():
    wide, narrow = np.zeros((2, 20, 18, 1), bool)
    wide[4:16, 4:14], narrow[7:13, 7:11] = True, True
    assert surface_dice(wide, narrow, SPACING, 0.0) == 0


def test_volume_is_in_millilitres():
    assert volume_ml(np.ones((10, 10, 10), bool), (1.0, 2.0, 5.0)) == pytest.approx(10.0)
