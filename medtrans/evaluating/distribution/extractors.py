"""What sets of images are seen through: an extractor reads numbers from each image. None is downloaded.

    radiomics    grey values, texture and spectrum: 16 numbers that know nothing of anatomy
    random       a network of random weights that never learned anything: what any network would see
    a model      the coarsest features of a trained segmenter, averaged over space: it knows anatomy
    a file       any network that somebody saved as TorchScript: Inception, RadImageNet, MedicalNet …

Its name holds a hash of all that its numbers depend on: values of different extractors are never compared. Features of
random networks as in Naeem et al., ICML 2020, https://arxiv.org/abs/2002.09797
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

from medtrans.core.errors import InputRefused, ModelRefused
from medtrans.metrics.distribution import _features as features
from medtrans.reading.files import sha256


class Extractor(Protocol):
    """Called with normalised images (image, channel, *space); returns (image, feature). Raises InputRefused."""

    @property
    def name(self) -> str: ...

    def __call__(self, images: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Radiomics:
    name: str = features.NAME

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _refuse_channels(images)
        if min(images.shape[2:]) <= 8:
            sides = " x ".join(map(str, images.shape[2:]))
            raise InputRefused("image", f"has {sides} voxels", "each side must be longer than 8 for radiomics")
        return features.features(images[:, 0])


class RandomNetwork:
    """Convolutions 3 wide that halve, and leaky rectifiers; weights after He, from a fixed seed."""

    CHANNELS = (1, 8, 16, 16)

    def __init__(self, spatial_dims: int) -> None:
        dice = np.random.default_rng(0)
        sizes = [(after, before, *[3] * spatial_dims) for before, after in pairwise(self.CHANNELS)]
        layers = [dice.normal(0, (2 / np.prod(size[1:])) ** 0.5, size).astype(np.float32) for size in sizes]
        self.name = "random-" + hashlib.sha256(b"".join(layer.tobytes() for layer in layers)).hexdigest()[:8]
        self.layers = [torch.from_numpy(layer) for layer in layers]
        self.convolve = conv2d if spatial_dims == 2 else conv3d

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _refuse_channels(images)
        # Air becomes 0, so that what is padded is air.
        x = torch.from_numpy(np.asarray(images, np.float32)) + 1
        for layer in self.layers:
            x = leaky_relu(self.convolve(x, layer, stride=2, padding=1), 0.2)
        return x.flatten(2).mean(2).numpy()


@dataclass(frozen=True)
class Trained:
    """The last of what `encode` gives, averaged over space; images are padded with `background` to the divisor."""

    name: str
    encode: Callable[[Tensor], Sequence[Tensor]]
    channels: int
    divisor: int | tuple[int, ...]
    background: float

    def __call__(self, images: np.ndarray) -> np.ndarray:
        if images.shape[1] != self.channels:
            what = f"makes {images.shape[1]} channels, {self.name} looks at {self.channels}"
            raise InputRefused("image", what, "give volumes such as it was trained on")
        sides = images.shape[2:]
        divisors = self.divisor if isinstance(self.divisor, tuple) else (self.divisor,) * len(sides)
        missing = [(0, -side % divisor) for side, divisor in zip(sides, divisors, strict=True)]
        x = torch.from_numpy(np.asarray(images, np.float32))
        with torch.inference_mode():
            x = pad(x, [end for ends in reversed(missing) for end in ends], value=self.background)
            return self.encode(x)[-1].flatten(2).mean(2).double().numpy()


class TorchScriptExtractor:
    """A network out of a TorchScript file: (image, 1, *space), float32, air at -1 → (image, feature, …).

    What follows the features is averaged. Channels, sizes and scales that it wants are its own business: they belong
    into the file, before it is saved by `torch.jit.trace(network, example).save(path)`. A program, not a pickle; but
    still a program: only from whom you trust.
    """

    BATCH = 8

    def __init__(self, path: Path) -> None:
        """Raises ModelRefused on what is no TorchScript file."""
        try:
            self.network = torch.jit.load(str(path), map_location="cpu").eval()
        except (RuntimeError, ValueError) as reason:
            raise ModelRefused(path, "is no network in TorchScript", ADVICE) from reason
        self.path, self.name = path, f"{re.sub(r'[^A-Za-z0-9.]+', '-', path.stem)}-{sha256(path)[:8]}"

    def __call__(self, images: np.ndarray) -> np.ndarray:
        _refuse_channels(images)
        batches = torch.from_numpy(np.asarray(images, np.float32)).split(self.BATCH)
        with torch.inference_mode():
            return np.concatenate([self._read(batch) for batch in batches])

    def _read(self, batch: Tensor) -> np.ndarray:
        shape = " x ".join(map(str, batch.shape))
        try:
            found = self.network(batch)
        except RuntimeError as reason:
            why = str(reason).strip().splitlines()[-1]
            raise ModelRefused(self.path, f"cannot read images of {shape} ({why})", ADVICE) from reason
        if not isinstance(found, Tensor) or found.dim() < 2 or len(found) != len(batch):
            raise ModelRefused(self.path, f"gives no features (image, feature, …) of images of {shape}", ADVICE)
        return found.flatten(2).mean(2).double().numpy() if found.dim() > 2 else found.double().numpy()


ADVICE = "save a network that takes (image, 1, *space) and gives (image, feature) by torch.jit.trace(…).save(…)"


def _refuse_channels(images: np.ndarray) -> None:
    if images.shape[1] != 1:
        raise InputRefused("image", f"has {images.shape[1]} channels", "give volumes of one contrast")
