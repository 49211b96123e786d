"""Laws of every distribution metric, found through the registry."""

import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.metrics import distribution, entries

every_metric = pytest.mark.parametrize("name", distribution.names())


def drawn(count, seed, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, size=(count, 3))


def test_the_family_has_its_members_and_is_listed_among_the_metrics():
    assert {"frechet", "kid", "mmd", "precision", "recall"} <= set(distribution.names())
    facts = {entry.name: entry.facts for entry in entries() if entry.facts.endswith("of sets of images")}
    assert facts.keys() == set(distribution.names())
    assert all(facts[name].startswith(f"{distribution.load(name).direction} is better") for name in facts)


@every_metric
def test_a_set_far_away_is_worse_than_one_near(name):
    metric = distribution.load(name)()
    near, far = metric(drawn(60, 0), drawn(60, 1)), metric(drawn(60, 0, 6.0), drawn(60, 1))
    assert near < far if metric.direction == "lower" else near > far


def no_better(metric, values):
    """Each value is as good as the one after it, or better; the first is better than the last."""
    signed = np.array(values) if metric.direction == "lower" else -np.array(values)
    return (np.diff(signed) >= 0).all() and signed[-1] > signed[0]


@every_metric
@pytest.mark.parametrize("damage", ["moved", "one feature moved", "noisy"])
def test_the_more_damage_the_worse(name, damage):
    metric, real, rng = distribution.load(name)(), drawn(80, 1), np.random.default_rng(2)
    ways = {
        "moved": lambda made, much: made + much,
        "one feature moved": lambda made, much: made + np.array([2 * much, 0, 0]),
        "noisy": lambda made, much: made + rng.normal(0, 3 * much, made.shape),
    }
    values = [metric(ways[damage](drawn(80, 0), much), real) for much in (0, 1, 2, 4)]
    if (name, damage) == ("recall", "noisy"):
        # Scattered images have far neighbours, whose spheres cover whatever is real: recall is blind to it.
        assert values == sorted(values)
        return
    assert no_better(metric, values)


@every_metric
def test_no_set_is_nearer_than_the_set_itself(name):
    metric, real = distribution.load(name)(), drawn(60, 1)
    own, other = metric(real[::-1].copy(), real), metric(drawn(60, 0), real)
    assert own <= other if metric.direction == "lower" else own >= other
    assert {"frechet": 0, "precision": 1, "recall": 1}.get(name, own) == pytest.approx(own, abs=1e-9)


@pytest.mark.parametrize("name", ["frechet", "kid", "mmd", "recall"])
def test_to_make_a_few_images_again_and_again_is_worse(name):
    """Mode collapse; precision cannot see it, which is why recall stands beside it."""
    metric, real = distribution.load(name)(), drawn(80, 1)
    few = np.tile(drawn(4, 0), (20, 1)) + np.random.default_rng(3).normal(0, 1e-3, (80, 3))
    assert no_better(metric, [metric(drawn(80, 0), real), metric(few, real)])


@every_metric
def test_the_order_of_images_does_not_matter(name):
    metric, made, real = distribution.load(name)(), drawn(20, 0), drawn(25, 1)
    assert metric(made[::-1], real[::-1]) == pytest.approx(metric(made, real))


@every_metric
@pytest.mark.parametrize("made", [drawn(1, 0), np.full((9, 3), np.nan)], ids=["too few", "nan"])
def test_what_has_no_value_is_refused(name, made):
    with pytest.raises(InputRefused, match=r"too few|nan or infinite"):
        distribution.load(name)()(made, drawn(9, 1))


@pytest.mark.parametrize("name", [name for name in distribution.names() if name != "kid"])
def test_a_feature_that_never_changes_is_left_out(name):
    """KID takes features as they are."""
    metric, constant = distribution.load(name)(), np.full((20, 1), 7.0)
    with_it = metric(*(np.hstack([drawn(20, seed), constant]) for seed in (0, 1)))
    assert with_it == pytest.approx(metric(drawn(20, 0), drawn(20, 1)))


@every_metric
def test_p_is_a_share_or_nan(name):
    p = distribution.load(name)().p_value(drawn(9, 0), drawn(9, 1), np.random.default_rng(0))
    assert np.isnan(p) or 0 < p <= 1
