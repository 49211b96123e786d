"""Planted faults: lesions that are removed from an image, or invented in it, and how many of them the audit finds.

    python -m tests.auditing.planted_faults [phantoms|brains]      both detectors; real brains where there are any

Each case has three kinds of balls, 3 to 20 mm wide and blended by their partial volume: kept in both images, removed
from the translation, invented in it. The translation is the real image under another noise, slightly blurred and
darker. Two detectors: perfect label maps, and a threshold in the smoothed image, which errs as detectors do.
"""

import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import ndimage

from medtrans.auditing.case_audit import ReadCase, lesions_of
from medtrans.core.tables import text_table
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.reading.volumes import read_volume

SIZES_MM = (3, 4, 5, 6, 7, 8, 10, 12, 16, 20)
RELIABLE_MM = 8
PER_SIZE = 29
"""Balls of each kind and size: 203 of each kind from 6 mm on."""
DETECTORS = ("label maps", "threshold")
KINDS = ("kept", "removed", "invented")
CALLED = {"kept": {"missed", "invented"}, "removed": {"missed"}, "invented": {"invented"}}
"""Statuses that are an alarm where a ball was planted."""
GAP_MM = 6.0
"""Between two balls."""
FINE = 4
"""Points along a voxel by which the partial volume of a ball is found."""


@dataclass(frozen=True, eq=False)
class Background:
    """An image without lesions, and where they may lie."""

    image: Volume
    place: np.ndarray
    lesion: float
    """Value of a lesion; between it and the brightest of the surroundings lies the threshold of the detector."""
    threshold: float
    noise: float

    @cached_property
    def deep(self):
        """Distance of each voxel to where lesions may not lie, in mm."""
        return ndimage.distance_transform_edt(self.place, sampling=self.image.spacing)


@dataclass(frozen=True)
class Ball:
    kind: str
    diameter: float
    centre: tuple[float, ...]
    """In voxels."""


def phantom(seed, spacing=1.5):
    """A synthetic head in FLAIR without noise; lesions lie in white matter, away from its border."""
    head = make_head(seed, shape=(112, 128, 112), spacing=spacing)
    clean = paint(head, "FLAIR", np.random.default_rng(seed), noise=0, bias=0)
    values = clean.voxels.astype(np.float32)
    white = head.fraction("white matter") > 0.95
    level = float(np.median(values[0][white]))
    brain = head.fraction("white matter") + head.fraction("grey matter") + head.fraction("deep grey matter")
    return _background(clean.like(values), ndimage.binary_fill_holes(brain > 0.5), white, level)


def real_brain(path, lesions):
    """A brain-extracted FLAIR, cropped to the brain; its own lesions are left out of the places."""
    whole, marked = read_volume(path), read_volume(lesions)
    [box] = ndimage.find_objects((whole.voxels[0] > 0).astype(np.uint8))
    affine = whole.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ [axis.start for axis in box]
    values = np.pad(whole.voxels[0][box], 2).astype(np.float32)[None]
    affine[:3, 3] -= affine[:3, :3] @ [2, 2, 2]
    image = Volume(values, affine)
    brain = ndimage.binary_erosion(values[0] > 0, iterations=6)
    own = ndimage.binary_dilation(np.pad(marked.voxels[0][box], 2) > 0, iterations=6)
    level = float(np.median(values[0][brain]))
    middle = brain & ~own & (np.abs(values[0] - level) < 0.25 * level)
    return _background(image.like(values), brain & ~own, middle, level)


def _background(image, place, typical, level):
    """Lesions are twice as bright as the tissue around; the threshold lies half way."""
    return Background(
        image, place & ndimage.binary_opening(typical, iterations=1), 2.0 * level, 1.5 * level, 0.04 * level
    )


def draw_balls(background, rng, sizes):
    """Balls of (kind, diameter), each where it lies within the places and away from the others."""
    spacing = np.array(background.image.spacing)
    places, chosen = np.argwhere(background.deep > 1.0), []
    for kind, diameter in sorted(sizes, key=lambda one: -one[1]):
        for where in rng.permutation(places)[:4000]:
            centre = where + rng.uniform(-0.5, 0.5, 3)
            away = [
                np.linalg.norm((centre - other.centre) * spacing) - (diameter + other.diameter) / 2 for other in chosen
            ]
            if min(away, default=np.inf) > GAP_MM:
                chosen.append(Ball(kind, diameter, tuple(centre)))
                break
    return chosen


def fraction(ball, volume):
    """(box, volume fraction of the ball in each of its voxels)."""
    spacing, centre = np.array(volume.spacing), np.array(ball.centre)
    reach = ball.diameter / 2 / spacing + 1
    low, high = np.floor(centre - reach).astype(int), np.ceil(centre + reach).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, volume.shape)
    steps = [(np.arange(FINE * (b - a)) + 0.5) / FINE + a - 0.5 for a, b in zip(low, high, strict=True)]
    x, y, z = np.meshgrid(
        *[(s - c) * mm for s, c, mm in zip(steps, centre, spacing, strict=True)], indexing="ij", sparse=True
    )
    inside = (x * x + y * y + z * z <= (ball.diameter / 2) ** 2).astype(np.float32)
    i, j, k = high - low
    return tuple(map(slice, low, high)), inside.reshape(i, FINE, j, FINE, k, FINE).mean(axis=(1, 3, 5))


def planted(background, balls):
    """(image without noise, lesion mask) with balls."""
    values = background.image.voxels[0].copy()
    mask = np.zeros(values.shape, bool)
    for ball in balls:
        box, share = fraction(ball, background.image)
        values[box] += share * (background.lesion - values[box])
        mask[box] |= share >= 0.5
    return values, mask


def read_case(background, balls, rng, detector):
    """The real image has what is kept and removed, the translation what is kept and invented."""
    real, truth = planted(background, [ball for ball in balls if ball.kind != "invented"])
    made, shown = planted(background, [ball for ball in balls if ball.kind != "removed"])
    noise = background.noise
    images = [
        background.image.like((clean + noise * rng.standard_normal(clean.shape)).astype(np.float32))
        for clean in (0.97 * ndimage.gaussian_filter(made, 0.4), real)
    ]
    masks = [shown, truth] if detector == "label maps" else [_above(background, image) for image in images]
    return ReadCase("planted", "planted", *images, dict(zip(("translated", "target"), masks, strict=True)), truth)


def _above(background, image):
    """A threshold in the smoothed image, where lesions may lie and a little beyond."""
    place = ndimage.binary_dilation(background.place, iterations=3)
    return (ndimage.gaussian_filter(image.voxels[0], 0.7) > background.threshold) & place


def outcomes(case, balls):
    """(kind, diameter, flag) of each ball: whether a fault is named as what it is, or a kept ball is called wrong.

    What is called wrong where nothing was planted is ("nothing", its size, True).
    """
    lesions = lesions_of(case)
    free, found = set(range(len(lesions))), []
    for ball in balls:
        centre = case.translated.affine[:3, :3] @ np.array(ball.centre) + case.translated.affine[:3, 3]
        reach = ball.diameter / 2 + max(case.translated.spacing)
        here = [n for n, one in enumerate(lesions) if np.linalg.norm(np.subtract(one.centre_mm, centre)) <= reach]
        free -= set(here)
        called = {lesions[n].status for n in here}
        found.append((ball.kind, ball.diameter, bool(called & CALLED[ball.kind])))
    wrong = (lesions[n] for n in sorted(free) if lesions[n].status in CALLED["kept"])
    return [*found, *(("nothing", lesion.sphere_mm, True) for lesion in wrong)]


def run(backgrounds, detector, per_size, seed=0, sizes=SIZES_MM, per_case=12):
    """kind → diameter → flags, of `per_size` balls of each kind and size, spread over cases of a few balls."""
    rng = np.random.default_rng(seed)
    wanted = [(kind, size) for size in sizes for kind in KINDS for _ in range(per_size)]
    rng.shuffle(wanted)
    queue = [(str(kind), float(size)) for kind, size in wanted]
    flags, number = defaultdict(lambda: defaultdict(list)), 0
    while queue:
        background = backgrounds[number % len(backgrounds)]
        balls = draw_balls(background, rng, queue[:per_case])
        placed = [(ball.kind, ball.diameter) for ball in balls]
        assert placed, "there is no room for a ball"
        for one in placed:
            queue.remove(one)
        for kind, size, flag in outcomes(read_case(background, balls, rng, detector), balls):
            flags[kind][size].append(flag)
        number += 1
    return flags, number


def rates(flags, low=RELIABLE_MM):
    """(share found of removed and of invented, share of false alarms) for balls of `low` mm and more.

    A false alarm is a kept ball that is called wrong, or a lesion called wrong where nothing was planted.
    """
    of = {kind: [flag for size, own in flags[kind].items() if size >= low for flag in own] for kind in KINDS}
    extra = sum(len(own) for size, own in flags["nothing"].items() if size >= low)
    return np.mean(of["removed"]), np.mean(of["invented"]), (sum(of["kept"]) + extra) / len(of["kept"])


def curve(flags):
    """A row for each size."""
    rows = []
    for size in sorted(flags["kept"]):
        own = {kind: flags[kind][size] for kind in KINDS}
        rows.append({"mm": f"{size:g}", "n of each": str(len(own["kept"]))}
                    | {f"{kind} found": f"{np.mean(own[kind]):.1%}" for kind in KINDS[1:]}
                    | {"kept, called wrong": f"{np.mean(own['kept']):.1%}"})  # fmt: skip
    return text_table(rows)


def brains():
    """FLAIR and lesion masks of real people, where MEDTRANS_TEST_DATA names a folder that holds them."""
    folder = Path(os.environ.get("MEDTRANS_TEST_DATA", "missing")) / "brain_ms"
    pairs = [
        (path, path.with_name(path.name.replace("FLAIR", "lesion"))) for path in sorted(folder.glob("*_FLAIR.nii.gz"))
    ]
    return [real_brain(*pair) for pair in pairs]


def report(name, backgrounds, detector, per_case, per_size=PER_SIZE):
    """Lines of one set of backgrounds."""
    flags, cases = run(backgrounds, detector, per_size, per_case=per_case)
    removed, invented, false = rates(flags)
    planted_count = per_size * sum(size >= 6 for size in SIZES_MM)
    return "\n".join(
        [
            f"{name}, {detector}: {cases} cases; {planted_count} removed, as many invented and kept, of 6 to 20 mm",
            f"{RELIABLE_MM} mm and more: removed {removed:.1%}, invented {invented:.1%}, false alarms {false:.1%}",
            curve(flags),
            f"called wrong where nothing was planted: {sum(map(len, flags['nothing'].values()))}, "
            f"the largest {max(flags['nothing'], default=0):.1f} mm",
        ]
    )


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["phantoms", "brains"]
    made = {"phantoms": lambda: [phantom(seed) for seed in range(4)], "brains": brains}
    for name in chosen:
        backgrounds = made[name]()
        for detector in DETECTORS if backgrounds else ():
            print(report(name, backgrounds, detector, 24 if name == "brains" else 12), end="\n\n", flush=True)  # noqa: T201
