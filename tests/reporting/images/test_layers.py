import numpy as np
import pytest

from medtrans.core.errors import GridMismatch
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.preparing.geometry import orient
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.images.layers import layers
from tests.reporting.report_volumes import example_case

SOFT, BONE = find_modality("CT").windows
MODALITIES = {"source_modality": "MR", "target_modality": "CT"}


def test_a_row_displays_source_target_translated_and_difference():
    displayed = layers(example_case())
    rows = [displayed.row(view) for view in displayed.views()]
    assert [row.view.plane for row in rows] == ["axial", "coronal", "sagittal", "axial"]
    assert [row.view.worst for row in rows] == [False, False, False, True]
    for row in rows:
        assert [tile.role for tile in row.tiles] == ["source", "target", "translated", "difference"]
        assert [tile.window for tile in row.second[:2]] == [BONE, BONE]
        assert (row.second[2].window.low, row.second[2].window.high) == (-750, 750)


def test_the_difference_is_translated_minus_target_around_zero():
    displayed = layers(example_case(shift=25.0))
    tile = displayed.row(displayed.views()[0]).tiles[3]
    assert tile.window.low == -tile.window.high
    assert tile.unit == "HU"
    assert np.median(tile.pixels[tile.contour]) == pytest.approx(25, abs=3)


def test_target_and_translated_share_a_window():
    displayed = layers(example_case())
    assert displayed.windows["target"] == displayed.windows["translated"] == (SOFT, BONE)
    displayed = layers(example_case(modality="MR"))
    assert displayed.windows["target"] == displayed.windows["translated"]
    assert displayed.unit("target") == "a.u."
    assert displayed.row(displayed.views()[0]).second == ()


def test_a_source_in_ct_changes_its_window_with_the_others():
    displayed = layers(example_case(source="CT"))
    roles = ["source", "target", "translated", "difference"]
    assert [tile.role for tile in displayed.row(displayed.views()[0]).second] == roles
    assert layers(example_case(source="CT", modality="MR")).row(displayed.views()[0]).second == ()


def test_without_a_target_there_is_neither_target_nor_difference():
    displayed = layers(example_case(target=False))
    assert [tile.role for tile in displayed.row(displayed.views()[0]).tiles] == ["source", "translated"]
    assert not any(view.worst for view in displayed.views())


@pytest.mark.parametrize("stored", ["LAS", "PIR"])
def test_flipped_storage_gives_equal_tiles(stored):
    case = example_case()
    volumes = (case.source, case.target, case.translated, case.mask)
    turned = CaseImages(case.case, *(orient(volume, stored)[0] for volume in volumes), **MODALITIES)
    before, after = layers(case), layers(turned)
    assert before.views() == after.views()
    for view in before.views():
        for tile, other in zip(before.row(view).tiles, after.row(view).tiles, strict=True):
            assert np.array_equal(tile.pixels, other.pixels)
            assert tile.window == other.window


def test_without_a_source_the_others_are_displayed():
    case = example_case()
    displayed = layers(CaseImages("sub-01", None, case.target, case.translated, case.mask, **MODALITIES))
    assert [tile.role for tile in displayed.row(displayed.views()[0]).tiles] == ["target", "translated", "difference"]


def test_a_volume_on_another_grid_is_refused():
    case = example_case()
    moved = Volume(case.target.voxels, case.target.affine + np.diag([0.1, 0, 0, 0]))
    with pytest.raises(GridMismatch, match=r"sub-01.*target"):
        CaseImages("sub-01", case.source, moved, case.translated, **MODALITIES)
