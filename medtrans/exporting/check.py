"""Check of an exported network: what it predicts of a synthetic head, window by window, against torch.

    |f(x) - G(x)| in HU, or in the unit of the target; at most 1 of the 4095 HU from the lowest to the highest value

The windows are those of a translation, of other sides than the one that was traced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from torch import Tensor

from medtrans.core.errors import ModelRefused
from medtrans.core.volume import Volume
from medtrans.models.engines import Engine, EngineUsed, InUnit, Precision, Predict, Torch, by_torch
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.phantoms.label_maps import label_map
from medtrans.translating.prediction import predict
from medtrans.translating.translator import Translator

SHAPE, SPACING = (48, 54, 48), 4.0
"""Voxels, and mm, of the synthetic head."""
LIMIT_HU = 1.0
STEPS = 4095
"""The range of other images is divided by as many steps as a CT has HU."""


@dataclass(frozen=True)
class Difference:
    """Of two predictions over the body of the synthetic head, in `unit`."""

    largest: float
    mean: float
    limit: float
    unit: str
    voxels: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


class Exported:
    """An engine that is one function."""

    precision: Precision = "float32"

    def __init__(self, predict: Predict) -> None:
        self.predict = predict

    def ready(
        self, method: Any, conditions: Sequence[float], example: Tensor, in_unit: InUnit
    ) -> tuple[Predict, EngineUsed]:
        """The function, for windows of any shape."""
        return self.predict, by_torch()


def difference(member: Translator, conditions: Mapping[str, float], exported: Predict) -> Difference:
    """Of `exported` from the method of a model. Raises ModelRefused where it is above the limit."""
    preparation, method = member.preparation, member.method
    volume, mask = synthetic_head(preparation.source_modality, member.channels)
    prepared = preparation.prepare_source(volume, mask)
    values = preparation.conditions(conditions, member.identity.name)
    engines: list[Engine] = [Torch(), Exported(exported)]
    made = [
        predict(method, member.sliding_window, prepared, values, engine=engine).voxels[:, prepared.mask]
        for engine in engines
    ]
    target, unit = preparation.settings.target_normalisation, preparation.modality.unit
    if preparation.target_modality == "labels":
        in_unit, unit = [(one + 1) / 2 for one in made], "of 1, a probability"
        limit = 1 / STEPS
    else:
        in_unit = [np.asarray(target.restore(one), np.float64) for one in made]
        low, high = target.restore(np.array([-1, 1], np.float32)).tolist()
        limit = LIMIT_HU if unit == "HU" else (high - low) / STEPS
    apart = np.abs(in_unit[0] - in_unit[1])
    found = Difference(float(apart.max()), float(apart.mean()), float(limit), unit, int(apart.size))
    if not found.largest <= limit:
        what = f"gives other values than torch, by {found.largest:.3g} {unit} where {limit:.3g} is allowed"
        raise ModelRefused(
            f"{member.identity.name}, exported", what, "nothing was written; export it in another format"
        )
    return found


def synthetic_head(modality: str, channels: int) -> tuple[Volume, Volume]:
    """An image of a synthetic head, the same in every channel, and the mask of its body.

    CT for CT, its label map for labels, and T1-weighted MR for every other modality.
    """
    head = make_head(0, shape=SHAPE, spacing=SPACING)
    contrast = "CT" if modality == "CT" else "T1"
    image = label_map(head) if modality == "labels" else paint(head, contrast, np.random.default_rng(0))
    return image.like(np.repeat(image.voxels, channels, axis=0)), head.mask
