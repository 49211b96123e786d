"""Case to be scored: its volumes, and what else is known of it, from a run or from a folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from medtrans.core.known_operator import KnownOperator
from medtrans.core.metric import Borders
from medtrans.core.volume import Volume


class ScoringCase(ABC):
    """One case: each method reads when it is called, and its error fails this case alone."""

    name: str
    subject: str
    scanner: str = ""
    """As the table of cases names it; empty where it is unknown."""
    is_label_map: bool = False
    """Whether the target is one, which a preset of another modality scores."""
    source_given: bool = False
    """Whether the copied source is a baseline: the source is not the target itself and may have its unit. Where it then
    cannot be compared, there is a finding."""

    @abstractmethod
    def target(self) -> Volume:
        """The real image as it was measured."""

    @abstractmethod
    def translated(self) -> Volume:
        """The translation."""

    def mask(self, target: Volume) -> Volume | None:
        """The voxels that count, above 0; None for the whole volume."""
        return None

    def change(self) -> Volume | None:
        """Above 0 where the target differs from the source, a visit at another time; None where it is unknown."""
        return None

    def compared(self, target: Volume) -> Volume:
        """The target that a translation is compared with: of a label map, the labels that a model knows."""
        return target

    def in_written_unit(self, target: Volume) -> Volume:
        """The target in the unit of the translation, for images of both."""
        return target

    def written_percentiles(self) -> tuple[float, ...]:
        """Upper percentiles of the training targets, by channel, on whose scale a translation without a unit is.

        Empty where it has the unit of the target, or its scale is unknown.
        """
        return ()

    def source(self) -> Volume | None:
        """The source, for the page and the copied source; None where it is unknown or is the target itself."""
        return None

    def baselines(self, target: Volume) -> Mapping[str, Volume]:
        """Further baselines by name, on the grid of the target and in the unit of the translation."""
        return {}

    def window_borders(self) -> Borders | None:
        """Of the sliding windows of the translation; None where they are unknown."""
        return None

    def uncertainty(self) -> Volume | None:
        """The standard deviation that belongs to the translation."""
        return None

    def uncertainty_samples(self) -> int | None:
        """Number of samples of that standard deviation; None where it is unknown."""
        return None

    def known_operator(self, target: Volume) -> KnownOperator | None:
        """The one linear degradation that made the source from the target; None where it is unknown."""
        return None
