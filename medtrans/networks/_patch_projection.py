"""CUT's H: a small perceptron for each layer of features, applied at the places it is asked about.

Park et al., ECCV 2020, https://arxiv.org/abs/2007.15651, section 3.2
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class PatchProjection(nn.Module):
    """Two linear layers for each of `channels`, to as many `features`."""

    def __init__(self, channels: Sequence[int], features: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(width, features), nn.ReLU(), nn.Linear(features, features)) for width in channels
        )

    def forward(self, seen: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """Of each layer (batch, channel, *space) the voxels numbered (batch, patches) → (batch, patches, features)."""
        return [
            project(layer.flatten(2).gather(2, where.unsqueeze(1).expand(-1, layer.shape[1], -1)).transpose(1, 2))
            for project, layer, where in zip(self.layers, seen, places, strict=True)
        ]
