import json
import os
from pathlib import Path

import numpy as np
import pytest

from medtrans.core.case import Case, Pair
from medtrans.core.errors import EmptyMask, GridMismatch, UsageError
from medtrans.core.volume import Volume
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.nyul import Nyul
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.normalisation.zscore import ZScore
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.preparing.transforms.flip import Flip
from medtrans.reading.volumes import read_volume
from tests.preparing.phantom_volumes import FLIPPED, OBLIQUE, ball, ct, mr

DATA = Path(os.environ.get("MEDTRANS_TEST_DATA", "-"))

CASE = Case("a", "a", (Path("a"),), (Path("b"),))
GRIDS = {
    "oblique": (OBLIQUE, (15, 16, 17)),
    "flipped": (FLIPPED, (14, 15, 16)),
    "anisotropic": (np.diag([0.5, 0.5, 5.0, 1.0]), (30, 28, 7)),
    "single slice": (np.eye(4), (24, 23, 1)),
}


def pairs(count=3):
    return [Pair(CASE, mr(seed=n, gain=1.0 + n), mr(seed=10 + n, gain=2.0)) for n in range(count)]


@pytest.mark.parametrize("name", GRIDS)
def test_a_target_comes_back_to_its_own_grid_and_unit(name):
    affine, shape = GRIDS[name]
    volume, preparation = ct(shape, affine), Preparation(PreparingSettings())
    prepared = preparation.prepare_target(volume)
    back = preparation.restore(prepared.voxels, prepared)
    assert back.voxels == pytest.approx(volume.voxels, abs=2e-3)
    assert np.array_equal(back.affine, volume.affine)
    assert back.origin is volume.origin
    assert back.voxels.dtype == np.float32


@pytest.mark.parametrize("name", GRIDS)
def test_resampled_it_still_comes_back_to_its_grid(name):
    affine, shape = GRIDS[name]
    volume, preparation = ct(shape, affine), Preparation(PreparingSettings(spacing=(1.1, 0.9, 1.7)))
    prepared = preparation.prepare_target(volume)
    back = preparation.restore(prepared.voxels, prepared)
    assert back.shape == volume.shape
    assert np.array_equal(back.affine, volume.affine)
    assert np.median(np.abs(back.voxels - volume.voxels)) < 60


def labels(volume):
    """A shell 2 around a core 5 in the body."""
    core, body = ball(volume.shape, 0.4), ball(volume.shape)
    return volume.like(np.where(core, 5, 2 * body).astype(np.uint8))


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("spacing", [None, (1.1, 0.9, 1.7)])
def test_labels_come_back_as_labels(name, spacing):
    affine, shape = GRIDS[name]
    volume = mr(shape, affine)
    preparation = Preparation(
        PreparingSettings(target_normalisation=Labels(labels=(2, 5)), spacing=spacing), "MR", "labels"
    )
    prepared = preparation.prepare_target(labels(volume), body=preparation.body_mask(volume))
    assert len(prepared.voxels) == 2
    back = preparation.restore(prepared.voxels, prepared)
    assert back.voxels.dtype == np.uint8
    assert set(np.unique(back.voxels)) == {0, 2, 5}
    assert (back.voxels == labels(volume).voxels).mean() > (0.95 if spacing else 0.9999)


def test_of_real_labels_those_are_written_that_a_translation_may_have():
    volume = mr()
    written = Preparation(PreparingSettings(target_normalisation=Labels(labels=(5,))), "MR", "labels").in_written_unit(
        labels(volume)
    )
    assert np.array_equal(written.voxels, np.where(labels(volume).voxels == 5, 5, 0))


def test_what_is_no_number_becomes_air():
    preparation = Preparation(PreparingSettings())
    prepared = preparation.prepare_target(ct())
    voxels = prepared.voxels.copy()
    voxels[0, 10, 11, 9] = np.nan
    restored = preparation.restore(voxels, prepared).voxels
    assert restored[0, 10, 11, 9] == -1024
    assert np.isfinite(restored).all()


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_what_was_learned_survives_json(kind):
    fitted = Preparation(
        PreparingSettings(source_normalisation=kind(), target_normalisation=kind(), patch=(8, 8)), "MR", "MR"
    ).fit(pairs())
    again = Preparation.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    assert np.array_equal(again.prepare_source(mr(seed=5)).voxels, fitted.prepare_source(mr(seed=5)).voxels)


@pytest.mark.parametrize("kind", [ZScore(), Percentiles(lower=5.0)])
def test_air_outside_the_volume_is_as_dark_as_air_inside_and_comes_back_as_zero(kind):
    options = PreparingSettings(source_normalisation=kind, target_normalisation=kind, spacing=(1.1, 0.9, 1.7))
    fitted, volume = Preparation(options, "MR", "MR").fit(pairs()), mr(seed=5, gain=7.0)
    volume = volume.like(np.where(ball(volume.shape), volume.voxels, 0).astype(np.float32))
    source = fitted.prepare_source(volume)
    assert source.background == pytest.approx(float(source.voxels.min()), abs=1e-4)
    assert source.background != -1
    empty = np.full_like(source.voxels, fitted.settings.target_normalisation.background)
    assert not fitted.restore(empty, source).voxels.any()


def test_a_lone_target_teaches_nothing_about_sources():
    lone = Pair(Case("b", "b", (), (Path("t"),)), mr(gain=50.0), mr(gain=50.0))
    options = PreparingSettings(source_normalisation=Percentiles(), target_normalisation=Percentiles())
    with_lone, without = (Preparation(options, "MR", "MR").fit(some) for some in ([*pairs(1), lone], pairs(1)))
    assert with_lone.settings.source_normalisation == without.settings.source_normalisation


def test_a_given_mask_is_turned_with_the_volume():
    volume = mr((14, 15, 16), FLIPPED)
    mask = volume.like((ball(volume.shape, 0.3)).astype(np.uint8))
    prepared = Preparation(PreparingSettings()).prepare_source(volume, mask)
    inside = prepared.undo(prepared.mask[None].astype(np.float32), 0.0)[0]
    assert np.array_equal(inside > 0, mask.voxels[0] > 0)


def test_a_source_is_normalised_alike_with_a_mask_and_without():
    volume, preparation = mr(), Preparation(PreparingSettings())
    small = volume.like(ball(volume.shape, 0.3).astype(np.uint8))
    assert np.array_equal(preparation.prepare_source(volume, small).voxels, preparation.prepare_source(volume).voxels)
    assert preparation.prepare_source(volume, small).mask.sum() == small.voxels.sum()


def test_masks_that_cannot_be_used_are_refused():
    preparation, volume = Preparation(PreparingSettings()), mr()
    with pytest.raises(EmptyMask, match=r"preparing\.body_mask"):
        preparation.prepare_source(volume, volume.like(np.zeros(volume.shape)))
    with pytest.raises(EmptyMask):
        preparation.prepare_source(Volume(np.zeros((1, 8, 8, 8)), np.eye(4)))
    with pytest.raises(GridMismatch):
        preparation.prepare_source(volume, Volume(np.ones((1, *volume.shape)), 2 * np.eye(4)))


def test_a_real_target_is_written_as_translations_are():
    fitted = Preparation(PreparingSettings(target_normalisation=Percentiles()), "MR", "MR").fit(pairs())
    once, louder = (fitted.in_written_unit(mr(seed=3, gain=gain)) for gain in (1.0, 7.0))
    assert louder.voxels == pytest.approx(once.voxels, rel=1e-4, abs=1e-2)
    assert Preparation(PreparingSettings()).in_written_unit(ct()).voxels == pytest.approx(ct().voxels)


def test_a_stack_multiplies_the_channels_of_a_source_in_2d_only():
    options = PreparingSettings(slices=3)
    assert Preparation(options).task(2, 1).source_channels == 6
    assert Preparation(PreparingSettings(slices=3, spatial_dims=3)).task(2, 1).source_channels == 2


@pytest.mark.parametrize("wrong", [{"slices": 4}, {"patch": (8, 8, 8)}, {"spacing": (1.0, 0.0, 1.0)}])
def test_settings_that_make_no_sense_are_answered(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        PreparingSettings(**wrong)


def test_planes_and_flips_are_refused_where_the_axes_are_in_another_order():
    for options in ({}, {"spatial_dims": 3, "augmentation": (Flip(),)}):
        with pytest.raises(UsageError, match="'PIR' has its axes in another order"):
            PreparingSettings(orientation="PIR", **options)
        for fine in ("RAS", "LPS", "LPI"):
            assert PreparingSettings(orientation=fine, **options).orientation == fine
    assert PreparingSettings(orientation="PIR", spatial_dims=3).orientation == "PIR"


@pytest.mark.skipif(not DATA.is_dir(), reason="MEDTRANS_TEST_DATA names no folder of real volumes")
@pytest.mark.parametrize("name", ["follow_up/p01_visit1_T1.nii.gz", "body_ct/b01_CT.nii.gz"])
def test_a_real_volume_comes_back_bit_for_bit_in_place(name):
    volume = read_volume(DATA / name)
    preparation = Preparation(PreparingSettings(orientation="LPS"))
    # Declared as a CT, an MR has no air: its body is found in it as in the source of a pair.
    prepared = preparation.prepare_target(volume, body=None if "CT" in name else preparation.body_mask(volume))
    back = preparation.restore(prepared.voxels, prepared)
    assert np.array_equal(np.round(back.voxels), volume.voxels)
    assert back.affine.tobytes() == volume.affine.tobytes()
    assert 0.1 < prepared.mask.mean() < 0.9


def test_ct_is_linear_by_default():
    assert Preparation(PreparingSettings()).settings.target_normalisation == Linear(low=-1024, high=3071)


def test_the_modalities_are_saved_with_the_preparation():
    preparation = Preparation(PreparingSettings(target_normalisation=Linear(low=0, high=70)), "CT", "dose")
    values = json.loads(json.dumps(preparation.to_dict()))
    assert (values["source_modality"], values["target_modality"]) == ("CT", "dose")
    assert Preparation.from_dict(values) == preparation
    assert preparation.modality.unit == "Gy"


@pytest.mark.parametrize("name", ["source_modality", "target_modality"])
def test_a_saved_preparation_without_a_modality_is_refused(name):
    values = Preparation(PreparingSettings()).to_dict()
    del values[name]
    with pytest.raises(UsageError, match=f"{name} is missing"):
        Preparation.from_dict(values)


@pytest.mark.parametrize(
    ("normaliser", "modality", "advice"),
    [
        (Percentiles(), "CT", "HU are lost; set {name: linear}"),
        (ZScore(), "PET", "SUV are lost"),
        (Nyul(), "dose", "Gy are lost"),
        (Linear(), "dose", "needs low and high for dose"),
        (Linear(), "MR", "or {name: percentiles}"),
        (Linear(low=0, high=9), "labels", "name: labels"),
        (Percentiles(), "labels", "name: labels"),
        (Labels(), "CT", "the modality is CT"),
    ],
)
def test_a_normalisation_that_does_not_suit_the_modality_is_refused(normaliser, modality, advice):
    with pytest.raises(UsageError, match=r"preparing\.target_normalisation") as answer:
        Preparation(PreparingSettings(target_normalisation=normaliser), "MR", modality)
    assert advice in str(answer.value)


def test_a_source_may_have_a_scale_of_its_own_whatever_its_modality():
    settings = PreparingSettings(source_normalisation=Percentiles(), target_normalisation=Percentiles())
    for modality in ("CT", "MR", "PET", "dose"):
        assert Preparation(settings, modality, "MR").source_modality == modality
    with pytest.raises(UsageError, match=r"preparing\.source_normalisation"):
        Preparation(settings, "labels", "MR")


def test_dose_is_restored_in_gray():
    volume = mr().like(np.where(ball(mr().shape), 60.0, 0.0).astype(np.float32))
    preparation = Preparation(PreparingSettings(target_normalisation=Linear(low=0, high=70)), "CT", "dose")
    prepared = preparation.prepare_target(volume)
    assert preparation.restore(prepared.voxels, prepared).voxels == pytest.approx(volume.voxels, abs=1e-5)
    assert preparation.in_written_unit(volume) is volume


def test_conditions_come_in_the_order_of_the_model_and_a_missing_one_is_named():
    preparation = Preparation(PreparingSettings(conditions=("age", "thickness")))
    assert preparation.conditions({"thickness": 3.0, "age": 40.0, "dose": 1.0}, "a") == (40.0, 3.0)
    with pytest.raises(UsageError, match="condition thickness is missing"):
        preparation.conditions({"age": 40.0}, "a")


@pytest.mark.parametrize(
    ("normalisation", "modality", "percentiles", "expected"),
    [
        (Linear(), "CT", (), True),
        (Linear(low=0, high=30), "PET", (), True),
        (Labels(labels=(1, 2)), "labels", (), True),
        (Percentiles(), "MR", (), False),
        (Linear(low=0, high=850), "MR", (500.0,), False),
    ],
    ids=["CT", "PET", "labels", "MR", "painted MR"],
)
def test_only_targets_with_a_unit_are_compared_unscaled(normalisation, modality, percentiles, expected):
    preparation = Preparation(PreparingSettings(target_normalisation=normalisation), "MR", modality, percentiles)
    assert preparation.has_unit is expected


def converted(voxels, gain, offset, kind):
    """The same image as another scanner or converter stores it."""
    values = gain * voxels + offset
    return np.rint(values).astype(np.int16) if kind == "int16" else values.astype(kind)


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
@pytest.mark.parametrize(
    ("gain", "offset", "dtype"),
    [(1.0, 50.0, np.float32), (40.0, 3000.0, "int16"), (0.01, -2.0, np.float64), (1.0, -400.0, np.float32)],
)
def test_a_source_is_normalised_alike_whatever_its_gain_and_offset(kind, gain, offset, dtype):
    fitted = Preparation(PreparingSettings(source_normalisation=kind())).fit(pairs())
    volume = mr(seed=9)
    other = volume.like(converted(volume.voxels, gain, offset, dtype))
    one, same = fitted.prepare_source(volume), fitted.prepare_source(other)
    assert np.abs(one.voxels - same.voxels).max() < 0.002
    assert np.array_equal(one.mask, same.mask)


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
@pytest.mark.parametrize("body_mask", ["nonzero", "none"])
@pytest.mark.parametrize(("gain", "offset", "dtype"), [(1.0, 50.0, np.float32), (40.0, -3000.0, "int16")])
def test_so_is_one_whose_background_is_zero_or_whose_every_voxel_counts(kind, body_mask, gain, offset, dtype):
    def stripped(volume):
        brain = np.where(ball(volume.shape), volume.voxels, 0) if body_mask == "nonzero" else volume.voxels
        return volume.like(brain.astype(np.float32))

    settings = PreparingSettings(source_normalisation=kind(), body_mask=body_mask)
    fitted = Preparation(settings).fit(Pair(pair.case, stripped(pair.source), pair.target) for pair in pairs())
    volume = stripped(mr(seed=9))
    one = fitted.prepare_source(volume)
    same = fitted.prepare_source(volume.like(converted(volume.voxels, gain, offset, dtype)))
    assert np.abs(one.voxels - same.voxels).max() < 0.002
    assert np.array_equal(one.mask, same.mask)


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
@pytest.mark.parametrize("value", [-32768.0, 32767.0])
def test_a_few_voxels_of_the_largest_numbers_do_not_change_the_scale(kind, value):
    fitted = Preparation(PreparingSettings(source_normalisation=kind())).fit(pairs())
    volume = mr(seed=9)
    voxels = volume.voxels.copy()
    voxels[0, :2, :2, :2] = value
    one, other = fitted.prepare_source(volume), fitted.prepare_source(volume.like(voxels))
    assert np.abs(one.voxels - other.voxels)[0, 2:, 2:, 2:].max() < 0.01
