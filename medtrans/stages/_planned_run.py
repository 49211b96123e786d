"""Plan of a run, from a trial of a few steps: cases by split, voxel sizes, memory, time, and files with their sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self, get_args

from medtrans.core.case import Case, Split
from medtrans.core.tables import text_table
from medtrans.reading.extents import Extent, voxels_and_fields
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Measured on a few cases and steps; seconds by the wall clock."""

    step: float
    """Mean of the steps after the first."""
    first_step: float
    validation: float
    """Of one case: translated and scored."""
    preparing: float
    """Of one case."""
    memory_gb: float
    """Most memory of the process."""
    free_gb: float
    checkpoint_bytes: int
    model_bytes: int


@dataclass(frozen=True)
class PlannedRun:
    """What a run will do and take."""

    folder: str
    cases: dict[str, dict[str, int]]
    """Split → number of cases and subjects."""
    voxels: dict[str, dict[str, Any]]
    """Role → median, smallest and largest voxel size, mm along left-right, posterior-anterior, inferior-superior."""
    trial: Trial
    tried: int
    """Cases of the trial."""
    hours: dict[str, float]
    """Stage → hours."""
    files: dict[str, int]
    """File or folder of the run → bytes, estimated."""

    @classmethod
    def of(cls, recipe: Recipe, run: RunFolder, cases: Sequence[Case], trial: Trial, cache: int, *, tried: int) -> Self:
        """From the measured `trial`, and the bytes of all prepared training cases."""
        by_split = {split: [case for case in cases if case.split == split] for split in get_args(Split)}
        counts = {
            split: {"cases": len(own), "subjects": len({c.subject for c in own})} for split, own in by_split.items()
        }
        roles = {
            "source": [c.sources[0] for c in cases if c.sources],
            "target": [c.targets[0] for c in cases if c.targets],
        }
        voxels = {
            role: Extent.of([voxel for voxel, _ in voxels_and_fields(paths)]).to_dict()
            for role, paths in roles.items()
            if paths
        }
        return cls(
            str(run.path),
            counts,
            voxels,
            trial,
            tried,
            _hours(recipe, by_split, trial),
            _files(run, by_split, trial, cache),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """For the terminal."""
        trial = self.trial
        splits = ", ".join(f"{own['cases']} {split}" for split, own in self.cases.items())
        subjects = sum(own["subjects"] for own in self.cases.values())
        lines = [("cases", f"{splits}; {subjects} subjects")]
        lines += [(f"{role} voxels", _voxel_text(size)) for role, size in self.voxels.items()]
        memory = f"{trial.memory_gb:.1f} GB at most in the trial; {trial.free_gb:.1f} GB are free now"
        lines += [("trial", f"{trial.step:.3g} s a step, with {self.tried} cases"), ("memory", memory)]
        parts = ", ".join(f"{stage} {_time(hours)}" for stage, hours in self.hours.items())
        lines.append(("time", f"about {_time(sum(self.hours.values()))}: {parts}"))
        disk = sum(self.files.values())
        lines.append(("disk", f"about {_size(disk)} in {self.folder}"))
        lines += [("", f"{name}  {_size(size)}") for name, size in self.files.items()]
        return text_table([{"what": name, "text": text} for name, text in lines], left=("text",), header=False)


def _hours(recipe: Recipe, by_split: dict[str, list[Case]], trial: Trial) -> dict[str, float]:
    training, cases = recipe.training, sum(map(len, by_split.values()))
    validations = -(-training.steps // training.validate_every) if trial.validation else 0
    each = trial.validation * len(by_split["validation"])
    steps = training.steps * trial.step + validations * each
    if training.minutes:
        steps = min(steps, training.minutes * 60 + each)
    seconds = {
        "preparing": trial.preparing * cases,
        "training": steps,
        "translating and scoring": trial.validation * len(by_split["test"]),
    }
    return {stage: value / 3600 for stage, value in seconds.items()}


def _files(run: RunFolder, by_split: dict[str, list[Case]], trial: Trial, cache: int) -> dict[str, int]:
    """A checkpoint is written beside the last one, and a model too."""
    translated = sum(path.stat().st_size for case in by_split["test"] for path in case.sources[:1] if path.is_file())
    sizes = {
        run.recipe: 0,
        run.preparation: 0,
        run.cache: cache,
        run.checkpoint.parent: 2 * trial.checkpoint_bytes,
        run.journal: 0,
        run.model: 2 * trial.model_bytes,
        run.translations: 2 * translated,
        run.scores_json: 0,
        run.report: 0,
    }
    return {path.name: size for path, size in sizes.items()}


def _voxel_text(size: dict[str, Any]) -> str:
    text = " × ".join(f"{side:.3g}" for side in size["median"]) + " mm"
    if size["low"] == size["high"]:
        return text
    low, high = (" × ".join(f"{side:.3g}" for side in size[end]) for end in ("low", "high"))
    return f"{text} (median; {low} to {high})"


def _time(hours: float) -> str:
    if hours >= 1:
        return f"{hours:.1f} h"
    return f"{hours * 60:.0f} min" if hours * 60 >= 1 else f"{hours * 3600:.0f} s"


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB" if size else "small"
