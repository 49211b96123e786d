"""Segmenter: semantic segmentation of images, for label overlap and for features in losses.

    min_S,H  Σ_i w_i [Dice(S_i(x), y_i) + CE(S_i(x), y_i)]        S_0 = S        S_i = H_i of the decoder of S

x is an image, y its labels: one channel each, 1 inside and -1 outside (preparing.target_normalisation: labels). S also
has a channel for the background, the voxels without a label. The heads H of deep supervision serve the training alone
and are not saved. A third of the items contain a voxel of a label drawn uniformly among those of the case. Isensee et
al. (nnU-Net), Nature Methods 2021, https://doi.org/10.1038/s41592-020-01008-z, online methods, and 2018,
https://arxiv.org/abs/1809.10486, section 2. The published U-Net has instance norm and up to 320 features; ours is
smaller, with channel norm. Dice is summed over the batch, as nnU-Net does in 2D and mostly does not in 3D.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.losses.deep_supervision import deep_supervision
from medtrans.losses.dice import cross_entropy, dice
from medtrans.networks._auxiliary_heads import AuxiliaryHeads
from medtrans.networks.unet import UNetSettings


@dataclass(frozen=True, kw_only=True)
class SegmenterSettings(Settings):
    network: UNetSettings = UNetSettings()
    """The network S from image to labels; its encoder gives the features."""
    foreground_fraction: Annotated[float, Ge(0), Le(1)] = 0.33
    """Fraction of the training items that contain a voxel of a label, drawn uniformly among the labels of the case."""
    deep_supervision: bool = True
    """Losses also at lower resolutions of the decoder, all but its lowest, each with half of the weight of the last."""


class Segmenter(Method):
    """One player: the network and its auxiliary heads."""

    Settings = SegmenterSettings
    paper: ClassVar[str] = "Isensee et al. (nnU-Net), Nature Methods 2021, https://doi.org/10.1038/s41592-020-01008-z"
    PUBLISHED = SegmenterSettings(network=UNetSettings(channels=(30, 60, 120, 240, 320, 320), norm="instance"))
    optimizer = OptimizerSettings(learning_rate=3e-4)
    """2018, section 2, training."""
    training_only = ("H",)

    def __init__(self, task: Task, settings: SegmenterSettings) -> None:
        super().__init__(task, settings)
        classes = 1 + task.target_channels
        self.S = settings.network.build(task.spatial_dims, task.source_channels, classes)
        supervised = settings.network.channels[1:-2] if settings.deep_supervision else ()
        self.H = AuxiliaryHeads(task.spatial_dims, supervised, classes) if supervised else None
        self.divisor = settings.network.divisor
        self.foreground_fraction = settings.foreground_fraction

    def players(self) -> dict[str, list[nn.Module]]:
        return {"segmenter": [self.S] if self.H is None else [self.S, self.H]}

    @classmethod
    def terms(cls, settings: SegmenterSettings) -> dict[str, Term]:
        names = {"dice": "soft Dice loss", "cross_entropy": "cross-entropy"}
        deep = " with deep supervision" if settings.deep_supervision else ""
        stated = ("deep_supervision",)
        return {f"segmenter/{key}": Term(name + deep, masked=True, settings=stated) for key, name in names.items()}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        logits, *features = self.S(batch.source, decode=True)
        outputs = [logits] if self.H is None else [logits, *self.H(features)]
        labels = (batch.target + 1) / 2
        truth = torch.cat([1 - labels.sum(dim=1, keepdim=True), labels], dim=1)
        terms = {"dice": dice, "cross_entropy": cross_entropy}
        yield "segmenter", {name: deep_supervision(loss, outputs, truth, batch.mask) for name, loss in terms.items()}

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        """Probability of each label, scaled from 0 … 1 to -1 … 1."""
        return 2 * self.S(source).softmax(dim=1)[:, 1:] - 1

    def features(self, image: Tensor) -> list[Tensor]:
        """Features of the encoder of S at each resolution (batch, channel, *space), the finest first."""
        return self.S(image, encode=True)
