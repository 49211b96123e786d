"""Calibrated uncertainty of a translation: a map whose ± 1.645 holds 90 % of the voxels, and the expected error.

half width w(v) = λ(tissue of the translation at v) σ'(v)       map = w / z,  z the normal quantile of 1 - alpha/2
expected MAE = ratio · mean of w in the body                    [low, high] · mean of w, of which the interval
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri

from medtrans.auditing.error_ratios import FLOOR_SHARE, floored, tissue_numbers
from medtrans.core.digest import digest
from medtrans.core.errors import InputRefused, ModelRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.models.calibration import CALIBRATION, Calibration, read_calibration
from medtrans.models.config import read_config
from medtrans.preparing.preparation import Preparation
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.translation import Translation

DEPENDS_ON = ("samples", "uncertainty", "mirror", "data_consistency", "posterior_sampling", "grid")
"""Settings of a translation on which its uncertainty depends."""
CALIBRATE = "medtrans audit calibrate -m MODEL -i SOURCES --target REAL -o AUDIT"


def uncertainty_floor(preparation: Preparation) -> float:
    """Least σ, in the unit of the translation."""
    low, high = preparation.settings.target_normalisation.restore(np.array([-1, 1], np.float32)).ravel()[:2]
    return abs(float(high) - float(low)) * FLOOR_SHARE


@dataclass(frozen=True, eq=False)
class CalibratedUncertainty:
    """Of one model, or of an ensemble."""

    calibration: Calibration
    preparation: Preparation
    abstain_above: float | None = None
    """Expected MAE above which a translation is refused, in its unit."""
    sha256: str = field(default="")

    @property
    def changes(self) -> dict[str, Any]:
        """Settings of the models."""
        known = self.calibration.settings
        return {"samples": known["samples"], "uncertainty": known["uncertainty"]}

    @property
    def facts(self) -> dict[str, Any]:
        """What a result depends on, for the ledger."""
        return {"calibration": self.sha256, "abstain_above": self.abstain_above}

    def apply(self, source: Volume, translation: Translation, where: str) -> Translation:
        """With the calibrated map, and the expected error among the checks. Raises InputRefused, where it abstains."""
        deviation = translation.uncertainty
        assert deviation is not None
        known = self.calibration
        factors = np.array([tissue.factor for tissue in known.tissues.values()], np.float32)
        ranges = {name: (tissue.low, tissue.high) for name, tissue in known.tissues.items()}
        numbers = tissue_numbers(translation.volume.voxels, ranges)
        width = factors[numbers] * floored(deviation.voxels, known.floor)
        body = self.preparation.body_mask(source)
        mean = float(width[0][body].mean()) if body.any() else float("nan")
        z = float(ndtri(1 - known.alpha / 2))
        facts = self._facts(mean, z)
        expected = facts["expected_mae"]
        if self.abstain_above is not None and not expected <= self.abstain_above:
            raise InputRefused(where, *self._refusal(facts))
        outside = ~np.broadcast_to(body, width.shape)
        scaled = np.where(outside & (deviation.voxels == 0), 0, width / np.float32(z)).astype(np.float32)
        return replace(
            translation, uncertainty=deviation.like(scaled), checks={**translation.checks, "calibration": facts}
        )

    def _facts(self, mean: float, z: float) -> dict[str, Any]:
        known, expected = self.calibration, self.calibration.expected
        usable = not expected.unusable
        return {
            "sha256": self.sha256,
            "patients": known.patients,
            "alpha": known.alpha,
            "delta": known.delta,
            "half_width": f"{z:.3f} times the map",
            "mean_half_width": mean,
            "expected_mae": expected.ratio * mean if usable else None,
            "expected_mae_low": expected.low * mean if usable else None,
            "expected_mae_high": expected.high * mean if usable else None,
            "unit": known.unit,
            "spearman": expected.spearman,
            "unusable": expected.unusable,
        }

    def _refusal(self, facts: dict[str, Any]) -> tuple[str, str, str]:
        value, low, high = (f"{facts[f'expected_mae{end}']:.3g}" for end in ("", "_low", "_high"))
        words = f"{value} {facts['unit']} ({1 - facts['alpha']:.0%} interval {low} to {high})"
        what = f"the expected mean error of its translation is {words}, above {self.abstain_above:g}"
        return what, "use another image, or raise --abstain-above", "abstained"


def calibrated_uncertainty(folders: Sequence[Path], abstain_above: float | None = None) -> CalibratedUncertainty:
    """Of the models in these folders: calibration.json of the first. Raises ModelRefused, UsageError."""
    calibration = read_calibration(folders[0])
    if calibration is None:
        what = f"has no {CALIBRATION}, so that its uncertainty says nothing about its error"
        raise ModelRefused(folders[0], what, f"calibrate it: {CALIBRATE}", "not-calibrated")
    if abstain_above is not None and calibration.expected.unusable:
        what = f"cannot be used with this calibration: {calibration.expected.unusable}"
        raise UsageError("--abstain-above", what, "leave it out, or calibrate with more patients")
    preparation = Preparation.from_dict(read_config(folders[0])["preparation"])
    return CalibratedUncertainty(calibration, preparation, abstain_above, digest(asdict(calibration)))


def refuse_other_models(known: Calibration, translator: AnyTranslator, where: str) -> None:
    """Raises ModelRefused where the calibration is of other models, or of other settings."""
    hashes = [member.identity.sha256 for member in translator.members]
    if sorted(hashes) != sorted(known.models):
        what = f"its {CALIBRATION} is of {len(known.models)} model(s) with other hashes than the {len(hashes)} here"
        raise ModelRefused(where, what, f"calibrate these together: {CALIBRATE}", "other-calibration")
    for member in translator.members:
        own = settings_of(member.settings)
        changed = [key for key, value in own.items() if known.settings.get(key) != value]
        if changed:
            key = changed[0]
            what = f"was calibrated with translating.{key} {known.settings.get(key)}, and is used with {own[key]}"
            raise ModelRefused(where, what, "leave the setting as it was, or calibrate again", "other-calibration")


def settings_of(settings: Any) -> dict[str, Any]:
    """Those on which the uncertainty depends."""
    return {key: getattr(settings, key) for key in DEPENDS_ON}
