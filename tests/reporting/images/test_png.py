import io
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from PIL import Image

from medtrans.core.errors import UsageError
from medtrans.reporting.images.layers import layers
from medtrans.reporting.images.png import WIDTH, panel, tile_png
from medtrans.reporting.images.tile_drawing import AMBER, BOTTOM, TOP
from tests.reporting.report_volumes import example_case


def pixels(data):
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB")).astype(int)


def tiles(case, number=0):
    displayed = layers(case)
    return {tile.role: tile for tile in displayed.row(displayed.views()[number]).tiles}


def test_a_tile_has_the_proportions_of_the_patient():
    tile = tiles(example_case(shape=(24, 24, 12), spacing=(2.0, 2.0, 4.0)), 1)["target"]
    assert tile.view.extent == (48, 48)
    height, width, _ = pixels(tile_png(tile)).shape
    assert width == WIDTH
    assert height == TOP + WIDTH + BOTTOM


@pytest.mark.parametrize("shape", [(40, 40, 2), (2, 40, 40), (3, 3, 3), (40, 30, 1)])
def test_thin_volumes_are_padded_with_black(shape):
    displayed = layers(example_case(shape=shape, spacing=(1.0, 1.0, 1.0), mask=False))
    assert displayed.views()
    for view in displayed.views():
        height, width, _ = pixels(tile_png(displayed.row(view).tiles[0])).shape
        assert 0.4 * width < height < 1.5 * width


def body_colour(shift):
    tile = tiles(example_case(shift=shift))["difference"]
    picture = pixels(tile_png(tile))[TOP:-BOTTOM]
    middle = picture[picture.shape[0] // 3 : -picture.shape[0] // 3, WIDTH // 3 : -WIDTH // 3]
    return middle.mean(axis=(0, 1))


def test_too_high_is_orange_too_low_is_blue():
    red, _, blue = body_colour(200.0)
    assert red > 2 * blue
    red, _, blue = body_colour(-200.0)
    assert blue > 2 * red


def test_no_difference_is_black():
    case = example_case(shift=0.0)
    same = replace(case, translated=case.target)
    tile = tiles(same)["difference"]
    centre = pixels(tile_png(tile))[TOP + 130 : TOP + 150, 150:210]
    assert centre.max() < 12


def amber(picture):
    colour = [int(AMBER[place : place + 2], 16) for place in (1, 3, 5)]
    return int((np.abs(picture - colour).max(axis=2) < 40).sum())


def test_only_the_translation_has_synthetic_in_its_pixels():
    displayed = {role: pixels(tile_png(tile)) for role, tile in tiles(example_case()).items()}
    assert amber(displayed["translated"][:TOP]) > 50
    assert amber(displayed["source"]) == amber(displayed["target"]) == 0


def test_equal_tiles_are_equal_bytes_and_nothing_global_changes():
    before = dict(matplotlib.rcParams)
    first, second = (tile_png(tiles(example_case())["difference"]) for _ in range(2))
    assert first == second
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("kind", [{}, {"plane": "sagittal"}, {"worst": True}, {"second_window": True}])
def test_a_panel_is_one_picture_of_the_width_asked_for(kind):
    picture = pixels(panel(example_case(), width=1200, **kind))
    assert picture.shape[1] == 1200
    assert 250 < picture.shape[0] < 600
    assert amber(picture[:TOP, 600:900]) > 20


def test_a_panel_shows_bone_when_asked():
    assert panel(example_case()) != panel(example_case(), second_window=True)


def test_a_constant_volume_and_nan_are_displayed():
    case = example_case()
    voxels = case.translated.voxels.copy()
    voxels[0, 8:12, 8:12, 6:10] = np.nan
    voxels[0, 2, 2, 2] = np.inf
    flat = case.source.like(np.full(case.source.shape, 3.0))
    holed = replace(case, source=flat, translated=case.translated.like(voxels))
    displayed = layers(holed)
    assert all(tile_png(tile) for view in displayed.views() for tile in displayed.row(view).tiles)


def test_a_panel_of_a_plane_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="coronal"):
        panel(example_case(shape=(20, 20, 1)), plane="coronal")


def test_a_tall_picture_is_not_squeezed():
    case = example_case(shape=(30, 30, 30), spacing=(1.0, 1.0, 2.0))
    ball = pixels(tile_png(tiles(case, 1)["target"]))[TOP:-BOTTOM].max(axis=2) > 90
    width = ball[ball.shape[0] // 2, 60:-60].sum()
    height = ball.sum() / (np.pi / 4 * width)
    assert height / width == pytest.approx(2, rel=0.1)


def test_nothing_is_logged_while_drawing(caplog):
    tile_png(tiles(example_case(shape=(30, 30, 4)), 1)["target"])
    assert caplog.records == []
