"""Scanning Fourier ring correlation (sFRC): patches in which an image and its reference agree at coarse detail only.

    FRC(i) = Σ F G* / √(Σ |F|² Σ |G|²)        sums over the ring i of the spectra F and G of both patches

A patch is flagged where the FRC falls under 0.5 at or below a limiting frequency. It measures resolution that was lost,
not structure that was invented: plain blur is flagged several times as often as a GAN. So it is never given without the
resolution of both images. KC et al., https://arxiv.org/abs/2603.04673; values are held against the authors' images.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

THRESHOLD = 0.5
LIMIT = 0.33 / (0.5 / 0.48)
"""The limiting frequency as a share of Nyquist's: 0.33 / mm at a pixel of 0.48 mm."""
Window = Literal["hann", "transposed"]
"""hann: a Hann window in both directions. transposed: as published, the patch under a Hann window along its rows, times
the transpose of that."""


def ring_correlation(image: np.ndarray, reference: np.ndarray, window: Window = "hann") -> np.ndarray:
    """FRC of two patches (n, n): n / 2 rings, the first is the mean. A ring without power correlates with 0."""
    spectra = [np.fft.fftshift(np.fft.fft2(_windowed(_scaled(one), window))) for one in (image, reference)]
    f, g = spectra
    power = _ring_sums(np.square(np.abs(f))) * _ring_sums(np.square(np.abs(g)))
    cross = _ring_sums((f * g.conj()).real)
    return np.divide(cross, np.sqrt(power), out=np.zeros_like(cross), where=power > 0)


def crossing(curve: np.ndarray) -> float:
    """Where the FRC first falls under 0.5, as a share of Nyquist's frequency; 1 where it does not. As published, the
    last of the rings lies at Nyquist's frequency."""
    below = np.flatnonzero(curve[1:] < THRESHOLD) + 1
    if not len(below):
        return 1.0
    ring = int(below[0])
    before, after = curve[ring - 1], curve[ring]
    place = ring - 1 + (before - THRESHOLD) / (before - after) if before > THRESHOLD else ring - 1
    return float(place / (len(curve) - 1))


def scan(image: np.ndarray, reference: np.ndarray, side: int, window: Window = "hann") -> np.ndarray:
    """Crossing of each patch of `side`² pixels (row, column) of two images, on a grid without overlap.

    As published, the last row and the last column are dropped, and patches at the edge are padded with 0.
    """
    ours, theirs = (patches(one, side) for one in (image, reference))
    return np.array(
        [
            [crossing(ring_correlation(a, b, window)) for a, b in zip(row, other, strict=True)]
            for row, other in zip(ours, theirs, strict=True)
        ]
    )


def patches(image: np.ndarray, side: int) -> np.ndarray:
    """(row, column, side, side) of an image."""
    rows, columns = (-(-(n - 1) // side) for n in image.shape)
    padded = np.zeros((rows * side, columns * side))
    padded[: image.shape[0] - 1, : image.shape[1] - 1] = image[:-1, :-1]
    return padded.reshape(rows, side, columns, side).swapaxes(1, 2)


def _scaled(patch: np.ndarray) -> np.ndarray:
    """From 0 to 1."""
    low, high = float(patch.min()), float(patch.max())
    return np.asarray((patch - low) / (high - low)) if high > low else np.zeros(patch.shape)


def _windowed(patch: np.ndarray, window: Window) -> np.ndarray:
    hann = np.hanning(len(patch))
    weighted = patch * hann
    return np.asarray(weighted * hann[:, None] if window == "hann" else weighted * weighted.T)


def _ring_sums(values: np.ndarray) -> np.ndarray:
    """Mean of the sums over ⌊r⌋ = i and ⌈r⌉ = i, for the rings below n / 2."""
    axis = np.arange(len(values)) - len(values) // 2
    radius = np.hypot(axis[:, None], axis)
    count = len(values) // 2
    sums = [
        np.bincount(ring.astype(int).ravel(), values.ravel(), minlength=count)[:count]
        for ring in (np.floor(radius), np.ceil(radius))
    ]
    return np.asarray((sums[0] + sums[1]) / 2)
