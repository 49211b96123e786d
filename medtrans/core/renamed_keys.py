"""Renamed recipe keys, values and options: an old name is refused, and the answer holds the new one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from medtrans.core.errors import UsageError

KEYS = {
    "reading.validation": "validation_fraction",
    "reading.test": "test_fraction",
    "reading.hold_out": "test_subjects",
    "preparing.source": "source_normalisation",
    "preparing.target": "target_normalisation",
    "preparing.stack": "slices",
    "preparing.body": "body_mask",
    "preparing.augment": "augmentation, a list such as [{name: flip}, {name: rotation, degrees: 10}]",
    "training.averaging": "ema_decay",
    "training.best": "monitor",
    "training.journal_every": "log_every",
    "training.accumulate": "accumulate_grad_batches",
    "translating.skip_air": "skip_background",
    "preparing.*.typical": "typical_range (percentiles), typical_moments (zscore) or typical_landmarks (nyul)",
    "preparing.*.standard": "standard_landmarks",
    "evaluating.also": "metrics",
    "evaluating.within": "region",
    "evaluating.pictures": "report_cases",
    "evaluating.downstream": "segmentation: {model: …}",
    "evaluating.classes": "segmentation: {labels: …}",
    "evaluating.surface_tolerance": "segmentation: {surface_tolerance: …}",
    "method.*.criterion": "gan_loss",
    "method.noising": "noise_schedule",
    "method.drop": "condition_dropout",
    "method.guidance": "guidance_scale",
    "method.grain": "dequantisation_noise",
    "method.anatomy": "segmenter_feature_weight",
    "method.contrast": "nce (cut) or classification (stargan)",
    "method.penalty": "gradient_penalty",
    "method.deviation": "decoder_std",
    "method.conditioning": "name: acgan (auxiliary) or name: projection_gan (projection)",
}
"""Path of an old key → the new key; `*` stands for any depth."""

VALUES: dict[str, dict[str, str]] = {
    "method.name": {"registered": "reggan", "conditional_gan": "projection_gan or acgan"},
    "method.*.gan_loss": {"bce": "non_saturating", "minimax": "saturating"},
    "training.clock": {"processor": "cpu"},
    "evaluating.region": {"everything": "volume"},
}
"""Path of a key → its old values and the new ones."""

OPTIONS = {
    "--also": "--metric",
    "--spread": "--uncertainty",
    "--downstream": "--segmenter",
    "--labels-translated": "--label-maps",
    "--labels-target": "--reference-labels",
    "--classes": "--labels",
    "--tolerance": "--surface-tolerance",
    "--known": "--condition",
    "--margin": "--equivalence-margin",
}
"""Old option of the command line → the new one."""


def refuse_renamed(path: str, values: Mapping[str, Any], where: str, known: Collection[str] = ()) -> None:
    """Raises UsageError where a table at `path` ("reading", "method.generator") has an old key or an old value.

    `known` are its valid keys: a method may have a key whose name is an old one elsewhere.
    """
    for key, value in values.items():
        full = f"{path}.{key}"
        new = None if key in known else _look_up(KEYS, full)
        if new is not None:
            raise UsageError(f"{where}.{key}", "is the old name of a key", f"write {new}")
        renamed = (_look_up(VALUES, full) or {}).get(value) if isinstance(value, str) else None
        if renamed is not None:
            raise UsageError(f"{where}.{key}", f"{value!r} is the old name of a value", f"write {renamed}")


def is_renamed(path: str, key: str) -> bool:
    """Whether a table at `path` once had a key of this name."""
    return _look_up(KEYS, f"{path}.{key}") is not None


def _look_up(table: Mapping[str, Any], path: str) -> Any:
    stage, _, key = path.rpartition(".")
    return table.get(path, table.get(f"{stage.partition('.')[0]}.*.{key}"))
