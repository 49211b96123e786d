"""Painted pairs: source and target of every draw are painted from a label map, with another contrast and shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from medtrans.preparing.on_the_fly import Made, OnTheFly
from medtrans.preparing.pairing import PreparedVolume

Paint: TypeAlias = Callable[[int, int, np.random.Generator], tuple[PreparedVolume, PreparedVolume]]
"""(index of a training case, seed of the shape of its head, generator) → the prepared source and target."""


@dataclass(frozen=True, eq=False)
class Painted(OnTheFly):
    """Source and target are painted on the fly."""

    paint: Paint
    paintings_per_head: int = field(default=1, kw_only=True)

    def make(self, key: tuple[int, ...], draw: int) -> Made:
        head = self.generator((*key, 1), draw // self.paintings_per_head)
        case, shape = int(head.integers(len(self.sources))), int(head.integers(2**31))
        return Made(case, *self.paint(case, shape, self.generator(key, draw)))
