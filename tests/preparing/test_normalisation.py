import json
from typing import get_args

import numpy as np
import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.preparing.normalisation import AnyNormaliser, Labels, Linear, Nyul, Percentiles, ZScore
from tests.preparing.phantom_volumes import mr

KINDS = [kind for kind in get_args(AnyNormaliser) if kind is not Labels]


def measured(seed=0, gain=1.0):
    voxels = mr(seed=seed, gain=gain).voxels[0]
    return voxels, voxels > 50 * gain


def fitted(kind):
    return kind().fit([measured(seed, gain) for seed, gain in ((0, 1.0), (1, 2.0), (2, 4.0))])


@pytest.mark.parametrize("kind", KINDS)
def test_normalised_and_undone_is_the_same(kind):
    voxels, within = measured(7, 3.0)
    normalised, undo = fitted(kind).normalise(voxels, within)
    assert normalised.dtype == np.float32
    assert undo(normalised) == pytest.approx(voxels, abs=5e-3 if kind is Linear else 1e-5 * float(voxels.max()))


@pytest.mark.parametrize("kind", KINDS)
def test_learned_numbers_survive_json_exactly(kind):
    learned = fitted(kind)
    assert kind.from_dict(json.loads(json.dumps(learned.to_dict()))) == learned


@pytest.mark.parametrize("kind", KINDS)
def test_order_is_kept(kind):
    voxels, within = measured()
    normalised, _ = fitted(kind).normalise(voxels, within)
    order = np.argsort(voxels, axis=None)
    assert (np.diff(normalised.ravel()[order]) >= 0).all()


@pytest.mark.parametrize("kind", [Percentiles, Nyul])
def test_air_becomes_the_background_and_returns(kind):
    learned = fitted(kind)
    voxels, within = measured()
    normalised, _ = learned.normalise(np.where(within, voxels, 0), within)
    assert normalised[~within] == pytest.approx(learned.background)
    assert learned.background == -1
    assert learned.restore(np.float32([learned.background])) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("kind", [ZScore(), Percentiles(lower=5.0), Percentiles(), Nyul()])
def test_air_is_where_zero_lies_in_each_image_and_is_written_as_zero(kind):
    learned = kind.fit([measured(seed, gain) for seed, gain in ((0, 1.0), (1, 2.0), (2, 4.0))])
    voxels, within = measured(5, 3.0)
    voxels = np.where(within, voxels, 0)
    normalised, undo = learned.normalise(voxels, within)
    assert normalised[~within] == pytest.approx(learned.air(undo), abs=1e-5)
    restored = learned.restore(np.full(3, learned.background, np.float32))
    assert restored == pytest.approx(0, abs=1e-3 if isinstance(kind, Nyul) else 0)


def test_air_of_ct_becomes_minus_one():
    normalised, _ = Linear().normalise(np.int16([[[-1024, 3071]]]), np.ones((1, 1, 2), bool))
    assert normalised.ravel().tolist() == [-1, 1]


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_the_gain_of_a_scanner_does_not_matter(kind):
    learned = fitted(kind)
    once, _ = learned.normalise(*measured(5, 1.0))
    louder, _ = learned.normalise(*measured(5, 10.0))
    assert louder == pytest.approx(once, abs=1e-4)


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_restored_values_lie_on_the_typical_scale(kind):
    learned = fitted(kind)
    voxels, within = measured(9, 1.0)
    restored = learned.restore(learned.normalise(voxels, within)[0])
    assert np.median(restored[within]) == pytest.approx(2 * np.median(voxels[within]), rel=0.05)


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_without_fit_nothing_is_restored(kind):
    with pytest.raises(UsageError, match="fit"):
        kind().restore(np.zeros(3, np.float32))


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_a_constant_body_is_refused(kind):
    with pytest.raises(InputRefused):
        fitted(kind).normalise(np.zeros((4, 4, 4), np.float32), np.ones((4, 4, 4), bool))


def test_nothing_is_clipped():
    voxels, within = measured()
    normalised, undo = Percentiles(upper=90.0).normalise(voxels, within)
    assert normalised.max() > 1
    assert undo(normalised).max() == pytest.approx(voxels.max(), rel=1e-6)


def test_nyul_brings_another_contrast_to_the_average_histogram():
    voxels, within = measured(3)
    learned = fitted(Nyul)
    darker = np.where(within, 400 * (voxels / 400) ** 1.5, voxels).astype(np.float32)
    wanted = np.percentile(learned.normalise(voxels, within)[0][within], range(10, 100, 10))
    found = np.percentile(learned.normalise(darker, within)[0][within], range(10, 100, 10))
    assert found == pytest.approx(wanted, abs=0.02)


def test_nyul_bears_an_image_of_few_values():
    voxels = np.repeat(np.float32([0, 50, 50, 50, 100, 100, 200, 255]), 8).reshape(4, 4, 4)
    normalised, undo = fitted(Nyul).normalise(voxels, voxels > 0)
    assert undo(normalised) == pytest.approx(voxels, abs=0.01)


def labelled(*numbers):
    return np.random.default_rng(0).choice(np.uint16([0, *numbers]), (1, 6, 7, 8))


def test_labels_become_channels_and_come_back():
    kind, voxels = Labels(labels=(3, 700)), labelled(3, 700)
    channels = kind.split(voxels)
    assert np.array_equal(channels[1], voxels[0] == 700)
    normalised, undo = kind.normalise(channels, np.ones((6, 7, 8), bool))
    assert set(np.unique(normalised)) == {-1.0, 1.0}
    assert np.array_equal(kind.merge(undo(normalised)), voxels)
    assert np.array_equal(kind.merge(kind.restore(normalised)), voxels)


def test_a_number_that_is_not_named_is_background():
    voxels = labelled(1, 2, 5)
    found = Labels(labels=(2,)).merge(Labels(labels=(2,)).split(voxels))
    assert found.dtype == np.uint8
    assert np.array_equal(found, np.where(voxels == 2, 2, 0))


def test_the_largest_share_of_a_voxel_decides():
    shares = np.float32([[0.4, 0.3, 0.2, 0.0], [0.5, 0.3, 0.2, 0.0]]).reshape(2, 1, 1, 4)
    assert Labels(labels=(7, 9)).merge(shares).ravel().tolist() == [9, 0, 0, 0]


def test_labels_in_several_channels_are_refused():
    with pytest.raises(InputRefused, match="one map"):
        Labels().split(np.zeros((2, 3, 3, 3)))
