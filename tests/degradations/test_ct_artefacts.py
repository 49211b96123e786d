"""Artefacts of CT on a cylinder of water, where it is known how they look."""

import numpy as np
import pytest

from medtrans.degradations.beam_hardening import BeamHardening
from medtrans.degradations.limited_angle import LimitedAngle
from medtrans.degradations.metal_streaks import METAL_HU, MetalStreaks
from medtrans.degradations.ring_artefact import RingArtefact
from medtrans.degradations.sparse_views import SparseViews
from medtrans.degradations.truncated_fov import TruncatedFov
from tests.degradations.ct_cylinder import cylinder, within


def test_bone_darkens_the_water_between_it_and_water_alone_is_corrected():
    rods, water = cylinder(bone=True), cylinder()
    change = BeamHardening().apply(rods, strength=1.0, kilovolts=120).voxels - rods.voxels
    middle = change[0, 43:53, 43:53]
    aside = change[0, 43:53, 78:84]
    assert middle.mean() < -3
    assert middle.mean() < aside.mean() - 3
    alone = BeamHardening().apply(water, strength=1.0, kilovolts=120).voxels - water.voxels
    assert np.abs(alone[within(water, 0, 70)]).max() < 2


def test_few_views_give_streaks_outside_of_the_centre_and_none_in_the_mean():
    rods = cylinder(bone=True)
    change = SparseViews().apply(rods, views=30).voxels - rods.voxels
    assert change[within(rods, 0, 70)].std() > 20
    assert abs(change[within(rods, 0, 70)].mean()) < 10


def test_edges_along_the_missing_rays_are_lost():
    """Views around the first axis see edges across it; the others become soft."""
    water = cylinder()
    after = LimitedAngle().apply(water, degrees=90.0, start=-45.0 % 180).voxels[0, :, :, 0]
    steep = np.abs(np.diff(after[:, 46:50].mean(1))).max()
    soft = np.abs(np.diff(after[46:50].mean(0))).max()
    assert max(steep, soft) > 1.4 * min(steep, soft)


def test_rings_are_round():
    water = cylinder(slices=1)
    change = RingArtefact().apply(water, strength=0.03, channels=0.2, seed=1).voxels[0, ..., 0]
    axis = np.arange(96) - 47.5
    radius = np.rint(np.hypot(axis[:, None], axis)).astype(int)
    inside = (radius > 5) & (radius < 38)
    means = np.bincount(radius[inside], change[inside]) / np.maximum(np.bincount(radius[inside]), 1)
    assert means[radius[inside]].std() > 0.8 * change[inside].std()


def test_beyond_the_field_of_view_is_air_and_its_edge_is_bright():
    water = cylinder()
    cut = TruncatedFov().apply(water, millimetres=120.0, extrapolated=False).voxels
    assert (cut[within(water, 62, 90)] == -1024).all()
    assert cut[within(water, 55, 59)].mean() > cut[within(water, 0, 30)].mean() + 50
    continued = TruncatedFov().apply(water, millimetres=120.0, extrapolated=True).voxels
    middle = within(water, 0, 50)
    assert np.abs(continued[middle]).mean() < np.abs(cut[middle]).mean() / 2


def test_a_field_of_view_far_smaller_than_the_body_keeps_the_units_within_it():
    water = cylinder()
    for millimetres in (100.0, 60.0):
        cut = TruncatedFov().apply(water, millimetres=millimetres, extrapolated=True).voxels
        assert np.abs(cut[within(water, 0, millimetres / 2 - 6)]).mean() < 60


def test_metal_is_bright_and_streaks_join_two_pieces():
    water = cylinder()
    places = [[0.3, 0.5, 0.5], [0.7, 0.5, 0.5]]
    how = {"photons": 200_000.0, "kilovolts": 120, "seed": 1, "places": places}
    after = MetalStreaks().apply(water, millimetres=10.0, **how).voxels[0, ..., 2]
    assert after[round(0.3 * 95), 47] == METAL_HU
    between = after[40:56, 46:50]
    aside = after[40:56, 70:76]
    assert between.mean() < aside.mean() - 20


@pytest.mark.parametrize("millimetres", [0.0])
def test_no_metal_changes_nothing(millimetres):
    water = cylinder(slices=1)
    how = {"photons": 200_000.0, "kilovolts": 120, "seed": 1, "places": [[0.5, 0.5, 0.5]]}
    assert np.array_equal(MetalStreaks().apply(water, millimetres=millimetres, **how).voxels, water.voxels)
