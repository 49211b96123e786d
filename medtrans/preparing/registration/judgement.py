"""Judgement of a registration, by measures that need no truth: good, doubtful or failed.

inverse consistency   points go to the moving image by one registration and back by another, of exchanged roles:
                      the distance at which they arrive (Christensen, Johnson 2001, https://doi.org/10.1109/42.932742)
NMI                   normalised mutual information in the body, before and after
edge distance         mean distance between the edges of both images
mask Dice             overlap of the bodies, where both images reach
Jacobian              change of volume, of a deformation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import ndimage

from medtrans.core.volume import Volume
from medtrans.metrics.image.nmi import NMI
from medtrans.preparing.registration.images import Level, Pyramid, to_image, to_voxels
from medtrans.reading.grids import LPS_TO_RAS

if TYPE_CHECKING:
    import SimpleITK as sitk

Outcome = Literal["good", "doubtful", "failed"]
MILLIMETRES = 2.0
"""Voxel size at which images are compared."""
POINTS = 4000
"""Points of the body at which distances are measured."""
MIN_VOXELS = 1000
"""Fewer that both images reach are not compared."""
EDGE_PERCENTILE = 90.0
EDGE_LIMIT_MM = 10.0
"""Edges farther apart count as so far."""
GOOD_MM, DOUBTFUL_MM = 0.75, 4.0
"""Largest inverse inconsistency (mean) of a good and of a doubtful registration. Two heads may agree within 0.8 mm."""
GOOD_DEFORMED_MM = 1.5
"""The same of a deformation, both ways of which err by a millimetre."""
GOOD_VOXELS = 0.25
"""Of a voxel: what is good in coarse images, where that is more."""
GOOD_NMI = 1.12
"""Least NMI of a good one: of one person at least 1.16 was found, of two people at most 1.10 (docs/aligning.md)."""
GOOD_DEFORMED_NMI = 1.17
"""The same of a deformation, which makes two people alike: of one at least 1.19, of two at most 1.16."""
MOVED_MM = 1.0
"""An image that is moved by less was aligned before."""
EDGE_NOISE_MM = 0.1
"""Edges that are farther apart by so much are not said to be so."""
GOOD_DICE = 0.9
GOOD_JACOBIAN = 0.4, 2.5
MIN_COVERED, GOOD_COVERED = 0.2, 0.5
"""Share of the body that the moving image must reach."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Distances in mm; nan where there is nothing to measure."""

    inverse_mean: float
    inverse_max: float
    nmi_before: float
    nmi_after: float
    edge_distance_before: float
    edge_distance_after: float
    dice_before: float
    dice_after: float
    jacobian_min: float
    jacobian_max: float
    covered: float
    """Share of the fixed body that lies within the moving image."""
    moved: float
    """Mean distance by which the points of the body are moved."""
    voxel: float
    """Largest voxel size of both images."""
    deformed: bool
    """Whether straight lines are bent."""
    one_is_ct: bool = False
    """Whether one image is a CT and the other is not."""


@dataclass(frozen=True)
class Judgement:
    """The outcome, why, and the measures."""

    outcome: Outcome
    reasons: tuple[str, ...]
    measures: Measures

    def to_text(self) -> str:
        """For the terminal."""
        found = self.measures
        lines = [
            f"{self.outcome}" + (f": {', '.join(self.reasons)}" if self.reasons else ""),
            f"moved by {found.moved:.1f} mm on average; there and back {found.inverse_mean:.2f} mm",
            f"NMI {found.nmi_before:.3f} before, {found.nmi_after:.3f} after",
            f"edges {found.edge_distance_before:.1f} mm apart before, {found.edge_distance_after:.1f} mm after",
            f"Dice of the bodies {found.dice_before:.3f} before, {found.dice_after:.3f} after",
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        return {"outcome": self.outcome, "reasons": list(self.reasons), "measures": asdict(self.measures)}


def judge(
    fixed: Pyramid, moving: Pyramid, transform: sitk.Transform, back: sitk.Transform, *, one_is_ct: bool = False
) -> Judgement:
    """`back` is the registration of `fixed` to `moving`, found by itself and not by inverting `transform`."""
    return judge_measures(replace(measure(fixed, moving, transform, back), one_is_ct=one_is_ct))


def judge_measures(found: Measures) -> Judgement:
    """Each measure is good, bearable or neither; the worst of them decides. A measure that is nan is not good."""
    low, high, nmi, edges = found.jacobian_min, found.jacobian_max, found.nmi_after, found.edge_distance_after
    inverse, covered, dice = found.inverse_mean, found.covered, found.dice_after
    good_mm, good_nmi = (GOOD_DEFORMED_MM, GOOD_DEFORMED_NMI) if found.deformed else (GOOD_MM, GOOD_NMI)
    checks = [
        (
            inverse <= max(good_mm, GOOD_VOXELS * found.voxel),
            inverse <= DOUBTFUL_MM,
            f"registered in the opposite direction, points return {inverse:.1f} mm beside where they began",
        ),
        (covered >= GOOD_COVERED, covered >= MIN_COVERED, f"the images share {covered:.0%} of the body"),
        (dice >= GOOD_DICE, True, f"the bodies overlap with a Dice of {dice:.2f}"),
        (low >= GOOD_JACOBIAN[0], low > 0, f"the deformation shrinks a place to {low:.2f} of its volume"),
        (high <= GOOD_JACOBIAN[1], True, f"the deformation enlarges a place to {high:.1f} of its volume"),
        (nmi >= good_nmi, True, f"the images have little in common (NMI {nmi:.3f})"),
        (nmi >= found.nmi_before, found.moved <= MOVED_MM, f"the images agree less than before (NMI {nmi:.3f})"),
        (
            edges <= found.edge_distance_before + EDGE_NOISE_MM,
            True,
            f"edges are farther apart than before, {edges:.1f} mm",
        ),
    ]
    if found.deformed and found.one_is_ct:
        checks.append((False, True, "a CT has too little soft tissue contrast to show deformations in the body"))
    failed = [sentence for good, bearable, sentence in checks if not good and not bearable]
    doubts = [sentence for good, bearable, sentence in checks if not good and bearable]
    outcome: Outcome = "failed" if failed else "doubtful" if doubts else "good"
    return Judgement(outcome, (*failed, *doubts), found)


def measure(fixed: Pyramid, moving: Pyramid, transform: sitk.Transform, back: sitk.Transform) -> Measures:
    """The measures of a registration."""
    import SimpleITK as sitk

    points = _points(fixed)
    there = _mapped(transform, points)
    inverse = np.linalg.norm(_mapped(back, there) - points, axis=1)
    before, after = (_compared(fixed, moving, each) for each in (sitk.Transform(), transform))
    low, high = _jacobian(fixed.level(MILLIMETRES), transform)
    return Measures(
        inverse_mean=float(inverse.mean()), inverse_max=float(inverse.max()),
        nmi_before=before["nmi"], nmi_after=after["nmi"],
        edge_distance_before=before["edges"], edge_distance_after=after["edges"],
        dice_before=before["dice"], dice_after=after["dice"],
        jacobian_min=low, jacobian_max=high,
        covered=float(_inside(moving.volume, there).mean()),
        moved=float(np.linalg.norm(there - points, axis=1).mean()),
        voxel=max(*fixed.volume.spacing, *moving.volume.spacing),
        deformed=not transform.IsLinear(),
    )  # fmt: skip


def _points(side: Pyramid) -> np.ndarray:
    """(n, 3) points of the body, mm in the world of ITK."""
    places = np.argwhere(side.body.voxels[0] > 0)
    places = places[:: max(len(places) // POINTS, 1)]
    return np.asarray((np.column_stack([places, np.ones(len(places))]) @ (LPS_TO_RAS @ side.body.affine).T)[:, :3])


def _mapped(transform: sitk.Transform, points: np.ndarray) -> np.ndarray:
    return np.array([transform.TransformPoint(point) for point in points.tolist()])


def _inside(volume: Volume, points: np.ndarray) -> np.ndarray:
    """Which points lie within the voxels of a volume."""
    world = np.column_stack([points, np.ones(len(points))]) @ np.linalg.inv(LPS_TO_RAS @ volume.affine).T
    return np.all((world[:, :3] >= -0.5) & (world[:, :3] <= np.array(volume.shape) - 0.5), axis=1)


def _compared(fixed: Pyramid, moving: Pyramid, transform: sitk.Transform) -> Mapping[str, float]:
    """NMI and edge distance in the mask, and the Dice of the bodies, where both images reach."""
    import SimpleITK as sitk

    one, other = fixed.level(MILLIMETRES), moving.level(MILLIMETRES)

    def placed(image: sitk.Image, by: sitk.Transform, order: int = sitk.sitkNearestNeighbor) -> np.ndarray:
        return to_voxels(sitk.Resample(image, one.image, by, order))[0]

    everywhere = moving.volume.like(np.ones(moving.body.voxels.shape, np.uint8))
    reached = placed(to_image(everywhere), transform) > 0
    bodies = placed(_image_of(fixed.body), sitk.Transform()) > 0, placed(_image_of(moving.body), transform) > 0
    image, target = placed(other.image, transform, sitk.sitkLinear), to_voxels(one.image)[0]
    mask, spacing = (to_voxels(one.mask)[0] > 0) & reached, one.image.GetSpacing()
    if np.count_nonzero(mask) < MIN_VOXELS or np.ptp(image[mask]) == 0:
        return {"nmi": 1.0, "edges": EDGE_LIMIT_MM, "dice": 0.0}
    own, others = (body & reached for body in bodies)
    return {
        "nmi": NMI()(image[None], target[None], mask[None], spacing),
        "edges": _edge_distance(target, image, mask, spacing),
        "dice": float(2 * (own & others).sum() / max(int(own.sum() + others.sum()), 1)),
    }


def _image_of(body: Volume) -> sitk.Image:
    return to_image(body.like((body.voxels > 0).astype(np.uint8)))


def _edge_distance(one: np.ndarray, other: np.ndarray, mask: np.ndarray, spacing: Any) -> float:
    """Mean distance from the edges of each image to the nearest edge of the other, in mm."""
    edges = [_edges(image.astype(np.float32), mask) for image in (one, other)]
    distances = [ndimage.distance_transform_edt(~edge, spacing) for edge in edges]
    each = [np.minimum(distances[1 - n][edges[n]], EDGE_LIMIT_MM).mean() for n in range(2)]
    return float(np.mean(each))


def _edges(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Voxels of the mask where the gradient is steepest."""
    gradient = ndimage.gaussian_gradient_magnitude(image, 1.0)
    return mask & (gradient > np.percentile(gradient[mask], EDGE_PERCENTILE))


def _jacobian(level: Level, transform: sitk.Transform) -> tuple[float, float]:
    """Least and greatest determinant of the Jacobian in the mask, its outermost voxels left out."""
    import SimpleITK as sitk

    image = level.image
    field = sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, image.GetSize(), image.GetOrigin(), image.GetSpacing(), image.GetDirection()
    )
    axes = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    places = np.moveaxis(np.indices(image.GetSize()), 0, -1) @ axes.T
    moved = places + sitk.GetArrayFromImage(field).transpose(2, 1, 0, 3)
    inner = (slice(1, -1),) * 3
    columns = np.stack(np.gradient(moved, axis=(0, 1, 2)), axis=-1)[inner] @ np.linalg.inv(axes)
    determinant = np.linalg.det(columns)[to_voxels(level.mask)[0][inner] > 0]
    return float(determinant.min()), float(determinant.max())
