import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from medtrans.core.case import Case
from medtrans.core.errors import GridMismatch, UsageError
from medtrans.core.method import Batch
from medtrans.core.volume import Volume
from medtrans.preparing.augmentation import Augment
from medtrans.preparing.batches import loader, paired_patches, unpaired_patches
from medtrans.preparing.normalisation import Linear
from medtrans.preparing.preparation import Preparation, PreparingSettings
from tests.preparing.phantom_volumes import ball, mr

CASE = Case("a", "a", (Path("a"),), (Path("b"),))
MOVED = Augment(flip=True, rotate_degrees=25, scale=0.2, shift_millimetres=2, elastic_millimetres=0.5)
SHAPES = {
    "slices": {"spatial_dims": 2, "stack": 3},
    "sagittal patches": {"spatial_dims": 2, "plane": "sagittal", "stack": 1, "patch": (12, 9)},
    "coronal stacks": {"spatial_dims": 2, "plane": "coronal", "stack": 3, "patch": (8, 8)},
    "blocks": {"spatial_dims": 3, "patch": (8, 9, 10)},
    "volumes": {"spatial_dims": 3},
}


def smooth(shape, seed):
    """A body whose values change slowly, so that interpolating commutes with a linear map."""
    axes = np.ix_(*[np.linspace(-1, 1, side) for side in shape])
    values = 200 + 80 * axes[0] + 60 * axes[1] - 40 * axes[2] + 10 * seed
    return Volume(np.where(ball(shape), values, 0).astype(np.float32)[None], np.diag([1.0, 1.2, 2.0, 1.0]))


def draws(paired=True, seed=3, divisor=1, **asked):
    """Target = half of the source, both normalised by the same line, over two cases of different size."""
    linear = Linear(low=0, high=500)
    settings = PreparingSettings(source=linear, target=linear, **asked)
    preparation, pairs = Preparation(settings), []
    for number, shape in enumerate([(20, 22, 18), (17, 25, 14)]):
        source = smooth(shape, number)
        target = preparation.target(source.like(source.voxels / 2), like=source)
        pairs.append((preparation.source(source), target))
    if paired:
        return paired_patches(pairs, settings, seed=seed, divisor=divisor)
    return unpaired_patches([s for s, _ in pairs], [t for _, t in pairs], settings, seed=seed, divisor=divisor)


def same(one, other):
    return all(
        torch.equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True) if a is not None
    )


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("augment", [Augment(), MOVED], ids=["as it is", "moved"])
def test_target_and_mask_stay_aligned_with_the_source(name, augment):
    asked = SHAPES[name]
    made = draws(augment=augment, **asked)
    middle = asked.get("stack", 1) // 2 if asked["spatial_dims"] == 2 else 0
    for number in range(12):
        source, target, mask, *_ = made[number]
        height, half = source[middle] + 1, target[0] + 1
        assert half == pytest.approx(height / 2, abs=1e-5)
        assert ((height > 0.5) ^ (mask[0] > 0)).mean() < 0.12
        assert (height[mask[0] > 0] > 0).mean() > 0.9
        assert mask.any()
        assert mask.shape[1:] == source.shape[1:] == target.shape[1:] == made.size


def test_the_middle_of_a_stack_is_the_targets_slice_and_its_neighbours_lie_beside_it():
    made = draws(spatial_dims=2, stack=3)
    source = made[0].source
    assert np.abs(np.diff(source, axis=0)).max() > 0
    assert np.median(source[0] - source[1]) * np.median(source[1] - source[2]) >= 0
    assert 2 * (made[0].target[0] + 1) == pytest.approx(source[1] + 1, abs=1e-5)


@pytest.mark.parametrize("divisor", [1, 8])
def test_all_items_have_one_size_which_the_divisor_divides(divisor):
    made = draws(spatial_dims=2, divisor=divisor)
    assert made.size == ((20, 25) if divisor == 1 else (24, 32))
    assert {made[number].source.shape[1:] for number in range(10)} == {made.size}
    assert replace(made, divisor=16).size == (32, 32)


def test_a_patch_is_no_larger_than_the_largest_volume():
    assert draws(spatial_dims=3, patch=(64, 8, 64), divisor=4).size == (20, 8, 20)


def test_an_item_depends_on_seed_and_number_alone():
    made, again = draws(augment=MOVED), draws(augment=MOVED)
    made[5], made[7]
    assert all(np.array_equal(a, b) for a, b in zip(made[9], again[9], strict=True))
    assert not np.array_equal(made[9].source, made[10].source)
    assert not np.array_equal(made[9].source, draws(augment=MOVED, seed=4)[9].source)


@pytest.mark.parametrize("workers", [0, 1])
def test_the_global_dice_are_left_alone(workers):
    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002

    before = states()
    list(loader(draws(augment=MOVED), batch=2, first_step=0, last_step=2, workers=workers))
    assert states() == before


def test_training_resumes_anywhere():
    made = draws(augment=MOVED)
    whole = list(loader(made, batch=2, first_step=0, last_step=5))
    resumed = list(loader(made, batch=2, first_step=3, last_step=5))
    assert len(whole) == 5
    assert all(same(a, b) for a, b in zip(whole[3:], resumed, strict=True))


def test_processes_share_each_batch_and_leave_nothing_out():
    made = draws()
    whole = next(loader(made, batch=6, first_step=4, last_step=5))
    for rank in range(3):
        part = next(loader(made, batch=6, first_step=4, last_step=5, rank=rank, world=3))
        assert torch.equal(part.source, whole.source[rank::3])
        assert torch.equal(part.mask, whole.mask[rank::3])


def test_workers_make_the_same_batches():
    made = draws(augment=replace(MOVED, noise=0.1, bias=0.1))
    alone = list(loader(made, batch=2, first_step=1, last_step=5, rank=1, world=2))
    helped = list(loader(made, batch=2, first_step=1, last_step=5, rank=1, world=2, workers=2))
    assert len(helped) == 4
    assert all(same(a, b) for a, b in zip(alone, helped, strict=True))


def test_a_batch_that_cannot_be_shared_is_answered():
    with pytest.raises(UsageError, match="multiple of 2"):
        loader(draws(), batch=3, first_step=0, last_step=1, world=2)


def test_unpaired_sources_and_targets_come_from_anywhere():
    made = draws(paired=False, stack=1)
    apart = sum(not np.allclose((made[n].source + 1) / 2, made[n].target + 1, atol=1e-4) for n in range(10))
    assert apart >= 8


def test_looks_change_the_source_alone():
    plain, other = draws(), draws(augment=Augment(brightness=0.4, noise=0.1))
    assert not np.array_equal(plain[0].source, other[0].source)
    assert np.array_equal(plain[0].target, other[0].target)
    assert np.array_equal(plain[0].mask, other[0].mask)


def test_padding_is_each_sides_own_air():
    made = draws(spatial_dims=2, divisor=64)
    assert made[0].source[:, 0, 0] == pytest.approx(-1)
    assert made[0].target[:, 0, 0] == pytest.approx(-1)
    assert made[0].mask[0, 0, 0] == 0


def test_left_and_right_are_mirrored_half_of_the_time_also_across_sagittal_stacks():
    asked = {"spatial_dims": 2, "plane": "sagittal", "stack": 3}
    plain, mirrored = draws(**asked), draws(augment=Augment(flip=True), **asked)
    turned = [np.array_equal(mirrored[n].source, plain[n].source[::-1]) for n in range(40)]
    kept = [np.array_equal(mirrored[n].source, plain[n].source) for n in range(40)]
    assert all(a or b for a, b in zip(turned, kept, strict=True))
    assert 8 < sum(turned) < 32


def test_pairs_on_different_grids_and_no_cases_are_answered():
    preparation = Preparation(PreparingSettings())
    with pytest.raises(GridMismatch, match="register"):
        paired_patches([(preparation.source(mr()), preparation.target(mr((9, 9, 9))))], preparation.settings)
    with pytest.raises(UsageError, match="none"):
        paired_patches([], preparation.settings)


def test_each_item_knows_the_conditions_of_its_case():
    plain = draws()
    told = replace(plain, conditions=[(1.0, 10.0), (2.0, 20.0)])
    batch = next(iter(loader(told, batch=16, first_step=0, last_step=1)))
    assert batch.condition.shape == (16, 2)
    assert torch.equal(batch.condition[:, 1], 10 * batch.condition[:, 0])
    assert set(batch.condition[:, 0].tolist()) == {1.0, 2.0}
    assert next(iter(loader(plain, batch=2, first_step=0, last_step=1))).condition is None


def test_each_axis_has_its_own_divisor():
    assert draws(spatial_dims=3, patch=(8, 9, 10), divisor=(1, 4, 8)).size == (8, 12, 16)


def test_nothing_to_draw_from_is_answered():
    with pytest.raises(UsageError, match="training cases: there are none"):
        paired_patches([], PreparingSettings())


def test_what_is_drawn_for_an_item_depends_on_the_item_alone():
    made = draws()
    whole = next(iter(loader(made, batch=4, first_step=3, last_step=4)))
    parts = [next(iter(loader(made, batch=4, first_step=3, last_step=4, rank=rank, world=2))) for rank in (0, 1)]
    for draw in (Batch.normal, Batch.uniform):
        mine = draw(whole, 2, 3, key=5)
        assert mine.shape == (4, 2, 3)
        assert torch.equal(mine[0::2], draw(parts[0], 2, 3, key=5))
        assert torch.equal(mine[1::2], draw(parts[1], 2, 3, key=5))
        assert not torch.equal(mine, draw(whole, 2, 3, key=6))
        assert len(mine.unique()) == mine.numel()
    assert whole.normal().shape == (4,)
