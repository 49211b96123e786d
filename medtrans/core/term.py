"""Term of an objective in words: what a methods paragraph says of a loss, its weight and the voxels it counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One summand of a player's objective."""

    text: str
    """Without its weight: "mean absolute error"."""
    weight: float = 1.0
    masked: bool = False
    """Whether only voxels of the mask count; else the whole image, air too."""
    settings: tuple[str, ...] = ()
    """Settings of the method that `text` and `weight` state."""


def adversarial_term(gan_loss: str, weight: float = 1.0, *settings: str) -> Term:
    """The adversarial term of a generator or a discriminator, by the name of its loss."""
    return Term(f"{gan_loss.replace('_', '-')} adversarial loss", weight, settings=("gan_loss", *settings))


def penalty_term(weight: float) -> Term:
    """The penalty R1 of a discriminator."""
    text = "half the squared norm of the discriminator's gradient at real images (R1; Mescheder et al., ICML 2018)"
    return Term(text, weight, settings=("gradient_penalty",))


def structure_term(structure: str, weight: float) -> Term:
    """The structural distance of each image from its translation, by its name (losses/structure)."""
    distance = {
        "mind": "distance of the modality independent neighbourhood descriptors (MIND)",
        "nmi": "negative normalised mutual information",
    }[structure]
    text = f"{distance} between each image and its translation (Yang et al., DLMIA 2018)"
    return Term(text, weight, settings=("structure", "structure_weight"))
