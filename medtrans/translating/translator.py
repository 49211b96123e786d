"""Translator: a model, loaded once, applied to many volumes.

    translated = restore(sweep(G, normalise(source)))

in the source's own grid, whatever happened in between.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from medtrans.core.errors import EnvironmentRefused, InputRefused, ModelRefused, UsageError
from medtrans.core.method import Method, Translates
from medtrans.core.volume import Volume
from medtrans.models.folder import load_model, model_hash
from medtrans.preparing.preparation import Preparation, Prepared
from medtrans.reading.checks import judge
from medtrans.translating.device import find_device, repeatable
from medtrans.translating.moments import Moments
from medtrans.translating.output_checks import assert_same_geometry, clipped_fraction, hounsfield
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.sliding_window import WINDOW, sweep

OnProgress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Translation:
    """A translated volume and the facts of its making."""

    volume: Volume
    """On the source's grid: int16 HU for CT, whole numbers for labels, else float32."""
    unit: str
    clipped_fraction: float
    """Share of the body's voxels that HU had to be clipped at; 0 where nothing is clipped."""
    seconds: float
    warnings: tuple[str, ...] = ()
    spread: Volume | None = None
    """Standard deviation over the samples, in the same unit: float32. None where one answer was made."""


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
        """Puts `method` on the device and in eval mode. Raises ModelRefused, UsageError, EnvironmentRefused."""
        if not isinstance(method, Translates):
            raise ModelRefused(type(method).__name__, "does not translate", "give the model of a translating method")
        if threads:
            torch.set_num_threads(threads)
        self.device = find_device(device)
        self.method = method.to(self.device).eval()
        self.preparation = preparation
        self.settings = settings or TranslatingSettings()
        self.settings.assert_fits(preparation.settings.spatial_dims)
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
        if settings is None:
            settings = TranslatingSettings.from_dict(config["translating"], "translating")
            try:
                settings.assert_fits(preparation.settings.spatial_dims)
            except UsageError as reason:
                raise ModelRefused(folder, f"cannot be used: {reason}", "mend its config.json") from reason
        identity = Identity(name, model_hash(folder), config)
        return cls(method, preparation, settings, device=device, threads=threads, identity=identity)

    @property
    def asked(self) -> dict[str, object]:
        """How the model is led over a volume."""
        return replace(self.settings, window=self._window()).to_dict()

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
        condition: Mapping[str, float] | None = None,
        where: str = "volume",
        on_progress: OnProgress | None = None,
    ) -> Translation:
        """Translate `volume`; `mask` is its body, found in the volume if not given.

        `condition` is what is known of the case, for models that want to be told; `where` names the volume in messages.
        A method that draws its answers draws `settings.samples` of them and gives their mean and spread.
        Raises InputRefused on a volume that must not be translated, UsageError on an unknown condition, ModelRefused on
        a model that makes no sense of it, EnvironmentRefused when memory runs out.
        """
        began = time.monotonic()
        warnings = self._admit(volume, where)
        told = self.preparation.condition(condition or {}, where)
        prepared = self.preparation.source(volume, mask)
        try:
            voxels, deviation = self._answer(prepared, told, on_progress)
        except (MemoryError, RuntimeError) as reason:
            if not isinstance(reason, (MemoryError, torch.OutOfMemoryError)) and "allocate memory" not in str(reason):
                raise
            raise EnvironmentRefused(
                where, "does not fit into memory", "lower translating.batch or translating.window"
            ) from reason
        if not np.isfinite(voxels).all():
            raise ModelRefused(where, "the model made values that are not finite", "train it again, or another one")
        translated, clipped = self._finish(voxels, prepared)
        assert_same_geometry(volume, translated)
        unit = self.preparation.settings.target.unit
        spread = None if deviation is None else self._spread(voxels, deviation, prepared)
        return Translation(translated, unit, clipped, time.monotonic() - began, tuple(warnings), spread)

    def _answer(
        self, prepared: Prepared, told: Sequence[float], on_progress: OnProgress | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Normalised voxels on the prepared grid, and their standard deviation where several answers are drawn."""
        count = self.settings.samples if self.method.noise_channels else 1
        drawn = Moments()
        for number in range(count):

            def shown(share: float, number: int = number) -> None:
                if on_progress:
                    on_progress((number + share) / count)

            drawn.add(self._sweep(prepared, told, self._noise(prepared, number), shown))
        return drawn.mean, np.sqrt(drawn.variance) if count > 1 else None

    def _noise(self, prepared: Prepared, number: int) -> np.ndarray | None:
        """Of sample `number`, for every voxel of the prepared grid: (noise channel, i, j, k)."""
        if not self.method.noise_channels:
            return None
        dice = np.random.default_rng([self.settings.seed, number])
        return dice.standard_normal((self.method.noise_channels, *prepared.within.shape), np.float32)

    def _sweep(
        self, prepared: Prepared, told: Sequence[float], noise: np.ndarray | None, on_progress: OnProgress
    ) -> np.ndarray:
        """The target's normalised voxels on the prepared grid; its background outside the body."""
        asked, settings = self.preparation.settings, self.settings
        with repeatable(self.device):
            out = sweep(
                prepared.voxels,
                functools.partial(self._predict, told),
                spatial_dims=asked.spatial_dims,
                plane=asked.plane,
                stack=asked.stack,
                patch=self._window(),
                overlap=settings.overlap,
                blending=settings.blending,
                background=prepared.background,
                target_background=asked.target.background,
                within=prepared.within if settings.skip_air else None,
                divisor=self.method.divisor,
                noise=noise,
                batch=settings.batch,
                device=self.device,
                target_channels=self.method.task.target_channels,
                on_progress=on_progress,
            )
        out[:, ~prepared.within] = asked.target.background
        return out

    def _window(self) -> tuple[int, ...]:
        """Sides of a window; empty for a whole slice or volume."""
        asked, wanted = self.preparation.settings, self.settings.window
        if wanted or self.method.divisor == asked.patch:
            return wanted or asked.patch
        return tuple(max(side, WINDOW) for side in asked.patch) if asked.spatial_dims == 3 else ()

    def _finish(self, voxels: np.ndarray, prepared: Prepared) -> tuple[Volume, float]:
        """On the original grid, in the target's unit, and the share of the body that had to be clipped."""
        restored, target = self.preparation.restore(voxels, prepared), self.preparation.settings.target
        air, low, high = target.restore(np.array([target.background, -1, 1], np.float32)).tolist()
        if self.preparation.settings.spacing is not None:
            # Resampling smears the border of the body into the air around it.
            outside = prepared.undo(prepared.within[None].astype(np.float32), 0.0)[0] < 0.5
            restored.voxels[:, outside] = air
        if target.unit != "HU":
            return restored, 0.0
        clipped = clipped_fraction(target.restore(voxels[:, prepared.within]), low, high)
        return restored.like(hounsfield(restored.voxels, low, high)), clipped

    def _spread(self, voxels: np.ndarray, deviation: np.ndarray, prepared: Prepared) -> Volume:
        """The standard deviation in the target's unit, on the original grid: how far one deviation more would reach."""
        one, more = (self.preparation.restore(each, prepared).voxels for each in (voxels, voxels + deviation))
        return prepared.original.like(np.abs(more - one).astype(np.float32))

    def _predict(self, told: Sequence[float], x: Tensor) -> Tensor:
        """`x` is a batch of windows, noise after the source's channels."""
        source, noise = x.split([x.shape[1] - self.method.noise_channels, self.method.noise_channels], dim=1)
        condition = torch.tensor([told] * len(x), device=x.device) if told else None
        drawn = {"noise": noise} if self.method.noise_channels else {}
        return self.method.translate(source, condition, **drawn)

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
