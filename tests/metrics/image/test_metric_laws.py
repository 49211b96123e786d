"""What holds for every metric, found through the registry: a new file is tested by being there.

Each is tried on the kind of damage it is for (tests/metrics/image/damaged.py), noise where nothing else is said.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.score import MetricId
from medtrans.metrics import direction, entries, load, names
from tests.metrics.image import damaged

every_metric = pytest.mark.parametrize("name", names())


def measured(name):
    """The metric, its trial, and the mask."""
    trial = damaged.trial(name)
    return load(name)(**trial.settings), trial, damaged.body()


def test_the_family_has_its_members():
    assert {"mae", "psnr", "ssim", "ms_ssim"} <= set(names())
    assert damaged.TRIALS.keys() <= set(names())


@every_metric
def test_an_image_is_perfect_on_itself(name):
    metric, trial, body = measured(name)
    value = metric(trial.target, trial.target, body)
    best = trial.best or {"lower": (0.0,), "higher": (1.0, np.inf)}[metric.direction]
    assert any(value == pytest.approx(bound, rel=0, abs=1e-12) for bound in best)


@every_metric
def test_more_damage_is_worse(name):
    metric, trial, body = measured(name)
    values = [metric(trial.worse(step), trial.target, body) for step in range(5)]
    signed = values if metric.direction == "lower" else [-value for value in values]
    assert all(milder < worse for milder, worse in pairwise(signed)), values


@every_metric
def test_nothing_outside_the_mask_counts(name):
    metric, trial, body = measured(name)
    worse = trial.worse(2)
    scribbled = [np.where(body, image, wrong) for image, wrong in ((worse, 999), (trial.target, np.nan))]
    assert metric(*scribbled, body) == metric(worse, trial.target, body)


@every_metric
def test_a_difference_inside_the_mask_counts(name):
    metric, trial, body = measured(name)
    touched = np.where(body, trial.worse(2), trial.target)
    if trial.worse is damaged.more_noise:
        touched = trial.target.copy()
        touched[6, 14, 12] += 200
    assert metric(touched, trial.target, body) != metric(trial.target, trial.target, body)


@every_metric
def test_unit_and_direction_are_stated_and_a_plain_float_returned(name):
    metric, trial, body = measured(name)
    assert isinstance(metric.unit, str)
    assert metric.direction == direction(MetricId(name, (("setting", "1"),)))
    assert metric.direction in ("higher", "lower")
    assert type(metric(trial.worse(2), trial.target, body)) is float


@every_metric
def test_what_is_measured_in_mm_hangs_on_the_spacing_and_nothing_else_does(name):
    metric, trial, body = measured(name)
    pair = trial.worse(2), trial.target, body
    hangs = metric(*pair, spacing=(1.5, 1.5, 1.5)) != metric(*pair)
    assert hangs == ("mm" in metric.unit or name == "gamma_index")


@every_metric
def test_the_arrays_are_left_as_they_were(name):
    metric, trial, body = measured(name)
    given = [trial.worse(2), trial.target, body]
    before = [array.copy() for array in given]
    metric(*given)
    assert all(np.array_equal(array, kept) for array, kept in zip(given, before, strict=True))


@every_metric
def test_the_order_in_memory_and_the_type_do_not_matter(name):
    metric, trial, body = measured(name)
    pair = [np.round(image).astype(np.int16) for image in (trial.worse(2), trial.target)]
    expected = metric(*pair, body)
    transposed = [np.asfortranarray(image.astype(np.float64)) for image in pair]
    assert metric(*transposed, np.asfortranarray(body)) == pytest.approx(expected, rel=1e-6)


@every_metric
def test_an_empty_mask_is_refused_with_a_reason(name):
    metric, trial, _ = measured(name)
    with pytest.raises(EmptyMask, match="the mask holds no voxel"):
        metric(trial.target, trial.target, np.zeros(damaged.SHAPE, bool))


@every_metric
@pytest.mark.parametrize("flat", ["translated", "target", "both", "one voxel counts"])
def test_where_there_is_nothing_to_see_there_is_a_number_or_a_reason(name, flat):
    metric, trial, body = measured(name)
    level = np.full(damaged.SHAPE, 40, np.float32)
    x, y = (level if flat in (role, "both") else trial.target for role in ("translated", "target"))
    if flat == "one voxel counts":
        body = np.zeros(damaged.SHAPE, bool)
        body[13, 15, 12] = True
    found = outcome(metric, x, y, body)
    if isinstance(found, InputRefused):
        assert found.where in (name, "dice", "surface distance")
        assert found.what
        assert found.advice
    else:
        assert not np.isnan(found)


def outcome(metric, *arrays):
    try:
        return metric(*arrays)
    except InputRefused as reason:
        return reason


def test_the_documentation_has_a_row_for_every_metric():
    text = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
    listed = {name for row in text.splitlines() if row.startswith("| `") for name in row.split("|")[1].split("`")[1::2]}
    assert {entry.name for entry in entries()} <= listed


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_every_file_says_what_it_is_and_where_it_comes_from(entry):
    assert entry.summary.endswith(".")
    assert entry.source.startswith("https://")
