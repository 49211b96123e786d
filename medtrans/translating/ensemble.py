"""Ensemble: the mean of several models, and the standard deviation between them.

    translated = mean over m of x_m          variance = mean of std_m² + variance of x_m over m

x_m is the translation by model m, on the scale of the first model where images have no unit; std_m its own uncertainty
(0 for a deterministic model; one that draws samples draws several, since one sample has none). For models of several
planes, whose errors between slices differ, and of several seeds: deep ensembles, Lakshminarayanan et al. 2017,
https://arxiv.org/abs/1612.01474
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from medtrans.core.digest import digest
from medtrans.core.errors import ModelRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume
from medtrans.models.engines import EngineUsed
from medtrans.models.zoo import model_folders
from medtrans.preparing.intensity_scale import scaled
from medtrans.preparing.preparation import Preparation
from medtrans.translating import t1_weighted
from medtrans.translating.data_consistency import Agreement, Measured
from medtrans.translating.moments import Moments
from medtrans.translating.output_checks import assert_same_geometry
from medtrans.translating.posterior import Sampled
from medtrans.translating.progress import OnProgress, part_progress
from medtrans.translating.provenance import with_provenance
from medtrans.translating.translation import UNNAMED, Translation
from medtrans.translating.translator import Identity, Translator


class Ensemble:
    """Used like a Translator; all members have the same weight."""

    def __init__(self, members: Sequence[Translator]) -> None:
        """Two models or more. Raises UsageError on a repeated one or single samples, ModelRefused without a mean."""
        _refuse_repeated(members)
        _refuse_single_samples(members)
        _refuse_different_scales(members)
        _refuse_different_grids(members)
        self.members = tuple(members)
        # Whether a T1 is kept is decided once, by their mean.
        self._keeps_t1 = all(member.settings.keeps_t1 for member in members)
        self._plain = [one.with_settings(keeps_t1=False) if one.settings.keeps_t1 else one for one in members]

    @property
    def identity(self) -> Identity:
        """The names of the members, and one hash for all of them."""
        each = [member.identity for member in self.members]
        names = " + ".join(dict.fromkeys(one.name for one in each))
        return Identity(names, digest([one.sha256 for one in each]) if all(one.sha256 for one in each) else "")

    @property
    def resolved_settings(self) -> dict[str, object]:
        """The settings of every member."""
        return {"members": [member.resolved_settings for member in self.members]}

    @property
    def gives_uncertainty(self) -> bool:
        """Always."""
        return True

    @property
    def device(self) -> torch.device:
        """The device of the models."""
        return self.members[0].device

    def with_settings(self, **changes: Any) -> Self:
        """The same models with some settings changed. Raises UsageError."""
        return type(self)([member.with_settings(**changes) for member in self.members])

    def __call__(self, volume: Volume, mask: Volume | None = None) -> Volume:
        """The mean of all translations, on the grid of `volume`. Raises InputRefused."""
        return self.translate(volume, mask).volume

    def translate(
        self,
        volume: Volume,
        mask: Volume | None = None,
        *,
        conditions: Mapping[str, float] | None = None,
        measured: Measured | None = None,
        where: str = UNNAMED,
        on_progress: OnProgress | None = None,
    ) -> Translation:
        """As Translator.translate, by all members, always with uncertainty. Raises what they raise."""
        began, count = time.monotonic(), len(self.members)
        moments = Moments()
        own_variance: np.ndarray = np.zeros(1, np.float32)
        findings, clipped, samples = dict[str, Finding](), 0.0, 0
        agreements, sampled, engines = list[Agreement](), list[Sampled](), list[EngineUsed]()
        details = list[np.ndarray]()
        for number, member in enumerate(self._plain):
            shown = part_progress(on_progress, number, count)
            made = member.translate(
                volume, mask, conditions=conditions, measured=measured, where=where, on_progress=shown
            )
            made = _on_scale_of(self.members[0], member, made)
            moments.add(made.volume.voxels)
            if made.uncertainty is not None:
                own_variance = own_variance + made.uncertainty.voxels**2 / np.float32(count)
            findings.update({one.sentence: one for one in made.findings if one.code not in t1_weighted.CODES})
            details += [t1_weighted.detail(made.volume, volume.spacing)] if self._keeps_t1 else []
            clipped += made.clipped_fraction / count
            samples += made.samples
            agreements += [made.agreement] if made.agreement else []
            sampled += [made.sampled] if made.sampled else []
            engines += made.engines
        dtype = made.volume.voxels.dtype
        translated = made.volume.like(np.rint(moments.mean).astype(dtype) if dtype.kind in "iu" else moments.mean)
        if all(member.settings.grid == "source" for member in self.members):
            assert_same_geometry(volume, translated)
        uncertainty = made.volume.like(np.sqrt(moments.variance + own_variance))
        if not (agreements or sampled) and (self._keeps_t1 or self.members[0].preparation.is_painted_t1):
            translated, more = self._answer_to_t1(volume, translated, where)
            findings.update({one.sentence: one for one in more})
            if more and self._keeps_t1:
                uncertainty = uncertainty.like(np.std(details, axis=0, ddof=1)[None].astype(np.float32))
        seconds = time.monotonic() - began
        described = tuple(findings.values())
        worst = max(agreements, key=lambda one: one.after, default=None)
        farthest = max(sampled, key=lambda one: one.residual, default=None)
        facts = made.modality, clipped, seconds, described, uncertainty, samples, made.body, worst, farthest
        whole = Translation(translated, *facts, engines=tuple(engines))
        return with_provenance(whole, self, volume if where == UNNAMED else None)

    def _answer_to_t1(self, source: Volume, translated: Volume, where: str) -> tuple[Volume, list[Finding]]:
        first = self.members[0]
        on_grid = first.on_model_grid(source)[0] if first.settings.grid == "model" else source
        return t1_weighted.answer(on_grid, translated, source.spacing, where, keeps=self._keeps_t1)


AnyTranslator = Translator | Ensemble


def load_translator(models: str | Path | Sequence[str | Path], device: str = "auto", **changes: Any) -> AnyTranslator:
    """A Translator, or the Ensemble of several, from model folders and names of shipped models, with changed settings.

    Raises ModelRefused, UsageError, EnvironmentRefused.
    """
    return together(load_members(models, device, **changes))


def load_members(
    models: str | Path | Sequence[str | Path],
    device: str = "auto",
    engine: str = "torch",
    precision: str = "float32",
    **changes: Any,
) -> list[Translator]:
    """The models of `load_translator`, one by one."""
    folders = model_folders([models] if isinstance(models, (str, Path)) else models)
    loaded = [Translator.load(folder, device, engine=engine, precision=precision) for folder in folders]
    return [one.with_settings(**changes) for one in loaded]


def together(members: Sequence[Translator]) -> AnyTranslator:
    """One model, or the mean of several."""
    return members[0] if len(members) == 1 else Ensemble(members)


def _on_scale_of(first: Translator, member: Translator, made: Translation) -> Translation:
    """The translation times one number for each channel, where two models of one contrast learnt other intensities."""
    own, wanted = member.preparation.target_percentiles, first.preparation.target_percentiles
    if own == wanted or first.settings.in_source_unit or first.preparation.settings.target_normalisation.keeps_unit:
        return made
    uncertainty = made.uncertainty and scaled(made.uncertainty, own, wanted)
    return replace(made, volume=scaled(made.volume, own, wanted), uncertainty=uncertainty)


def _have_one_scale(first: Preparation, other: Preparation) -> bool:
    """Whether images of both have a unit, or one number brings those of one to the scale of the other."""
    normalisation, theirs = first.settings.target_normalisation, other.settings.target_normalisation
    if first.has_unit or theirs == normalisation:
        return True
    own, wanted = other.target_percentiles, first.target_percentiles
    return bool(own) and len(own) == len(wanted) and theirs.unfitted() == normalisation.unfitted()


def _refuse_repeated(members: Sequence[Translator]) -> None:
    hashes = set[str]()
    for identity in (member.identity for member in members):
        if identity.sha256 in hashes:
            raise UsageError("--model", f"{identity.name} is given twice", "give each model once")
        hashes |= {identity.sha256} - {""}


def _refuse_single_samples(members: Sequence[Translator]) -> None:
    """One sample of each model, drawn with the same noise, would show neither its own nor their common uncertainty."""
    for member in members:
        if member.method.noise_channels and member.settings.samples == 1:
            what = f"{member.identity.name} draws samples, and one of each model has no standard deviation"
            raise UsageError("--samples", what, "give --samples 4 or more")


def _refuse_different_grids(members: Sequence[Translator]) -> None:
    """Translations in voxels of the model's size have a mean where these are the same."""
    sizes = [(one.preparation.settings.spacing, one.preparation.settings.orientation) for one in members]
    grids = [one.settings.grid == "model" and size for one, size in zip(members, sizes, strict=True)]
    for member, grid in zip(members, grids, strict=True):
        if grid != grids[0]:
            what = f"writes voxels of another size than {members[0].identity.name}"
            raise ModelRefused(member.identity.name, what, "set translating.grid: source (--grid source) for all")


def _refuse_different_scales(members: Sequence[Translator]) -> None:
    """Labels have no mean; images have one only where all models write them on the same scale."""
    first, name = members[0].preparation, members[0].identity.name
    if first.modality.name == "labels":
        raise ModelRefused(name, "writes labels, which have no mean", "give one segmenter")
    for member in members[1:]:
        other = member.preparation
        if other.modality != first.modality:
            what = f"writes {other.modality.name}, {name} {first.modality.name}"
            raise ModelRefused(member.identity.name, what, "give models of one modality")
        if member.settings.in_source_unit != members[0].settings.in_source_unit:
            what = f"of {name} and it, one has data consistency or posterior sampling, and so the unit of the source"
            advice = "set one of them for all (--data-consistency, --posterior-sampling), or none"
            raise ModelRefused(member.identity.name, what, advice)
        if not _have_one_scale(first, other):
            what = f"writes intensities on another scale than {name}"
            raise ModelRefused(member.identity.name, what, "train both on the same cases")
