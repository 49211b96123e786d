"""Patch projection: CUT's network H, a small perceptron for each layer of features, applied at given positions.

Park et al., ECCV 2020, https://arxiv.org/abs/2007.15651, section 3
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

    def forward(self, features: Sequence[Tensor], positions: Sequence[Tensor]) -> list[Tensor]:
        """Layers (batch, channel, *space) and indices of voxels (batch, patches) → (batch, patches, features) each."""
        return [
            project(layer.flatten(2).gather(2, index.unsqueeze(1).expand(-1, layer.shape[1], -1)).transpose(1, 2))
            for project, layer, index in zip(self.layers, features, positions, strict=True)
        ]
