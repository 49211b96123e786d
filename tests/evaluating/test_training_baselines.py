import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.evaluating.training_baselines import (
    INTENSITY_LOOKUP,
    TRAINING_MEAN,
    TRAINING_MEAN_IMAGE,
    TrainingBaselines,
    TrainingCase,
)
from tests.evaluating.scored_volumes import SHAPE, ct, mask, mr

AIR = -1024.0
BODY = mask().voxels[0] > 0


def constant(value):
    return ct().like(np.full(SHAPE, value, np.float32)[None])


def learnt(*targets, inside=BODY, sources=None):
    sources = sources or [None] * len(targets)
    return TrainingBaselines(
        TrainingCase(*each) for each in zip(targets, [inside] * len(targets), sources, strict=True)
    )


def of(name, found, like=None, source=None):
    return found.volumes(like or ct(), BODY, AIR, source).get(name)


def test_the_mean_value_weighs_every_voxel_of_every_case_alike():
    half = BODY & (np.arange(SHAPE[0]) < 7)[:, None, None]
    found = TrainingBaselines([TrainingCase(constant(100), BODY), TrainingCase(constant(40), half)])
    expected = (100 * BODY.sum() + 40 * half.sum()) / (BODY.sum() + half.sum())
    baseline = of(TRAINING_MEAN, found)
    assert np.allclose(baseline.voxels[0][BODY], expected)
    assert (baseline.voxels[0][~BODY] == AIR).all()


def test_the_mean_image_is_voxel_by_voxel_with_air_outside():
    baseline = of(TRAINING_MEAN_IMAGE, learnt(ct(), constant(10)))
    assert np.allclose(baseline.voxels[0][BODY], (ct().voxels[0][BODY] + 10) / 2, atol=1e-4)
    assert (baseline.voxels[0][~BODY] == AIR).all()


def test_there_is_no_mean_image_of_different_shapes_and_none_for_another_grid():
    odd_one = type(ct())(ct().voxels[:, :-1], ct().affine)
    found = TrainingBaselines([TrainingCase(ct(), BODY), TrainingCase(odd_one, BODY[:-1])])
    assert of(TRAINING_MEAN_IMAGE, found) is None
    assert TRAINING_MEAN_IMAGE not in learnt(ct()).volumes(odd_one, BODY[:-1], AIR, None)
    assert learnt().volumes(ct(), BODY, AIR, None) == {}


def test_a_training_target_with_nan_where_it_counts_is_refused():
    with pytest.raises(InputRefused, match="nan"):
        learnt(constant(np.nan))


def curve(values):
    return 600 * np.sin(values / 120) + values


def test_a_function_of_the_intensity_is_looked_up_within_the_width_of_a_bin():
    source = mr().voxels
    found = learnt(ct().like(curve(source)), sources=[source])
    other = mr(noise=20).voxels
    error = np.abs(of(INTENSITY_LOOKUP, found, source=other).voxels[0] - curve(other)[0])[BODY]
    assert np.median(error) < 6 * np.ptp(source) / 64 / 2
    assert (of(INTENSITY_LOOKUP, found, source=other).voxels[0][~BODY] == AIR).all()


def test_of_a_lookup_the_error_is_that_of_the_best_constant_in_every_bin():
    """The median minimises the absolute error: no other constants do better on the training voxels."""
    rng, source = np.random.default_rng(0), mr().voxels
    target = ct().like(curve(source) + rng.exponential(300, source.shape))
    found = learnt(target, sources=[source])
    made = of(INTENSITY_LOOKUP, found, source=source).voxels
    errors = [np.abs(made + shift - target.voxels)[0][BODY].mean() for shift in (-30, 0, 30)]
    assert errors[1] == min(errors)


def test_of_several_source_channels_the_one_that_predicts_best_is_taken():
    informative, noise = mr().voxels, np.random.default_rng(1).normal(size=mr().voxels.shape).astype(np.float32)
    found = learnt(ct().like(curve(informative)), sources=[np.concatenate([noise, informative])])
    assert found.lookup.channel == 1


def test_empty_bins_and_values_beyond_the_training_have_a_value():
    source = np.where(mr().voxels > 500, 900.0, 100.0)
    found = learnt(ct().like(curve(source)), sources=[source])
    beyond = np.full(source.shape, 5000.0)
    assert np.allclose(of(INTENSITY_LOOKUP, found, source=beyond).voxels[0][BODY], curve(900.0), atol=1)
    assert np.isfinite(found.lookup.medians).all()


def test_without_sources_there_is_no_lookup():
    assert learnt(ct()).lookup is None
    assert of(INTENSITY_LOOKUP, learnt(ct(), sources=[mr().voxels])) is None
