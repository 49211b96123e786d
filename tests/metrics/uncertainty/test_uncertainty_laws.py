"""What holds for every metric of spreads, found through the registry."""

from itertools import pairwise

import numpy as np
import pytest

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.metrics import direction, entries
from medtrans.metrics import uncertainty as spreads

every_metric = pytest.mark.parametrize("name", spreads.names())
DICE = np.random.default_rng(3)
SPREAD = DICE.uniform(1, 20, 20000)
ERROR = SPREAD * DICE.normal(size=SPREAD.size)


def test_the_family_has_its_members_and_is_listed_among_the_metrics_with_their_direction():
    facts = {entry.name: entry.facts for entry in entries() if entry.facts.endswith("of several answers")}
    assert {"calibration", "coverage_error"} <= facts.keys() == set(spreads.names())
    assert all(facts[name].startswith(f"{direction(name)} is better; no unit") for name in facts)


@every_metric
def test_a_spread_that_is_ever_more_wrong_is_ever_worse(name):
    metric = spreads.load(name)()
    signed = [metric(ERROR, SPREAD / share) * {"lower": 1, "higher": -1}[metric.direction] for share in (1, 2, 4, 8)]
    assert all(milder < worse for milder, worse in pairwise(signed))
    assert abs(signed[0]) < 0.03


@every_metric
def test_the_unit_and_the_order_of_voxels_do_not_matter(name):
    metric, value = spreads.load(name)(), spreads.load(name)()(ERROR, SPREAD)
    assert metric(1000 * ERROR[::-1], 1000 * SPREAD[::-1]) == pytest.approx(value)
    assert type(value) is float


@every_metric
def test_no_voxel_and_a_spread_below_nothing_are_refused_with_a_reason(name):
    with pytest.raises(EmptyMask, match="the mask holds 0 voxels"):
        spreads.load(name)()(ERROR[:0], SPREAD[:0])
    with pytest.raises(InputRefused, match="the spread falls to -"):
        spreads.load(name)()(ERROR, -SPREAD)
