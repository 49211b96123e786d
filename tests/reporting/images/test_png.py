import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

from medtrans.core.errors import UsageError
from medtrans.reporting.images.layers import layers
from medtrans.reporting.images.png import AMBER, BOTTOM, TOP, WIDTH, panel, tile_png
from tests.reporting.report_volumes import pictured


def pixels(data):
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB")).astype(int)


def tiles(case, number=0):
    drawn = layers(case)
    return {tile.role: tile for tile in drawn.row(drawn.views()[number]).tiles}


def test_a_tile_has_the_proportions_of_the_patient():
    tile = tiles(pictured(shape=(24, 24, 12), spacing=(2.0, 2.0, 4.0)), 1)["target"]
    assert tile.view.extent == (48, 48)
    height, width, _ = pixels(tile_png(tile)).shape
    assert width == WIDTH
    assert height == TOP + WIDTH + BOTTOM


@pytest.mark.parametrize("shape", [(40, 40, 2), (2, 40, 40), (3, 3, 3), (40, 30, 1)])
def test_thin_volumes_get_black_bars_instead_of_no_picture(shape):
    drawn = layers(pictured(shape=shape, spacing=(1.0, 1.0, 1.0), mask=False))
    assert drawn.views()
    for view in drawn.views():
        height, width, _ = pixels(tile_png(drawn.row(view).tiles[0])).shape
        assert 0.4 * width < height < 1.5 * width


def body_colour(shift):
    tile = tiles(pictured(shift=shift))["difference"]
    picture = pixels(tile_png(tile))[TOP:-BOTTOM]
    middle = picture[picture.shape[0] // 3 : -picture.shape[0] // 3, WIDTH // 3 : -WIDTH // 3]
    return middle.mean(axis=(0, 1))


def test_too_high_is_orange_too_low_is_blue():
    red, _, blue = body_colour(200.0)
    assert red > 2 * blue
    red, _, blue = body_colour(-200.0)
    assert blue > 2 * red


def test_no_difference_is_black():
    case = pictured(shift=0.0)
    same = type(case)(case.case, case.source, case.target, case.target, case.mask)
    tile = tiles(same)["difference"]
    centre = pixels(tile_png(tile))[TOP + 130 : TOP + 150, 150:210]
    assert centre.max() < 12


def amber(picture):
    colour = [int(AMBER[place : place + 2], 16) for place in (1, 3, 5)]
    return int((np.abs(picture - colour).max(axis=2) < 40).sum())


def test_only_the_translation_says_synthetic_in_its_pixels():
    drawn = {role: pixels(tile_png(tile)) for role, tile in tiles(pictured()).items()}
    assert amber(drawn["translated"][:TOP]) > 50
    assert amber(drawn["source"]) == amber(drawn["target"]) == 0


def test_equal_tiles_are_equal_bytes_and_nothing_global_changes():
    before = dict(matplotlib.rcParams)
    first, second = (tile_png(tiles(pictured())["difference"]) for _ in range(2))
    assert first == second
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("kind", [{}, {"plane": "sagittal"}, {"worst": True}, {"bone": True}])
def test_a_panel_is_one_picture_of_the_width_asked_for(kind):
    picture = pixels(panel(pictured(), width=1200, **kind))
    assert picture.shape[1] == 1200
    assert 250 < picture.shape[0] < 600
    assert amber(picture[:TOP, 600:900]) > 20


def test_a_panel_shows_bone_when_asked():
    assert panel(pictured()) != panel(pictured(), bone=True)


def test_a_constant_volume_and_holes_are_drawn():
    case = pictured()
    voxels = case.translated.voxels.copy()
    voxels[0, 8:12, 8:12, 6:10] = np.nan
    voxels[0, 2, 2, 2] = np.inf
    flat = case.source.like(np.full(case.source.shape, 3.0))
    holed = type(case)(case.case, flat, case.target, case.translated.like(voxels), case.mask)
    drawn = layers(holed)
    assert all(tile_png(tile) for view in drawn.views() for tile in drawn.row(view).tiles)


def test_a_panel_of_a_plane_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="coronal"):
        panel(pictured(shape=(20, 20, 1)), plane="coronal")


def test_a_tall_picture_is_not_squeezed():
    case = pictured(shape=(30, 30, 30), spacing=(1.0, 1.0, 2.0))
    ball = pixels(tile_png(tiles(case, 1)["target"]))[TOP:-BOTTOM].max(axis=2) > 90
    width = ball[ball.shape[0] // 2, 60:-60].sum()
    height = ball.sum() / (np.pi / 4 * width)
    assert height / width == pytest.approx(2, rel=0.1)


def test_nothing_is_logged_while_drawing(caplog):
    tile_png(tiles(pictured(shape=(30, 30, 4)), 1)["target"])
    assert caplog.records == []
