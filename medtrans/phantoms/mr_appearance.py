"""Random appearance of a head in MR: plain numbers, which `contrasts` turns into an image.

    of_sequence        signal equations of one sequence, with small differences between people
    other_scanner      the same with the sequence, field, resolution and tone of another scanner, as in real images
    random_contrast    any brightness for any tissue, so that only shape carries information

The last is domain randomisation as in SynthSeg and SynthSR: Billot et al., Med Image Anal 2023,
https://doi.org/10.1016/j.media.2023.102789; Iglesias et al., Science Advances 2023,
https://doi.org/10.1126/sciadv.add3607.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.arithmetic import exp, power, uniform
from medtrans.core.fields import normal
from medtrans.degradations._signal_equations import Sequence, nulling, signal
from medtrans.phantoms.signals import FULL_SCALE, sequence, table
from medtrans.phantoms.tissues import FIELDS, NUMBER, TISSUES

TIES = (("grey matter", "deep grey matter"), ("CSF", "vitreous"), ("muscle", "skin"), ("muscle", "mucosa"))
"""Pairs of tissues with similar signals in most contrasts."""
UNSURE = {"skin": (0.5, 2.0), "blood": (0.0, 1.6), "mucosa": (0.6, 1.4)}
"""Range of the signal, relative to that of the equations, where they do not suffice: thin skin and its fat, flow."""
BRIGHTEST_FAT = 2.0
"""Signal of fat, relative to that of the equations, in a train of spin echoes, which keeps what J-coupling takes from
it: Henkelman et al., J Magn Reson Imaging 1992, https://doi.org/10.1002/jmri.1880020511."""
SUPPRESSED = 0.2
"""Share of the images with fat suppressed, to a twentieth up to two fifths."""
HETEROGENEOUS = (("marrow", 0.3), ("fat", 0.2), ("skin", 0.12), ("muscle", 0.1), ("mucosa", 0.15))
"""Relative deviation of the signal within tissues that are mixtures: red marrow in yellow, septa and vessels in fat,
hair roots and glands in skin."""
SURFACE = 1.0
"""Largest logarithm of the sensitivity of a receive array at the skin, relative to the middle of the head. One half of
the images have none, as after a normalisation by the scanner."""
FAT_SHIFT = 2.5
"""Largest chemical shift in mm: 220 Hz at 1.5 T and 440 Hz at 3 T, at 100 to 400 Hz for a voxel of about 1 mm; Brown,
Haacke et al., Magnetic Resonance Imaging, 2nd edition 2014, chapter 17."""


@dataclass(frozen=True)
class Appearance:
    """Parameters of an MR image. Signals in arbitrary units, by tissue number."""

    signals: tuple[float, ...]
    texture: tuple[float, ...]
    """Standard deviation within each tissue."""
    noise: float
    """Standard deviation of the noise of each channel (Rician in the magnitude), relative to white matter."""
    bias: float
    """Standard deviation of the logarithm of the coil's sensitivity."""
    blur: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Standard deviation of the point spread function along i, j, k in mm."""
    gamma: float = 1.0
    fat_shift: tuple[int, float] = (0, 0.0)
    """Chemical shift: the axis along which fat is displaced, and by how many mm."""
    surface: float = 0.0
    """Logarithm of the coil's sensitivity at the skin, relative to the middle of the head."""

    def shown(self, tissue: str) -> float:
        """Signal of a tissue after the tone of the scanner."""
        top = max(self.signals)
        return float(top * power(np.array([self.signals[NUMBER[tissue]] / top]), self.gamma)[0])


def of_sequence(
    contrast: str, rng: np.random.Generator, *, tesla: float, noise: float, bias: float, variation: float
) -> Appearance:
    """Appearance by the signal equations; `variation` is the relative deviation of PD, T1 and T2 between people."""
    signals = _signals(sequence(contrast, tesla), tesla, rng, variation)
    return Appearance(tuple(signals), tuple(0.03 * signals), noise, bias)


def other_scanner(contrast: str, rng: np.random.Generator) -> Appearance:
    """Appearance of a contrast on a random scanner. T1 is a spin echo or an MPRAGE."""
    tesla = float(rng.choice(FIELDS))
    times = _jittered(contrast, tesla, rng)
    signals = _signals(times, tesla, rng, 0.08)
    for tissue, (low, high) in UNSURE.items():
        signals[NUMBER[tissue]] *= uniform(rng, low, high)
    _draw_fat_and_marrow(signals, 1.2 if contrast == "T1" else BRIGHTEST_FAT, rng)
    signals[NUMBER["cortical bone"]] += uniform(rng, 0, 0.12) * signals[NUMBER["white matter"]]
    texture = signals * (0.01 + 0.07 * rng.random(len(TISSUES)))
    for tissue, deviation in HETEROGENEOUS:
        texture[NUMBER[tissue]] = signals[NUMBER[tissue]] * uniform(rng, 0.5, 1.3) * deviation
    return _scanned(signals, texture, rng)


def _draw_fat_and_marrow(signals: np.ndarray, brightest: float, rng: np.random.Generator) -> None:
    """Change them in place: fat suppressed in a share of the images; marrow yellow or red, dimmed by its trabeculae."""
    fat, marrow = NUMBER["fat"], NUMBER["marrow"]
    signals[fat] *= uniform(rng, 0.5, brightest) * _suppression(rng)
    yellow = uniform(rng, 0, 1)
    signals[marrow] = uniform(rng, 0.15, 1) * (yellow * signals[fat] + (1 - yellow) * signals[marrow])


def _suppression(rng: np.random.Generator) -> float:
    """What a scanner leaves of fat."""
    return uniform(rng, 0.05, 0.4) if rng.random() < SUPPRESSED else 1.0


def random_contrast(rng: np.random.Generator) -> Appearance:
    """Appearance with a random signal for each tissue: none for air, usually little for bone; TIES may be equal."""
    signals = FULL_SCALE * (0.02 + 0.98 * rng.random(len(TISSUES)))
    for one, other in TIES:
        if rng.random() < 0.5:
            signals[NUMBER[other]] = signals[NUMBER[one]]
    if rng.random() < 0.8:
        signals[NUMBER["cortical bone"]] = FULL_SCALE * uniform(rng, 0.0, 0.12)
    lower, upper = sorted((NUMBER["cortical bone"], NUMBER["fat"]), key=lambda number: signals[number])
    signals[NUMBER["marrow"]] = uniform(rng, signals[lower], signals[upper])
    signals[NUMBER["fat"]] *= _suppression(rng)
    signals[[NUMBER["dentine"], NUMBER["enamel"]]] = signals[NUMBER["cortical bone"]]
    signals[[NUMBER["air outside"], NUMBER["air inside"], NUMBER["metal"]]] = 0.0
    texture = 0.15 * signals * rng.random(len(TISSUES))
    return _scanned(signals, texture, rng)


def _scanned(signals: np.ndarray, texture: np.ndarray, rng: np.random.Generator) -> Appearance:
    """Appearance on a random scanner: blur, in a third of them thick slices, coil, noise, tone, chemical shift."""
    blur = np.full(3, uniform(rng, 0.0, 0.7))
    if rng.random() < 0.33:
        blur[rng.integers(3)] += uniform(rng, 0.3, 1.8)
    shift = uniform(rng, -FAT_SHIFT, FAT_SHIFT) if rng.random() < 0.5 else 0.0
    i, j, k = blur.tolist()
    return Appearance(
        tuple(signals.tolist()),
        tuple(texture.tolist()),
        noise=uniform(rng, 0.0, 0.05),
        bias=uniform(rng, 0.0, 0.35),
        blur=(i, j, k),
        gamma=float(exp(uniform(rng, -0.3, 0.3))),
        fat_shift=(int(rng.integers(3)), shift),
        surface=uniform(rng, 0.0, SURFACE) if rng.random() < 0.5 else 0.0,
    )


def _jittered(contrast: str, tesla: float, rng: np.random.Generator) -> Sequence:
    usual = sequence(contrast, tesla)
    if contrast == "T1" and rng.random() < 0.6:
        return Sequence(uniform(rng, 1700, 2500), uniform(rng, 2.5, 5), uniform(rng, 750, 1150))
    tr = usual.tr * uniform(rng, 0.75, 1.4)
    te = usual.te * uniform(rng, 0.7, 1.3)
    if usual.ti is None:
        return Sequence(tr, te)
    water = TISSUES[NUMBER["CSF"]].relaxation.times(tesla)[0]
    return Sequence(tr, te, nulling(water, tr) * uniform(rng, 0.96, 1.04))


def _signals(times: Sequence, tesla: float, rng: np.random.Generator, variation: float) -> np.ndarray:
    """Signal of each tissue in a random person, in arbitrary units."""
    pd, t1, t2 = table(tesla)
    factor = exp(variation * normal(rng, (3, len(TISSUES))).astype(np.float64))
    return FULL_SCALE * signal(pd * factor[0], t1 * factor[1], t2 * factor[2], times)
