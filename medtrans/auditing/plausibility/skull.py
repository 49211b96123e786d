"""Skull of a CT: closed above the eyes, and alike on both sides."""

from __future__ import annotations

import numpy as np

from medtrans.auditing.gate.profile import nearest
from medtrans.auditing.plausibility.head import BONE_HU, CTHead, answer, not_a_head, verdict
from medtrans.core.finding import Verdict

CENTRE_BELOW_MM, LOWEST_RISE, RAYS, REACH_MM, STEP_MM = 85.0, 0.15, 1500, 130.0, 1.0
"""Rays from a point so far below the vertex, to the part of a sphere above this rise."""
MIN_CLOSED = 0.97
MAX_ASYMMETRY = 0.15
"""Of the bone at both sides, in parts of all, above and below the orbits."""
MIN_ML = 20.0


def closed_skull(head: CTHead) -> Verdict:
    """The share of rays from within the brain that meet bone before they leave the head."""
    question = "Is the skull cap closed?"
    if not head.is_head:
        return not_a_head("skull-closed", question)
    if _is_cut_above(head):
        return verdict("skull-closed", question, "not assessable", "the vertex is cut off")
    values = nearest(head.hu, head.volume.affine, _rays(head))
    meets = (values > BONE_HU).any(axis=1)
    share = float(meets.mean())
    return answer("skull-closed", question, share >= MIN_CLOSED, f"{share:.1%} of rays meet bone", share=share)


def symmetry(head: CTHead) -> Verdict:
    """Bone at the left and right of the middle of the head, in the crown."""
    question = "Is there as much bone at the left as at the right?"
    if not head.is_head:
        return not_a_head("symmetry", question)
    across, _, height = head.places
    bone = np.where(head.coarse.body & (height > -120), np.clip(head.coarse_hu, 0, 1500), 0) * (head.coarse_hu > 150)
    left, right = float(bone[across < 0].sum()), float(bone[across > 0].sum())
    if (left + right) / 1000 * head.coarse.voxel_ml < MIN_ML:
        return verdict("symmetry", question, "not assessable", "there is too little bone")
    share = (right - left) / (left + right)
    more = "right" if share > 0 else "left"
    reason = f"the {more} has {abs(share):.1%} of all bone more"
    return answer("symmetry", question, abs(share) <= MAX_ASYMMETRY, reason, asymmetry=share)


def _is_cut_above(head: CTHead) -> bool:
    """Whether the highest 8 mm of the body are as wide as half of it."""
    heights = head.places[2][head.coarse.body]
    slabs = np.bincount(np.maximum(np.floor(-heights / 8).astype(int), 0))
    return bool(slabs[0] > 0.5 * slabs.max())


def _rays(head: CTHead) -> np.ndarray:
    """Points (ray, step, 3) in mm."""
    number = np.arange(RAYS)
    rise = LOWEST_RISE + (1 - LOWEST_RISE) * (number + 0.5) / RAYS
    turn, level = number * np.pi * (3 - np.sqrt(5)), np.sqrt(1 - rise**2)
    directions = np.stack([level * np.cos(turn), level * np.sin(turn), rise], axis=-1)
    centre = np.array([head.frame.x, head.frame.y, head.frame.vertex - CENTRE_BELOW_MM])
    return np.asarray(centre + directions[:, None] * np.arange(30, REACH_MM, STEP_MM)[:, None])
