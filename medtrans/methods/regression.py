"""Masked L1 regression: the strongest plain baseline.

    min_G  E | G(x) - y | + segmenter_feature_weight Σ_l | φ_l(G(x)) - φ_l(y) |    over the voxels of the body

    residual: G(x) = x + N(x), N the network. Kim, Lee and Lee, CVPR 2016, https://arxiv.org/abs/1511.04587
    quantiles p < q: + E ρ_p(y - G(x) + N_p(x)) + E ρ_q(y - G(x) - N_q(x)),  ρ: losses/pinball, N_p, N_q ≥ 0 further
    channels of the network, through which G(x) is not trained. Koenker and Bassett, Econometrica 1978
    degrading.null_space: A⁺ A y + (1 - A⁺ A) G(x) for G(x), where A made x from y        Schwab et al. 2019

x is the source, y the target; φ are the features of a frozen segmenter of targets, where one is given: Longuefosse et
al., PMB 2025, https://arxiv.org/abs/2410.10328. Of MR to CT in SynthRAD2025 the winner and the third are regressions
with a feature loss, not GANs (Rogowski et al., https://arxiv.org/abs/2605.13555, reports the challenge). A family of
methods, without one set of published settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any

from annotated_types import Ge, Interval
from torch import Tensor, nn
from torch.nn.functional import softplus

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.losses._masked_mean import l1
from medtrans.losses.feature import feature_distance
from medtrans.losses.pinball import pinball
from medtrans.networks._conditioning import with_condition
from medtrans.networks._settings import Generator
from medtrans.networks._slice_stack import middle_slices
from medtrans.networks.class_means import ClassMeansSettings
from medtrans.networks.unet import UNetSettings

MEDIAN = 0.5


@dataclass(frozen=True, kw_only=True)
class RegressionSettings(Settings):
    generator: Generator = UNetSettings()
    """The network G from source to target."""
    residual: bool = False
    """Whether the network learns the difference of target and source (its middle slice): for sources that are the
    target worsened, in its unit."""
    segmenter: Path | None = None
    """Model folder of a segmenter trained on real targets, for the feature loss."""
    segmenter_feature_weight: Annotated[float, Ge(0)] = 1.0
    """Weight of the feature loss, where there is a segmenter."""
    quantiles: tuple[Annotated[float, Interval(gt=0, lt=1)], ...] = ()
    """Two quantiles of the target that are learnt beside its median, such as [0.05, 0.95]: their distance is the
    uncertainty, which `medtrans audit calibrate` calibrates and translating.uncertainty writes. Empty: none."""

    def refuse_invalid(self, where: str) -> None:
        """As of all Settings. Raises UsageError also where quantiles are not one below and one above the median."""
        super().refuse_invalid(where)
        if self.quantiles and not (len(self.quantiles) == 2 and self.quantiles[0] < MEDIAN < self.quantiles[1]):
            what = f"{list(self.quantiles)} are not one quantile below and one above the median"
            raise UsageError(f"{where}.quantiles", what, "give two, such as [0.05, 0.95]")


class Regression(Method):
    """One player: the generator. Conditions of a case are further channels of its source."""

    Settings = RegressionSettings
    optimizer = OptimizerSettings(learning_rate=1e-3)
    """Adam's own values: there is no one paper."""
    uses_conditions = True
    weighs_voxels = True
    trains_null_space = True
    segmenter: Any
    """The attached method with features, if any."""

    def __init__(self, task: Task, settings: RegressionSettings) -> None:
        super().__init__(task, settings)
        channels = task.source_channels + task.conditions
        heads = 1 + len(settings.quantiles)
        self.G = settings.generator.build(task.spatial_dims, channels, heads * task.target_channels)
        self.gives_spread = bool(settings.quantiles)
        if isinstance(settings.generator, ClassMeansSettings) and heads * task.target_channels == 1:
            self.class_means = () if settings.residual else settings.generator.means
        self.divisor = settings.generator.divisor
        self.middle = middle_slices(task) if settings.residual else None

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G]}

    @classmethod
    def requires_models(cls, settings: RegressionSettings) -> dict[str, Path]:
        return {"segmenter": settings.segmenter} if settings.segmenter else {}

    def attach_frozen(self, name: str, other: Method) -> None:
        theirs, ours = other.task, self.task
        same = (theirs.spatial_dims, theirs.source_channels) == (ours.spatial_dims, ours.target_channels)
        if not hasattr(other, "features") or not same:
            what = f"gives no features of {ours.target_channels} target channels in {ours.spatial_dims}D"
            raise UsageError("method.segmenter", what, "train a segmenter on such targets, with preparing.slices: 1")
        super().attach_frozen(name, other)

    @classmethod
    def terms(cls, settings: RegressionSettings) -> dict[str, Term]:
        terms = {"generator/l1": Term("mean absolute error", masked=True)}
        if settings.segmenter:
            text = "mean absolute difference of the features of a frozen segmenter (Longuefosse et al., PMB 2025)"
            said = "segmenter", "segmenter_feature_weight"
            terms["generator/features"] = Term(text, settings.segmenter_feature_weight, masked=True, settings=said)
        for quantile in settings.quantiles:
            text = f"pinball loss of the quantile {quantile:g} (Koenker and Bassett, Econometrica 1978)"
            terms[f"generator/quantile_{quantile:g}"] = Term(text, masked=True, settings=("quantiles",))
        return terms

    @classmethod
    def unused(cls, settings: RegressionSettings) -> tuple[str, ...]:
        return () if settings.segmenter else ("segmenter_feature_weight",)

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        y, (fake, *distances) = batch.target, self._heads(batch.source, batch.condition)
        if batch.null_space is not None:
            fake = y + batch.null_space(fake - y)
        terms = {"l1": l1(fake, y, batch.mask)}
        if self.settings.segmenter:
            features, target_features = self.segmenter.features(fake), self.segmenter.features(y)
            weight = self.settings.segmenter_feature_weight
            terms["features"] = weight * feature_distance(features, target_features, batch.mask)
        for quantile, distance in zip(self.settings.quantiles, distances, strict=True):
            end = fake.detach() + (distance if quantile > MEDIAN else -distance)
            terms[f"quantile_{quantile:g}"] = pinball(end, y, quantile, batch.mask)
        yield "generator", terms

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self._heads(source, condition)[0]

    def classes(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        """Of a generator of class means: the probability of each class but the first, from -1 to 1."""
        probabilities: Tensor = self.G(with_condition(source, condition), classes=True)
        return 2 * probabilities[:, 1:] - 1

    def spread(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        """The standard deviation of a normal distribution that has these quantiles."""
        _, lower, upper = self._heads(source, condition)
        ends = [NormalDist().inv_cdf(quantile) for quantile in self.settings.quantiles]
        return (lower + upper) / (ends[1] - ends[0])

    def _heads(self, source: Tensor, condition: Tensor | None) -> list[Tensor]:
        """The median, and the distances of the quantiles from it."""
        y, *distances = self.G(with_condition(source, condition)).split(self.task.target_channels, dim=1)
        median = y if self.middle is None else source[:, self.middle] + y
        return [median, *map(softplus, distances)]
