"""Inspection of a translation: the gate of each model before it; plausibility of a CT and uncertainty after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from medtrans.auditing.calibrated import CalibratedUncertainty, calibrated_uncertainty
from medtrans.auditing.gate.gate import Gate
from medtrans.auditing.gate.signature import read_signature
from medtrans.auditing.plausibility import doubts, plausibility
from medtrans.core.digest import digest
from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.models.config import read_config
from medtrans.preparing.preparation import Preparation
from medtrans.translating.translation import Translation

TO_FORCE = "--force translates it nevertheless"
SAME = {
    "int16-extremes": "isolated-values",
    "already-normalised": "implausible-mr",
    "thick-slices": "implausible-spacing",
}
"""Finding of the gate → that of the other checks on the same fault, of which one is enough."""


@dataclass(frozen=True)
class Inspector:
    """As batching.inspection.Inspection."""

    gates: tuple[Gate, ...]
    names: tuple[str, ...] = ()
    """Hashes of their signatures."""
    force: bool = False
    uncertainty: CalibratedUncertainty | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """Settings of the models: a gate says what is missing in a small body, so that no model refuses it."""
        own = {"smallest_body": None} if self.gates else {}
        return {**own, **(self.uncertainty.changes if self.uncertainty else {})}

    @property
    def facts(self) -> dict[str, Any]:
        """What a result depends on, for the ledger."""
        return self.uncertainty.facts if self.uncertainty else {}

    def before(self, source: Volume, where: str) -> tuple[Finding, ...]:
        """Raises InputRefused, unless it is forced."""
        first_channel = source.like(source.voxels[:1])
        found = {finding.code: finding for gate in self.gates for finding in gate.findings(first_channel, where)}
        refused = [finding for finding in found.values() if finding.severity == "refuse"]
        if refused and not self.force:
            first = refused[0]
            raise InputRefused(where, f"{first.what}; {first.consequence}", f"{first.advice}; {TO_FORCE}", first.code)
        return tuple(found.values())

    def after(self, source: Volume, translation: Translation, before: tuple[Finding, ...], where: str) -> Translation:
        """With the findings of the gate first, and the verdicts on a CT for the sidecar."""
        checks: dict[str, Any] = {}
        said = {SAME.get(finding.code, "") for finding in before}
        others = [finding for finding in translation.findings if finding.code not in said]
        ours = list(before)
        if self.gates:
            forced = [finding.code for finding in before if finding.severity == "refuse"]
            checks["gate"] = {"sha256": list(self.names), "forced": forced, "found": [one.code for one in before]}
        if translation.modality.name == "CT" and translation.volume.channels == 1:
            verdicts = plausibility(translation.volume, source)
            checks["plausibility"] = [asdict(verdict) for verdict in verdicts]
            ours += doubts(verdicts, where)
        whole = replace(translation, findings=(*ours, *others), checks=checks)
        return self.uncertainty.apply(source, whole, where) if self.uncertainty else whole


def inspection_of(
    folders: Sequence[Path], *, force: bool = False, uncertainty: bool = False, abstain_above: float | None = None
) -> Inspector:
    """With the gates of the model folders, equal ones once, and their calibrated `uncertainty`.

    Raises ModelRefused, UsageError.
    """
    gates: dict[str, Gate] = {}
    for folder in folders:
        signature = read_signature(folder)
        if signature is not None:
            settings = Preparation.from_dict(read_config(folder)["preparation"]).settings
            subtracted = signature.modality == "MR" and not settings.source_normalisation.keeps_unit
            gates[digest(signature.to_dict())] = Gate(signature, subtracted, settings.takes_ct)
    calibrated = calibrated_uncertainty(folders, abstain_above) if uncertainty or abstain_above is not None else None
    return Inspector(tuple(gates.values()), tuple(gates), force, calibrated)
