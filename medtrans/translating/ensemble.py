"""Ensemble: several models as one translator, and how far they disagree.

    translated = mean over m of x_m          variance = mean of spread_m² + variance of x_m over m

x_m: the translation by model m, spread_m: its own, 0 where it draws one answer. For models of several planes (what one
sees badly, slice by slice, another sees well) and of several seeds: Lakshminarayanan et al. 2017,
https://arxiv.org/abs/1612.01474
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from medtrans.core.digest import digest
from medtrans.core.errors import ModelRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.translating.moments import Moments
from medtrans.translating.output_checks import assert_same_geometry
from medtrans.translating.translator import Identity, OnProgress, Translation, Translator


class Ensemble:
    """Called like a Translator; every member's weight is the same."""

    def __init__(self, members: Sequence[Translator]) -> None:
        """Two models or more. Raises UsageError on one given twice, ModelRefused where a mean has no meaning."""
        _refuse_twice(members)
        _refuse_units(members)
        self.members = tuple(members)

    @property
    def identity(self) -> Identity:
        """The members' names, and one hash for all of them."""
        each = [member.identity for member in self.members]
        known = all(one.sha256 for one in each)
        names = " + ".join(dict.fromkeys(one.name for one in each))
        return Identity(names, digest([one.sha256 for one in each]) if known else "")

    @property
    def asked(self) -> dict[str, object]:
        """How every model is led over a volume."""
        return {"members": [member.asked for member in self.members]}

    @property
    def device(self) -> object:
        """Where the models are."""
        return self.members[0].device

    def __call__(self, volume: Volume, mask: Volume | None = None) -> Volume:
        """The mean of all translations, in the place of `volume`. Raises InputRefused."""
        return self.translate(volume, mask).volume

    def translate(
        self,
        volume: Volume,
        mask: Volume | None = None,
        *,
        condition: Mapping[str, float] | None = None,
        where: str = "volume",
        on_progress: OnProgress | None = None,
    ) -> Translation:
        """As Translator.translate, by all members; the spread is always given. Raises what they raise."""
        began, warnings, clipped = time.monotonic(), dict[str, None](), 0.0
        count = len(self.members)
        found = Moments()
        own: np.ndarray = np.zeros(1, np.float32)
        for number, member in enumerate(self.members):

            def shown(share: float, number: int = number) -> None:
                if on_progress:
                    on_progress((number + share) / count)

            made = member.translate(volume, mask, condition=condition, where=where, on_progress=shown)
            found.add(made.volume.voxels)
            if made.spread is not None:
                own = own + made.spread.voxels**2 / np.float32(count)
            warnings.update(dict.fromkeys(made.warnings))
            clipped += made.clipped_fraction / count
        kind = made.volume.voxels.dtype
        translated = made.volume.like(np.rint(found.mean).astype(kind) if kind.kind in "iu" else found.mean)
        assert_same_geometry(volume, translated)
        spread = made.volume.like(np.sqrt(found.variance + own))
        return Translation(translated, made.unit, clipped, time.monotonic() - began, tuple(warnings), spread)


AnyTranslator = Translator | Ensemble


def _refuse_twice(members: Sequence[Translator]) -> None:
    seen = set[str]()
    for identity in (member.identity for member in members):
        if identity.sha256 in seen:
            raise UsageError("--model", f"{identity.name} is given twice", "give each model once")
        seen |= {identity.sha256} - {""}


def _refuse_units(members: Sequence[Translator]) -> None:
    """Labels have no mean; MR has one only where all models write it on one scale."""
    first, *others = (member.preparation.settings.target for member in members)
    name = members[0].identity.name
    if first.unit == "label":
        raise ModelRefused(name, "writes labels, which have no mean", "give one segmenter")
    for member, target in zip(members[1:], others, strict=True):
        if target.unit != first.unit:
            what = f"writes {target.unit}, {name} {first.unit}"
            raise ModelRefused(member.identity.name, what, "give models of one kind of image")
        if target.unit == "a.u." and target != first:
            what, advice = f"writes intensities on another scale than {name}", "train both on the same cases"
            raise ModelRefused(member.identity.name, what, advice)
