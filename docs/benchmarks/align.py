"""Registrations whose truth is known: python align.py rigid|deformable|mesh [--data DATA] [--cases 0 60] …

Whole-head phantoms of 1.5 mm. Rigid: T1 and a CT, or T1 and T2, in turn; the second is turned by up to 20°, moved by
up to 30 mm and scanned on a grid of its own (1.2×1.2×2 mm). With DATA also T1 and T2 of people, moved likewise, each
of them --moves times. Deformable: T1 and T2 (or CT: --second), moved by up to 10° and 10 mm; the T1 is deformed by a
smooth random field. Every sixth pair of phantoms is spoilt: the moving image is of another head, or its upper third
alone. A line for each: mean error over the body, judgement. Mesh: what the best B-spline leaves of such fields, without
any search.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import numpy as np
from scipy import ndimage
from scipy.interpolate import BSpline
from scipy.spatial.transform import Rotation

from medtrans.core.fields import smooth_field
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint
from medtrans.preparing.geometry import resample_like
from medtrans.preparing.masks import body_mask
from medtrans.preparing.registration.align import Registration, register
from medtrans.reading.grids import LPS_TO_RAS
from medtrans.reading.volumes import read_volume

SPACING, SHAPE = 1.5, (128, 152, 133)
SCANNED_MM, FIELD_MM = (1.2, 1.2, 2.0), 250.0
SPOILT_EVERY = 6
BUMP_MM, BEND_MM = 60.0, 2.5
"""Width of the bumps of a deformation, and its standard deviation along each axis."""
PEOPLE = ("brain_stroke/s01", "brain_ms/p07", "brain_ms/p19", "brain_tumour/DU7294", "follow_up/p01_visit1")
LIMIT_MM = {"rigid": 1.0, "deformable": 2.0}
MESHES_MM = (80.0, 45.0, 30.0)
CASES = {"rigid": (0, 60), "deformable": (0, 24), "mesh": (0, 20)}


def moved(volume: Volume, rng: np.random.Generator, degrees: float, millimetres: float) -> tuple[Volume, np.ndarray]:
    """The volume turned, shifted and scanned on a grid of its own, and the matrix that did it."""
    centre = (volume.affine @ [*(np.array(volume.shape) / 2), 1])[:3]
    axis, direction = (vector / np.linalg.norm(vector) for vector in rng.normal(size=(2, 3)))
    turn = Rotation.from_rotvec(np.radians(rng.uniform(0, degrees)) * axis).as_matrix()
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, centre + rng.uniform(0, millimetres) * direction - turn @ centre
    sides = np.ceil(FIELD_MM / np.array(SCANNED_MM)).astype(int)
    affine = np.diag([*SCANNED_MM, 1.0])
    affine[:3, 3] = centre + rng.uniform(-10, 10, 3) - FIELD_MM / 2
    grid = Volume(np.broadcast_to(np.uint8(0), (1, *sides)), affine)
    background = float(volume.voxels.min())
    return resample_like(Volume(volume.voxels, matrix @ volume.affine), grid, background=background), matrix


def error(found: Registration, body: np.ndarray, affine: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance over the body from where points go to where they should; `truth` (3, i, j, k) is in RAS."""
    places = np.argwhere(body)[::499]
    points = np.column_stack([places, np.ones(len(places))]) @ (LPS_TO_RAS @ affine).T
    mapped = np.array([found.transform.TransformPoint(point[:3].tolist()) for point in points])
    wanted = truth[(slice(None), *places.T)].T * [-1, -1, 1]
    return float(np.linalg.norm(mapped - wanted, axis=1).mean())


def world(volume: Volume) -> np.ndarray:
    """(3, i, j, k): where the centres of the voxels are, mm in RAS."""
    places = np.indices(volume.shape).astype(np.float64)
    return np.einsum("ij,j...->i...", volume.affine[:3, :3], places) + volume.affine[:3, 3][:, None, None, None]


def phantom(seed: int, kind: str, second: str) -> tuple[Volume, Volume, np.ndarray, np.ndarray]:
    """Fixed volume, moving volume, body, and where each voxel of the fixed one is in the moving one."""
    rng = np.random.default_rng(seed)
    head = make_head(seed, shape=SHAPE, spacing=SPACING)
    fixed, other, body = paint(head, "T1", rng), paint(head, second, rng), head.mask.voxels[0] > 0
    shown = world(fixed)
    if kind == "deformable":
        bend = np.stack([BEND_MM * smooth_field(rng, SHAPE, BUMP_MM / SPACING) for _ in range(3)])
        shown = shown + bend
        places = np.indices(SHAPE) + bend / SPACING
        fixed = fixed.like(ndimage.map_coordinates(fixed.voxels[0], places, order=1, mode="nearest"))
        body = ndimage.map_coordinates(body.astype(np.float32), places, order=1) > 0.5
    degrees, millimetres = (20, 30) if kind == "rigid" else (10, 10)
    moving, matrix = moved(other, rng, degrees, millimetres)
    return fixed, moving, body, np.einsum("ij,j...->i...", matrix[:3, :3], shown) + matrix[:3, 3][:, None, None, None]


def person(name: str, data: Path, seed: int) -> tuple[Volume, Volume, np.ndarray, np.ndarray]:
    """T1 and T2 of a person, which lie on one grid; the T2 is moved."""
    one, other = (read_volume(data / f"{name}_{contrast}.nii.gz") for contrast in ("T1", "T2"))
    moving, matrix = moved(other, np.random.default_rng(seed), 20, 30)
    body = body_mask(one.voxels[0].astype(np.float32), one.spacing)
    return (
        one,
        moving,
        body,
        np.einsum("ij,j...->i...", matrix[:3, :3], world(one)) + matrix[:3, 3][:, None, None, None],
    )


def upper_third(volume: Volume) -> Volume:
    affine, cut = volume.affine.copy(), int(0.72 * volume.shape[2])
    affine[:3, 3] += cut * affine[:3, 2]
    return Volume(volume.voxels[..., cut:], affine)


def pairs(
    kind: str, first: int, last: int, data: Path | None, moves: int, second: str | None
) -> Iterator[tuple[str, str, tuple]]:
    """Name, modality of the moving image, and the pair with its truth; no body where the pair is spoilt."""
    in_turn = [second] if second else ["T2"] if kind == "deformable" else ["CT", "T2"]
    for seed in range(first, last):
        second = in_turn[seed % len(in_turn)]
        modality = "CT" if second == "CT" else "MR"
        fixed, moving, body, truth = phantom(seed, kind, second)
        if seed % SPOILT_EVERY == SPOILT_EVERY - 1:
            other = upper_third(moving) if seed // SPOILT_EVERY % 2 else phantom(seed + 1000, kind, second)[1]
            yield f"{seed} T1 {second} spoilt", modality, (fixed, other, None, truth)
        else:
            yield f"{seed} T1 {second}", modality, (fixed, moving, body, truth)
    for seed, name in enumerate(PEOPLE * moves if data else ()):
        yield f"{name} T1 T2", "MR", person(name, data, seed)


def left_by_mesh(seed: int, distance: float) -> tuple[float, float]:
    """Mean length in mm of a bend, and of what the best B-spline leaves of it, a margin of 24 mm left out."""
    rng, rest = np.random.default_rng(seed), []
    bend = np.stack([BEND_MM * smooth_field(rng, SHAPE, BUMP_MM / SPACING) for _ in range(3)])
    for field in bend:
        fitted = field
        for axis, side in enumerate(SHAPE):
            cells = max(round(side * SPACING / distance), 1)
            knots = np.arange(-3, cells + 4) * side * SPACING / cells
            basis = BSpline.design_matrix((np.arange(side) + 0.5) * SPACING, knots, 3).toarray()
            fitted = np.moveaxis(np.tensordot(basis @ np.linalg.pinv(basis), fitted, (1, axis)), 0, axis)
        rest.append(fitted - field)
    inner = (slice(None), *(slice(16, -16),) * 3)
    whole, left = (float(np.linalg.norm(np.stack(one)[inner], axis=0).mean()) for one in (bend, rest))
    return whole, left


if __name__ == "__main__":
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=[*LIMIT_MM, "mesh"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--moves", type=int, default=1, help="of each person")
    parser.add_argument("--cases", type=int, nargs=2, default=None, metavar=("FIRST", "LAST"))
    parser.add_argument("--second", choices=["T2", "CT"], help="contrast of the moving image; default: as above")
    options = parser.parse_args()
    first, last = options.cases or CASES[options.kind]
    if options.kind == "mesh":
        for distance in MESHES_MM:
            whole, left = zip(*(left_by_mesh(seed, distance) for seed in range(first, last)), strict=True)
            print(
                f"{distance:g} mm: of {np.mean(whole):.2f} mm {np.mean(left):.2f} mm are left, at most {max(left):.2f}"
            )
        sys.exit()
    errors, wrong_but_good, limit = [], [], LIMIT_MM[options.kind]
    for name, modality, (fixed, moving, body, truth) in pairs(
        options.kind, first, last, options.data, options.moves, options.second
    ):
        began = process_time()
        modalities = find_modality("MR"), find_modality(modality)
        found = register(fixed, moving, options.kind, modalities=modalities)
        missed = error(found, body, fixed.affine, truth) if body is not None else float("inf")
        if body is not None:
            errors.append(missed)
        if missed > limit and found.judgement.outcome == "good":
            wrong_but_good.append(name)
        judged, seconds = found.judgement, process_time() - began
        measured = f"there and back {judged.measures.inverse_mean:5.2f} mm  NMI {judged.measures.nmi_after:.3f}"
        print(
            f"{name:24} error {missed:6.2f} mm  {judged.outcome:8} {measured} {seconds:4.0f} s ",
            *judged.reasons,
            flush=True,
        )
    within = sum(value <= limit for value in errors)
    print(
        f"within {limit:g} mm: {within} of {len(errors)}; median {np.median(errors):.2f}, largest {max(errors):.2f} mm"
    )
    print(f"wrong and called good: {len(wrong_but_good)} {wrong_but_good or ''}")
    sys.exit(bool(wrong_but_good))
