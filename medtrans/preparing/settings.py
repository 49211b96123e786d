"""Settings of the preparation: grid, normalisation, slices or patches, augmentation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

from annotated_types import Ge

from medtrans.core.errors import UsageError
from medtrans.core.modality import Modality
from medtrans.core.settings import MemberOf, Settings
from medtrans.preparing.augmentation import AugmentationStep
from medtrans.preparing.geometry import Interpolation
from medtrans.preparing.normalisation import Normaliser
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.preparing.registration.kinds import Kind
from medtrans.preparing.transforms.flip import Flip


@dataclass(frozen=True, kw_only=True)
class PreparingSettings(Settings):
    register: Kind | None = None
    """Registration of the target of each case with its source, before anything else; none where they are aligned."""
    keep_doubtful: bool = False
    """Whether pairs whose registration is judged doubtful are used. Failed ones never are."""
    orientation: str = "RAS"
    """Orientation of the volumes that networks get. In 2D, and with a flip, RAS or a flip of it such as LPS."""
    spacing: tuple[float, float, float] | None = None
    """Voxel size in millimetres along i, j, k that networks get; none keeps that of each volume."""
    interpolation: Interpolation = "cubic"
    """Interpolation of images to preparing.spacing and back; the mask takes its nearest voxel."""
    source_normalisation: Annotated[Normaliser, MemberOf("medtrans.preparing.normalisation")] = Percentiles()
    """Normalisation of sources."""
    target_normalisation: Annotated[Normaliser, MemberOf("medtrans.preparing.normalisation")] = Linear()
    """Normalisation of targets."""
    spatial_dims: Literal[2, 3] = 2
    """2 translates slice by slice, 3 block by block."""
    plane: Literal["axial", "coronal", "sagittal"] = "axial"
    """Plane of the slices, in 2D."""
    slices: Annotated[int, Ge(1)] = 5
    """Number of adjacent slices of the source as input channels (2.5D), in 2D; odd."""
    patch: tuple[int, ...] = ()
    """Size of training patches in voxels; none takes whole slices, or whole volumes. In 3D also the size of the sliding
    window (translating.window)."""
    body_mask: Literal["otsu", "nonzero", "none"] = "otsu"
    """Method that finds the body in a source: otsu for heads with air around; nonzero for images whose background is
    one value, such as a brain cut out of its head; none where every voxel counts."""
    augmentation: tuple[AugmentationStep, ...] = ()
    """Spatial transforms of source and target, and degradations of the source, in this order."""
    takes_ct: bool = False
    """Whether a CT is taken as one more contrast of MR, its HU from 0 to 80: for models that were trained so, as by CT
    among painting.contrasts."""
    conditions: tuple[str, ...] = ()
    """Columns of reading.table that are given to the model, in this order: numbers such as a slice thickness."""

    def __post_init__(self) -> None:
        in_order = all(letter in "RLAPSI"[2 * axis : 2 * axis + 2] for axis, letter in enumerate(self.orientation[:3]))
        if not in_order and (self.spatial_dims == 2 or any(isinstance(step, Flip) for step in self.augmentation)):
            what = f"{self.orientation!r} has its axes in another order than RAS, which slices and flips rely on"
            raise UsageError("preparing.orientation", what, "set RAS or a flip of it such as LPS")
        if self.slices % 2 == 0:
            what = f"{self.slices} slices have no middle slice, which is the one that is translated"
            raise UsageError("preparing.slices", what, f"set {self.slices - 1} or {self.slices + 1}")
        if self.patch and (len(self.patch) != self.spatial_dims or min(self.patch) < 1):
            what = f"{list(self.patch)} is not a size in {self.spatial_dims}D"
            raise UsageError("preparing.patch", what, f"give {self.spatial_dims} numbers of voxels")
        if self.spacing and not min(self.spacing) > 0:
            what = f"{list(self.spacing)} is not a voxel size, which is above 0"
            raise UsageError("preparing.spacing", what, "give three numbers of millimetres")

    def for_modalities(self, source: Modality, target: Modality) -> Self:
        """These settings with the defaults of two modalities. Raises UsageError where a normalisation is unsuitable."""
        where = ["preparing.source_normalisation", "preparing.target_normalisation"]
        if self.takes_ct and source.name != "MR":
            raise UsageError("preparing.takes_ct", f"has no meaning for sources of {source.name}", "leave it out")
        sources = self.source_normalisation.for_modality(source, where[0])
        targets = self.target_normalisation.for_modality(target, where[1])
        if target.quantitative and not targets.keeps_unit:
            what = f"{targets.to_dict()['name']} gives each image a scale of its own, so that {target.unit} are lost"
            # Of a method without targets, whose images are both, only the first of the two can be set.
            alike = source == target and sources == targets
            raise UsageError(" and ".join(where) if alike else where[1], what, "set {name: linear}")
        return replace(self, source_normalisation=sources, target_normalisation=targets)

    def own_targets(self, where: str) -> Self:
        """For a method whose images are their own targets: both sides prepared alike, no neighbouring slices."""
        alike = replace(self, target_normalisation=self.source_normalisation, slices=1)
        usual = PreparingSettings()
        for key in ("target_normalisation", "slices"):
            if getattr(self, key) not in (getattr(usual, key), getattr(alike, key)):
                raise UsageError(f"{where}.{key}", "has no meaning here: each image is its own target", "leave it out")
        return alike
