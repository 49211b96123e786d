"""Of faults of 8 mm and more at least 95 % are found, at no more than 5 % false alarms; the curve below is printed."""

import pytest

from tests.auditing.planted_faults import DETECTORS, PER_SIZE, brains, phantom, rates, run


@pytest.fixture(scope="module")
def backgrounds():
    return [phantom(0)]


def assert_reliable(flags):
    removed, invented, false = rates(flags)
    assert removed >= 0.95
    assert invented >= 0.95
    assert false <= 0.05


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_few_planted_faults_are_found(backgrounds, detector):
    flags, cases = run(backgrounds, detector, 4, sizes=(8, 12))
    assert cases >= 2
    assert_reliable(flags)


def test_a_detector_that_sees_nothing_is_noticed(backgrounds):
    """The bound can be missed: where lesions are as dark as the threshold, removed ones are not found."""
    (first,) = backgrounds
    dim = type(first)(first.image, first.place, first.threshold * 0.9, first.threshold, first.noise)
    removed, invented, _ = rates(run([dim], "threshold", 2, sizes=(8, 12))[0])
    assert removed < 0.5
    assert invented < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("detector", DETECTORS)
def test_two_hundred_planted_faults_of_each_kind_in_phantoms(detector):
    assert_reliable(run([phantom(seed) for seed in range(4)], detector, PER_SIZE)[0])


@pytest.mark.slow
@pytest.mark.parametrize("detector", DETECTORS)
def test_two_hundred_planted_faults_of_each_kind_in_real_brains(detector):
    real = brains()
    if not real:
        pytest.skip("set MEDTRANS_TEST_DATA to a folder with brain_ms")
    assert_reliable(run(real, detector, PER_SIZE)[0])
