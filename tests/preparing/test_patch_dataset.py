from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from medtrans.degradations.gain import Gain
from medtrans.degradations.noise import Noise
from medtrans.preparing.transforms.flip import Flip
from tests.preparing.toy_dataset import TRANSFORMS, dataset, labelled

SHAPES = {
    "slices": {"spatial_dims": 2, "slices": 3},
    "sagittal patches": {"spatial_dims": 2, "plane": "sagittal", "slices": 1, "patch": (12, 9)},
    "coronal stacks": {"spatial_dims": 2, "plane": "coronal", "slices": 3, "patch": (8, 8)},
    "blocks": {"spatial_dims": 3, "patch": (8, 9, 10)},
    "volumes": {"spatial_dims": 3},
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("augmentation", [(), TRANSFORMS], ids=["as it is", "transformed"])
def test_target_and_mask_stay_aligned_with_the_source(name, augmentation):
    settings = SHAPES[name]
    items = dataset(augmentation=augmentation, **settings)
    middle = settings.get("slices", 1) // 2 if settings["spatial_dims"] == 2 else 0
    for number in range(12):
        source, target, mask, *_ = items[number]
        height, half = source[middle] + 1, target[0] + 1
        assert half == pytest.approx(height / 2, abs=1e-5)
        assert ((height > 0.5) ^ (mask[0] > 0)).mean() < 0.12
        assert (height[mask[0] > 0] > 0).mean() > 0.9
        assert mask.any()
        assert mask.shape[1:] == source.shape[1:] == target.shape[1:] == items.size


def test_the_middle_of_a_stack_is_the_targets_slice_and_its_neighbours_lie_beside_it():
    items = dataset(spatial_dims=2, slices=3)
    source = items[0].source
    assert np.abs(np.diff(source, axis=0)).max() > 0
    assert np.median(source[0] - source[1]) * np.median(source[1] - source[2]) >= 0
    assert 2 * (items[0].target[0] + 1) == pytest.approx(source[1] + 1, abs=1e-5)


@pytest.mark.parametrize("divisor", [1, 8])
def test_all_items_have_one_size_which_the_divisor_divides(divisor):
    items = dataset(spatial_dims=2, divisor=divisor)
    assert items.size == ((20, 25) if divisor == 1 else (24, 32))
    assert {items[number].source.shape[1:] for number in range(10)} == {items.size}
    assert replace(items, divisor=16).size == (32, 32)


def test_a_patch_is_no_larger_than_the_largest_volume():
    assert dataset(spatial_dims=3, patch=(64, 8, 64), divisor=4).size == (20, 8, 20)


def test_an_item_depends_on_seed_and_number_alone():
    items, again = dataset(augmentation=TRANSFORMS), dataset(augmentation=TRANSFORMS)
    items[5], items[7]
    assert all(np.array_equal(a, b) for a, b in zip(items[9], again[9], strict=True))
    assert not np.array_equal(items[9].source, items[10].source)
    assert not np.array_equal(items[9].source, dataset(augmentation=TRANSFORMS, seed=4)[9].source)


def test_unpaired_sources_and_targets_come_from_anywhere():
    items = dataset("unpaired", slices=1)
    apart = sum(not np.allclose((items[n].source + 1) / 2, items[n].target + 1, atol=1e-4) for n in range(10))
    assert apart >= 8


def test_degradations_change_the_source_alone():
    plain, degraded = dataset(), dataset(augmentation=[Gain(factor=(0.7, 1.4)), Noise(deviation=(0, 0.05))])
    assert not np.array_equal(plain[0].source, degraded[0].source)
    assert np.array_equal(plain[0].target, degraded[0].target)
    assert np.array_equal(plain[0].mask, degraded[0].mask)


def test_padding_is_each_sides_own_air():
    items = dataset(spatial_dims=2, divisor=64)
    assert items[0].source[:, 0, 0] == pytest.approx(-1)
    assert items[0].target[:, 0, 0] == pytest.approx(-1)
    assert items[0].mask[0, 0, 0] == 0


def test_left_and_right_are_mirrored_half_of_the_time_also_across_sagittal_stacks():
    settings = {"spatial_dims": 2, "plane": "sagittal", "slices": 3}
    plain, mirrored = dataset(**settings), dataset(augmentation=[Flip()], **settings)
    turned = [np.array_equal(mirrored[n].source, plain[n].source[::-1]) for n in range(40)]
    kept = [np.array_equal(mirrored[n].source, plain[n].source) for n in range(40)]
    assert all(a or b for a, b in zip(turned, kept, strict=True))
    assert 8 < sum(turned) < 32


def test_each_axis_has_its_own_divisor():
    assert dataset(spatial_dims=3, patch=(8, 9, 10), divisor=(1, 4, 8)).size == (8, 12, 16)


POINTS = {
    "slices": {"spatial_dims": 2, "slices": 1, "patch": (1, 1)},
    "sagittal slices": {"spatial_dims": 2, "plane": "sagittal", "slices": 1, "patch": (1, 1)},
    "blocks": {"spatial_dims": 3, "patch": (1, 1, 1)},
}
"""Items of one voxel, the one on which a patch is centred."""


@pytest.mark.parametrize("name", POINTS)
def test_a_fraction_of_the_items_contains_a_label(name):
    plain, items = labelled(0.0, **POINTS[name]), labelled(0.33, **POINTS[name])
    by_chance = np.mean([(plain[n].target > 0).any() for n in range(3000)])
    found = sum((items[n].target > 0).any() for n in range(1000))
    share = by_chance + 0.33 * (2 / 3) * (1 - by_chance)  # one case of three has no label
    low, high = binom.interval(0.999, 1000, share)
    assert low <= found <= high
    assert found > 1000 * by_chance + 100


@pytest.mark.parametrize("name", POINTS)
def test_labels_of_a_case_are_drawn_evenly_and_every_voxel_of_each(name):
    items = [labelled(1.0, **POINTS[name])[n] for n in range(1000)]
    small = [item for item in items if item.target[1] > 0]
    assert all((item.target > 0).sum() == 1 for item in items)
    low, high = binom.interval(0.999, 1000, 1 / 4)  # half of the draws of one case of two
    assert low <= len(small) <= high
    assert len({float(item.source.squeeze()) for item in small}) == 8


def test_whole_slices_contain_a_label_too():
    items = labelled(1.0, spatial_dims=2, slices=3)
    assert all((items[n].target > 0).any() for n in range(50))


def test_a_patch_contains_the_voxel_of_the_label_it_was_drawn_by():
    items = labelled(1.0, spatial_dims=3, patch=(8, 9, 10))
    assert all((items[n].target > 0).any() for n in range(50))


def test_an_item_with_a_label_depends_on_seed_and_number_alone():
    settings = {"spatial_dims": 3, "patch": (4, 4, 4), "augmentation": TRANSFORMS}
    items, again = labelled(0.5, **settings), labelled(0.5, **settings)
    whole = [items[n] for n in range(12)]
    resumed = [again[n] for n in reversed(range(6, 12))]
    for item, other in zip(whole[:5:-1], resumed, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(item, other, strict=True))
