"""Images out of noise, by a model that makes them from nothing (VAE, GAN, flow, diffusion): a Volume each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from medtrans.core.errors import ModelRefused
from medtrans.core.method import Method, Samples
from medtrans.core.volume import Volume
from medtrans.models.folder import load_model
from medtrans.preparing.patches import PLANES
from medtrans.preparing.preparation import Preparation
from medtrans.translating.device import find_device, repeatable


def load_sampler(folder: str | Path) -> tuple[Method, Preparation]:
    """The method and the preparation of a model that samples. Raises ModelRefused."""
    method, preparation, _ = load_model(folder)
    if not isinstance(method, Samples):
        raise ModelRefused(folder, "does not sample: it needs a source", "give it one with medtrans translate")
    return method, preparation


def sample(
    method: Method,
    preparation: Preparation,
    count: int,
    *,
    seed: int = 0,
    known: Mapping[str, float] | None = None,
    device: str = "auto",
    batch: int = 8,
) -> Iterator[Volume]:
    """`count` images in the target's unit, float32, one slice thick in 2D; the same `seed`, the same images.

    They lie on a grid of preparing.spacing (1 mm where it is not set), centred on the origin. `known` are the
    conditions the model is told. Raises UsageError, EnvironmentRefused.
    """
    assert isinstance(method, Samples)
    place, told = find_device(device), preparation.condition(known or {}, "sample")
    method.to(place).eval()
    for first in range(0, count, batch):
        number = min(batch, count - first)
        condition = torch.tensor([told] * number, device=place) if told else None
        with torch.inference_mode(), torch.random.fork_rng(), repeatable(place):
            torch.manual_seed(int(np.random.SeedSequence([seed, first]).generate_state(1)[0]))
            images = method.sample(number, condition).float().cpu().numpy()
        yield from (_volume(image, preparation) for image in images)


def _volume(image: np.ndarray, preparation: Preparation) -> Volume:
    asked = preparation.settings
    voxels = asked.target.restore(image)
    if asked.spatial_dims == 2:
        voxels = np.expand_dims(voxels, PLANES[asked.plane] + 1)
    spacing = np.array(asked.spacing or (1.0, 1.0, 1.0))
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(voxels.shape[1:]) - 1) / 2
    return Volume(np.ascontiguousarray(voxels, np.float32), affine)
