"""Facts about a training for the model card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from medtrans.core.case import Case, Split
from medtrans.recipe import Recipe


def model_facts(recipe: Recipe, cases: Sequence[Case], scores: Mapping[str, float]) -> dict[str, Any]:
    """Plain values; `scores` are means over the validation cases."""
    evaluating, training = recipe.evaluating, recipe.training.to_dict()
    meaning = f"preset {evaluating.preset}, region {evaluating.region}; these subjects selected the model: not a test"
    subjects = {split: {case.subject for case in cases if case.split == split} for split in get_args(Split)}
    return {
        "name": recipe.name,
        "about": recipe.about,
        "source": recipe.reading.source_modality,
        "target": recipe.reading.target_modality,
        "data": {
            "training cases": sum(case.split == "train" for case in cases),
            "training subjects": len(subjects["train"]),
            "validation subjects": len(subjects["validation"]),
        },
        **({"scores": {**scores, "mean over the validation cases": meaning}} if scores else {}),
        "optimiser": {key: training[key] for key in ("optimizer", "learning_rate", "betas", "weight_decay")},
        "seed": training["seed"],
        "recipe_sha256": hashlib.sha256(recipe.to_yaml().encode()).hexdigest(),
    }
