import numpy as np
import pytest

from medtrans.core.errors import GridMismatch
from medtrans.core.volume import Volume
from medtrans.preparing.geometry import orient
from medtrans.reporting.images.case_images import BONE, BONE_DIFFERENCE, SOFT, CaseImages, is_hounsfield, reach, windows
from medtrans.reporting.images.layers import layers
from tests.reporting.report_volumes import pictured


def test_a_row_shows_source_target_translated_and_difference():
    drawn = layers(pictured())
    rows = [drawn.row(view) for view in drawn.views()]
    assert [row.view.plane for row in rows] == ["axial", "coronal", "sagittal", "axial"]
    assert [row.view.worst for row in rows] == [False, False, False, True]
    for row in rows:
        assert [tile.role for tile in row.tiles] == ["source", "target", "translated", "difference"]
        assert [tile.window for tile in row.second] == [BONE, BONE, BONE_DIFFERENCE]


def test_the_difference_is_translated_minus_target_around_zero():
    drawn = layers(pictured(shift=25.0))
    tile = drawn.row(drawn.views()[0]).tiles[3]
    assert tile.window.low == -tile.window.high
    assert tile.window.unit == "HU"
    assert np.median(tile.pixels[tile.outline]) == pytest.approx(25, abs=3)


def test_target_and_translated_share_a_window():
    drawn = layers(pictured())
    assert drawn.windows["target"] == drawn.windows["translated"] == (SOFT, BONE)
    drawn = layers(pictured(), hounsfield=False)
    assert drawn.windows["target"] == drawn.windows["translated"]
    assert drawn.windows["target"][0].unit == "a.u."
    assert drawn.row(drawn.views()[0]).second == ()


def test_a_window_without_units_lies_between_percentiles_in_the_body():
    voxels = np.zeros((1, 10, 10, 11), np.float32)
    voxels[0, ..., 1:] = np.arange(1000).reshape(10, 10, 10)
    within = np.ones((10, 10, 11), bool)
    within[..., 0] = False
    (window,) = windows(Volume(voxels, np.eye(4)), within)
    assert (window.low, window.high) == (pytest.approx(5, abs=0.1), pytest.approx(994, abs=1))


def test_nan_voxels_do_not_make_the_window():
    voxels = np.full((1, 4, 4, 4), np.nan, np.float32)
    assert (windows(Volume(voxels, np.eye(4)), np.ones((4, 4, 4), bool))[0].high) == 1
    voxels[0, 0] = 7
    assert (windows(Volume(voxels, np.eye(4)), np.ones((4, 4, 4), bool))[0].high) == 7


def test_ct_is_known_by_its_air():
    case = pictured()
    assert is_hounsfield(case.target)
    assert not is_hounsfield(case.source)


def test_a_source_in_hounsfield_changes_its_window_with_the_others():
    case = pictured()
    drawn = layers(CaseImages(case.case, case.target, case.target, case.translated, case.mask))
    roles = ["source", "target", "translated", "difference"]
    assert [tile.role for tile in drawn.row(drawn.views()[0]).second] == roles
    case = CaseImages(case.case, case.target, case.source, case.source, case.mask)
    assert layers(case, hounsfield=False).row(drawn.views()[0]).second == ()


@pytest.mark.parametrize(("largest", "limit"), [(0.0, 1.0), (0.013, 0.02), (37, 40), (50, 50), (51, 80), (900, 1000)])
def test_the_reach_of_a_difference_is_a_round_number(largest, limit):
    assert reach(np.full((5, 5), -largest), np.ones((5, 5), bool)) == pytest.approx(limit)


def test_without_a_target_there_is_neither_target_nor_difference():
    drawn = layers(pictured(target=False))
    assert [tile.role for tile in drawn.row(drawn.views()[0]).tiles] == ["source", "translated"]
    assert not any(view.worst for view in drawn.views())


@pytest.mark.parametrize("stored", ["LAS", "PIR"])
def test_flipped_storage_gives_equal_tiles(stored):
    case = pictured()
    volumes = (case.source, case.target, case.translated, case.mask)
    turned = CaseImages(case.case, *(orient(volume, stored)[0] for volume in volumes))
    before, after = layers(case), layers(turned)
    assert before.views() == after.views()
    for view in before.views():
        for tile, other in zip(before.row(view).tiles, after.row(view).tiles, strict=True):
            assert np.array_equal(tile.pixels, other.pixels)
            assert tile.window == other.window


def test_without_a_source_the_rest_is_shown():
    case = pictured()
    drawn = layers(CaseImages("sub-01", None, case.target, case.translated, case.mask))
    assert [tile.role for tile in drawn.row(drawn.views()[0]).tiles] == ["target", "translated", "difference"]


def test_a_volume_that_lies_elsewhere_is_refused():
    case = pictured()
    moved = Volume(case.target.voxels, case.target.affine + np.diag([0.1, 0, 0, 0]))
    with pytest.raises(GridMismatch, match=r"sub-01.*target"):
        CaseImages("sub-01", case.source, moved, case.translated)
