"""Names of files: suffix, stem, subject and session, by one rule everywhere.

| name | subject | session |
|---|---|---|
| sub-01_ses-2_T1w.nii.gz | sub-01 | ses-2 |
| p07_v1_T1.nii.gz, p07_visit-2_T1.nii.gz | p07 | v1, visit-2 |
| patient_01_T1.nii.gz, patient_02_T1.nii.gz | patient_01, patient_02 | |
| anna.mha | anna | |
"""

from __future__ import annotations

import re
from pathlib import Path

from medtrans.core.errors import UsageError
from medtrans.reading import formats

UNCERTAINTY = "_std"
"""End of the stem of a map of standard deviations, which lies beside its translation."""
SERIES = "_dicom"
"""End of the name of a folder with a derived DICOM series, which lies beside its translation."""
EXPORTED = "export.json"
"""File of every export of a model: its networks, their preparation and the difference from torch."""
BIDS_SUBJECT = re.compile(r"(?:^|_)(sub-[A-Za-z0-9]+)(?=_|$)")
CONTRAST = re.compile(r"(?:t[12](?:w|c|ce|gd|star)?|t2s|flair|pdw?|ct|mri?|pet|dwi|adc)", re.IGNORECASE)
"""Parts of a name that say which image it is, some of which hold a digit."""
SESSION = re.compile(r"(?:^|_)(ses-[A-Za-z0-9]+|(?:v|visit|ses|session|tp|timepoint)-?\d+)(?=_|$)", re.IGNORECASE)


def stem(path: str | Path) -> str:
    """The name of a file or folder without the suffix of a format: "a/sub-01_T1.nii.gz" gives "sub-01_T1"."""
    name = Path(path).name
    suffix = suffix_of(name)
    if suffix:
        return name[: -len(suffix)]
    return name if Path(path).is_dir() or name.endswith(SERIES) else Path(path).stem


def suffix_of(name: str) -> str:
    """The end of a name that is the suffix of a format, as it is spelled there; empty where there is none."""
    found = next((suffix for suffix in formats.suffixes() if name.lower().endswith(suffix)), "")
    return name[-len(found) :] if found else ""


def subject_of(name: str, expression: str = "") -> str:
    """The subject in the name of a case, or in the stem of a file.

    `expression` is the setting reading.subject: a regular expression that finds the subject (with a group, the group).
    Empty, it is the entity sub- of BIDS, else the parts up to the first that holds a digit and is neither a contrast
    nor a session ("patient_01" of patient_01_v2_T1), else the text before the first "_". Raises UsageError.
    """
    if not expression:
        bids = BIDS_SUBJECT.search(name)
        return bids[1] if bids else _numbered(name) or name.partition("_")[0] or name
    try:
        found = re.search(expression, name)
    except re.error as reason:
        what = f"{expression!r} is not a regular expression ({reason})"
        raise UsageError("reading.subject", what, "correct the expression") from None
    if not found:
        what = f"reading.subject {expression!r} finds no subject in the name"
        raise UsageError(f"case {name}", what, "correct the expression")
    return found.group(found.re.groups and 1)


def _numbered(name: str) -> str:
    """The parts up to the first that numbers a subject; empty where there is none."""
    parts = name.split("_")
    for count, part in enumerate(parts, start=1):
        if any(map(str.isdigit, part)) and not CONTRAST.fullmatch(part) and not SESSION.fullmatch(part):
            return "_".join(parts[:count])
    return ""


def session_of(name: str) -> str:
    """The session in a name: the entity ses- of BIDS, else a part such as v1 or visit2; empty where there is none."""
    found = SESSION.search(name)
    return found[1] if found else ""


def sidecar_path(volume: Path) -> Path:
    """Path of the sidecar of a translation: `ct.json` beside `ct.nii.gz`."""
    return volume.with_name(stem(volume) + ".json")


def uncertainty_path(volume: Path) -> Path:
    """Path of the standard deviations of a translation: `ct_std.nii.gz` beside `ct.nii.gz`, NIfTI beside a series."""
    suffix = suffix_of(volume.name)
    beside = ".nii.gz" if volume.name.endswith(SERIES) else suffix
    return volume.with_name(volume.name.removesuffix(suffix) + UNCERTAINTY + beside)
