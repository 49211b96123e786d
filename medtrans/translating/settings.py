"""Settings of translation: windows, blending, batches, samples and the mirrored mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

from annotated_types import Ge, Interval, Le

from medtrans.core.errors import UsageError
from medtrans.core.method import Denoises, Method
from medtrans.core.settings import Settings
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.settings import PreparingSettings
from medtrans.preparing.transforms.flip import Flip


@dataclass(frozen=True, kw_only=True)
class TranslatingSettings(Settings):
    window: tuple[Annotated[int, Ge(1)], ...] = ()
    """Voxels of a window. Empty: whole slices in 2D; in 3D 128 a side, or preparing.patch where that is larger. Larger
    windows leave fewer seams and take more memory."""
    overlap: Annotated[float, Ge(0), Le(0.9)] = 0.5
    """Fraction of a window that its neighbour covers too. Whole slices do not overlap."""
    blending: Literal["gaussian", "hann"] = "gaussian"
    """Shape of the weights of a window, which decrease towards its border."""
    batch: Annotated[int, Ge(1)] = 4
    """Slices or windows translated at once, of large windows fewer; more than a few are slower on a CPU. The result
    does not depend on it."""
    seed: Annotated[int, Ge(0)] = 0
    """Seed of the noise of stochastic methods; the same seed gives the same translation."""
    samples: Annotated[int, Ge(1)] = 1
    """Samples of a stochastic method: their mean is the translation, their standard deviation the uncertainty."""
    uncertainty: bool = False
    """Also write the uncertainty that a model with quantiles gives for its single answer, in twice the time; ensembles
    and samples give theirs without it."""
    mirror: Literal["none", "left_right"] = "none"
    """left_right: mean of the prediction and that of the volume with left and right mirrored, mirrored back. It takes
    twice the time; only for models that were trained with the augmentation flip and draw no samples."""
    skip_background: bool = True
    """Do not predict slices and windows without body voxels; they get the background of the target."""
    data_consistency: Annotated[float, Interval(ge=0, lt=1)] | None = None
    """Change each translation as little as makes it, degraded again, equal its source; needs the record of one linear
    degradation beside each source, or degrading. The value is the noise of the source as a share of its signal, within
    which they shall agree: 0 for exactly. null: do not."""
    posterior_sampling: Annotated[float, Interval(ge=0, lt=1)] | None = None
    """Draw each translation given the measurements of its source: by diffusion, or rectified_flow from noise, as the
    prior, and the record of one linear degradation, as for data_consistency, in place of which it stands. The value is
    the noise of the source as a share of its signal. null: do not."""
    smallest_body: Annotated[float, Interval(gt=0)] | None = None
    """Litres. A source whose body is smaller is doubted, and refused below 70 % of it: a brain without its skull, or a
    part of a head, given to a model of whole heads. null: any size."""
    reclassified: tuple[Annotated[int, Ge(1)], ...] = ()
    """Labels of a segmenter, or numbers of classes of a generator of class_means, that are classified again by the
    intensities of the image itself, with a Gaussian mixture and a bias field for which the network is the prior: those
    of a brain, whose brightness differs. Empty: none."""
    keeps_t1: bool = False
    """Of a source that is T1-weighted already: the source itself, on the scale of the model, with what the translation
    adds to it where its slices are thick. For a model that makes T1 on a linear scale."""
    grid: Literal["source", "model"] = "source"
    """Voxels of a translation: those of its source, or of preparing.spacing, for a model that makes voxels smaller."""

    @property
    def scored(self) -> Self:
        """These settings for a translation that is compared with a target, on the grid of both."""
        return replace(self, grid="source")

    @property
    def in_source_unit(self) -> bool:
        """Whether translations agree with their sources, by a record of the degradation of each."""
        return self.data_consistency is not None or self.posterior_sampling is not None

    def assert_fits(self, preparing: PreparingSettings, method: Method | None = None) -> None:
        """Raises UsageError on a window with the wrong number of sides, and where the method does not fit."""
        dims = preparing.spatial_dims
        if self.window and len(self.window) != dims:
            what = f"{list(self.window)} is no size in {dims}D"
            raise UsageError("translating.window", what, f"give {dims} numbers of voxels")
        if self.grid == "model" and preparing.spacing is None:
            raise UsageError(
                "translating.grid", "is model, but preparing.spacing sets no voxel size", "set both or none"
            )
        if self.reclassified:
            _refuse_other_labels(self.reclassified, preparing, method)
        alone = method is None or method.task.target_channels == 1
        if self.keeps_t1 and not (alone and isinstance(preparing.target_normalisation, Linear)):
            what = "is for models that make a T1, and nothing else, on a linear scale"
            raise UsageError("translating.keeps_t1", what, "leave it out")
        if self.mirror != "none":
            _refuse_mirrored(preparing, method)
        if self.posterior_sampling is not None:
            _refuse_without_posterior(self, method)


def _refuse_other_labels(reclassified: tuple[int, ...], preparing: PreparingSettings, method: Method | None) -> None:
    where, labels = "translating.reclassified", getattr(preparing.target_normalisation, "labels", ())
    labels = labels or (tuple(range(1, len(method.class_means))) if method else reclassified)
    if not labels:
        raise UsageError(where, "is for segmenters and class_means, and the model has no classes", "leave it empty")
    if other := [label for label in reclassified if label not in labels]:
        what = f"has {', '.join(map(str, other))}, which the model does not know"
        raise UsageError(where, what, f"choose among its labels: {', '.join(map(str, labels))}")
    if len(set(reclassified)) < 2:
        raise UsageError(where, "has one label, and needs another beside it", "give two or more, or none")


def _refuse_without_posterior(settings: TranslatingSettings, method: Method | None) -> None:
    where, advice = "translating.posterior_sampling", "set null (--posterior-sampling off)"
    if settings.data_consistency is not None:
        raise UsageError(where, "is set beside data_consistency, in place of which it stands", "set one to null (off)")
    if method and not (isinstance(method, Denoises) and method.noise_channels):
        what = f"needs images drawn from noise, level by level, which {type(method).__name__} does not do"
        raise UsageError(where, what, f"{advice}, or take diffusion, or rectified_flow with start: noise")


def _refuse_mirrored(preparing: PreparingSettings, method: Method | None) -> None:
    advice = "set none (--no-mirror)"
    if not any(isinstance(step, Flip) for step in preparing.augmentation):
        what = "mirrored images are new to a model that is trained without flips"
        raise UsageError(
            "translating.mirror", what, f"{advice}, or train with preparing.augmentation: [{{name: flip}}]"
        )
    if (preparing.spatial_dims, preparing.plane, preparing.slices) == (2, "sagittal", 1):
        raise UsageError("translating.mirror", "a mirrored volume has the same single sagittal slices", advice)
    if method and method.noise_channels:
        # The standard deviation of such means would be too small.
        what = "the model draws samples, and the mean of two samples is none"
        raise UsageError("translating.mirror", what, f"{advice}, and more translating.samples")
