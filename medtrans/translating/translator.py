"""Translator: a model, loaded once, applied to many volumes.

    translated = restore(sweep(G, normalise(source)))

in the source's own grid, whatever happened in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from medtrans.core.errors import EnvironmentRefused, InputRefused, ModelRefused
from medtrans.core.method import Method, Translates
from medtrans.core.volume import Volume
from medtrans.preparing.preparation import Preparation, Prepared
from medtrans.reading.checks import judge
from medtrans.translating.contract import assert_same_place, beyond, hounsfield
from medtrans.translating.device import find_device, repeatable
from medtrans.translating.model import load_model, model_hash
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.windows import sweep

OnProgress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Translation:
    """A translated volume and the facts of its making."""

    volume: Volume
    """On the source's grid: int16 HU for CT, else float32."""
    unit: str
    clipped_fraction: float
    """Share of the body's voxels that HU had to be clipped at; 0 where nothing is clipped."""
    seconds: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Identity:
    """Which model this is: what a sidecar and a ledger name."""

    name: str = "unsaved"
    sha256: str = ""
    config: dict[str, Any] = field(default_factory=dict)


class Translator:
    """Calls one model on many volumes: the same input gives the same output, on the same build and device."""

    def __init__(
        self,
        method: Method,
        preparation: Preparation,
        settings: TranslatingSettings | None = None,
        *,
        device: str = "auto",
        threads: int | None = None,
        identity: Identity | None = None,
    ) -> None:
        """Puts `method` on the device and in eval mode. Raises ModelRefused, EnvironmentRefused."""
        if not isinstance(method, Translates):
            raise ModelRefused(type(method).__name__, "does not translate", "give the model of a translating method")
        if threads:
            torch.set_num_threads(threads)
        self.device = find_device(device)
        self.method = method.to(self.device).eval()
        self.preparation = preparation
        self.settings = settings or TranslatingSettings()
        self.identity = identity or Identity()

    @classmethod
    def load(
        cls,
        folder: str | Path,
        device: str = "auto",
        threads: int | None = None,
        *,
        settings: TranslatingSettings | None = None,
    ) -> Self:
        """From a model folder; `settings` instead of those saved with it. Raises ModelRefused, EnvironmentRefused."""
        find_device(device)
        method, preparation, config = load_model(folder)
        name = str(config["card"].get("name") or Path(folder).resolve().name)
        settings = settings or TranslatingSettings.from_dict(config["translating"], "translating")
        identity = Identity(name, model_hash(folder), config)
        return cls(method, preparation, settings, device=device, threads=threads, identity=identity)

    @property
    def channels(self) -> int:
        """How many channels a source must have."""
        prepared = self.preparation.settings
        return int(self.method.task.source_channels // (prepared.stack if prepared.spatial_dims == 2 else 1))

    def __call__(self, volume: Volume, mask: Volume | None = None) -> Volume:
        """The translated volume, in the place of `volume`. Raises InputRefused."""
        return self.translate(volume, mask).volume

    def translate(
        self,
        volume: Volume,
        mask: Volume | None = None,
        *,
        where: str = "volume",
        on_progress: OnProgress | None = None,
    ) -> Translation:
        """Translate `volume`; `mask` is its body, found in the volume if not given.

        `where` names the volume in messages. Raises InputRefused on a volume that must not be translated, ModelRefused
        on a model that makes no sense of it, EnvironmentRefused when memory runs out.
        """
        began = time.monotonic()
        warnings = self._admit(volume, where)
        prepared = self.preparation.source(volume, mask)
        try:
            voxels = self._sweep(prepared, on_progress)
        except (MemoryError, RuntimeError) as reason:
            if not isinstance(reason, (MemoryError, torch.OutOfMemoryError)) and "allocate memory" not in str(reason):
                raise
            raise EnvironmentRefused(where, "does not fit into memory", "lower translating.batch or patch") from reason
        if not np.isfinite(voxels).all():
            raise ModelRefused(where, "the model made values that are not finite", "train it again, or another one")
        translated, clipped = self._finish(voxels, prepared)
        assert_same_place(volume, translated)
        unit = self.preparation.settings.target.unit
        return Translation(translated, unit, clipped, time.monotonic() - began, tuple(warnings))

    def _sweep(self, prepared: Prepared, on_progress: OnProgress | None) -> np.ndarray:
        """The target's normalised voxels on the prepared grid; its background outside the body."""
        asked, settings = self.preparation.settings, self.settings
        with repeatable(self.device):
            out = sweep(
                prepared.voxels,
                self._predict,
                spatial_dims=asked.spatial_dims,
                plane=asked.plane,
                stack=asked.stack,
                patch=asked.patch,
                overlap=settings.overlap,
                blending=settings.blending,
                background=prepared.background,
                target_background=asked.target.background,
                within=prepared.within if settings.skip_air else None,
                divisor=self.method.divisor,
                batch=settings.batch,
                device=self.device,
                target_channels=self.method.task.target_channels,
                on_progress=on_progress,
            )
        out[:, ~prepared.within] = asked.target.background
        return out

    def _finish(self, voxels: np.ndarray, prepared: Prepared) -> tuple[Volume, float]:
        """On the original grid, in the target's unit, and the share of the body that had to be clipped."""
        restored, target = self.preparation.restore(voxels, prepared), self.preparation.settings.target
        air, low, high = target.restore(np.array([target.background, -1, 1], np.float32)).tolist()
        if self.preparation.settings.spacing is not None:
            # Resampling smears the border of the body into the air around it.
            outside = prepared.undo(prepared.within[None].astype(np.float32), 0.0)[0] < 0.5
            restored.voxels[:, outside] = air
        if target.unit != "HU":
            return restored.like(restored.voxels.astype(np.float32, copy=False)), 0.0
        clipped = beyond(target.restore(voxels[:, prepared.within]), low, high)
        return restored.like(hounsfield(restored.voxels, low, high)), clipped

    def _predict(self, source: Tensor) -> Tensor:
        return self.method.translate(source)

    def _admit(self, volume: Volume, where: str) -> list[str]:
        """Refuse what must not be translated; the rest of the findings as warnings."""
        if volume.channels != self.channels:
            what = f"has {volume.channels} channel{'s' if volume.channels > 1 else ''}, the model takes {self.channels}"
            raise InputRefused(where, what, "give the contrasts it was trained on, in that order")
        findings = judge(volume, where)
        for finding in findings:
            if finding.severity == "refuse":
                raise InputRefused(where, finding.what, finding.advice)
        return [finding.what for finding in findings if finding.severity == "warn"]
