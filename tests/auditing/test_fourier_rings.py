"""Scanning Fourier ring correlation on the authors' images, where MEDTRANS_TEST_DATA has them beside it."""

import os
from pathlib import Path

import numpy as np
import pytest

from medtrans.auditing.fourier_rings import LIMIT, crossing, patches, ring_correlation, scan

SFRC = Path(os.environ.get("MEDTRANS_TEST_DATA", "missing")).parent / "conformance" / "sfrc"
SIDE = 64


def flagged(name, window):
    """Of each slice: the patches with enough tissue whose correlation is lost at or below 0.33 / mm."""
    real, made = (np.load(SFRC / f"{one}.npz")["arr_0"].astype(float) for one in ("reference", name))
    counts = []
    for reference, image in zip(real, made, strict=True):
        parts = patches(reference, SIDE)
        tissue = ((parts > 200).mean(axis=(2, 3)) > 0.1) & (parts.mean(axis=(2, 3)) > 150)
        counts.append(int(np.count_nonzero((scan(image, reference, SIDE, window) <= LIMIT) & tissue)))
    return counts


@pytest.mark.skipif(not SFRC.is_dir(), reason="MEDTRANS_TEST_DATA has no conformance/sfrc beside it")
def test_the_published_patches_are_flagged():
    assert flagged("srgan", "transposed") == [5, 3, 2, 6, 5]
    assert sum(flagged("bicubic", "transposed")) == 126
    assert sum(flagged("srgan", "hann")) == 18


def test_equal_patches_correlate_at_every_frequency():
    patch = np.random.default_rng(0).standard_normal((32, 32))
    assert crossing(ring_correlation(patch, 3 * patch + 7)) == 1


def test_independent_noise_correlates_at_none():
    rng = np.random.default_rng(0)
    curves = [ring_correlation(*rng.standard_normal((2, 64, 64))) for _ in range(8)]
    assert np.abs(np.mean(curves, axis=0)[4:]).mean() < 0.05


def test_a_patch_without_contrast_is_compared_all_the_same():
    assert crossing(ring_correlation(np.zeros((16, 16)), np.ones((16, 16)))) == 0


def test_detail_that_was_replaced_by_noise_is_found_where_it_is():
    rng = np.random.default_rng(0)
    image = rng.standard_normal((129, 129))
    other = image.copy()
    other[64:128, :64] = rng.standard_normal((64, 64))
    found = scan(other, image, SIDE) <= LIMIT
    assert found.tolist() == [[False, False], [True, False]]
