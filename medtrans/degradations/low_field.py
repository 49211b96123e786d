"""Low field: the image that an MR scanner of, for example, 64 mT or 0.3 T would give, from one of 3 T.

    y = x S(B) / S(3 T), by tissue where a label map is given;   S the signal equation with PD, T1(B), T2(B)
    SNR(B) = SNR(3 T) c (B / 3 T)^{3/2} √(b(3 T) / b(B)),   b the bandwidth of a voxel

c stands for larger voxels and more averages; the larger voxels are degradations of their own. Repetition and inversion
times follow T1 of white matter, FLAIR nulls CSF at each field. Noise is Rician. Marques, Simonis and Webb, J Magn Reson
Imaging 2019, https://doi.org/10.1002/jmri.26637
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Interval

from medtrans.core.degradation import Degradation, Ladder, Positive, draw_log_uniform, draw_seed
from medtrans.core.errors import GridMismatch
from medtrans.core.volume import Volume
from medtrans.degradations._relaxation import HIGH_TESLA, RELAXATION
from medtrans.degradations._signal_equations import Sequence, nulling, signal
from medtrans.degradations._tissue_labels import tissue_of_labels
from medtrans.degradations.rician_noise import mean_of_body, noisy_magnitude

Tesla: TypeAlias = Annotated[float, Interval(ge=0.05, le=HIGH_TESLA)]
EXPONENT = 1.5
"""Of the field, in the SNR: between 1, where noise is the body's, and 7/4, where it is the coil's."""
BANDWIDTH_AT_3_TESLA = 200.0
"""Hz per voxel."""
MAX_FACTOR = 5.0
SEQUENCES = {
    "MPRAGE": Sequence(tr=2300, te=3, ti=900),
    "T1": Sequence(tr=500, te=12),
    "T2": Sequence(tr=4500, te=95),
    "PD": Sequence(tr=4500, te=15),
    "FLAIR": Sequence(tr=9000, te=110, ti=2500),
}
"""Usual times at 3 T."""


@dataclass(frozen=True, kw_only=True)
class LowField(Degradation):
    name: Literal["low_field"] = "low_field"
    tesla: Tesla | tuple[Tesla, Tesla] = 0.064
    """Field strength; the logarithm is uniformly distributed over a range."""
    contrast: Literal["MPRAGE", "T1", "T2", "PD", "FLAIR"] = "MPRAGE"
    """Sequence of the given image: it decides how its contrast changes. T1, T2 and PD are spin echoes."""
    snr: Positive = (50.0, 100.0)
    """SNR of the given image at 3 T: mean of the body divided by the standard deviation of the noise of one channel."""
    bandwidth: Positive = 60.0
    """Bandwidth of a voxel at the low field; 200 Hz at 3 T are assumed."""
    compensation: Positive = 20.0
    """How many times the SNR is raised by larger voxels and by averages: 11 by voxels of 1.5 × 1.5 × 5 mm³."""

    modalities = ("MR",)
    role = "global"
    takes_labels = True
    units: ClassVar[dict[str, str]] = {
        "tesla": "T",
        "snr": "mean of the body / standard deviation",
        "bandwidth": "Hz per voxel",
        "compensation": "times the SNR",
    }
    ladder: ClassVar[Ladder] = Ladder("tesla", (3, 0.25, 0.2, 0.15, 0.1, 0.064))

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        numbers = {key: draw_log_uniform(rng, getattr(self, key)) for key in self.units}
        return {**numbers, "contrast": self.contrast, "seed": draw_seed(rng)}

    def apply(
        self,
        volume: Volume,
        *,
        tesla: float,
        contrast: str,
        snr: float,
        bandwidth: float,
        compensation: float,
        seed: int,
        labels: Volume | None = None,
    ) -> Volume:
        """`labels` on the grid of the volume are numbers of FreeSurfer and SynthSeg. Raises GridMismatch."""
        x = volume.voxels.astype(np.float32, copy=False)
        if labels is not None:
            x = x * _contrast_change(volume, labels, contrast, tesla)
        gain = compensation * (tesla / HIGH_TESLA) ** EXPONENT * np.sqrt(BANDWIDTH_AT_3_TESLA / bandwidth)
        if gain >= 1 or tesla == HIGH_TESLA:
            return volume.like(x)
        added = mean_of_body(x) / snr * np.sqrt(1 / gain**2 - 1)
        return volume.like(noisy_magnitude(x, added, np.random.default_rng(seed)))


def signals(contrast: str, tesla: float) -> dict[str, float]:
    """Signal of each tissue in the sequence of a contrast at a field, relative to fully relaxed water."""
    usual, times = SEQUENCES[contrast], {tissue: one.times(tesla) for tissue, one in RELAXATION.items()}
    share = times["white matter"][0] / RELAXATION["white matter"].at_3[0]
    if contrast == "FLAIR":
        inversion: float | None = nulling(times["CSF"][0], usual.tr)
        adapted = Sequence(usual.tr, usual.te, inversion)
    else:
        adapted = Sequence(usual.tr * share, usual.te, usual.ti * share if usual.ti else None)
    pd, t1, t2 = np.array([(one.pd, *times[tissue]) for tissue, one in RELAXATION.items()], np.float64).T
    return dict(zip(RELAXATION, signal(pd, t1, t2, adapted).tolist(), strict=True))


def _contrast_change(volume: Volume, labels: Volume, contrast: str, tesla: float) -> np.ndarray:
    """The factor of each voxel (1, i, j, k), that of white matter 1; 1 where there is no signal."""
    if not volume.shares_grid_with(labels):
        what = f"lies on another grid than the image: {labels.shape}, not {volume.shape}"
        raise GridMismatch("label map", what, "resample it, and apply low_field before what changes the grid")
    high, low = signals(contrast, HIGH_TESLA), signals(contrast, tesla)
    reference = low["white matter"] / high["white matter"]
    factors = {
        tissue: min(low[tissue] / high[tissue] / reference, MAX_FACTOR) if high[tissue] > 1e-6 else 1.0
        for tissue in high
    }
    numbers, tissues = tissue_of_labels(labels)
    return np.array([factors[tissue] for tissue in tissues], np.float32)[numbers]
