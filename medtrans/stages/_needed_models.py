"""Trained models that a recipe names: those its method is built on, and its segmenter."""

from __future__ import annotations

from medtrans.core.errors import UsageError
from medtrans.models.config import read_config
from medtrans.recipe import Recipe


def refuse_missing_models(recipe: Recipe) -> None:
    """Raises ModelRefused where a folder holds no model of this version, UsageError on labels without a segmenter.

    Reads config.json alone; the weights are compared when the model is loaded.
    """
    segmentation = recipe.evaluating.segmentation
    if segmentation.model is not None:
        read_config(segmentation.model)
    elif segmentation.labels:
        advice = "set evaluating.segmentation.model to a model folder"
        raise UsageError("evaluating.segmentation.labels", "has no segmenter", advice)
    if recipe.training.start_from is not None:
        read_config(recipe.training.start_from)
    for folder in recipe.method_class.requires_models(recipe.method_settings).values():
        read_config(folder)
