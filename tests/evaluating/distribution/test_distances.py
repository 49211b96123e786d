import numpy as np
import pytest

from medtrans.evaluating.distribution.distances import distances, standardised_by_real, volumes_per_half
from medtrans.metrics.distribution.kid import KID


def drawn(volumes, seed, shift=0.0, each=4):
    """Features whose slices have their own means and whose volumes have theirs."""
    rng = np.random.default_rng(seed)
    of_slices, of_volumes = np.arange(each)[:, None] * np.ones(3), rng.normal(shift, 1, (volumes, 1, 3))
    return of_slices + of_volumes + 0.5 * rng.normal(size=(volumes, each, 3))


@pytest.fixture(scope="module")
def found():
    far = distances(*standardised_by_real(drawn(12, 0, shift=3.0), drawn(40, 1)), "features-12345678")
    near = distances(*standardised_by_real(drawn(12, 2), drawn(40, 1)), "features-12345678")
    return {str(line.metric): line for line in far}, {str(line.metric): line for line in near}


def test_each_metric_is_named_with_its_extractor_and_hash(found):
    assert "frechet[extractor=features-12345678]" in found[0]
    assert {line.metric.settings for line in found[0].values()} == {(("extractor", "features-12345678"),)}


def test_made_and_real_are_compared_over_equal_numbers(found):
    far, near = (lines["kid[extractor=features-12345678]"] for lines in found)
    assert far.generated.low > far.real.high, "all far ones are farther than real halves are from another"
    assert near.generated.low < near.real.high
    assert near.real.low < 0 < near.real.high
    assert (volumes_per_half(12, 40), volumes_per_half(50, 41)) == (12, 20)


def test_only_mmd_has_a_test_and_it_finds_what_is_far(found):
    assert found[0]["mmd[extractor=features-12345678]"].p < 0.01 < found[1]["mmd[extractor=features-12345678]"].p
    assert np.isnan(found[0]["kid[extractor=features-12345678]"].p)


def test_too_few_images_are_said_of_all_and_of_halves(found):
    assert found[0]["frechet[extractor=features-12345678]"].note == ""
    (few,) = [line for line in distances(drawn(5, 0), drawn(7, 1), "x") if line.metric.name == "frechet"]
    assert "20 images are too few for 3 features" in few.note
    assert "of halves: frechet: 12 images" in few.note


def test_two_real_volumes_make_no_halves_that_can_be_measured():
    lines = distances(drawn(2, 0, each=1), drawn(2, 1, each=1), "x")
    for line in lines:
        assert np.isnan(line.real.mean)
        assert "of halves: 1 generated and 1 real images are too few" in line.note


def test_the_scale_is_that_of_all_real_images_without_what_is_constant_there():
    made, real = drawn(5, 0), drawn(6, 1)
    real[..., 2] = 4.0
    one, other = standardised_by_real(made, real)
    assert one.shape == (5, 4, 2)
    assert other.reshape(-1, 2).mean(0) == pytest.approx([0, 0], abs=1e-12)
    assert other.reshape(-1, 2).std(0) == pytest.approx([1, 1])
    expected = KID()(one.reshape(-1, 2), other.reshape(-1, 2), 4)
    assert {line.metric.name: line.value for line in distances(one, other, "x")}["kid"] == pytest.approx(expected)


def test_of_one_distribution_made_volumes_are_no_farther_than_real_halves():
    """Standardised by all real volumes at once, made ones would be: they alone were not asked for the scale."""
    apart: dict[str, list[float]] = {}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        made, real = rng.normal(size=(8, 4, 8)), rng.normal(size=(8, 4, 8))
        for line in distances(*standardised_by_real(made, real), "eyes", seed=seed):
            apart.setdefault(str(line.metric), []).append(line.generated.mean - line.real.mean)
    for metric, found in apart.items():
        assert abs(np.mean(found)) < 3 * np.std(found) / len(found) ** 0.5, metric
