"""Radiomics features of an image, 16 numbers: first-order statistics, texture and power spectrum.

    mean, SD, fraction of body, five percentiles of the body, mean |x(r + d) - x(r)| for d = 1, 2, 4, 8 voxels along the
    axes, log power in four rings of the spectrum, of 2, 4, 8 and more voxels a wave

First-order and texture features in the manner of radiomics (van Griethuysen et al. 2017,
https://doi.org/10.1158/0008-5472.CAN-17-0339). They are blind to anatomy: a head whose two halves are
swapped has almost the same features.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

NAME = "radiomics-" + hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
"""The extractor and its hash: values of other extractors are other measures."""
BODY = -0.9
"""Where it begins, on the scale from -1 to 1."""


def features(images: np.ndarray) -> np.ndarray:
    """(image, *space), normalised as for a network, each side longer than 8 → (image, 16)."""
    return np.array([_features(image) for image in np.asarray(images, np.float64)])


def _features(image: np.ndarray) -> list[float]:
    body = image[image > BODY] if (image > BODY).any() else image.ravel()
    first = [image.mean(), image.std(), (image > BODY).mean(), *np.percentile(body, (10, 25, 50, 75, 90))]
    return [float(value) for value in (*first, *(_roughness(image, d) for d in (1, 2, 4, 8)), *_spectrum(image))]


def _roughness(image: np.ndarray, distance: int) -> np.floating:
    axes = [np.moveaxis(image, axis, 0) for axis in range(image.ndim)]
    return np.mean([np.abs(along[distance:] - along[:-distance]).mean() for along in axes])


def _spectrum(image: np.ndarray) -> list[np.floating]:
    power = np.abs(np.fft.fftn(image - image.mean())) ** 2 / image.size
    waves = np.sqrt(sum(np.square(part) for part in np.meshgrid(*map(np.fft.fftfreq, image.shape), indexing="ij")))
    rings = np.digitize(waves, (1 / 16, 1 / 8, 1 / 4))
    return [np.log(power[rings == ring].mean() + 1e-6) for ring in range(4)]
