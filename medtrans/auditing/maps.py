"""Maps of where a translation may be wrong, on the grid of its source.

| map | of a translation t of a source x, with the real image y |
|---|---|
| residual | abs(t - y), with a target |
| cycle | abs(x - B(t)), with a model B of the way back |
| cycle_robust | abs(x - B(t')), t' is t with noise, rounded to 8 bit: far above cycle, if t hides x in fine detail |
| spread | standard deviation over the models of an ensemble, or over samples |
| null_space | abs(N t), N = 1 - A⁺ A: what the degradation A that made x does not determine of t |
| null_space_error | abs(N (t - y)), likewise with a target |
| sfrc | scanning Fourier ring correlation with y: 1 minus the share of Nyquist's frequency where it falls under 0.5 |

Chu, Zhmoginov, Sandler 2017, https://arxiv.org/abs/1712.02950, found that CycleGANs hide their source in translations;
Bhadra et al. 2021, https://doi.org/10.1109/TMI.2021.3077857, map hallucinations in the null space.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from medtrans.auditing.fourier_rings import scan
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import Modality
from medtrans.core.volume import Volume

LEVELS = 255
"""Steps of an image of 8 bit."""
NOISE_STEPS = 1.0
"""Standard deviation of the noise before the way back, in steps of 8 bit."""
MIN_TISSUE = 0.1
"""Share of a patch that lies in the body, above which its correlation is computed."""
COARSE = 4
"""Pixels along each side of one of the coarse reference of sFRC."""
PATCHES_ACROSS, MIN_SIDE, MAX_SIDE = 4, 32, 64
"""Patches across the shorter side of a slice, as far as their own sides are a power of two between these. In smaller
patches the limiting frequency lies within the spectrum of the window, where all images correlate."""
Translate = Callable[[Volume], Volume]


def residual_map(translated: Volume, target: Volume) -> np.ndarray:
    """|t - y|."""
    return np.abs(translated.voxels[0].astype(np.float32) - target.voxels[0])


def cycle_maps(
    source: Volume, translated: Volume, back: Translate, body: np.ndarray, seed: int = 0
) -> dict[str, np.ndarray]:
    """cycle and cycle_robust; `source` is in the unit in which `back` writes."""
    rounded = translated.like(roughened(translated.voxels, body, seed))
    ways = {"cycle": translated, "cycle_robust": rounded}
    return {
        name: np.abs(back(image).voxels[0].astype(np.float32) - source.voxels[0]).astype(np.float32)
        for name, image in ways.items()
    }


def roughened(voxels: np.ndarray, body: np.ndarray, seed: int) -> np.ndarray:
    """Voxels (channel, i, j, k) with noise of one step and rounded to steps, 1/255 of their range in the body."""
    low, high = float(voxels[:, body].min()), float(voxels[:, body].max())
    step = (high - low) / LEVELS or 1.0
    noise = NOISE_STEPS * step * np.random.default_rng(seed).standard_normal(voxels.shape)
    rough = low + step * np.rint((voxels + noise - low) / step)
    return np.where(body, rough, voxels).astype(np.float32)


def null_space_maps(
    translated: Volume, target: Volume | None, operator: KnownOperator, modality: Modality
) -> dict[str, np.ndarray]:
    """null_space, and null_space_error where there is a target."""
    made = translated.voxels.astype(np.float64)
    maps = {"null_space": np.abs(operator.null_space(made - modality.no_signal)[0])}
    if target is not None:
        maps["null_space_error"] = np.abs(operator.null_space(made - target.voxels)[0])
    return {name: voxels.astype(np.float32) for name, voxels in maps.items()}


def patch_side(shape: tuple[int, ...]) -> int:
    """Side of the patches of a slice in voxels."""
    fitting = 2 ** int(np.log2(max(min(shape[:2]) / PATCHES_ACROSS, 1)))
    return min(max(fitting, MIN_SIDE), MAX_SIDE)


def at_quarter_resolution(image: np.ndarray) -> np.ndarray:
    """An image (i, j, k) whose slices have a quarter of the pixels along i and j, by means, and are interpolated by
    cubic splines: a blur that lost detail, of which sFRC flags more than of many a hallucination."""
    i, j, k = image.shape
    padded = np.pad(image.astype(np.float32), ((0, -i % COARSE), (0, -j % COARSE), (0, 0)), mode="edge")
    blocks = padded.reshape(len(padded) // COARSE, COARSE, padded.shape[1] // COARSE, COARSE, k)
    fine = ndimage.zoom(blocks.mean(axis=(1, 3)), (COARSE, COARSE, 1), order=3, grid_mode=True, mode="nearest")
    return np.asarray(fine[:i, :j])


def correlation_map(translated: np.ndarray, target: np.ndarray, body: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of every voxel (i, j, k) the share of Nyquist's frequency where its patch of the slice k falls under 0.5, and
    whether the patch has enough of the body to be counted."""
    side = patch_side(translated.shape)
    crossings, counted = np.ones(translated.shape, np.float32), np.zeros(translated.shape, bool)
    for k in range(translated.shape[2]):
        if not body[:, :, k].any():
            continue
        found = scan(translated[:, :, k].astype(float), target[:, :, k].astype(float), side)
        for row, column in np.ndindex(found.shape):
            place = np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side, k]
            counted[place] = body[place].mean() > MIN_TISSUE
            crossings[place] = found[row, column]
    return crossings, counted
