"""What holds for every normaliser of grey values, found through the registry."""

import json

import numpy as np
import pytest

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.modality import find_modality
from medtrans.preparing import normalisation
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.nyul import Nyul
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.normalisation.zscore import ZScore
from tests.preparing.normalisation.measured_images import fitted, measured, new

KINDS = [normalisation.load(name) for name in normalisation.names() if name != "labels"]
every_grey_normaliser = pytest.mark.parametrize("kind", KINDS)


def test_the_family_has_its_members_named_like_their_files():
    assert {"linear", "percentiles", "zscore", "nyul", "labels"} <= set(normalisation.names())
    assert all(normalisation.load(name)().name == name for name in normalisation.names())


@every_grey_normaliser
def test_a_label_map_is_refused_and_a_grey_image_is_no_label_map(kind):
    with pytest.raises(UsageError, match="name: labels"):
        kind().for_modality(find_modality("labels"), "preparing.target_normalisation")
    with pytest.raises(UsageError, match="the modality is CT"):
        Labels().for_modality(find_modality("CT"), "preparing.target_normalisation")


@every_grey_normaliser
def test_what_was_fitted_is_no_setting(kind):
    assert fitted(kind).unfitted() == new(kind).unfitted()
    assert not {name for name in kind.fitted if name not in fitted(kind).to_dict()}


@every_grey_normaliser
def test_normalised_and_undone_is_the_same(kind):
    voxels, mask = measured(7, 3.0)
    normalised, undo = fitted(kind).normalise(voxels, mask)
    assert normalised.dtype == np.float32
    assert undo(normalised) == pytest.approx(voxels, abs=5e-3 if kind is Linear else 1e-5 * float(voxels.max()))


@every_grey_normaliser
def test_fitted_numbers_survive_json_exactly(kind):
    normaliser = fitted(kind)
    assert kind.from_dict(json.loads(json.dumps(normaliser.to_dict()))) == normaliser


@every_grey_normaliser
def test_order_is_kept(kind):
    voxels, mask = measured()
    normalised, _ = fitted(kind).normalise(voxels, mask)
    order = np.argsort(voxels, axis=None)
    assert (np.diff(normalised.ravel()[order]) >= 0).all()


@pytest.mark.parametrize("kind", [Percentiles, Nyul])
def test_air_becomes_the_background_and_returns(kind):
    normaliser = fitted(kind)
    voxels, mask = measured()
    normalised, _ = normaliser.normalise(np.where(mask, voxels, 0), mask)
    assert normalised[~mask] == pytest.approx(normaliser.background)
    assert normaliser.background == -1
    assert normaliser.restore(np.float32([normaliser.background])) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("kind", [ZScore(), Percentiles(lower=5.0), Percentiles(), Nyul()])
def test_air_is_where_zero_lies_in_each_image_and_is_written_as_zero(kind):
    normaliser = kind.fit([measured(seed, gain) for seed, gain in ((0, 1.0), (1, 2.0), (2, 4.0))])
    voxels, mask = measured(5, 3.0)
    voxels = np.where(mask, voxels, 0)
    normalised, undo = normaliser.normalise(voxels, mask)
    assert normalised[~mask] == pytest.approx(normaliser.air(undo), abs=1e-5)
    restored = normaliser.restore(np.full(3, normaliser.background, np.float32))
    assert restored == pytest.approx(0, abs=1e-3 if isinstance(kind, Nyul) else 0)


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_the_gain_of_a_scanner_does_not_matter(kind):
    normaliser = fitted(kind)
    once, _ = normaliser.normalise(*measured(5, 1.0))
    louder, _ = normaliser.normalise(*measured(5, 10.0))
    assert louder == pytest.approx(once, abs=1e-4)


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_restored_values_lie_on_the_typical_scale(kind):
    normaliser = fitted(kind)
    voxels, mask = measured(9, 1.0)
    restored = normaliser.restore(normaliser.normalise(voxels, mask)[0])
    assert np.median(restored[mask]) == pytest.approx(2 * np.median(voxels[mask]), rel=0.05)


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_without_fit_nothing_is_restored(kind):
    with pytest.raises(UsageError, match="fit"):
        kind().restore(np.zeros(3, np.float32))


@pytest.mark.parametrize("kind", [Percentiles, ZScore, Nyul])
def test_a_constant_body_is_refused(kind):
    with pytest.raises(InputRefused):
        fitted(kind).normalise(np.zeros((4, 4, 4), np.float32), np.ones((4, 4, 4), bool))
