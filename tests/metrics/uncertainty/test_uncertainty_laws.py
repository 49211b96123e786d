"""What holds for every uncertainty metric, found through the registry."""

from itertools import pairwise

import numpy as np
import pytest

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.metrics import entries, uncertainty
from tests.metrics.uncertainty.posterior import perfect

every_metric = pytest.mark.parametrize("name", uncertainty.names())
RNG = np.random.default_rng(3)
DEVIATION = RNG.uniform(1, 20, 20000)
ERROR = DEVIATION * RNG.normal(size=DEVIATION.size)


def test_the_family_has_its_members_and_is_listed_among_the_metrics_with_their_direction():
    facts = {
        entry.name: entry.facts for entry in entries() if entry.facts.endswith("of a predicted standard deviation")
    }
    assert {"calibration", "coverage_error"} <= facts.keys() == set(uncertainty.names())
    assert all(facts[name].startswith(f"{uncertainty.load(name).direction} is better; no unit") for name in facts)


@every_metric
def test_a_deviation_that_is_ever_more_wrong_is_ever_worse(name):
    metric = uncertainty.load(name)()
    signed = [metric(ERROR, DEVIATION / share) * {"lower": 1, "higher": -1}[metric.direction] for share in (1, 2, 4, 8)]
    assert all(milder < worse for milder, worse in pairwise(signed))
    assert abs(signed[0]) < 0.03


@every_metric
def test_the_unit_and_the_order_of_voxels_do_not_matter(name):
    metric, value = uncertainty.load(name)(), uncertainty.load(name)()(ERROR, DEVIATION)
    assert metric(1000 * ERROR[::-1], 1000 * DEVIATION[::-1]) == pytest.approx(value)
    of_samples = metric(ERROR, DEVIATION, 8)
    assert metric(1024 * ERROR[::-1], 1024 * DEVIATION[::-1], 8) == pytest.approx(of_samples)
    assert metric(-ERROR, DEVIATION, 8) == pytest.approx(of_samples)
    assert type(value) is float


@every_metric
@pytest.mark.parametrize("samples", [4, 16])
def test_a_perfect_posterior_of_few_samples_is_best(name, samples):
    metric = uncertainty.load(name)()
    error, deviation = perfect(samples)
    sign = {"lower": 1, "higher": -1}[metric.direction]
    signed = [sign * metric(error, deviation * by, samples) for by in (0.5, 1, 2)]
    assert signed[1] == min(signed)
    assert abs(signed[1]) < 0.03
    with pytest.raises(InputRefused, match="1 sample has no standard deviation"):
        metric(error, deviation, 1)


@every_metric
def test_no_voxel_and_a_deviation_below_nothing_are_refused_with_a_reason(name):
    with pytest.raises(EmptyMask, match="the mask holds 0 voxels"):
        uncertainty.load(name)()(ERROR[:0], DEVIATION[:0])
    with pytest.raises(InputRefused, match="the uncertainty falls to -"):
        uncertainty.load(name)()(ERROR, -DEVIATION)
