"""Signature of the images that a model was trained with: the numbers of the gate over them, and the orientation prior.

It stands in gate.json of the model folder, sealed. It holds numbers over images, no image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from medtrans.auditing.gate.measure import measurable, measure
from medtrans.auditing.gate.orientation import ROTATIONS, Prior, sampled
from medtrans.auditing.gate.scale import scale_of
from medtrans.core.errors import ModelRefused
from medtrans.core.sealed_json import NotSealed, seal, unseal
from medtrans.core.volume import Volume
from medtrans.reading.storage import read_bytes, write_atomically

GATE = "gate.json"
FORMAT = 1
MAX_BYTES = 1 << 22
MAX_IMAGES = 64
"""Training images that are measured, evenly chosen: at most half a minute."""
ENDS = (0.02, 0.98)
DIGITS = 4


@dataclass(frozen=True)
class Spread:
    """One number over the training images."""

    mean: float
    deviation: float
    low: float
    high: float
    """Quantiles .02 and .98."""


@dataclass(frozen=True, eq=False)
class Signature:
    """What the gate compares an image with."""

    images: int
    modality: str
    any_contrast: bool
    """Trained with painted images of any contrast: signal says little."""
    slices_mm: float
    """The thickest slices of the training, degraded ones included."""
    numbers: Mapping[str, Spread]
    scales: Mapping[str, float]
    """Share of the training images on each scale of values, as in `scale`."""
    prior: Prior

    @classmethod
    def fit(
        cls, volumes: Iterable[Volume], modality: str, *, any_contrast: bool = False, slices_mm: float = 0.0
    ) -> Self | None:
        """Of training images of one modality; None where none can be measured.

        `slices_mm` is the thickness that degradations of the training reach.
        """
        rows, maps, thickest = list[dict[str, float]](), list[np.ndarray](), slices_mm
        scales = Counter[str]()
        for volume in volumes:
            coarse = measurable(volume, is_ct=modality == "CT")
            if coarse is None:
                continue
            one = measure(volume, coarse)
            rows.append(one.numbers)
            maps.append(sampled(one.coarse, ROTATIONS[0]).astype(np.float32))
            scales[scale_of(one.numbers)] += 1
            thickest = max(thickest, *volume.spacing)
        if not rows:
            return None
        numbers = {name: _spread([row[name] for row in rows]) for name in rows[0]}
        shares = {name: count / len(rows) for name, count in scales.items()}
        return cls(len(rows), modality, any_contrast, thickest, numbers, shares, Prior.fit(maps))

    def high(self, name: str) -> float:
        """Upper quantile of a number; nan where the signature is older than the number, or no image had it."""
        return self.numbers[name].high if name in self.numbers else float("nan")

    def above(self, name: str, deviations: float) -> float:
        """The mean of a number and so many deviations; nan as for `high`."""
        one = self.numbers.get(name)
        return one.mean + deviations * one.deviation if one else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        numbers = {
            name: [float(f"{value:.{DIGITS}g}") for value in vars(one).values()] for name, one in self.numbers.items()
        }
        return {
            "format": FORMAT,
            "images": self.images,
            "modality": self.modality,
            "any_contrast": self.any_contrast,
            "slices_mm": self.slices_mm,
            "numbers": numbers,
            "scales": dict(self.scales),
            "prior": self.prior.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises ValueError, KeyError, TypeError."""
        if values["format"] != FORMAT:
            raise ValueError(f"it is of format {values['format']}, and this version of medtrans reads {FORMAT}")
        return cls(
            images=int(values["images"]),
            modality=str(values["modality"]),
            any_contrast=bool(values["any_contrast"]),
            slices_mm=float(values["slices_mm"]),
            numbers={name: Spread(*map(_number, four)) for name, four in values["numbers"].items()},
            scales={name: float(share) for name, share in values["scales"].items()},
            prior=Prior.from_dict(values["prior"]),
        )


def write_signature(folder: Path, signature: Signature) -> None:
    """Into a model folder."""
    write_atomically(folder / GATE, seal(signature.to_dict()), overwrite=True)


def read_signature(folder: Path) -> Signature | None:
    """Of a model folder; None where it has none. Raises ModelRefused where it is damaged."""
    path = folder / GATE
    if not path.is_file():
        return None
    try:
        return Signature.from_dict(unseal(read_bytes(path, MAX_BYTES)))
    except (NotSealed, ValueError, KeyError, TypeError, AttributeError) as reason:
        what = f"cannot be used ({str(reason)[:80]})"
        raise ModelRefused(path, what, "copy the whole model folder again") from reason


def _spread(values: list[float]) -> Spread:
    known = np.array([value for value in values if np.isfinite(value)])
    if not known.size:
        return Spread(*[float("nan")] * 4)
    low, high = np.quantile(known, ENDS)
    return Spread(float(known.mean()), float(known.std()), float(low), float(high))


def _number(value: float | str | None) -> float:
    return float("nan") if value is None else float(value)
