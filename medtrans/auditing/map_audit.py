"""Audit by maps of one case: every map that can be made of what is given, and each as a detector of wrong voxels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from medtrans.auditing.fourier_rings import LIMIT
from medtrans.auditing.maps import (
    Translate,
    at_quarter_resolution,
    correlation_map,
    cycle_maps,
    null_space_maps,
    residual_map,
)
from medtrans.auditing.ranking_scores import auprc, auroc
from medtrans.core.finding import Finding
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import Modality
from medtrans.core.volume import Volume

WRONG_HU = 100.0
"""An error of a CT above which a voxel is wrong."""
WRONG_PERCENTILE = 90.0
"""Of the errors of images without a unit, above which a voxel is wrong."""
HIDING_RATIO = 2.0
"""Rise of the cycle's error by noise and rounding from which on the source is probably hidden in fine detail."""
SCORED = ("cycle", "cycle_robust", "spread", "null_space", "sfrc")
"""Maps that are scored against the residual."""


@dataclass(frozen=True, eq=False)
class MappedCase:
    """A translation, and what else is known of it, on one grid."""

    name: str
    source: Volume
    translated: Volume
    body: np.ndarray
    modality: Modality
    target: Volume | None = None
    spread: Volume | None = None
    back: Translate | None = None
    source_for_back: Volume | None = None
    """The source in the unit in which `back` writes."""
    operator: KnownOperator | None = None


@dataclass(frozen=True, eq=False)
class CaseMaps:
    """Maps (i, j, k) by name, rows of their figures, and findings."""

    case: str
    maps: Mapping[str, np.ndarray]
    rows: list[dict[str, Any]]
    resolution: dict[str, Any] = field(default_factory=dict)
    """Of sFRC: patches flagged, and mean resolution, of the translation and of the coarse real image."""
    findings: tuple[Finding, ...] = ()


def audit_maps(case: MappedCase, wrong_above: float | None = None) -> CaseMaps:
    """Every map that what is given allows."""
    maps: dict[str, np.ndarray] = {}
    resolution: dict[str, Any] = {}
    if case.target is not None:
        maps["residual"] = residual_map(case.translated, case.target)
    if case.back is not None:
        source = case.source_for_back if case.source_for_back is not None else case.source
        maps |= cycle_maps(source, case.translated, case.back, case.body)
    if case.spread is not None:
        maps["spread"] = case.spread.voxels[0].astype(np.float32)
    if case.operator is not None:
        maps |= null_space_maps(case.translated, case.target, case.operator, case.modality)
    if case.target is not None:
        maps["sfrc"], resolution = _correlation(case, case.target)
    return CaseMaps(case.name, maps, _rows(case, maps, wrong_above), resolution, _findings(case, maps))


def _correlation(case: MappedCase, target: Volume) -> tuple[np.ndarray, dict[str, Any]]:
    """The map of sFRC, beside its figures those of the real image at a quarter of its resolution."""
    coarse = target.like(at_quarter_resolution(target.voxels[0]))
    nyquist = 0.5 / max(case.translated.spacing[:2])
    figures: dict[str, Any] = {"case": case.name, "limit_per_mm": LIMIT * nyquist}
    shown = np.zeros(case.body.shape, np.float32)
    for system, image in (("coarse", coarse), ("translated", case.translated)):
        crossings, counted = correlation_map(image.voxels[0], target.voxels[0], case.body)
        within = counted & case.body
        figures[f"flagged_{system}"] = float((crossings[within] <= LIMIT).mean()) if within.any() else math.nan
        figures[f"resolution_{system}_per_mm"] = nyquist * float(crossings[within].mean()) if within.any() else math.nan
        shown = np.where(counted, 1 - crossings, 0).astype(np.float32)
    return shown, figures


def _rows(case: MappedCase, maps: Mapping[str, np.ndarray], wrong_above: float | None) -> list[dict[str, Any]]:
    """A row for each map: mean and 99th percentile in the body, and how well it finds wrong voxels."""
    wrong, limit = None, math.nan
    if "residual" in maps:
        errors = maps["residual"][case.body]
        usual = WRONG_HU if case.modality.name == "CT" else float(np.percentile(errors, WRONG_PERCENTILE))
        limit = usual if wrong_above is None else wrong_above
        wrong = errors > limit
    rows = []
    for name, voxels in maps.items():
        values = voxels[case.body]
        row = {"case": case.name, "map": name, "mean": float(values.mean()), "p99": float(np.percentile(values, 99))}
        if wrong is not None and name in SCORED:
            row |= {"wrong_above": limit, "wrong_share": float(wrong.mean())}
            row |= {"auroc": auroc(values, wrong), "auprc": auprc(values, wrong)}
        rows.append(row)
    return rows


def _findings(case: MappedCase, maps: Mapping[str, np.ndarray]) -> tuple[Finding, ...]:
    if "cycle" not in maps:
        return ()
    plain, robust = (float(maps[name][case.body].mean()) for name in ("cycle", "cycle_robust"))
    if not robust >= HIDING_RATIO * plain:
        return ()
    what = f"noise and rounding of the translation raise the error of the cycle from {plain:.3g} to {robust:.3g}"
    return (
        Finding(
            code="hidden-source",
            severity="warn",
            where=case.name,
            what=what,
            consequence="the source is probably hidden in fine detail, so that a small cycle map proves nothing",
            advice="look at cycle_robust alone",
            numbers={"cycle": plain, "cycle_robust": robust},
        ),
    )
