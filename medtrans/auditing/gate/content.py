"""Findings on the content of an image: what is there, which way up, and what is missing, compared with the training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from medtrans.auditing.gate.measure import Measured, edges
from medtrans.auditing.gate.orientation import ROTATIONS, distances, frame_of, in_words, sampled, template_points
from medtrans.auditing.gate.profile import nearest
from medtrans.auditing.gate.signature import Signature
from medtrans.core.finding import Finding, Severity

TURNED_BY, MAX_CUT_ABOVE, CUT_MARGIN, CUT_BY_FIELD = 0.08, 0.1, 0.1, 0.3
"""Share of its distance from the prior by which another rotation must be nearer. Share of the largest area of the body
at the end of the field of view above it, from which the vertex is not seen, and how much more than in training, where
the field of view may touch the vertex; in the last case it is cut off."""
TURNED_DISTANCE = 1.5
"""From the prior, at which a turned image must be: training images have .2 to .9."""
UNKNOWN_DISTANCE = 2.5
"""From the prior, beyond which it is no such anatomy."""
SMALL, LARGE = 0.86, 1.2
"""Mean of width and length, in parts of those of the training: a child or another species; wrong voxel sizes."""
CUT_AREA = 0.15
"""Of the largest area, by which that of the highest 6 mm exceeds those of the training."""
NECK_MM = 40.0
MIN_DIP, LOST_DIP, LOST_DIP_ERASED, ERASED = 0.5, 0.3, 0.62, 0.3
"""Least mean dip of a training with skulls; the largest of an image without, whose surface is CSF, the second where at
least that share of the outer faces was erased to one value."""
BRAIN_OF_HEAD, MAX_CUT_BELOW = 0.75, 0.1
"""Of the volume of a whole head of that width and length: a brain has less; and of its largest area at the lower end of
the field of view."""
FACE_BEHIND_MM, FACE_ROWS_MM, SURE, MISSING_FACE = 40.0, (-190.0, -100.0), 0.9, 0.3
MIN_FACE_POINTS, ERASED_FACE = 6, 0.7


def turned(one: Measured, signature: Signature) -> tuple[np.ndarray, Finding | None]:
    """The rotation that turns an image upright, and a finding where that is not the one that its header gives.

    Another rotation is believed only where it has the vertex within the field of view; and where the field of view ends
    within the body above, only upside down, for then it is the neck that ends there. A face that was erased is no sign
    of one.
    """
    known = distances(one.coarse, signature.prior)
    if face_missing(one, signature) > MISSING_FACE:
        known[0] = min(known[0], _distance_without_face(one, signature))
    best = int(np.argmin(known))
    if not known[best] < min((1 - TURNED_BY) * known[0], TURNED_DISTANCE):
        return ROTATIONS[0], None
    upright, code = edges(one.coarse, ROTATIONS[best]), in_words(ROTATIONS[best])[0]
    if one.numbers["cut_above"] > CUT_BY_FIELD and code != "upside-down":
        return ROTATIONS[0], None
    held = max(MAX_CUT_ABOVE, signature.high("cut_above") + CUT_MARGIN)
    if upright["cut_above"] > held or upright["top_area"] > signature.numbers["top_area"].high + CUT_AREA:
        return ROTATIONS[0], None
    words = in_words(ROTATIONS[best])[1]
    meaning = "the model was trained upright, and what it makes of this image is no anatomy"
    advice = "correct the orientation in the header of the file (its affine), not the voxels alone"
    what, far, near = f"the head is {words} by its header", known[0], known[best]
    return ROTATIONS[best], found(code, what, meaning, advice, distance=far, distance_turned=near)


def found(code: str, what: str, meaning: str, advice: str, severity: Severity = "warn", **numbers: float) -> Finding:
    """A finding whose place is filled in later."""
    return Finding(
        code=code, severity=severity, where="", what=what, consequence=meaning, advice=advice, numbers=numbers
    )


def parts_missing(one: Measured, signature: Signature) -> Iterator[Finding]:
    """What is cut off or removed: each explains what follows from it, so the first that is found is the only one."""
    numbers, typical = one.numbers, signature.numbers
    cut = numbers["top_area"] - max(typical["top_area"].high, typical["top_area"].mean)
    if cut > CUT_AREA:
        what = f"the vertex is cut off: the highest 6 mm have {numbers['top_area']:.0%} of the largest area of the head"
        meaning = "bone and skin above are missing in the result, and sizes and the skull cap near the cut are wrong"
        yield found("truncated-vertex", what, meaning, "scan or export the whole head", top_area=numbers["top_area"])
        return
    missing = face_missing(one, signature)
    if missing > MISSING_FACE:
        what = f"{missing:.0%} of the face are missing: the image was defaced"
        meaning = "the model was trained with faces, and air, bone and teeth near the missing part are invented"
        yield found("defaced", what, meaning, "give the image before defacing, or use no result of the face")


def stripped(one: Measured, signature: Signature) -> Iterator[Finding]:
    """A brain without skull and scalp, however it is turned: small, and without a dark shell below its surface; or on
    an erased background, and far smaller than a head of its width and length. Nothing where the training had some."""
    numbers, typical = one.numbers, signature.numbers
    if typical["dip"].low < LOST_DIP and typical["litres"].low < typical["crown_litres"].mean:
        return  # The training had brains alone; in a head painted without a dark skull the dip alone is as small.
    small = numbers["litres"] < typical["crown_litres"].mean
    if typical["dip"].mean < MIN_DIP or not small or numbers["cut_above"] > CUT_BY_FIELD:
        return
    share = numbers["litres"] / (relative_size(one, signature) ** 3 * typical["litres"].mean)
    alone = numbers["dip"] < LOST_DIP_ERASED or (share < BRAIN_OF_HEAD and numbers["cut_below"] < MAX_CUT_BELOW)
    if numbers["dip"] < LOST_DIP or (numbers["empty"] > ERASED and alone):
        what = f"there is no scalp and no skull: it is a brain alone ({numbers['litres']:.1f} litres)"
        meaning = "the model was trained with whole heads, and would invent scalp and skull or take brain for them"
        yield found("skull-stripped", what, meaning, "give the image before brain extraction", dip=numbers["dip"])


def relative_size(one: Measured, signature: Signature) -> float:
    """Mean of width and length of the crown, in parts of those of the training."""
    sides = (one.numbers[name] / signature.numbers[name].mean for name in ("width", "length"))
    return sum(sides) / 2


def face_missing(one: Measured, signature: Signature) -> float:
    """Share of the face that was erased to one value; 0 where the face is not held, or is not body for another reason:
    scanned air has noise."""
    front, gone = _face(one, signature)
    if front.sum() < MIN_FACE_POINTS or not gone.any() or not _is_erased(one, template_points()[gone]):
        return 0.0
    return float(gone.sum() / front.sum())


def _face(one: Measured, signature: Signature) -> tuple[np.ndarray, np.ndarray]:
    """Points of the template that are face in nearly all training images, at heights where the back of the head is
    there; and those of them that are not body here."""
    points, known = template_points(), signature.prior.mean[0]
    body = sampled(one.coarse, one.rotation)[0]
    rows = (points[:, 2] > FACE_ROWS_MM[0]) & (points[:, 2] < FACE_ROWS_MM[1]) & (known > SURE) & np.isfinite(body)
    front, back = rows & (points[:, 1] > FACE_BEHIND_MM), rows & (points[:, 1] < 0)
    held = [height for height in np.unique(points[back, 2]) if np.mean(body[back & (points[:, 2] == height)]) > 0.7]
    front &= np.isin(points[:, 2], held)
    return front, front & (body < 0.3)


def _distance_without_face(one: Measured, signature: Signature) -> float:
    """From the prior, as the header has the image, without the points of a face that was erased."""
    values = sampled(one.coarse, one.rotation)
    values[:, _face(one, signature)[1]] = np.nan
    return signature.prior.distance(values)


def _is_erased(one: Measured, points: np.ndarray) -> bool:
    """Whether most voxels at points of the template have one value; the others are rests of the face."""
    frame = frame_of(one.coarse.points @ one.rotation.T)
    places = (points + frame.origin) @ one.rotation
    values = nearest(one.volume.voxels[0], one.volume.affine, places)
    _, counts = np.unique(values, return_counts=True)
    return bool(counts.max() >= ERASED_FACE * counts.sum())


def anatomy(one: Measured, signature: Signature) -> Iterator[Finding]:
    """A part of the body that training images do not show."""
    distance = signature.prior.distance(sampled(one.coarse, one.rotation))
    if distance > UNKNOWN_DISTANCE:
        what = "it does not look like the anatomy of the training images"
        meaning = "the model has learnt nothing about what is seen here"
        advice = "give the part of the body that the model was trained with"
        yield found("other-anatomy", what, meaning, advice, distance=distance)


def sizes(one: Measured, signature: Signature) -> Iterator[Finding]:
    """A head that is too small or too large, and a neck that is too long."""
    numbers, typical = one.numbers, signature.numbers
    scale = relative_size(one, signature)
    least = min(SMALL, 0.97 * min(typical[name].low / typical[name].mean for name in ("width", "length")))
    most = max(LARGE, 1.03 * max(typical[name].high / typical[name].mean for name in ("width", "length")))
    size = f"{numbers['width']:.0f} × {numbers['length']:.0f} mm, {scale:.0%} of those of the training"
    meaning = "proportions and thickness of the skull are not those that the model was trained with"
    if scale < least:
        what = f"the head is small ({size}): that of a child, of another species, or voxel sizes are wrong"
        advice = "check the voxel size; for a child or an animal take another model"
        yield found("small-head", what, meaning, advice, scale=scale)
    elif scale > most:
        what = f"the head is large ({size})"
        yield found("large-head", what, meaning, "check the voxel size of the header", scale=scale)
    longer = numbers["height"] - typical["height"].high
    if longer > NECK_MM:
        what = f"the image reaches {numbers['height']:.0f} mm below the vertex, {longer:.0f} mm more than in training"
        meaning = "the model has not been trained with what lies there: a long neck, shoulders"
        yield found(
            "long-neck", what, meaning, "use no result below the head, or crop the image", height=numbers["height"]
        )
