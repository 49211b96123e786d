"""Data of a run: subjects of each split, kinds of images, pairing, voxel size, field of view, scanner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medtrans.evaluating.columns import count_text
from medtrans.methods import load as load_method
from medtrans.models.card import extent_text
from medtrans.reporting.paragraphs.degrading import degrading_sentences
from medtrans.reporting.paragraphs.follow_up import follow_up_sentence
from medtrans.reporting.paragraphs.painting import painting_sentences
from medtrans.reporting.paragraphs.registering import registering_sentence
from medtrans.reporting.paragraphs.words import listed
from medtrans.reporting.run_record import RunRecord

PURPOSES = {"train": "training", "validation": "validation", "test": "testing"}


def data_sentences(run: RunRecord) -> list[str]:
    """As it was read; nothing where a run has no record of it."""
    data, pairing = run.data, load_method(run.settings["method"]["name"]).pairing
    sentences = [_images(run, pairing)]
    if data:
        sentences = [_cohort(data["subjects"], data["cases"]), _split(data), *sentences, _extents(data)]
    scanner = _scanner(data.get("scanner") or run.declared.get("scanner") or "")
    return [*filter(None, sentences), *([f"Scanner of the training images: {scanner}."] if scanner else [])]


def _cohort(subjects: Mapping[str, int], cases: Mapping[str, int]) -> str:
    total = count_text(sum(subjects.values()), "subject")
    more = f" ({count_text(sum(cases.values()), 'case')})" if sum(cases.values()) > sum(subjects.values()) else ""
    parts = [
        f"{count} for {PURPOSES[split]}" + (f" ({cases[split]} cases)" if cases[split] > count else "")
        for split, count in subjects.items()
        if count
    ]
    return f"The data comprised {total}{more}: {listed(parts)}."


def _split(data: Mapping[str, Any]) -> str:
    if sum(count > 0 for count in data["subjects"].values()) < 2:
        return ""
    return f"The split was by subject: {data['split']}."


def _images(run: RunRecord, pairing: str) -> str:
    reading, declared = run.settings["reading"], run.declared
    roles = [role for role in ("source", "target") if reading.get(role)]
    names = {role: f" ({declared[role]})" if declared.get(role) else "" for role in roles}
    painted = painting_sentences(run.settings.get("painting"), run.settings.get("degrading"))
    if painted:
        return painted
    degraded = degrading_sentences(run.settings.get("degrading"))
    if degraded:
        return f"Images were {reading['target']['modality']}{names['target']}. {degraded}"
    if pairing == "alone":
        return f"Images were {reading['source']['modality']}{names['source']}."
    images = listed([f"{role} images were {reading[role]['modality']}{names[role]}" for role in roles])
    pairs = "their pairing was not used in training" if pairing == "unpaired" else "each pair lay on one voxel grid"
    registered = registering_sentence(run.settings["preparing"], run.data.get("left out", 0))
    sentences = f"{images[0].upper()}{images[1:]}; {pairs}.", registered, follow_up_sentence(reading)
    return " ".join(filter(None, sentences))


def _extents(data: Mapping[str, Any]) -> str:
    voxel, field = extent_text(data["voxel size"]), extent_text(data["field of view"])
    order = "left-right × posterior-anterior × inferior-superior"
    return f"Training images had voxels of {voxel} and a field of view of {field} ({order})."


def _scanner(named: Any) -> str:
    if isinstance(named, Mapping):
        return listed([f"{name} {count}" for name, count in named.items()])
    return str(named)
