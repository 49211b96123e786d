"""Run folder: the names of all files of a run. No other module writes these names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run. Every stage resumes from the files that exist and belong to the recipe."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The resolved recipe, every default spelled out."""
        return self.path / "recipe.yaml"

    @property
    def lock(self) -> Path:
        """Held by the process that works in this folder."""
        return self.path / ".lock"

    @property
    def preparation(self) -> Path:
        """The preparation with the intensity statistics of the training cases."""
        return self.path / "preparation.json"

    @property
    def degraded(self) -> Path:
        """Folder of the sources that were made from targets, once for each case."""
        return self.path / "degraded"

    @property
    def painted(self) -> Path:
        """Folder of the pairs that were painted from label maps, once for each case."""
        return self.path / "painted"

    @property
    def registered(self) -> Path:
        """Folder of the targets that were registered with their sources, once for each case."""
        return self.path / "registered"

    @property
    def cache(self) -> Path:
        """Folder of prepared training volumes."""
        return self.path / "cache"

    @property
    def checkpoint(self) -> Path:
        """State of the training: weights, optimisers, step."""
        return self.path / "checkpoints" / "last.ckpt"

    @property
    def journal(self) -> Path:
        """Losses and validation scores by step."""
        return self.path / "journal.csv"

    @property
    def tensorboard(self) -> Path:
        """The same for TensorBoard, where the recipe wants it."""
        return self.path / "tensorboard"

    @property
    def model(self) -> Path:
        """The model folder that `medtrans translate` takes."""
        return self.path / "model"

    @property
    def translations(self) -> Path:
        """Folder of the translated test cases."""
        return self.path / "translations"

    def translation(self, case: str) -> Path:
        """The translated volume of a test case."""
        return self.translations / f"{case}.nii.gz"

    @property
    def samples(self) -> Path:
        """Folder of images generated from noise."""
        return self.path / "samples"

    @property
    def scores_csv(self) -> Path:
        """One row per case, system and metric."""
        return self.path / "scores.csv"

    @property
    def scores_wide_csv(self) -> Path:
        """One row per case and system, one column per metric."""
        return self.path / "scores_wide.csv"

    @property
    def scores_json(self) -> Path:
        """The same with its definition, the failed cases and the hashes of what was compared."""
        return self.path / "scores.json"

    @property
    def structures_csv(self) -> Path:
        """One row per case, system and segmented structure."""
        return self.path / "structures.csv"

    @property
    def tables_tex(self) -> Path:
        """LaTeX tables."""
        return self.path / "tables.tex"

    @property
    def report(self) -> Path:
        """The page of the run."""
        return self.path / "report.html"

    @property
    def audit(self) -> Path:
        """Folder of the audit: its page, tables and maps, and audit.json, where the recipe audits."""
        return self.path / "audit"

    @property
    def audit_page(self) -> Path:
        """Page of the audit."""
        return self.audit / "audit.html"

    def written(self) -> tuple[Path, ...]:
        """All that the stages of a run write, but the recipe and the lock."""
        folders = (
            self.degraded,
            self.painted,
            self.registered,
            self.cache,
            self.checkpoint.parent,
            self.tensorboard,
            self.model,
            self.translations,
            self.samples,
            self.audit,
        )
        scores = self.scores_csv, self.scores_wide_csv, self.scores_json, self.structures_csv, self.tables_tex
        return (*folders, self.preparation, self.journal, *scores, self.report)
