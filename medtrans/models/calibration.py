"""Calibration of a model's uncertainty: calibration.json of the model folder, sealed. It holds numbers, no image.

It stands beside config.json, not in it: the hash of config.json names the model in every sidecar, and a model is
calibrated after it has translated. The hashes of the models that were calibrated together stand in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from medtrans.core.errors import ModelRefused
from medtrans.core.sealed_json import NotSealed, seal, unseal
from medtrans.reading.storage import read_bytes, write_atomically

CALIBRATION = "calibration.json"
FORMAT = 1
MAX_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Tissue:
    """Voxels of the translation from `low` up to below `high`, in its unit, and what multiplies their uncertainty."""

    low: float
    high: float
    factor: float
    """λ: the interval is the translation ± λ σ."""
    half_width: float
    """Mean of λ σ over the voxels of the calibration patients; nan where none has the tissue."""
    patients: int
    own: bool
    """False where too few patients have the tissue, so that it has the factor of the whole body."""


@dataclass(frozen=True, kw_only=True)
class ExpectedError:
    """The error of a case from its uncertainty: MAE = ratio × mean of the calibrated half width in the body."""

    ratio: float
    low: float
    high: float
    """Ends of the interval of the ratio at 1 - alpha."""
    spearman: float
    p: float
    """One-sided: that the rank correlation is 0 or below."""
    patients: int
    unusable: str = ""
    """Why it must not be used; empty where it may be."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What was measured on calibration patients."""

    models: tuple[str, ...]
    """SHA-256 of config.json of each model."""
    settings: Mapping[str, Any]
    """Settings of the translation on which the uncertainty depends."""
    modality: str
    unit: str
    alpha: float
    delta: float
    patients: int
    floor: float
    """σ is never taken to be less."""
    tissues: Mapping[str, Tissue]
    expected: ExpectedError
    coverage: tuple[Mapping[str, Any], ...] = field(default=())
    """Rows of what the intervals cover in the calibration patients, by tissue of the real image, by label, and of
    lesions."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises ValueError, KeyError, TypeError."""
        given = dict(values)
        if given.pop("format") != FORMAT:
            raise ValueError(f"it is of format {values['format']}, and this version of medtrans reads {FORMAT}")
        ends = ("low", "high")
        given["tissues"] = {
            name: Tissue(**{**tissue, **{end: _number(tissue[end]) for end in (*ends, "half_width")}})
            for name, tissue in given["tissues"].items()
        }
        numbers = {key: _number(given["expected"][key]) for key in (*ends, "spearman", "p")}
        given["expected"] = ExpectedError(**{**given["expected"], **numbers})
        given["models"], given["coverage"] = tuple(given["models"]), tuple(given["coverage"])
        return cls(**given)


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Into a model folder; one that is there is replaced. Raises EnvironmentRefused."""
    write_atomically(folder / CALIBRATION, seal(calibration.to_dict()), overwrite=True)


def read_calibration(folder: Path) -> Calibration | None:
    """Of a model folder; None where it has none. Raises ModelRefused where it is damaged."""
    path = folder / CALIBRATION
    if not path.is_file():
        return None
    try:
        return Calibration.from_dict(unseal(read_bytes(path, MAX_BYTES)))
    except (NotSealed, ValueError, KeyError, TypeError, AttributeError) as reason:
        what = f"cannot be used ({str(reason)[:80]})"
        raise ModelRefused(path, what, "copy the whole model folder again, or calibrate it again") from reason


def _number(value: float | str | None) -> float:
    """As sealed JSON writes it: nan as null, infinities as text."""
    return float("nan") if value is None else float(value)
