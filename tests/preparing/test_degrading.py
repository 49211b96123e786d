from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.case import Case
from medtrans.core.errors import InputRefused, UsageError
from medtrans.degradations.gain import Gain
from medtrans.degradations.thick_slices import ThickSlices
from medtrans.preparing.batches import loader
from medtrans.preparing.degrading import (
    Degraded,
    Degrader,
    DegradingSettings,
    label_map,
    on_grid_of,
    once_degraded,
)
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.on_the_fly import LIVE, SETS, MadeVolume
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.volumes import write_volume
from tests.preparing.toy_dataset import dataset, smooth


class Shift:
    """In place of a degrader: adds a random number to the source, and remembers what it was asked for."""

    def __init__(self, sources):
        self.sources, self.cases = sources, []

    def __call__(self, case, rng):
        self.cases.append(case)
        one = self.sources[case]
        return MadeVolume(one.voxels + np.float32(rng.uniform()), one.mask, one.affine, one.background)


def degraded(items_per_draw=1, seed=3, batch=4, **settings):
    toy = dataset(seed=seed, patch=(6, 6, 6), spatial_dims=3, **settings)
    shift = Shift(toy.data.sources)
    return replace(
        toy, data=Degraded(toy.data.sources, toy.data.targets, shift, items_per_draw=items_per_draw, batch=batch)
    ), shift


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("items_per_draw", [1, 3, 8])
def test_an_item_depends_on_the_seed_and_its_number_alone(items_per_draw):
    forwards, _ = degraded(items_per_draw)
    items = [forwards[number] for number in range(24)]
    fresh, _ = degraded(items_per_draw)
    assert all(equal(fresh[number], items[number]) for number in (23, 7, 11, 0, 17))
    other, _ = degraded(items_per_draw, seed=4)
    assert not equal(other[7], items[7])


def test_with_one_item_for_each_draw_every_item_is_degraded_anew():
    items, shift = degraded(1)
    shifts = {round(float((items[n].source - dataset_item(n).source).mean()), 5) for n in range(12)}
    assert len(shift.cases) == 12
    assert len(shifts) == 12
    assert set(shift.cases) == {0, 1}


def dataset_item(number):
    """The item as it would be with the same case and no shift."""
    items, shift = degraded(1)
    shift_free = replace(items, data=Degraded(items.data.sources, items.data.targets, NoShift(shift), batch=4))
    return shift_free[number]


class NoShift:
    def __init__(self, shift):
        self.sources = shift.sources

    def __call__(self, case, rng):
        return self.sources[case]


def test_a_volume_is_degraded_once_for_as_many_items_as_are_set_and_not_all_volumes_at_once():
    items, shift = degraded(8)
    begun, count = [], 8 * LIVE * SETS * 3
    for number in range(count):
        before = len(shift.cases)
        _ = items[number]
        begun += [number] * (len(shift.cases) - before)
    assert len(begun) == pytest.approx(count / 8, abs=LIVE * SETS)
    later = begun[LIVE * SETS :]
    assert len({number // LIVE for number in later}) == len(later)


def test_two_workers_degrade_no_volume_twice():
    """PyTorch gives every other batch to a worker."""
    by_worker = [degraded(3) for _ in range(2)]
    items, whole = degraded(3)
    for number in range(48):
        assert equal(items[number], by_worker[number // 4 % 2][0][number])
    assert len(whole.cases) == sum(len(shift.cases) for _, shift in by_worker)


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_do_not_depend_on_the_workers_or_on_where_a_training_is_taken_up(workers):
    whole = list(loader(degraded(3, batch=2)[0], batch=2, first_step=0, last_step=6))
    part = list(loader(degraded(3, batch=2)[0], batch=2, first_step=3, last_step=6, workers=workers))
    assert all((one.source == other.source).all() for one, other in zip(whole[3:], part, strict=True))


def test_the_source_is_the_degraded_target_prepared_as_any_source_would_be(tmp_path):
    volume = smooth((20, 22, 18), 0)
    write_volume(volume, tmp_path / "a_T1.nii.gz")
    case = Case("a", "a", (tmp_path / "a_T1.nii.gz",), (tmp_path / "a_T1.nii.gz",))
    preparation = Preparation(PreparingSettings(target_normalisation=Percentiles()), "MR", "MR")
    settings = DegradingSettings(chain=(ThickSlices(millimetres=6), Gain(factor=3)))
    made = Degrader([case], settings, preparation, tmp_path)(0, np.random.default_rng(0))
    thick = ThickSlices().apply(volume, millimetres=6.0, gap=0.0, plane="axial", profile="gaussian")
    expected = preparation.prepare_source(on_grid_of(volume, thick, 0.0), margin=True)
    assert made.voxels == pytest.approx(expected.voxels, abs=1e-3)
    assert np.array_equal(made.mask, expected.mask)


def test_thick_slices_come_back_to_the_grid_of_the_original():
    volume = smooth((20, 22, 18), 0)
    thick = ThickSlices().apply(volume, millimetres=6.0, gap=0.0, plane="axial", profile="box")
    back = on_grid_of(volume, thick, 0.0)
    assert back.shares_grid_with(volume)
    body = volume.voxels > 0
    assert np.corrcoef(back.voxels[body], volume.voxels[body])[0, 1] > 0.6
    assert on_grid_of(volume, volume, 0.0) is volume


def test_the_one_degradation_of_a_test_case_depends_on_the_seed_and_its_name():
    settings = DegradingSettings(chain=(Gain(factor=(0.5, 2)),))
    assert once_degraded(settings, "a") == once_degraded(settings, "a")
    assert once_degraded(settings, "a") != once_degraded(settings, "b")
    assert once_degraded(settings, "a") != once_degraded(replace(settings, seed=1), "a")


def test_a_missing_label_map_names_its_case(tmp_path):
    case = Case("a", "a", (), (tmp_path / "a.nii.gz",))
    with pytest.raises(InputRefused, match="a_seg"):
        label_map(DegradingSettings(labels="*_seg.nii.gz"), case, tmp_path)
    assert label_map(DegradingSettings(), case, tmp_path) is None


def test_settings_come_back_from_plain_values():
    values = {"chain": [{"name": "one_of", "choices": [{"name": "gain"}, {"name": "motion"}]}], "items_per_draw": 2}
    settings = DegradingSettings.from_dict(values)
    assert DegradingSettings.from_dict(settings.to_dict()) == settings
    with pytest.raises(UsageError, match="did you mean 'motion'"):
        DegradingSettings.from_dict({"chain": [{"name": "motoin"}]})
