"""Optimiser of a training: its kind, learning rate, decay rates and weight decay.

Adam: Kingma & Ba, ICLR 2015, https://arxiv.org/abs/1412.6980, whose values are the defaults. AdamW: Loshchilov &
Hutter, ICLR 2019, https://arxiv.org/abs/1711.05101. RMSProp, without momentum: Tieleman & Hinton, 2012.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Lt

from medtrans.core.settings import Settings

OptimizerName = Literal["adam", "adamw", "rmsprop"]
DecayRate = Annotated[float, Ge(0), Lt(1)]
USUAL_BETAS: dict[OptimizerName, tuple[float, float]] = {
    "adam": (0.9, 0.999),
    "adamw": (0.9, 0.999),
    "rmsprop": (0.0, 0.9),
}


@dataclass(frozen=True, kw_only=True)
class OptimizerSettings(Settings):
    name: OptimizerName = "adam"
    """adamw decouples the weight decay from the gradient; rmsprop averages squared gradients alone."""
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    """Highest learning rate."""
    betas: tuple[DecayRate, DecayRate] = (0.9, 0.999)
    """Decay rates of the moving averages of gradients and of squared gradients; the first of rmsprop is 0."""
    weight_decay: Annotated[float, Ge(0)] = 0.0
    """Weight decay: of adam and rmsprop an L2 term of the gradient."""
