"""Image samplers by extractor: a built-in one, a TorchScript file, or the model folder of a segmenter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from medtrans.core.errors import ModelRefused, UsageError
from medtrans.evaluating.distribution.choices import BUILT_IN, WHOLE
from medtrans.evaluating.distribution.extractors import (
    Extractor,
    Radiomics,
    RandomNetwork,
    SegmenterExtractor,
    TorchScriptExtractor,
)
from medtrans.evaluating.distribution.image_sampler import HU_SCALE, ImageSampler, IntensityRange, one_scale
from medtrans.models.config import model_hash
from medtrans.models.folder import load_model
from medtrans.models.zoo import model_folder
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings

MAKERS: dict[str, Callable[[int], Extractor]] = dict(
    zip(BUILT_IN, (lambda dims: Radiomics(), RandomNetwork), strict=True)
)
"""Name → extractor for images of so many dimensions."""


def built_in_sampler(
    extractor: str, view: str, slices: int, spacing: float | None, real: Sequence[IntensityRange], where: str
) -> ImageSampler:
    """radiomics, random or a TorchScript file, on the scale of the real set, whose folder is `where`."""
    scale, words = one_scale(real, where)
    grid = (spacing, spacing, spacing) if spacing else None
    settings = PreparingSettings(source_normalisation=scale, spacing=grid, slices=1)
    dims = 3 if view == WHOLE else 2
    reader = MAKERS[extractor](dims) if extractor in MAKERS else TorchScriptExtractor(Path(extractor))
    preparation = Preparation(settings, source_modality="CT" if scale == HU_SCALE else "MR")
    return ImageSampler(reader, preparation, view, slices if view != WHOLE else 1, words)


def model_sampler(model: str | Path, view: str | None, slices: int) -> ImageSampler:
    """The features of a segmenter, given as a folder or by the name of a shipped one, of volumes prepared like its
    sources. Raises ModelRefused, UsageError."""
    folder = model_folder(model)
    method, preparation, _ = load_model(folder)
    encode = getattr(method, "features", None)
    if encode is None:
        what = f"is a {type(method).__name__}, which has no features"
        raise ModelRefused(folder, what, "give the model folder of a segmenter, or --extractor radiomics")
    settings = preparation.settings
    own = WHOLE if settings.spatial_dims == 3 else settings.plane
    if view not in (None, own):
        raise UsageError("--plane", f"{folder} was trained on {own} images, not on {view}", f"give --plane {own}")
    name = f"{type(method).__name__.lower()}-{model_hash(folder)[:8]}"
    task, source = method.task, settings.source_normalisation
    reader = SegmenterExtractor(name, encode, task.source_channels, method.divisor, source.background)
    words = ", ".join(f"{key} {value}" for key, value in source.to_dict().items())
    return ImageSampler(reader, preparation, own, slices if own != WHOLE else 1, f"as sources of the model: {words}")
