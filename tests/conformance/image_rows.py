"""Measures of one image against its target."""

import math
from functools import cache
from itertools import product

import numpy as np
from scipy.ndimage import convolve1d
from scipy.stats import norm, pearsonr

from medtrans.core.metric import CaseFacts
from medtrans.core.volume import Volume
from medtrans.evaluating.image_scores import score_pair
from medtrans.metrics.image._edges import from_straight_edge
from medtrans.metrics.image._noise import noise
from medtrans.metrics.image.change_error import ChangeError
from medtrans.metrics.image.cnr import CNR
from medtrans.metrics.image.edge_width import EdgeWidth
from medtrans.metrics.image.electron_density import ElectronDensity
from medtrans.metrics.image.false_change import FalseChange
from medtrans.metrics.image.gamma_index import GammaIndex
from medtrans.metrics.image.gradient_error import GradientError
from medtrans.metrics.image.mae import MAE
from medtrans.metrics.image.ms_ssim import MSSSIM
from medtrans.metrics.image.mtf import frequency
from medtrans.metrics.image.ncc import NCC
from medtrans.metrics.image.nmi import NMI
from medtrans.metrics.image.nmse import NMSE
from medtrans.metrics.image.noise_power import spectrum
from medtrans.metrics.image.psnr import PSNR
from medtrans.metrics.image.seam import Seam
from medtrans.metrics.image.slice_consistency import SliceConsistency
from medtrans.metrics.image.snr import SNR
from medtrans.metrics.image.ssim import SSIM
from medtrans.metrics.image.tissue_error import TissueError
from medtrans.metrics.image.water_path import WaterPath
from tests.conformance.rows import row
from tests.metrics.image import damaged
from tests.metrics.image.test_conformance import GOLDEN, TOLERANCE, integer_volumes
from tests.metrics.image.test_gamma_index import SPACING as DOSE_SPACING
from tests.metrics.image.test_gamma_index import by_brute_force, doses
from tests.metrics.image.test_ms_ssim import as_it_is_written

SPACING = (1.0, 1.5, 3.0)
NAMES = {"mae": "MAE", "psnr": "PSNR", "ssim": "SSIM", "ms_ssim": "MS-SSIM"}


def pairs_of_images():
    """Translation, target and body: 12 damages of one image."""
    for amount in (5, 20, 80, 320):
        for scale in (1.0, 0.9, 1.2):
            yield (scale * damaged.noisy(amount)).astype(np.float64), damaged.image().astype(np.float64), damaged.body()


@cache
def challenge_scores():
    """(shape, preset, metric) → our value."""
    found = {}
    for shape, preset in GOLDEN:
        real, translated, body = (Volume(one.astype(np.int16)[None], np.eye(4)) for one in integer_volumes(*shape))
        for score in score_pair(translated, real, body, preset):
            found[shape, preset, score.metric.label] = score.value
    return found


def add_challenge_row(metric):
    @row(NAMES[metric], "the programs of SynthRAD2023 and 2025, run on volumes of integers", within=TOLERANCE[metric])
    def _():
        for (shape, preset), values in GOLDEN.items():
            if metric in values:
                yield challenge_scores()[shape, preset, metric], values[metric]


for _metric in NAMES:
    add_challenge_row(_metric)


def voxels(x, y, body):
    return [(float(a), float(b)) for a, b, inside in zip(x.flat, y.flat, body.flat, strict=True) if inside]


@row("MAE", "a loop over voxels", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        of_body = voxels(x, y, body)
        yield MAE()(x, y, body), math.fsum(abs(a - b) for a, b in of_body) / len(of_body)


@row("PSNR", "a loop over voxels", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        cut = [(min(max(a, -1024), 3071), min(max(b, -1024), 3071)) for a, b in voxels(x, y, body)]
        error = math.fsum((a - b) ** 2 for a, b in cut) / len(cut)
        yield PSNR()(x, y, body), 10 * math.log10(4095**2 / error)


@row("SSIM", "scikit-image, structural_similarity", within=1e-6, requires="skimage")
def _():
    from skimage.metrics import structural_similarity

    middle = (slice(3, -3),) * 3
    for x, y, body in pairs_of_images():
        displayed = [np.where(body, np.clip(image, -1024, 3000), -1024) + 1024 for image in (y, x)]
        _, similarity = structural_similarity(*displayed, win_size=7, data_range=4024, full=True)
        yield SSIM(low=-1024, high=3000)(x, y, body), similarity[middle][body[middle]].mean(dtype=np.float64)


@row("MS-SSIM", "the formula, every voxel of every level, with scipy's uniform_filter", within=1e-12)
def _():
    for amount in (20, 80, 320):
        x, y, body = damaged.noisy(amount), damaged.image(), damaged.body()
        yield MSSSIM()(x, y, body), as_it_is_written(x, y, body)


@row("NMSE", "scikit-image, normalized_root_mse", within=1e-6, requires="skimage")
def _():
    from skimage.metrics import normalized_root_mse

    for x, y, body in pairs_of_images():
        yield NMSE()(x, y, body), normalized_root_mse(y[body], x[body]) ** 2


@row("NCC", "scipy.stats.pearsonr", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        yield NCC()(x, y, body), pearsonr(x[body], y[body]).statistic


@row("NMI", "scikit-image, normalized_mutual_information", within=1e-9, requires="skimage")
def _():
    from skimage.metrics import normalized_mutual_information

    for x, y, body in pairs_of_images():
        for bins in (8, 64):
            yield NMI(bins=bins)(x, y, body), normalized_mutual_information(x[body], y[body], bins=bins)


@row("Gamma pass rate", "an exhaustive search with scipy's RegularGridInterpolator", within=1e-12)
def _():
    for seed in range(3):
        translated, target = doses((8, 9, 7), seed)
        settings = {"dose_percent": 2, "distance_mm": 1.0, "cutoff_percent": 20, "steps": 4}
        ours = GammaIndex(**settings)(translated, target, np.ones(target.shape, bool), DOSE_SPACING)
        yield ours, by_brute_force(translated, target, DOSE_SPACING, dose=0.02, distance=1.0, cutoff=0.2, steps=4)


@row("Tissue error", "a loop over voxels", within=1e-9)
def _():
    limits = {"air": (-math.inf, -200), "fat": (-200, -30), "soft": (-30, 200.0001), "bone": (200.0001, math.inf)}
    for x, y, body in pairs_of_images():
        for tissue, (low, high) in limits.items():
            errors = [a - b for a, b in voxels(x, y, body) if low <= b < high]
            if errors:
                yield TissueError(tissue=tissue)(x, y, body), math.fsum(map(abs, errors)) / len(errors)


def changes(body):
    """Change masks, the facts that hold them, and both sides of the body."""
    change = np.random.default_rng(3).random(body.shape) < 0.1
    return CaseFacts(change=change), {"inside": body & change, "outside": body & ~change}


@row("Change error", "a loop over voxels", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        facts, sides = changes(body)
        for where, side in sides.items():
            errors = [abs(a - b) for a, b in voxels(x, y, side)]
            yield ChangeError(where=where).of_case(facts)(x, y, body, SPACING), math.fsum(errors) / len(errors)


@row("False change", "a loop over voxels", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        facts, sides = changes(body)
        wrong = [abs(a - b) > 50 for a, b in voxels(x, y, sides["outside"])]
        yield FalseChange(threshold=50).of_case(facts)(x, y, body, SPACING), 100 * sum(wrong) / len(wrong)


def thomas(hu):
    """Electron density by the two lines of the paper."""
    return max(0.0, 1 + hu / 1000) if hu < 100 else max(1.1, min(1 + hu / 1950, 3.0))


@row("Electron density error", "the two lines of Thomas 1999, voxel by voxel", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        errors = [abs(thomas(a) - thomas(b)) for a, b in voxels(x, y, body)]
        yield ElectronDensity()(x, y, body), math.fsum(errors) / len(errors)


@row("Water-equivalent path error", "a loop over rays", within=1e-9)
def _():
    for x, y, body in pairs_of_images():
        rays = []
        for i, k in product(range(x.shape[0]), range(x.shape[2])):
            inside = [j for j in range(x.shape[1]) if body[i, j, k]]
            if inside:
                rays.append(abs(math.fsum((thomas(x[i, j, k]) - thomas(y[i, j, k])) * SPACING[1] for j in inside)))
        yield WaterPath()(x, y, body, SPACING), math.fsum(rays) / len(rays)


def steps(image, body, axis):
    """(difference, position) of neighbours along an axis that are both in the body, one by one."""
    found = []
    for place in np.argwhere(body):
        after = tuple(place + np.eye(3, dtype=int)[axis])
        if after[axis] < body.shape[axis] and body[after]:
            found.append((float(image[after]) - float(image[tuple(place)]), int(place[axis])))
    return found


@row("Gradient error", "a loop over pairs of neighbours", within=1e-9)
def _():
    for x, y, body in list(pairs_of_images())[::6]:
        errors = [
            abs(a[0] - b[0]) / SPACING[axis]
            for axis in range(3)
            for a, b in zip(steps(x, body, axis), steps(y, body, axis), strict=True)
        ]
        yield GradientError()(x, y, body, SPACING), math.fsum(errors) / len(errors)


@row("Seam", "a loop over pairs of neighbours", within=1e-9)
def _():
    def ratio(image, body):
        every = [one for axis in range(3) for one in steps(image, body, axis)]
        border = [abs(step) for step, place in every if (place + 1) % 8 == 0]
        elsewhere = [abs(step) for step, place in every if (place + 1) % 8]
        return (math.fsum(border) / len(border)) / (math.fsum(elsewhere) / len(elsewhere))

    body = np.ascontiguousarray(damaged.body())
    for amount in (20, 200):
        x, y = damaged.windows_offset(amount), damaged.windows_offset(0)
        yield Seam(stride=8)(x, y, body), abs(ratio(x, body) - ratio(y, body))


@row("Slice consistency", "a loop over pairs of neighbours", within=1e-9)
def _():
    def ratio(image, body):
        i, j, k = ([abs(step) for step, _ in steps(image, body, axis)] for axis in range(3))
        return (math.fsum(k) / len(k)) / (math.fsum([*i, *j]) / len([*i, *j]))

    body = damaged.body()
    for amount in (20, 200):
        x, y = damaged.slices_offset(amount), damaged.slices_offset(0)
        yield SliceConsistency()(x, y, body), abs(ratio(x, body) / ratio(y, body) - 1)


@row("Noise (standard deviation)", "the deviation that was added to a ramp with an edge", within=0.03, relative=True)
def _():
    ramp = 10 * damaged.I + 4 * damaged.J + np.where(damaged.I > 12, 900, 0)
    for sigma in (5.0, 10.0, 40.0):
        yield noise(ramp + sigma * damaged.NOISE, np.ones(damaged.SHAPE, bool), "snr", "target"), sigma


@row("SNR, CNR (decibels)", "the closed form: twice the noise is 6.02 dB", within=0.1)
def _():
    everywhere = np.ones(damaged.SHAPE, bool)
    tissues = np.where(damaged.K < 12, 100.0, 300) * np.ones(damaged.SHAPE)
    yield SNR(low=0)(500 + 40 * damaged.NOISE, 500 + 20 * damaged.NOISE, everywhere), 20 * math.log10(2)
    by_value = CNR(by="value", dark=(50, 150), bright=(250, 350))
    yield by_value(tissues + 20 * damaged.NOISE, tissues + 10 * damaged.NOISE, everywhere), 20 * math.log10(2)


@row("MTF 50 %, 10 % (1/mm)", "the closed form of a Gaussian edge", within=0.03, relative=True)
def _():
    for sigma, level in product((0.8, 1.2, 1.8), (0.5, 0.1)):
        edge = damaged.slanted_edge(sigma)
        distance = from_straight_edge(edge, np.ones(edge.shape, bool), (1.0, 1.0, 1.0), "mtf")
        yield frequency(edge.ravel(), distance.ravel(), 0.25, level), math.sqrt(-math.log(level) / 2) / math.pi / sigma


@row("Edge width (difference)", "the normal distribution: 2.563 σ from 10 to 90 %", within=0.1, relative=True)
def _():
    for spacing in ((1.0, 1.0, 1.0), (0.8, 1.0, 1.2)):
        sharp, soft = (damaged.slanted_edge(sigma, spacing=spacing) for sigma in (1.8, 2.4))
        width = EdgeWidth(reach_mm=8)(soft, sharp, np.ones(sharp.shape, bool), spacing)
        yield width, 0.6 * (norm.ppf(0.9) - norm.ppf(0.1))


@row("Noise power (each ring)", "white noise and noise of a known filter", within=0.15, relative=True)
def _():
    mm, side = 0.8, 32
    white = 10 * np.random.default_rng(0).normal(size=(200, side, side))
    filtered = white
    for axis in (1, 2):
        filtered = convolve1d(filtered, [0.25, 0.5, 0.25], axis=axis, mode="wrap")
    waves = np.fft.fftfreq(side, mm)
    gain = np.outer(np.cos(np.pi * waves * mm) ** 4, np.cos(np.pi * waves * mm) ** 4)
    ring = np.round(np.hypot(waves[:, None], waves) * side * mm).astype(int)
    observed = (ring > 0) & (np.hypot(waves[:, None], waves) <= 0.5 / mm)
    for image, power in ((white, np.ones_like(gain)), (filtered, gain)):
        known = [100 * mm**2 * power[observed & (ring == n)].mean() for n in range(1, ring[observed].max() + 1)]
        yield from zip(spectrum(image, (mm, mm))[1], known, strict=True)
