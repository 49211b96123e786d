"""Structural distances between an image and its translation to another contrast, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from torch import Tensor

from medtrans.losses.mind import mind_loss
from medtrans.losses.nmi import nmi_loss

Structure = Literal["none", "mind", "nmi"]
STRUCTURE_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"mind": mind_loss, "nmi": nmi_loss}
