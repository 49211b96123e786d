"""Audit of a run: lesions, maps and output checks of its test translations, as one page and audit.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.auditing.components import components
from medtrans.auditing.detector import lesion_mask
from medtrans.auditing.error_ratios import CaseErrors, case_errors
from medtrans.auditing.files import AuditedFiles
from medtrans.auditing.held_out_uncertainty import HeldOutUncertainty, held_out_uncertainty
from medtrans.auditing.lesion_audit import audit_lesions, read_case
from medtrans.auditing.lesion_tables import cases_csv, lesions_csv
from medtrans.auditing.map_audit import CaseMaps, MappedCase, audit_maps
from medtrans.core.case import Case
from medtrans.core.errors import MedtransError
from medtrans.core.finding import Finding, Verdict
from medtrans.core.lesion import LesionAudit
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.score import Evaluation
from medtrans.core.volume import Volume
from medtrans.evaluating.failures import failure
from medtrans.evaluating.run_cases import RunCase
from medtrans.models.calibration import Calibration, read_calibration
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import sidecar_path, uncertainty_path
from medtrans.reading.sidecars import read_sidecar
from medtrans.reading.volumes import hash_volume, read_volume, write_volume
from medtrans.recipe import Recipe
from medtrans.reporting.case_selection import report_cases
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.sections.plausibility import verdicts_in
from medtrans.runs import RunFolder
from medtrans.stages._audit_folder import write_audit
from medtrans.stages._audit_page import CLASSES, displayed_cases, lesion_classes
from medtrans.stages._map_tables import figures_csv
from medtrans.stages._planned_audit import PlannedAudit
from medtrans.stages._run_audit_page import AUDIT_NOTICE, run_audit_page
from medtrans.stages.audit_maps import map_name
from medtrans.translating.translator import Translator

TABLES = {"lesions": "lesions.csv", "cases": "cases.csv", "maps": "maps.csv"}


@dataclass(eq=False)
class RunAudit:
    """What was found in the test translations of a run."""

    page: Path
    lesions: LesionAudit | None = None
    maps: list[CaseMaps] = field(default_factory=list)
    output_checks: Mapping[str, Sequence[Verdict]] = field(default_factory=dict)
    """Translated file → the verdicts on it."""
    failed: dict[str, Finding] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    images: list[CaseImages] = field(default_factory=list)
    calibration: Calibration | None = None
    """That of the model folder, where it is asked for."""
    errors: list[CaseErrors] = field(default_factory=list)
    """In parts of the uncertainty, of the cases with a target."""
    uncertainty: HeldOutUncertainty | None = None

    @property
    def verdicts(self) -> list[Verdict]:
        """Of the lesions, on the uncertainty, and one over all output checks."""
        found = list(self.lesions.verdicts) if self.lesions else []
        found += [self.uncertainty.verdict] if self.uncertainty else []
        return [*found, *([_over_all(self.output_checks)] if self.output_checks else [])]

    def take_findings(self, lesions: LesionAudit) -> None:
        """Those that the plan has not said before, and the cases that could not be read."""
        said = {finding.code for finding in self.findings}
        self.findings += [one for one in lesions.findings if one.code not in said]
        self.failed |= lesions.failed

    def to_dict(self) -> dict[str, Any]:
        """Plain values for audit.json."""
        checks = {name: [vars(one) for one in found] for name, found in self.output_checks.items()}
        return {
            "verdicts": [vars(verdict) for verdict in self.verdicts],
            "output_checks": checks,
            "lesions": self.lesions.to_dict() if self.lesions else None,
            "uncertainty": self.uncertainty.to_dict() if self.uncertainty else None,
            "maps": [row for one in self.maps for row in one.rows],
            "resolution": [one.resolution for one in self.maps if one.resolution],
            "failed": {case: finding.to_dict() for case, finding in self.failed.items()},
            "findings": [finding.to_dict() for finding in self.findings],
        }


def audit_run(
    recipe: Recipe,
    run: RunFolder,
    plan: PlannedAudit,
    cases: Sequence[Case],
    translations: Mapping[str, Path],
    translator: Translator,
    evaluation: Evaluation,
    on_progress: ProgressCallback = no_progress,
) -> RunAudit:
    """Audit the translations and write all files. A case that cannot be audited is listed, and the others go on.

    Raises EnvironmentRefused.
    """
    known = read_calibration(run.model) if plan.settings.uncertainty else None
    found = RunAudit(run.audit_page, findings=list(plan.findings), calibration=known)
    tested = {case.name: case for case in cases if case.name in translations}
    files = {name: _files(case, translations[name], plan.masks.get(name)) for name, case in tested.items()}
    if plan.settings.output_checks:
        found.output_checks = verdicts_in([read_sidecar(sidecar_path(path)) for path in translations.values()])
    if plan.detector and files:
        labels = plan.settings.lesions.labels
        found.lesions = audit_lesions(files, plan.detector, labels, on_progress=on_progress)
        found.take_findings(found.lesions)
    run.audit.mkdir(parents=True, exist_ok=True)
    shown, maps = _displayed(found.lesions, evaluation, tested, plan.settings.report_cases), list[Path]()
    for number, (name, case) in enumerate(tested.items()):
        on_progress("audit", f"maps of {name}", number / len(tested))
        try:
            with memory_errors(name):
                own = RunCase(case, translations[name], translator.preparation, recipe.evaluating.region)
                maps += _add_case(own, plan, files[name], run, name in shown, recipe, found)
        except MedtransError as error:
            found.failed[name] = failure(name, error)
    if plan.settings.uncertainty:
        found.uncertainty = held_out_uncertainty(found.calibration, translator, found.errors)
    found.images.sort(key=lambda one: shown.index(one.case))
    _write(found, run, recipe, files, maps)
    on_progress("audit", "", 1.0)
    return found


def _files(case: Case, translation: Path, mask: Path | None) -> AuditedFiles:
    return AuditedFiles(translation, case.sources[0], case.targets[0] if case.targets else None, mask)


def _displayed(lesions: LesionAudit | None, evaluation: Evaluation, cases: Mapping[str, Case], count: int) -> list[str]:
    """Cases with wrong lesions, then the worst, the median and the best."""
    wrong = [one.case for one in displayed_cases(lesions) if one.having("missed", "invented")] if lesions else []
    others = report_cases(evaluation.scores, count, [name for name in cases if not cases[name].targets])
    return list(dict.fromkeys([*wrong, *others]))[:count]


def _add_case(
    case: RunCase, plan: PlannedAudit, files: AuditedFiles, run: RunFolder, shown: bool, recipe: Recipe, found: RunAudit
) -> list[Path]:
    """The maps of a case, written, and its images where it is `shown`. Raises MedtransError."""
    mapped = _mapped(case, plan)
    if found.calibration:
        found.errors += _errors(case, mapped, files.lesions, plan.settings.lesions.labels, found.calibration.floor)
    made = audit_maps(mapped, plan.settings.wrong_above) if plan.settings.maps else None
    grid, written = mapped.translated, list[Path]()
    volumes = {
        name: Volume(voxels[None], grid.affine, grid.origin) for name, voxels in (made.maps if made else {}).items()
    }
    for name, volume in volumes.items():
        written.append(run.audit / map_name(case.name, name))
        write_volume(volume, written[-1], description="medtrans audit", overwrite=True)
    if made:
        found.maps.append(made)
        found.findings += made.findings
    if shown:
        reading = recipe.reading
        images = CaseImages(
            case.name, mapped.source if case.has_source else None, mapped.target, grid,
            source_modality=reading.source_modality, target_modality=reading.target_modality,
            maps={name: volume for name, volume in volumes.items() if name != "residual"},
            **_structures(case.name, plan, files, found.lesions, grid),
        )  # fmt: skip
        found.images.append(images)
    return written


def _errors(
    case: RunCase, mapped: MappedCase, lesions: Path | None, labels: Sequence[int], floor: float
) -> list[CaseErrors]:
    """In parts of the uncertainty; empty without one, or without a target. Raises InputRefused, GridMismatch."""
    if mapped.spread is None or mapped.target is None:
        return []
    translated, deviation, target = (one.voxels[0] for one in (mapped.translated, mapped.spread, mapped.target))
    numbered = None
    if lesions is not None:
        mask = lesion_mask(lesions, labels, mapped.translated, "auditing.lesions.labels")
        numbered = components(mask, mapped.translated.spacing).labels
    found = case_errors(
        case.name, case.subject, translated, deviation, target, mapped.body, case.modality.name, floor, lesions=numbered
    )
    return [found]


def _mapped(case: RunCase, plan: PlannedAudit) -> MappedCase:
    translated, source = case.translated(), case.pair.source
    target = case.in_written_unit(case.target()) if case.case.targets else None
    beside, back = uncertainty_path(case.translation) if case.translation else None, plan.back
    return MappedCase(
        case.name,
        source,
        translated,
        body=np.asarray(case.inside()),
        modality=case.modality,
        target=target,
        spread=read_volume(beside) if beside is not None and beside.is_file() else None,
        back=None if back is None else (lambda image: back.translate(image, where=case.name).volume),
        source_for_back=None if back is None else back.preparation.in_written_unit(source),
        operator=case.known_operator(target) if target is not None else None,
    )


def _structures(
    name: str, plan: PlannedAudit, files: AuditedFiles, lesions: LesionAudit | None, grid: Volume
) -> dict[str, Any]:
    """For the viewer: the status of each lesion."""
    of_case = next((one for one in lesions.cases if one.case == name), None) if lesions else None
    if of_case is None or plan.detector is None:
        return {}
    read, _, _ = read_case(name, files, plan.detector, plan.settings.lesions.labels)
    classes = lesion_classes(of_case, read)
    return {"structures": {role: grid.like(numbers) for role, numbers in classes.items()}, "classes": CLASSES}


def _over_all(checks: Mapping[str, Sequence[Verdict]]) -> Verdict:
    doubtful = {name: [one.code for one in found if one.outcome == "doubtful"] for name, found in checks.items()}
    wrong = {name: codes for name, codes in doubtful.items() if codes}
    words = "; ".join(f"{name} ({', '.join(codes)})" for name, codes in list(wrong.items())[:3])
    more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    reason = f"in {len(wrong)} of {len(checks)} something is doubtful" + (f": {words}{more}" if wrong else "")
    return Verdict(
        code="output-checks",
        question="Do the translated CTs show only what heads have?",
        outcome="doubtful" if wrong else "plausible",
        reason=reason,
        numbers={"doubtful": len(wrong), "cases": len(checks)},
    )


def _write(
    found: RunAudit, run: RunFolder, recipe: Recipe, files: Mapping[str, AuditedFiles], maps: Sequence[Path]
) -> None:
    contents = {run.audit_page.name: run_audit_page(found, recipe)}
    if found.lesions:
        contents |= {TABLES["lesions"]: lesions_csv(found.lesions), TABLES["cases"]: cases_csv(found.lesions)}
    if found.maps:
        contents[TABLES["maps"]] = figures_csv(found.maps)
    for name in TABLES.values():
        if name not in contents:
            (run.audit / name).unlink(missing_ok=True)
    roles = {name: own.all.items() for name, own in files.items()}
    inputs = {name: {role: hash_volume(path) for role, path in own} for name, own in roles.items()}
    facts = {"run": recipe.name, **found.to_dict(), "inputs": inputs}
    write_audit(run.audit, contents, facts, AUDIT_NOTICE, written=maps)
