"""Auxiliary heads of deep supervision: pointwise convolutions from features of a decoder to logits."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from medtrans.networks._blocks import Conv


class AuxiliaryHeads(nn.Module):
    """A head for each resolution, by its channels."""

    def __init__(self, spatial_dims: int, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Conv[spatial_dims](features, classes, 1) for features in channels)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Logits of as many features as there are heads, from the first."""
        return [head(x) for head, x in zip(self.heads, features, strict=False)]
