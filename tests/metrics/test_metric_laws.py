"""What holds for every metric, found through the registry: a new file is tested by being there."""

from itertools import pairwise

import numpy as np
import pytest

from medtrans.core.errors import EmptyMask
from medtrans.metrics import entries, load, names
from tests.metrics import damaged

LEVELS = (5.0, 20.0, 80.0, 320.0)
every_metric = pytest.mark.parametrize("name", names())


def test_the_family_has_its_members():
    assert {"mae", "psnr", "ssim", "ms_ssim"} <= set(names())


@every_metric
def test_an_image_is_perfect_on_itself(name):
    value = load(name)()(damaged.image(), damaged.image(), damaged.body())
    best = {"lower": (0.0,), "higher": (1.0, np.inf)}[load(name).better]
    assert any(value == pytest.approx(bound, rel=0, abs=1e-12) for bound in best)


@every_metric
def test_more_damage_is_worse(name):
    metric, target = load(name)(), damaged.image()
    values = [metric(damaged.noisy(level), target, damaged.body()) for level in (0.0, *LEVELS)]
    signed = values if metric.better == "lower" else [-value for value in values]
    assert all(milder < worse for milder, worse in pairwise(signed)), values


@every_metric
def test_nothing_outside_the_mask_counts(name):
    metric, body = load(name)(), damaged.body()
    scribbled = [np.where(body, image, wrong) for image, wrong in ((damaged.noisy(20), 999), (damaged.image(), np.nan))]
    assert metric(*scribbled, body) == metric(damaged.noisy(20), damaged.image(), body)


@every_metric
def test_a_difference_inside_the_mask_counts(name):
    touched, body = damaged.image().copy(), damaged.body()
    touched[12, 14, 12] += 200
    assert load(name)()(touched, damaged.image(), body) != load(name)()(damaged.image(), damaged.image(), body)


@every_metric
def test_unit_and_direction_are_stated_and_a_plain_float_returned(name):
    metric = load(name)()
    assert isinstance(metric.unit, str)
    assert metric.better in ("higher", "lower")
    assert type(metric(damaged.noisy(20), damaged.image(), damaged.body())) is float


@every_metric
def test_the_arrays_are_left_as_they_were(name):
    given = [damaged.noisy(20), damaged.image(), damaged.body()]
    before = [array.copy() for array in given]
    load(name)()(*given)
    assert all(np.array_equal(array, kept) for array, kept in zip(given, before, strict=True))


@every_metric
def test_the_order_in_memory_and_the_type_do_not_matter(name):
    metric = load(name)()
    pair = [np.round(image).astype(np.int16) for image in (damaged.noisy(20), damaged.image())]
    expected = metric(*pair, damaged.body())
    transposed = [np.asfortranarray(image.astype(np.float64)) for image in pair]
    assert metric(*transposed, np.asfortranarray(damaged.body())) == pytest.approx(expected, rel=1e-6)


@every_metric
def test_an_empty_mask_is_refused_with_a_reason(name):
    with pytest.raises(EmptyMask, match="the mask holds no voxel"):
        load(name)()(damaged.image(), damaged.image(), np.zeros(damaged.SHAPE, bool))


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_every_file_says_what_it_is_and_where_it_comes_from(entry):
    assert entry.summary.endswith(".")
    assert entry.source.startswith("https://")
