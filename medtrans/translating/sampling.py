"""Unconditional sampling: images from noise, by a generative model (VAE, GAN, flow, diffusion), as volumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch

from medtrans.core.errors import ModelRefused
from medtrans.core.method import Method, Samples
from medtrans.core.volume import Volume
from medtrans.models.device import find_device, repeatable
from medtrans.models.folder import load_model
from medtrans.preparing.patches import PLANES
from medtrans.preparing.preparation import Preparation


def load_sampler(folder: str | Path) -> tuple[Method, Preparation]:
    """The method and the preparation of a model that samples. Raises ModelRefused."""
    method, preparation, _ = load_model(folder)
    if not isinstance(method, Samples):
        raise ModelRefused(folder, "does not sample: it needs a source", "use it with medtrans translate")
    return method, preparation


def sample_volumes(
    method: Method,
    preparation: Preparation,
    count: int,
    *,
    seed: int = 0,
    conditions: Mapping[str, float] | None = None,
    device: str = "auto",
    batch: int = 8,
) -> Iterator[Volume]:
    """`count` images in the unit of the target, float32, one slice thick in 2D; the same `seed`, the same images.

    Their grid has preparing.spacing (1 mm where it is not set) and is centred on the origin. `conditions` are numbers
    for models that use them. Raises UsageError, EnvironmentRefused.
    """
    assert isinstance(method, Samples)
    place, values = find_device(device), preparation.conditions(conditions or {}, "sample")
    method.to(place).eval()
    for first in range(0, count, batch):
        number = min(batch, count - first)
        condition = torch.tensor([values] * number, device=place) if values else None
        with torch.inference_mode(), torch.random.fork_rng(), repeatable(place):
            torch.manual_seed(int(np.random.SeedSequence([seed, first]).generate_state(1)[0]))
            images = method.sample(number, condition).float().cpu().numpy()
        yield from (_volume(image, preparation) for image in images)


def _volume(image: np.ndarray, preparation: Preparation) -> Volume:
    settings = preparation.settings
    voxels = settings.target_normalisation.restore(image)
    if settings.spatial_dims == 2:
        voxels = np.expand_dims(voxels, PLANES[settings.plane] + 1)
    spacing = np.array(settings.spacing or (1.0, 1.0, 1.0))
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -spacing * (np.array(voxels.shape[1:]) - 1) / 2
    return Volume(np.ascontiguousarray(voxels, np.float32), affine)
