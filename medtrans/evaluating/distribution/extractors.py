"""Feature extractors for distribution metrics. None is downloaded.

    radiomics    first-order statistics, texture and spectrum: 16 features, insensitive to anatomy
    random       an untrained convolutional network with random weights
    a model      the coarsest features of a trained segmenter, averaged over space: sensitive to anatomy
    a file       any network saved as TorchScript: Inception, RadImageNet, MedicalNet …

The name of an extractor holds a hash of all that its features depend on: values of different extractors are never
compared. Features of random networks as in Naeem et al., ICML 2020, https://arxiv.org/abs/2002.09797
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv3d, leaky_relu, pad

from medtrans.core.divisor import Divisor, per_axis
from medtrans.core.errors import InputRefused, ModelRefused
from medtrans.metrics.distribution import _features as features
from medtrans.reading.memory import is_out_of_memory
from medtrans.reading.storage import sha256


class Extractor(Protocol):
    """Called with normalised images (image, channel, *space); returns (image, feature). Raises InputRefused."""

    @property
    def name(self) -> str: ...

    def __call__(self, images: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Radiomics:
    """The radiomics features of metrics/distribution."""

    name: str = features.NAME

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _refuse_channels(images)
        if min(images.shape[2:]) <= 8:
            sides = " x ".join(map(str, images.shape[2:]))
            raise InputRefused("image", f"has {sides} voxels", "each side must be longer than 8 for radiomics")
        return features.features(images[:, 0])


class RandomNetwork:
    """Strided 3-voxel convolutions and leaky ReLUs; He initialisation from a fixed seed."""

    CHANNELS = (1, 8, 16, 16)

    def __init__(self, spatial_dims: int) -> None:
        rng = np.random.default_rng(0)
        sizes = [(after, before, *[3] * spatial_dims) for before, after in pairwise(self.CHANNELS)]
        layers = [rng.normal(0, (2 / np.prod(size[1:])) ** 0.5, size).astype(np.float32) for size in sizes]
        self.name = "random-" + hashlib.sha256(b"".join(layer.tobytes() for layer in layers)).hexdigest()[:8]
        self.layers = [torch.from_numpy(layer) for layer in layers]
        self.convolve = conv2d if spatial_dims == 2 else conv3d

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _refuse_channels(images)
        # Air becomes 0, so that zero padding is air.
        x = torch.from_numpy(np.asarray(images, np.float32)) + 1
        for layer in self.layers:
            x = leaky_relu(self.convolve(x, layer, stride=2, padding=1), 0.2)
        return x.flatten(2).mean(2).numpy()


@dataclass(frozen=True)
class SegmenterExtractor:
    """The last features of `encode`, averaged over space; images are padded with `background` to the divisor."""

    name: str
    encode: Callable[[Tensor], Sequence[Tensor]]
    channels: int
    divisor: Divisor
    background: float

    def __call__(self, images: np.ndarray) -> np.ndarray:
        if images.shape[1] != self.channels:
            what = f"has {images.shape[1]} channels, {self.name} takes {self.channels}"
            raise InputRefused("image", what, "give volumes like those it was trained on")
        sides = images.shape[2:]
        divisors = per_axis(self.divisor, len(sides))
        missing = [(0, -side % divisor) for side, divisor in zip(sides, divisors, strict=True)]
        x = torch.from_numpy(np.asarray(images, np.float32))
        with torch.inference_mode():
            x = pad(x, [end for ends in reversed(missing) for end in ends], value=self.background)
            return self.encode(x)[-1].flatten(2).mean(2).double().numpy()


class TorchScriptExtractor:
    """A network from a TorchScript file: (image, 1, *space), float32, air at -1 → (image, feature, …).

    Dimensions after the features are averaged. Any change of channels, size or scale belongs into the network, before
    it is saved by `torch.jit.trace(network, example).save(path)`. The file is a program, not a pickle: use files from
    trusted sources only.
    """

    BATCH = 8

    def __init__(self, path: Path) -> None:
        """Raises ModelRefused where the file is not TorchScript."""
        try:
            self.network = torch.jit.load(str(path), map_location="cpu").eval()
        except (RuntimeError, ValueError) as reason:
            if is_out_of_memory(reason):
                raise
            raise ModelRefused(path, "is not a network in TorchScript", ADVICE) from reason
        self.path, self.name = path, f"{re.sub(r'[^A-Za-z0-9.]+', '-', path.stem)}-{sha256(path)[:8]}"

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _refuse_channels(images)
        batches = torch.from_numpy(np.asarray(images, np.float32)).split(self.BATCH)
        with torch.inference_mode():
            return np.concatenate([self._read(batch) for batch in batches])

    def _read(self, batch: Tensor) -> np.ndarray:
        shape = " x ".join(map(str, batch.shape))
        try:
            read = self.network(batch)
        except RuntimeError as reason:
            if is_out_of_memory(reason):
                raise
            why = str(reason).strip().splitlines()[-1]
            raise ModelRefused(self.path, f"cannot read images of {shape} ({why})", ADVICE) from reason
        if not isinstance(read, Tensor) or read.dim() < 2 or len(read) != len(batch):
            raise ModelRefused(self.path, f"returns no features (image, feature, …) for images of {shape}", ADVICE)
        return read.flatten(2).mean(2).double().numpy() if read.dim() > 2 else read.double().numpy()


ADVICE = "save a network from (image, 1, *space) to (image, feature) by torch.jit.trace(…).save(…)"


def _refuse_channels(images: np.ndarray) -> None:
    if images.shape[1] != 1:
        raise InputRefused("image", f"has {images.shape[1]} channels", "give volumes of one channel")
