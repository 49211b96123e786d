"""The channelised Hotelling observer against what is known exactly: a signal in white noise."""

import numpy as np
import pytest

from medtrans.auditing.inserted_lesions import Ball, signal
from medtrans.auditing.observer import MIN_PLACES, channels, detectability, scores

SHAPE, SPACING, CENTRE = (23, 23, 23), (1.0, 1.0, 1.0), (11.2, 10.9, 11.4)


def ball(diameter):
    image = np.zeros(SHAPE)
    box, shown = signal(Ball(CENTRE, diameter), SHAPE, SPACING)
    image[box] += shown
    return image


@pytest.mark.parametrize("diameter", [4.0, 8.0])
def test_channels_have_nearly_all_of_the_ideal_observers_detectability(diameter):
    """In white noise of deviation 1 the ideal observer has d′ = the norm of the signal."""
    shown, reading = ball(diameter), channels(CENTRE, diameter, SHAPE, SPACING)
    outputs = reading.of(shown)
    gram = np.tensordot(reading.weights, reading.weights, axes=([1, 2, 3], [1, 2, 3]))
    share = np.sqrt(outputs @ np.linalg.solve(gram, outputs)) / np.linalg.norm(shown)
    assert 0.95 < share <= 1


def test_detectability_has_no_bias_in_white_noise():
    """A Gaussian signal: d′² of the channels is known from their Gram matrix, for few places too."""
    reading, rng = channels(CENTRE, 6.0, SHAPE, SPACING), np.random.default_rng(0)
    distance = sum(
        np.square(np.arange(side) - middle).reshape([-1 if axis == n else 1 for axis in range(3)])
        for n, (side, middle) in enumerate(zip(SHAPE, CENTRE, strict=True))
    )
    outputs = reading.of(0.5 * np.exp(-distance / (2 * 2.0**2)))
    weights = reading.weights.reshape(len(outputs), -1)
    exact = outputs @ np.linalg.solve(weights @ weights.T, outputs)
    found = []
    for _ in range(200):
        absent = rng.standard_normal((24, weights.shape[1])) @ weights.T
        found.append(detectability(absent + outputs, absent) ** 2)
    assert np.mean(found) == pytest.approx(exact, rel=0.1)


def test_no_signal_is_not_detected():
    rng = np.random.default_rng(1)
    absent, other = rng.standard_normal((2, 60, 5))
    assert detectability(other, absent) < 0.6
    with_lesion, without = scores(other, absent, np.arange(60) % 6)
    assert (with_lesion > np.quantile(without, 0.95)).mean() < 0.2


def test_too_few_places_have_no_detectability():
    assert np.isnan(detectability(np.ones((MIN_PLACES - 1, 5)), np.zeros((MIN_PLACES - 1, 5))))


def test_the_observer_of_a_place_was_not_fitted_to_it():
    """A place that alone has a signal is not found by an observer of the others."""
    absent = np.random.default_rng(2).standard_normal((40, 5))
    present = absent.copy()
    present[0] += 100.0
    with_lesion, without = scores(present, absent, np.arange(40))
    assert with_lesion[0] == pytest.approx(without[0], abs=1e-6)
