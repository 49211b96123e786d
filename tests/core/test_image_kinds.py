"""Kinds of image that are mistaken for another, drawn from a made head, and images that must not be mistaken."""

import numpy as np
import pytest

from medtrans.core.image_kinds import attenuation_unit, hu_offset, phase_unit
from medtrans.core.modality import check_undeclared, find_modality

SIDE = 24


def head(seed, noise=12.0):
    """CT of a made head in HU (channel, i, j, k): air, skin, bone and brain."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, SIDE)] * 3, indexing="ij"))
    radius = np.sqrt((grid**2).sum(axis=0)) * rng.uniform(1.1, 1.4)
    values = np.select([radius < 0.7, radius < 0.82, radius < 0.95], [rng.uniform(25, 45), 900.0, 20.0], -1000.0)
    return (values + noise * rng.standard_normal(values.shape))[None]


def magnitude(seed):
    """MR of the same head: bright tissue, dark bone, Rayleigh noise."""
    rng = np.random.default_rng(seed)
    brightness = np.select([head(seed)[0] < -300, head(seed)[0] > 300], [0.0, 60.0], rng.uniform(300, 1100))
    noise = 15 * rng.standard_normal((2, *brightness.shape))
    return np.hypot(brightness + noise[0], noise[1])[None]


def phase(seed, low, high):
    """A wrapped slope inside the head, and angles of pure noise outside."""
    rng = np.random.default_rng(seed)
    inside = np.cumsum(np.full((SIDE,) * 3, rng.uniform(0.05, 0.09)), axis=int(rng.integers(3)))
    turns = np.where(head(seed)[0] > -300, inside % 1, rng.uniform(size=inside.shape))
    return (low + (high - low) * turns)[None]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("added", [1024, 1000, 8192, 32768])
def test_hu_with_an_offset_is_named_with_its_offset(seed, added):
    values = np.clip(np.rint(head(seed)), -1024, 3071) + added
    [finding] = find_modality("CT").check(values.clip(0).astype(np.uint16), "ct")
    assert (finding.code, finding.severity) == ("hu-offset", "warn")
    found = hu_offset(values)
    assert found == added or (added == 1000 and found == 1024)
    assert "subtract" in finding.advice
    [note] = check_undeclared(values, "ct")
    assert (note.code, note.severity) == ("hu-offset", "note")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("water", [0.096, 0.0096, 0.19, 0.0193])
def test_an_attenuation_map_is_named(seed, water):
    values = (water * (1 + head(seed, noise=5.0).clip(-1000) / 1000)).astype(np.float32)
    [finding] = find_modality("CT").check(values, "ct")
    assert (finding.code, finding.severity) == ("attenuation-map", "warn")
    assert ("1/cm" if water > 0.05 else "1/mm") in finding.what


TURNS = [(-np.pi, np.pi), (0, 2 * np.pi), (-4096, 4094), (0, 4095), (-2048, 2047), (-180, 180), (-3142, 3142)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("low", "high"), TURNS)
def test_a_phase_image_is_named_with_and_without_a_modality(seed, low, high):
    values = phase(seed, low, high)
    values = values if abs(high) < 10 else np.rint(values).astype(np.int16)
    for findings in (find_modality("MR").check(values, "mr"), check_undeclared(values, "mr")):
        [finding] = findings
        assert (finding.code, finding.severity) == ("phase-image", "warn")
        assert "magnitude" in finding.advice


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("low", "high"), [(-np.pi, np.pi), (-4096, 4094)])
def test_a_phase_image_of_the_brain_alone_is_named(seed, low, high):
    values = np.where(head(seed) > -300, phase(seed, low, high), 0.0)
    values[0, 12, 12, 10:14] = low, high, low, high
    assert phase_unit(values)


@pytest.mark.parametrize("seed", range(10))
def test_ordinary_images_are_not_mistaken(seed):
    ct, mr = np.rint(head(seed)).astype(np.int16), np.rint(magnitude(seed)).astype(np.int16)
    assert find_modality("CT").check(ct, "ct") == []
    assert find_modality("MR").check(mr, "mr") == []
    for values in (ct, mr, mr / mr.max(), mr / mr.max() * 4095, head(seed) / 4000 + 0.25, (ct > 0).astype(np.uint8)):
        assert check_undeclared(values, "image") == []
        assert attenuation_unit(values) == ""


def test_the_lowest_number_of_an_integer_type_has_no_magnitude():
    """abs(-32768) is -32768 in int16, which once counted as soft tissue."""
    values = np.full((1, 4, 4, 4), -32768, np.int16)
    values[0, 0] = 100
    [finding] = find_modality("MR").check(values, "mr")
    assert finding.code == "implausible-mr"
