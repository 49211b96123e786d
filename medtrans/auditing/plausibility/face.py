"""Face of a CT: teeth as hard and as much as people have, and air in the sinuses and the airways."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from medtrans.auditing.plausibility.head import CTHead, answer, not_a_head, verdict
from medtrans.core.finding import Verdict

NASAL_MM, ORAL_MM = 120.0, 165.0
"""Below the vertex: where the nose and the maxillary sinuses, and where the teeth must be held to be asked for."""
TEETH_HU, TEETH_ML, METAL_HU = 1500.0, 25.0, 3000.0
"""Enamel and dentine have 1500 HU and more; 32 crowns and roots have about 20 ml in all. Metal is above 3000."""
SINUS_HU, SINUS_ML = -400.0, (4.0, 160.0)
"""Paranasal sinuses of adults have 40 to 70 ml in all, with nose and pharynx about twice as much."""
BACK_MM = -40.0


def teeth(head: CTHead) -> Verdict:
    """The volume above 1500 HU in the front of the face."""
    question = f"Are there at most {TEETH_ML:g} ml of tooth, below {METAL_HU:g} HU?"
    if not head.is_head:
        return not_a_head("teeth", question)
    region = _front(head, -ORAL_MM - 60, -NASAL_MM)
    if not _reaches(head, ORAL_MM):
        return verdict("teeth", question, "not assessable", "the mouth is not in the image")
    values = head.coarse_hu[region]
    ml = float(np.count_nonzero(values > TEETH_HU) * head.coarse.voxel_ml)
    highest = float(values.max()) if values.size else 0.0
    fits = ml <= TEETH_ML and highest < METAL_HU
    return answer("teeth", question, fits, f"{ml:.1f} ml, at most {highest:.0f} HU", ml=ml, highest=highest)


def sinuses(head: CTHead) -> Verdict:
    """The volume of air inside the front of the head, below the orbits' upper edge."""
    low, high = SINUS_ML
    question = f"Are there {low:g} to {high:g} ml of air in sinuses, nose and pharynx?"
    if not head.is_head:
        return not_a_head("sinuses", question)
    if not _reaches(head, NASAL_MM + 20):
        return verdict("sinuses", question, "not assessable", "the nose and the sinuses are not in the image")
    region = _front(head, -NASAL_MM - 60, -60)
    ml = float(np.count_nonzero(head.coarse_hu[region] < SINUS_HU) * head.coarse.voxel_ml)
    return answer("sinuses", question, low <= ml <= high, f"{ml:.0f} ml", ml=ml)


def _front(head: CTHead, lowest: float, highest: float) -> np.ndarray:
    """Body blocks between two heights in front of the ears, closed over the nostrils, off the skin."""
    _, front, height = head.places
    inner = ndimage.binary_erosion(head.coarse.body, iterations=1)
    return np.asarray(inner & (height > lowest) & (height < highest) & (front > BACK_MM))


def _reaches(head: CTHead, below: float) -> bool:
    """Whether the body is held so far below the vertex, in its front."""
    _, front, height = head.places
    return bool(np.count_nonzero(head.coarse.body & (height < -below) & (front > 0)) > 0)
