"""Settings of the stage reading: where the files of a cohort are, and what kind of images they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Lt

from medtrans.core.errors import UsageError
from medtrans.core.modality import MODALITIES, ModalityName, find_modality
from medtrans.core.settings import Settings

EXAMPLES = {
    "source": "{pattern: '*_T1.nii.gz', modality: MR}",
    "target": "{pattern: '*_CT.nii.gz', modality: CT}",
}


@dataclass(frozen=True, kw_only=True)
class ImageSettings(Settings):
    pattern: str | tuple[str, ...] = ()
    """Pattern of the files, relative to the root, with *, **, {subject} and {session}; several become channels. None
    with a table."""
    modality: ModalityName
    """Kind of image: decides its unit, air, data type on disk, display windows and checks."""

    def __post_init__(self) -> None:
        find_modality(self.modality)
        if "" in self.patterns:
            raise UsageError("reading", "has an empty pattern", f"write source: {EXAMPLES['source']}")

    @property
    def patterns(self) -> tuple[str, ...]:
        """One pattern for each channel."""
        return (self.pattern,) if isinstance(self.pattern, str) else self.pattern


@dataclass(frozen=True, kw_only=True)
class FollowUpSettings(Settings):
    pairs: Literal["consecutive", "all"] = "consecutive"
    """Pairs of visits: each with the next one, or with every later one."""
    direction: Literal["predict", "harmonise"] = "predict"
    """predict: from the earlier visit to the later one. harmonise: from the later visit to the look of the earlier one,
    so that both can be subtracted."""


@dataclass(frozen=True, kw_only=True)
class ReadingSettings(Settings):
    root: Path = Path()
    """Folder from which the patterns and the paths in the table start; relative to the recipe."""
    source: ImageSettings
    """Source images."""
    target: ImageSettings | None = None
    """Target images; None for methods that need none."""
    mask: str | None = None
    """Pattern of the masks: translation, training and evaluation use the voxels above 0."""
    mask_label: Annotated[int | None, Ge(1)] = None
    """The value in a mask that counts, for masks of several values such as label maps; None for masks of two."""
    change: str | None = None
    """Pattern of the masks, above 0, of what changed since the visit before, for the metrics of change."""
    lesion: str | None = None
    """Pattern of the masks of lesions, above 0, on the grid of the source: training.lesion_weight weighs their
    voxels."""
    table: Path | None = None
    """CSV or TSV file in place of patterns, one case a line. Columns: subject, source (or source_1, source_2 …), and
    optionally target (or target_1 …), mask, change, lesion, name, session, date (YYYY-MM-DD), split, scanner; every
    other column may be a condition, a number."""
    follow_up: FollowUpSettings | None = None
    """Pairs of visits of one person as cases, {} for the defaults: the visits of a subject are ordered by the numbers
    of their sessions, else by date, and `years`, the time from source to target, becomes a condition where both have
    dates. The target is the same image at the other visit, unless reading.target names another one."""
    subject: str = ""
    """Regular expression that finds the subject in a case's name; with a group, the group. Empty: the entity sub- of
    BIDS, else the parts up to the first number (p07 of p07_v1, patient_01 of patient_01_v1), else the text before the
    first "_"."""
    validation_fraction: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Fraction of the subjects whose scores choose the best model."""
    fold: Annotated[int, Ge(0)] = 0
    """Which subjects validate, counted from 0: others in each fold, of which validation_fraction 0.2 gives up to five.
    The test subjects are the same in all."""
    folds: Annotated[int, Ge(2)] | None = None
    """Number of equal parts of the subjects that are not for the test, of which `fold` validates and the others train,
    in place of validation_fraction."""
    test_fraction: Annotated[float, Ge(0), Lt(1)] = 0.1
    """Fraction of the subjects that are only translated and scored at the end."""
    test_subjects: tuple[str, ...] = ()
    """Subjects of the test split, in place of a fraction. The table may not give them another split."""
    seed: Annotated[int, Ge(0)] = 0
    """Seed of the random split of the subjects."""

    def __post_init__(self) -> None:
        if self.mask == "":
            raise UsageError("reading.mask", "is an empty pattern", "write mask: '*_mask.nii.gz', or leave it out")
        if self.mask_label is not None and not (self.mask or self.table):
            raise UsageError("reading.mask_label", "is set, but no masks are", "set reading.mask, or take it out")

    @property
    def source_modality(self) -> ModalityName:
        """Modality of the source images."""
        return self.source.modality

    @property
    def target_modality(self) -> ModalityName:
        """Modality of the target images; that of the sources where there is no target."""
        return (self.target or self.source).modality

    @classmethod
    def nested(cls, values: Mapping[str, Any], where: str, build: Any) -> dict[str, Any]:
        """As of all Settings. Raises UsageError also where an image has no modality."""
        for role, example in EXAMPLES.items():
            if role in values or role == "source":
                _refuse_without_modality(values.get(role), f"{where}.{role}", f"write {role}: {example}")
        if values.get("follow_up") is not None and not values.get("target"):
            values = {**values, "target": values["source"]}
        return super().nested(values, where, build)


def _refuse_without_modality(value: Any, where: str, advice: str) -> None:
    if value is None and where.endswith("target"):
        return
    if value is None:
        raise UsageError(where, "is missing", advice)
    if isinstance(value, ImageSettings):
        return
    if not isinstance(value, Mapping):
        raise UsageError(where, f"{value!r} has no modality, which decides the unit of the voxels", advice)
    if "modality" not in value:
        choices = ", ".join(MODALITIES)
        what = "has no modality, which decides the unit of the voxels"
        raise UsageError(where, what, f"{advice}; choose from: {choices}")
