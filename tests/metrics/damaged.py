"""A small CT-like image whose damage is known: for the laws and tests of metrics."""

import numpy as np

SHAPE = (26, 30, 24)


def image() -> np.ndarray:
    """Smooth HU with a bright rod, air outside an ellipse."""
    i, j, k = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    tissue = 60 * np.sin(i / 3) * np.cos(j / 4) + 8 * k
    tissue = np.where((i - 13) ** 2 + (j - 15) ** 2 < 12, 900 + tissue, tissue)
    return np.where(body(), tissue, -1024).astype(np.float32)


def body() -> np.ndarray:
    i, j, k = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    return ((i - 12.5) / 11) ** 2 + ((j - 14.5) / 13) ** 2 + 0 * k < 1


def noisy(amount: float) -> np.ndarray:
    """The image with the same noise each time, `amount` HU strong."""
    noise = np.random.default_rng(7).normal(size=SHAPE)
    return (image() + amount * noise).astype(np.float32)
