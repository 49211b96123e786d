"""Insertion audit: lesions of known diameter and contrast are put into sources, and looked for in their translations.

Every source is translated as it is, and with lesions; several lie in one image, none within the channels of another.
The same lesions are looked for in the source, which shows what could be known of them, and in the real image, where
there is one, with that contrast to its own noise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from medtrans.auditing.case_audit import SOURCE, TARGET, TRANSLATED
from medtrans.auditing.components import Components, components, sphere_diameter
from medtrans.auditing.contrast import contrast, shell
from medtrans.auditing.inpainting import inpainted
from medtrans.auditing.inserted_lesions import Ball, draw_places, inserted, signal
from medtrans.auditing.observer import channels
from medtrans.auditing.read_insertions import Read, is_read
from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.insertion import RemovedLesion
from medtrans.core.volume import Volume
from medtrans.metrics.image._noise import noise

Translate = Callable[[Volume], Volume]


@dataclass(frozen=True)
class Design:
    """Which lesions are inserted."""

    diameters: tuple[float, ...] = (4.0, 6.0, 8.0, 12.0, 20.0)
    """In mm."""
    contrasts: tuple[float, ...] = (1.0, 2.0, 4.0)
    """In standard deviations of the noise of the image; below 0 for dark lesions."""
    lesions: int = 24
    """Of each diameter and contrast, over all cases."""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class HealthyCase:
    """Images of one case, on one grid."""

    name: str
    subject: str
    source: Volume
    place: np.ndarray
    """True where lesions may lie (i, j, k)."""
    target: Volume | None = None
    lesions: np.ndarray | None = None
    """Its own lesions, which are taken out; none is inserted near them."""


@dataclass(frozen=True, eq=False)
class Observed:
    """Channel outputs of one inserted lesion: image → (channel,), with and without it; and whether a detector reads
    one there, where it reads the image."""

    case: HealthyCase
    ball: Ball
    contrast: float
    change: float
    present: Mapping[str, np.ndarray]
    absent: Mapping[str, np.ndarray]
    read: Mapping[str, bool] = field(default_factory=dict)
    read_without: Mapping[str, bool] = field(default_factory=dict)


def insert_lesions(
    case: HealthyCase, count: int, design: Design, translate: Translate, read: Read | None = None
) -> Iterator[Observed]:
    """`count` lesions of each diameter and contrast in one case, which a detector may `read`. Raises MedtransError."""
    rng = np.random.default_rng([design.seed, *case.name.encode()])
    heights = [_noise(channel, case, SOURCE) for channel in case.source.voxels]
    of_target = None if case.target is None else _noise(case.target.voxels[0], case, TARGET)
    without = {SOURCE: case.source, TRANSLATED: translate(case.source)}
    if case.target is not None:
        without[TARGET] = case.target
    plain = {image: volume.voxels[0] for image, volume in without.items()}
    read_without = _candidates(without, read)
    for balls in layouts(case, count, design, rng):
        for contrast_ in design.contrasts:
            source = case.source.like(
                np.stack(
                    [
                        inserted(channel, balls, contrast_ * height, case.source.spacing)
                        for channel, height in zip(case.source.voxels, heights, strict=True)
                    ]
                )
            )
            images = {SOURCE: source, TRANSLATED: translate(source)}
            if of_target is not None:
                made = inserted(plain[TARGET], balls, contrast_ * of_target, case.source.spacing)
                images[TARGET] = without[TARGET].like(made[None])
            candidates = {"read": _candidates(images, read), "read_without": read_without}
            shown = {image: volume.voxels[0] for image, volume in images.items()}
            for ball in balls:
                yield _observed(case, ball, contrast_, shown, plain, candidates)


def _candidates(images: Mapping[str, Volume], read: Read | None) -> dict[str, Components]:
    """Image → what the detector reads in it, where it reads such images."""
    masks = {image: read(image, volume) for image, volume in images.items()} if read else {}
    return {image: components(mask, images[image].spacing) for image, mask in masks.items() if mask is not None}


def layouts(case: HealthyCase, count: int, design: Design, rng: np.random.Generator) -> Iterator[list[Ball]]:
    """The lesions of one image after the other, until there are `count` of each diameter."""
    left = Counter(dict.fromkeys(design.diameters, count))
    own = np.zeros(case.source.shape, bool) if case.lesions is None else case.lesions
    while +left:
        balls = draw_places(case.place & ~own, case.source.voxels[0], list(left.elements()), case.source.spacing, rng)
        left -= Counter(ball.diameter for ball in balls)
        yield balls


def remove_lesions(case: HealthyCase, translate: Translate, seed: int) -> list[RemovedLesion]:
    """The lesions of a source, all inpainted at once, and what its translation shows of each before and after."""
    assert case.lesions is not None
    source, rng = case.source, np.random.default_rng(seed)
    found = components(case.lesions, source.spacing)
    if not len(found):
        return []
    made = np.stack(
        [inpainted(one, found.mask, _noise(one, case, SOURCE), source.spacing, rng) for one in source.voxels]
    )
    images = [source, source.like(made)]
    images += [translate(image) for image in images]
    rows = []
    for number in range(1, len(found) + 1):
        mask = np.asarray(found.labels == number)
        box, around = shell(mask, found.mask | ~case.place, source.spacing)
        values = [contrast(image.voxels[0], mask, box, around).difference for image in images]
        rows.append(
            RemovedLesion(
                case=case.name,
                number=number,
                sphere_mm=sphere_diameter(found.volumes[number - 1]),
                source=values[0],
                source_inpainted=values[1],
                translated=values[2],
                translated_inpainted=values[3],
            )
        )
    return rows


def by_cell(observed: Sequence[Observed]) -> dict[tuple[float, float], list[Observed]]:
    """(contrast, diameter) → lesions."""
    cells = defaultdict(list)
    for one in observed:
        cells[one.contrast, one.ball.diameter].append(one)
    return dict(sorted(cells.items()))


def _observed(
    case: HealthyCase,
    ball: Ball,
    contrast_: float,
    images: Mapping[str, np.ndarray],
    without: Mapping[str, np.ndarray],
    candidates: Mapping[str, Mapping[str, Components]],
) -> Observed:
    shape, spacing = case.source.shape, case.source.spacing
    reading = channels(ball.centre, ball.diameter, shape, spacing)
    box, shown = signal(ball, shape, spacing)
    difference = images[TRANSLATED][box].astype(np.float64) - without[TRANSLATED][box]
    flags = {
        name: {image: is_read(ball, one, spacing) for image, one in found.items()} for name, found in candidates.items()
    }
    return Observed(
        case,
        ball,
        contrast_,
        change=float((difference * shown).sum() / np.square(shown).sum()),
        present={image: reading.of(voxels) for image, voxels in images.items()},
        absent={image: reading.of(voxels) for image, voxels in without.items()},
        **flags,
    )


def _noise(image: np.ndarray, case: HealthyCase, role: str) -> float:
    """Of an image (i, j, k) where lesions may lie. Raises InputRefused where it has none."""
    try:
        return noise(image, case.place, case.name, role)
    except EmptyMask:
        raise
    except InputRefused as reason:
        advice = "contrasts are given in standard deviations of the noise: give an image as it was measured"
        raise InputRefused(case.name, f"the {role} has no noise", advice, "no-noise") from reason
