"""Plan of the audit of a run, before anything is trained: detector, lesion masks, and the model of the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medtrans.auditing.detector import Detector, find_detector
from medtrans.auditing.lesion_verdicts import MARGIN
from medtrans.auditing.rates import enough_without
from medtrans.auditing.settings import AuditingSettings
from medtrans.core.case import Case
from medtrans.core.errors import GridMismatch, ModelRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.models.config import CONFIG
from medtrans.reading.patterns import Pattern
from medtrans.reading.volumes import read_mask, share_grid
from medtrans.recipe import Recipe
from medtrans.translating.translator import Translator

MASKS, DETECTOR = "auditing.lesions.masks", "auditing.lesions.detector"


@dataclass(frozen=True, eq=False)
class PlannedAudit:
    """What the audit of a run is made with."""

    settings: AuditingSettings
    detector: Detector | None = None
    masks: Mapping[str, Path] = field(default_factory=dict)
    """Test case → its lesion mask."""
    back: Translator | None = None
    findings: tuple[Finding, ...] = ()
    """On what the audit will not be able to say."""


def planned_audit(recipe: Recipe, cases: Sequence[Case] | None = None) -> PlannedAudit | None:
    """None where the recipe audits nothing; `cases` are by default those that it reads.

    Raises ModelRefused, UsageError, InputRefused, GridMismatch.
    """
    if recipe.auditing is None:
        return None
    settings, every = recipe.auditing, recipe.cases() if cases is None else cases
    tested = [case for case in every if case.split == "test" and case.sources]
    kinds = recipe.reading.target_modality, recipe.reading.source_modality
    device = recipe.training.device
    back = _way_back(settings.back, kinds, device) if settings.back and settings.maps else None
    if settings.lesions.detector is None:
        return PlannedAudit(settings, back=back)
    if not (settings.lesions.detector / CONFIG).is_file():
        what = "is no model folder"
        advice = "give that of a segmenter; label maps of translations by another program: medtrans audit lesions"
        raise ModelRefused(settings.lesions.detector, what, advice, "no-detector")
    detector = _detector(settings, kinds, device)
    masks = _masks(recipe, tested) if settings.lesions.masks else {}
    return PlannedAudit(settings, detector, masks, back, tuple(_shortages(tested, masks)))


def _detector(settings: AuditingSettings, kinds: tuple[str, str], device: str) -> Detector:
    """Raises ModelRefused also for a detector of another modality than the targets."""
    lesions = settings.lesions
    assert lesions.detector is not None
    try:
        return find_detector(lesions.detector, lesions.detector_labels, *kinds, device)
    except UsageError as reason:
        raise UsageError(f"{DETECTOR}_labels", f"{reason.where}: {reason.what}", reason.advice) from reason


def _way_back(folder: Path, kinds: tuple[str, str], device: str) -> Translator:
    back = Translator.load(folder, device=device)
    theirs = back.preparation.source_modality, back.preparation.target_modality
    if theirs != kinds:
        what = f"translates {' to '.join(theirs)}, and the way back is {' to '.join(kinds)}"
        raise ModelRefused(folder, what, "set auditing.back to a model of the way back, or to null")
    return back


def _masks(recipe: Recipe, tested: Sequence[Case]) -> dict[str, Path]:
    """Raises UsageError where a test case has none, GridMismatch where one lies on another grid than its source."""
    assert recipe.auditing is not None
    pattern, root = recipe.auditing.lesions.masks, recipe.reading.root
    found = {key.name: path for key, path in Pattern(pattern).files(root).items()}
    for case in tested:
        if case.name not in found:
            what = f"{pattern!r} finds no mask of the test case {case.name} in {root}"
            raise UsageError(MASKS, what, "add one, empty for a person without lesions, or correct the pattern")
        if not share_grid(found[case.name], case.sources[0]):
            what = f"lies on another grid than the source of {case.name}, on which the translation will lie"
            raise GridMismatch(found[case.name], what, "resample it to the grid of the source")
    return {case.name: found[case.name] for case in tested}


def _shortages(tested: Sequence[Case], masks: Mapping[str, Path]) -> list[Finding]:
    """Findings on too few patients, no lesions, and lesions without masks."""
    found, patients, enough = [], len({case.subject for case in tested}), enough_without(MARGIN)
    if patients < enough:
        what = f"{patients} test patient{'s are' if patients != 1 else ' is'} too few for a pass"
        advice = f"{enough} patients without a wrong lesion would be enough for a bound of {MARGIN:.0%}"
        found.append(_finding("few-patients", "auditing.lesions", what, advice))
    if not masks:
        what = "is not set, so that the detector's own reading of the targets is the reference, and nothing can pass"
        found.append(_finding("no-lesion-masks", MASKS, what, "give masks that others drew"))
    elif not any(read_mask(path).voxels.any() for path in masks.values()):
        what = f"none of {len(masks)} test cases has a lesion"
        advice = "whether lesions are kept cannot be assessed: add test cases that have some"
        found.append(_finding("no-lesions", MASKS, what, advice))
    return found


def _finding(code: str, where: str, what: str, advice: str) -> Finding:
    severity = "warn" if code == "no-lesions" else "note"
    return Finding(code=code, severity=severity, where=where, what=what, advice=advice)  # type: ignore[arg-type]
