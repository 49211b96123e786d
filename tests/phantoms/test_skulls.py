from dataclasses import asdict

import numpy as np
import pytest
from scipy import ndimage

from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.contrasts import paint_ct
from medtrans.phantoms.distances import distance
from medtrans.phantoms.skulls import BONE, BRAIN, Skull, draw, reshape
from medtrans.phantoms.tissues import NUMBER

ONE_MM = (1.0, 1.0, 1.0)
LAYERS = {"white matter": 14, "CSF": 20, "cortical bone": 25, "fat": 33, "skin": 35}
"""Tissue → the radius in mm at which it ends."""


def ball(spacing=1.0):
    axis = np.arange(-42, 42.1, spacing)
    i, j, k = np.meshgrid(axis, axis, axis, indexing="ij")
    radius = np.sqrt(i**2 + j**2 + k**2)
    return np.select([radius < end for end in LAYERS.values()], [NUMBER[name] for name in LAYERS], 0).astype(np.uint8)


def is_(labels, *tissues):
    return np.isin(labels, [NUMBER[tissue] for tissue in tissues])


def end(labels, *tissues, spacing=1.0):
    """Radius in mm of the ball that holds as much as these tissues do."""
    return (is_(labels, *tissues).sum() * spacing**3 * 3 / 4 / np.pi) ** (1 / 3)


@pytest.mark.parametrize("spacing", [1.0, 1.5])
@pytest.mark.parametrize(("inward", "outward"), [(2, 3), (3, -2), (-2, 1), (0, 0)])
def test_each_surface_moves_by_the_millimetres_asked_for(inward, outward, spacing):
    new = reshape(ball(spacing), [spacing] * 3, Skull(inward=(inward, 0), outward=(outward, 0)))
    cavity = end(new, "white matter", "CSF", spacing=spacing)
    outer = end(new, "white matter", "CSF", *BONE, spacing=spacing)
    assert cavity == pytest.approx(20 - inward, abs=0.6 * spacing)
    assert outer == pytest.approx(25 + outward, abs=0.6 * spacing)


def test_the_skin_moves_outwards_and_keeps_its_thickness():
    new = reshape(ball(), ONE_MM, Skull(scalp=(3, 0)))
    assert end(new, *LAYERS, "marrow") == pytest.approx(38, abs=0.5)
    assert end(new, *(set(LAYERS) - {"skin"}), "marrow") == pytest.approx(36, abs=0.6)


@pytest.mark.parametrize("spacing", [1.0, 1.5])
def test_the_skin_may_be_thicker_and_takes_from_the_fat_alone(spacing):
    old = ball(spacing)
    new = reshape(old, [spacing] * 3, Skull(skin=(2, 0)))
    fat = is_(old, "fat")
    assert end(new, *(set(LAYERS) - {"skin"}), "marrow", spacing=spacing) == pytest.approx(33 - 2, abs=0.6 * spacing)
    assert is_(new, "fat")[fat].any()
    assert np.array_equal(is_(new, "skin", "fat"), is_(old, "skin", "fat"))


@pytest.mark.parametrize("spacing", [1.0, 1.5])
def test_the_dermis_lies_below_the_skin_however_thick_that_is(spacing):
    old = ball(spacing)
    new = reshape(old, [spacing] * 3, Skull(skin=(1, 0), dermis=(2, 0)))
    without_skin = set(LAYERS) - {"skin"}
    assert end(new, *without_skin, "marrow", "muscle", spacing=spacing) == pytest.approx(33 - 1, abs=0.6 * spacing)
    assert end(new, *without_skin, "marrow", spacing=spacing) == pytest.approx(33 - 3, abs=0.6 * spacing)
    thick = reshape(old, [spacing] * 3, Skull(skin=(4, 0), dermis=(3, 0)))
    assert is_(thick, "fat").any(), "5 mm of both at most"
    assert np.array_equal(is_(thick, "skin", "muscle", "fat"), is_(old, "skin", "fat"))


@pytest.mark.parametrize("spacing", [1.0, 1.5])
def test_the_galea_is_soft_tissue_that_takes_the_place_of_the_outer_bone(spacing):
    old = ball(spacing)
    new = reshape(old, [spacing] * 3, Skull(galea=(2, 0)))
    assert end(new, "white matter", "CSF", *BONE, spacing=spacing) == pytest.approx(25 - 2, abs=0.6 * spacing)
    assert np.array_equal(is_(new, "muscle", *BONE), is_(old, *BONE))


def test_below_a_thick_galea_a_thin_skull_stays_closed():
    new = reshape(ball(), ONE_MM, Skull(outward=(-2, 0), galea=(3, 0)))
    assert end(new, "white matter", "CSF", *BONE) - end(new, "white matter", "CSF") == pytest.approx(2, abs=0.8)


def test_brain_is_never_touched_and_fluid_stays_around_it():
    old = ball()
    new = reshape(old, ONE_MM, Skull(inward=(4, 0)))
    narrow = old.copy()
    narrow[is_(old, "CSF") & (distance(is_(old, "white matter"), ONE_MM, 9) > 2)] = NUMBER["cortical bone"]
    for before, after in ((old, new), (narrow, reshape(narrow, ONE_MM, Skull(inward=(4, 0))))):
        brain = is_(before, *BRAIN)
        assert np.array_equal(brain, is_(after, *BRAIN))
        assert not is_(after[ndimage.binary_dilation(brain)], *BONE).any()


def test_bone_does_not_grow_into_a_sulcus():
    old = ball()
    old[41:44, :, 44:][is_(old[41:44, :, 44:], "white matter")] = NUMBER["CSF"]
    old[is_(old, "CSF") & (distance(is_(ball(), "white matter"), ONE_MM, 9) > 2)] = NUMBER["cortical bone"]
    new = reshape(old, ONE_MM, Skull(inward=(4, 0)))
    assert is_(new[42, 42, 44:54], "CSF").all()


@pytest.mark.parametrize("spacing", [1.0, 1.5])
def test_a_brain_may_shrink_away_from_its_skull_and_leaves_fluid(spacing):
    old = ball(spacing)
    new = reshape(old, [spacing] * 3, Skull(atrophy=(1.5, 0)))
    assert end(new, *BRAIN, spacing=spacing) == pytest.approx(14 - 1.5, abs=0.6 * spacing)
    assert np.array_equal(is_(old, *BRAIN, "CSF"), is_(new, *BRAIN, "CSF"))


def test_bone_never_grows_into_skin():
    new = reshape(ball(), ONE_MM, Skull(outward=(4, 0), scalp=(0, 0)))
    thin = ball()
    thin[is_(thin, "fat") & (distance(is_(thin, "cortical bone"), ONE_MM, 9) < 6)] = NUMBER["cortical bone"]
    for before, after in ((ball(), new), (thin, reshape(thin, ONE_MM, Skull(outward=(4, 0))))):
        assert np.array_equal(is_(before, "skin"), is_(after, "skin"))


def test_a_thin_skull_stays_closed_when_thinned():
    new = reshape(ball(), ONE_MM, Skull(inward=(-4, 0), outward=(-4, 0)))
    pieces, _ = ndimage.label(~is_(new, *BONE))
    assert pieces[42, 42, 42] != pieces[0, 0, 0]
    assert end(new, "white matter", "CSF", *BONE) - end(new, "white matter", "CSF") == pytest.approx(2, abs=0.8)


def test_diploe_lies_inside_bone_below_tables_as_thick_as_asked():
    for table in (1, 2):
        new = reshape(ball(), ONE_MM, Skull(inward=(2, 0), outward=(2, 0), table=(table, 0)))
        depth = distance(~is_(new, *BONE), ONE_MM, 9) - 0.5
        marrow = is_(new, "marrow")
        assert marrow.any()
        assert depth[marrow].min() > table
        assert np.array_equal(marrow, is_(new, *BONE) & (depth > table))
    assert not is_(reshape(ball(), ONE_MM, Skull(outward=(-2, 0), table=(2, 0))), "marrow").any(), "3 mm thin"


def test_bone_far_from_the_brain_stays_as_it_is():
    old = np.pad(ball(), ((0, 20), (0, 0), (0, 0)))
    old[90:98, 35:50, 35:50] = NUMBER["cortical bone"]
    new = reshape(old, ONE_MM, Skull(outward=(3, 0)))
    assert np.array_equal(old[86:], new[86:])


def test_skin_does_not_grow_into_airways():
    old = ball()
    old[:, 40:45, 40:45][is_(old, "fat")[:, 40:45, 40:45]] = NUMBER["mucosa"]
    old[42:, 41:44, 41:44][is_(old, "mucosa", "skin")[42:, 41:44, 41:44]] = NUMBER["air outside"]
    new = reshape(old, ONE_MM, Skull(scalp=(3, 0)))
    assert is_(new[68:73, 42, 42], "air outside").all()


def test_all_bone_is_above_250_hounsfield_units():
    new = reshape(ball(), ONE_MM, draw(np.random.default_rng(1)))
    head = Head(new, (1, 1, 1), Volume(np.zeros((1, *new.shape), np.uint8), np.eye(4)))
    inside = ndimage.binary_erosion(is_(new, *BONE), np.ones((3, 3, 3)))
    for marrow in (None, 300, 600):
        assert paint_ct(head, np.random.default_rng(0), noise=0, marrow=marrow).voxels[0][inside].min() > 250


def test_the_same_seed_makes_the_same_skull_and_its_fields_restore_it():
    skulls = [draw(np.random.default_rng(seed)) for seed in (7, 7, 8)]
    assert skulls[0] == skulls[1] != skulls[2]
    one, again, other = (reshape(ball(2.0), [2.0] * 3, Skull(**asdict(skull))) for skull in skulls)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_thickness_varies_smoothly_over_the_head():
    new = reshape(ball(), ONE_MM, Skull(outward=(1, 2.0), seed=3))
    beyond = distance(is_(ball(), "white matter", "CSF", "cortical bone"), ONE_MM, 9)
    grown = beyond[is_(new, *BONE)]
    assert grown.max() >= 2
    assert ndimage.label(is_(new, *BONE))[1] == 1
