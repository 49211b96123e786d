"""Gate: the findings on an image before a model translates it.

What explains other findings comes first, and they are left out: an image that lies on its side has no face missing, and
in one that is full of noise or ghosts no body is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from medtrans.auditing.gate.content import anatomy, parts_missing, sizes, stripped, turned
from medtrans.auditing.gate.measure import Measured, measurable, measure
from medtrans.auditing.gate.scale import scale_of
from medtrans.auditing.gate.signature import Signature
from medtrans.auditing.gate.values import extremes, is_phase, other_contrast, other_modality, quality, wrong_scale
from medtrans.core.ct_window import brain_window, is_ct
from medtrans.core.finding import Finding
from medtrans.core.volume import Volume

BLIND_NOISE = 0.35
"""Of the signal: noise in which no body is found."""


@dataclass(frozen=True, eq=False)
class Gate:
    """The signature of a model, whether its preparation takes the value of air away, and a CT as a contrast of MR."""

    signature: Signature
    subtracted: bool = True
    takes_ct: bool = False

    def findings(self, volume: Volume, where: str) -> tuple[Finding, ...]:
        """On an image of that name; none where it is too small for its content to be measured."""
        volume = brain_window(volume) if self.takes_ct and is_ct(volume) else volume
        coarse = measurable(volume, is_ct=self.signature.modality == "CT")
        if coarse is None:
            return ()
        return tuple(replace(finding, where=where) for finding in self._of(measure(volume, coarse)))

    def _of(self, one: Measured) -> Iterator[Finding]:
        yield from extremes(one)
        wrong = [*other_modality(one, self.signature)]
        if wrong or is_phase(one):
            yield from wrong
            return
        scale = [*wrong_scale(one, self.signature, subtracted=self.subtracted)]
        yield from scale
        if scale and scale_of(one.numbers) == "standardised in the body":
            return
        poor = [*quality(one, self.signature)]
        yield from poor
        if one.numbers["noise"] > BLIND_NOISE or any(finding.code == "ghosts" for finding in poor):
            return
        bare = [*stripped(one, self.signature)]
        if bare:
            yield from bare
            return
        rotation, wrong_way = turned(one, self.signature)
        if wrong_way:
            yield wrong_way
            one = measure(one.volume, one.coarse, rotation)
        strange = [*anatomy(one, self.signature)]
        if strange:
            yield from strange
            return
        missing = [*parts_missing(one, self.signature)]
        yield from missing
        if any(finding.code != "defaced" for finding in missing):
            return
        odd = [*sizes(one, self.signature)]
        yield from odd
        if not odd and not missing and not wrong_way:
            yield from other_contrast(one, self.signature)
