"""Audit: lesions that a translation removes or invents, as tables, JSON and a page in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medtrans.auditing.detector import find_detector
from medtrans.auditing.files import AuditedFiles, match_audited
from medtrans.auditing.lesion_audit import audit_lesions
from medtrans.auditing.lesion_tables import cases_csv, lesions_csv
from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.errors import MedtransError
from medtrans.core.lesion import LesionAudit
from medtrans.core.modality import find_modality
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.reading.checks import refusal
from medtrans.reading.names import sidecar_path
from medtrans.reading.sidecars import read_sidecar
from medtrans.reading.volumes import hash_volume
from medtrans.stages._audit_folder import DOCUMENT, PAGE, write_audit
from medtrans.stages._audit_page import audit_page

NOTICE = "A detector can err: look at each lesion in the viewer before you conclude."


@dataclass(frozen=True)
class AuditFolder:
    """The files of an audit; the JSON is the proof of the others."""

    path: Path

    @property
    def lesions(self) -> Path:
        return self.path / "lesions.csv"

    @property
    def cases(self) -> Path:
        return self.path / "cases.csv"

    @property
    def page(self) -> Path:
        return self.path / PAGE

    @property
    def document(self) -> Path:
        return self.path / DOCUMENT

    def planned(self) -> list[Output]:
        """All of them."""
        tables = [Output(path, "table") for path in (self.lesions, self.cases)]
        return [*tables, Output(self.page, "page"), Output(self.document, "JSON file")]


def audit(
    source: Path,
    translated: Path,
    target: Path | None,
    lesions: Path | None,
    detector: Path,
    folder: Path,
    *,
    modality: str | None = None,
    source_modality: str | None = None,
    lesion_labels: Sequence[int] = (),
    detector_labels: Sequence[int] = (),
    device: str = "auto",
    overwrite: bool = False,
    on_progress: ProgressCallback = no_progress,
) -> LesionAudit:
    """Audit the lesions of translations and write lesions.csv, cases.csv, audit.html and audit.json into `folder`.

    Files, or folders matched by name. `modality` is that of the translations, by default what their sidecar says.
    Raises UsageError, InputRefused, ModelRefused, EnvironmentRefused; where no case at all could be assessed, too.
    """
    given = [path for path in (source, translated, target, lesions, detector) if path is not None]
    outputs = AuditFolder(folder)
    plan_outputs(outputs.planned(), given, overwrite)
    files, failed = match_audited(source, translated, target, lesions)
    kinds = [find_modality(name).name if name else None for name in (modality or _declared(files), source_modality)]
    reader = find_detector(detector, detector_labels, kinds[0], kinds[1], device)
    found = audit_lesions(files, reader, tuple(lesion_labels), failed=failed, on_progress=on_progress)
    if not found.cases:
        _refuse_all(found)
    pages = audit_page(found, files, reader, tuple(lesion_labels), (kinds[1], kinds[0]))
    inputs = {name: _hashes(files[name]) for name in (case.case for case in found.cases)}
    contents = {outputs.lesions.name: lesions_csv(found), outputs.cases.name: cases_csv(found), PAGE: pages}
    write_audit(folder, contents, {**found.to_dict(), "inputs": inputs}, NOTICE)
    return found


def _declared(files: dict[str, AuditedFiles]) -> str | None:
    """The modality in the sidecar of the first translation that has one."""
    for paths in files.values():
        facts = read_sidecar(sidecar_path(paths.translated))
        if name := facts.get("output", {}).get("modality"):
            return str(name)
    return None


def _hashes(files: AuditedFiles) -> dict[str, dict[str, str]]:
    return {role: {"name": path.name, "sha256": hash_volume(path)} for role, path in files.all.items()}


def _refuse_all(found: LesionAudit) -> None:
    """Raises the error of the first case where none could be assessed."""
    finding = next(iter(found.failed.values()))
    error: type[MedtransError] = refusal(found.failed.values())
    more = len(found.failed) - 1
    what = finding.what + (f" (and {more} more cases could not be assessed)" if more else "")
    raise error(finding.where, what, finding.advice, finding.code)
