"""Files of a lesion audit: source, translation, real image and lesion mask of each case, matched by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.evaluating.matched_files import UNLIKE_NAMES, has_several, volumes_by_name
from medtrans.reading.formats import supported
from medtrans.reading.names import UNCERTAINTY, stem
from medtrans.reading.patterns import is_pattern
from medtrans.reading.volumes import is_volume


@dataclass(frozen=True)
class AuditedFiles:
    """Paths of one case; None where there is no such file."""

    translated: Path
    source: Path
    target: Path | None = None
    lesions: Path | None = None

    @property
    def all(self) -> dict[str, Path]:
        """Role → path."""
        named = {"translated": self.translated, "source": self.source, "target": self.target, "lesions": self.lesions}
        return {role: path for role, path in named.items() if path is not None}


def match_audited(
    source: Path, translated: Path, target: Path | None, lesions: Path | None
) -> tuple[dict[str, AuditedFiles], dict[str, Finding]]:
    """Case → its files; and the cases that lack one, each with a finding.

    Raises InputRefused on a path that does not exist or is no volume, UsageError where nothing matches.
    """
    given = {"source": source, "target": target, "lesion mask": lesions}
    for path in (translated, *given.values()):
        if path is not None:
            _refuse_no_volume(path)
    others = {role: path for role, path in given.items() if path is not None}
    if not has_several(translated):
        folder = next((path for path in others.values() if has_several(path)), None)
        if folder is not None:
            raise UsageError(folder, "is a folder, but the translation is one file", "give one file of each")
        return {stem(translated): AuditedFiles(translated, source, target, lesions)}, {}
    file = next((path for path in others.values() if not has_several(path)), None)
    if file is not None:
        raise UsageError(file, "is one file, but the translations are a folder", "give a folder of the same names")
    return _matched(translated, others)


def _matched(translated: Path, others: dict[str, Path]) -> tuple[dict[str, AuditedFiles], dict[str, Finding]]:
    found = volumes_by_name(translated)
    deviations = {name + UNCERTAINTY for name in found}
    ours = {name: path for name, path in found.items() if name not in deviations}
    theirs = {role: volumes_by_name(path) for role, path in others.items()}
    cases, failed = {}, {}
    for name in sorted(ours):
        missing = next((role for role, volumes in theirs.items() if name not in volumes), None)
        if missing is None:
            paths = {role: volumes[name] for role, volumes in theirs.items()}
            cases[name] = AuditedFiles(ours[name], paths["source"], paths.get("target"), paths.get("lesion mask"))
        else:
            failed[name] = _missing(name, missing, others[missing])
    if not cases:
        missing, example = next(iter({finding.numbers["role"]: name for name, finding in failed.items()}.items()))
        what = f"no translation has a {missing} of its name in {others[missing]} (there is {example}, and there "
        what += f"{min(theirs[missing])})"
        raise UsageError(translated, what, UNLIKE_NAMES)
    return cases, failed


def _missing(case: str, role: str, folder: Path) -> Finding:
    what = f"there is no {role} of that name in {folder.name}"
    advice = f"add the {role}" + (", empty for a case without lesions" if role == "lesion mask" else "")
    code = f"missing-{role.replace(' ', '-')}"
    return Finding(code=code, severity="refuse", where=case, what=what, advice=advice, numbers={"role": role})


def _refuse_no_volume(path: Path) -> None:
    if is_pattern(path):
        return
    if not path.exists():
        raise InputRefused(path, "does not exist", "check the path")
    if path.is_file() and not is_volume(path):
        raise InputRefused(path, "is not of a known format", supported())
