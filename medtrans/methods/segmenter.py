"""Segmenter: semantic segmentation of images, for label overlap and for features in losses.

    min_S  Dice(S(x), y) + CE(S(x), y)

x is an image, y its labels: one channel each, 1 inside and -1 outside (preparing.target_normalisation: labels). S also
has a channel for the background, the voxels without a label. Isensee et al. (nnU-Net), 2018,
https://arxiv.org/abs/1809.10486, section 2. The published U-Net has instance norm and up to 320 features; ours is
smaller, with channel norm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.losses.dice import cross_entropy, dice
from medtrans.networks.unet import UNetSettings


@dataclass(frozen=True, kw_only=True)
class SegmenterSettings(Settings):
    network: UNetSettings = UNetSettings()
    """The network S from image to labels; its encoder gives the features."""


class Segmenter(Method):
    """One player: the network."""

    Settings = SegmenterSettings
    paper: ClassVar[str] = "Isensee et al. (nnU-Net), 2018, https://arxiv.org/abs/1809.10486"
    PUBLISHED = SegmenterSettings(network=UNetSettings(channels=(30, 60, 120, 240, 320, 320), norm="instance"))
    optimizer = OptimizerSettings(learning_rate=3e-4)
    """Section 2, training."""

    def __init__(self, task: Task, settings: SegmenterSettings) -> None:
        super().__init__(task, settings)
        self.S = settings.network.build(task.spatial_dims, task.source_channels, 1 + task.target_channels)
        self.divisor = settings.network.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"segmenter": [self.S]}

    @classmethod
    def terms(cls, settings: SegmenterSettings) -> dict[str, Term]:
        return {
            "segmenter/dice": Term("soft Dice loss", masked=True),
            "segmenter/cross_entropy": Term("cross-entropy", masked=True),
        }

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        logits = self.S(batch.source)
        labels = (batch.target + 1) / 2
        truth = torch.cat([1 - labels.sum(dim=1, keepdim=True), labels], dim=1)
        yield (
            "segmenter",
            {"dice": dice(logits, truth, batch.mask), "cross_entropy": cross_entropy(logits, truth, batch.mask)},
        )

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        """Probability of each label, scaled from 0 … 1 to -1 … 1."""
        return 2 * self.S(source).softmax(dim=1)[:, 1:] - 1

    def features(self, image: Tensor) -> list[Tensor]:
        """Features of the encoder of S at each resolution (batch, channel, *space), the finest first."""
        return self.S(image, encode=True)
