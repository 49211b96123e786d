"""Settings of the audit of a run: what is asked of its test translations after they are scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt

from medtrans.core.errors import UsageError
from medtrans.core.settings import Settings
from medtrans.reading.patterns import Pattern


@dataclass(frozen=True, kw_only=True)
class LesionAuditSettings(Settings):
    detector: Path | None = None
    """Model folder of a segmenter that was trained on real targets of other people and finds lesions in them; relative
    to the recipe. null: lesions are not audited."""
    detector_labels: tuple[Annotated[int, Ge(1)], ...] = ()
    """Labels of the detector that are lesions; empty for its only one."""
    masks: str = ""
    """Pattern of the lesion masks of the real targets, drawn by others, below reading.root: every test case needs one,
    empty for a healthy person. Without them nothing can pass, for the detector's own reading is the reference."""
    labels: tuple[Annotated[int, Ge(1)], ...] = ()
    """Values of the masks that are lesions; empty for the only one."""


@dataclass(frozen=True, kw_only=True)
class AuditingSettings(Settings):
    """With `auditing: {}` a run does all that its files allow; without the key it audits nothing."""

    output_checks: bool = True
    """Ask of each translated CT of a head, without its truth, whether it shows what no head has."""
    maps: bool = True
    """Write maps of where each translation may be wrong, as NIfTI: residual and sfrc with a target, spread where the
    model gives an uncertainty, null_space with the record of a degradation, cycle with `back`."""
    uncertainty: bool = True
    """Compare the intervals and the expected errors of a calibration (`medtrans audit calibrate -m RUN`) with the test
    patients, where the model folder holds one and translations have an uncertainty; else say what would be enough."""
    back: Path | None = None
    """Model folder of the way back, from target to source, for the cycle maps; relative to the recipe. null: none."""
    wrong_above: Annotated[float, Gt(0)] | None = None
    """Error from which a voxel is wrong, when maps are scored as detectors of wrong voxels. null: 100 HU for CT, else
    the 90th percentile of the errors of the case."""
    lesions: LesionAuditSettings = LesionAuditSettings()
    """Lesions that are found, missed and invented."""
    report_cases: Annotated[int, Ge(0)] = 3
    """Cases with images and maps on the page: those with wrong lesions first, then worst, median and best."""


def refuse_unauditable(settings: AuditingSettings, modality: str | None, method: str, where: str) -> None:
    """Raises UsageError where a run makes nothing that could be audited, and on masks of lesions that nothing detects.

    `modality` is that of the targets, None where the method translates nothing.
    """
    if modality is None:
        raise UsageError(where, f"the method {method} translates nothing that could be audited", "leave it out")
    if modality == "labels":
        what = "translations are label maps, and images alone can be audited"
        raise UsageError(where, what, "leave it out; Dice and distances of structures are among the scores")
    lesions = settings.lesions
    if lesions.detector is None and (lesions.masks or lesions.labels or lesions.detector_labels):
        what = "is missing, without which lesions cannot be looked for in translations"
        raise UsageError(f"{where}.lesions.detector", what, "give the model folder of a segmenter of lesions")
    if lesions.masks:
        Pattern(lesions.masks)
