"""Sidecar: a JSON file beside every translated volume with its model, its inputs, its settings and its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.sealed_json import seal
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.provenance import Provenance
from medtrans.translating.translation import Translation


def sidecar(
    translation: Translation,
    translator: AnyTranslator,
    inputs: Sequence[tuple[str, str]],
    outputs: Sequence[tuple[str, str]],
    mask: tuple[str, str] | None = None,
    mask_label: int | None = None,
    series: Mapping[str, Any] | None = None,
) -> bytes:
    """Provenance of a translation as JSON. `inputs`, `outputs`, `mask`: name and SHA-256; folders are not named.

    `outputs` are the translated volume and, where it has one, its standard deviation; `series` are facts on the DICOM
    series.
    """
    facts = Provenance(translation, translator).to_dict()
    facts["inputs"] = [_file(*each) for each in inputs]
    facts["output"] = {**_file(*outputs[0]), **facts["output"]}
    if series:
        facts["dicom"] = dict(series)
    if facts["uncertainty"]:
        facts["uncertainty"] = {**_file(*outputs[1]), **facts["uncertainty"]}
    if facts["body"] and mask:
        label = {"label": mask_label} if mask_label is not None else {}
        facts["body"]["mask"] = {**_file(*mask), **label}
    facts |= translation.checks
    return seal(facts)


def _file(name: str, sha256: str) -> dict[str, str]:
    return {"file": name, "sha256": sha256}
