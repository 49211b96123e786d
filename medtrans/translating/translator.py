"""Translator: one model, loaded once, applied to many volumes.

    admit → prepare → predict → restore → check

The translated volume lies on the grid of its source, whatever happens in between.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from medtrans.core.ct_window import brain_window, ct_as_contrast, is_ct
from medtrans.core.errors import MedtransError, ModelRefused
from medtrans.core.finding import Finding
from medtrans.core.method import Method, Translates
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.models.config import model_hash
from medtrans.models.device import find_device, repeatable
from medtrans.models.engines import Engine, by_torch, find_engine
from medtrans.models.folder import load_model
from medtrans.models.shortcomings import read_shortcomings
from medtrans.preparing.geometry import ORDERS, grid_of_spacing, resample_like, spacing_along
from medtrans.preparing.preparation import Preparation, Prepared
from medtrans.reading.memory import TRANSLATING_FACTOR, memory_errors, refuse_without_memory
from medtrans.translating import t1_weighted
from medtrans.translating.admission import admit
from medtrans.translating.body import body_used, doubt_body, refuse_small_body
from medtrans.translating.data_consistency import Agreement, Measured, make_consistent
from medtrans.translating.gaussian_mixture import predict_reclassified
from medtrans.translating.output_checks import assert_same_geometry, to_whole_hu
from medtrans.translating.output_doubts import doubt_output
from medtrans.translating.posterior import Sampled, likelihood, sample_posterior
from medtrans.translating.prediction import Prediction, predict, refuse_not_finite, with_spread
from medtrans.translating.prior import Prior
from medtrans.translating.progress import OnProgress
from medtrans.translating.provenance import with_provenance
from medtrans.translating.restoration import restore, restore_uncertainty
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.sliding_window import WINDOW, SlidingWindow
from medtrans.translating.translation import UNNAMED, BodyUsed, Translation


@dataclass(frozen=True)
class Identity:
    """Name, hash and config.json of a model, for sidecar and ledger."""

    name: str = "unsaved"
    sha256: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Finding, ...] = ()
    """What its own test has shown."""


class Translator:
    """A model ready for use: the same input gives the same output, on the same build and device.

    It is never changed after it was made: `with_settings` returns another one.
    """

    def __init__(
        self,
        method: Method,
        preparation: Preparation,
        settings: TranslatingSettings | None = None,
        *,
        device: str = "auto",
        identity: Identity | None = None,
        engine: str = "torch",
        precision: str = "float32",
    ) -> None:
        """Puts `method` on the device and in eval mode; `engine` and `precision` as in models/engines.

        Raises ModelRefused, UsageError, EnvironmentRefused.
        """
        if not isinstance(method, Translates):
            raise ModelRefused(type(method).__name__, "does not translate", "give the model of a translating method")
        self.device = find_device(device)
        self.method = method.to(self.device).eval()
        self.engine: Engine = find_engine(engine, precision, self.device)
        self.other_engine: Engine = find_engine(engine, precision, self.device)
        self._engine_asked = {"engine": engine, "precision": precision}
        self.preparation = preparation
        self.settings = settings or TranslatingSettings()
        self.settings.assert_fits(preparation.settings, method)
        self.identity = identity or Identity()
        self.sliding_window = self._sliding_window()

    @classmethod
    def load(
        cls,
        folder: str | Path,
        device: str = "auto",
        *,
        settings: TranslatingSettings | None = None,
        engine: str = "torch",
        precision: str = "float32",
    ) -> Self:
        """From a model folder; `settings` replace those saved with it. Raises ModelRefused, EnvironmentRefused."""
        find_engine(engine, precision, find_device(device))
        method, preparation, config = load_model(folder)
        try:
            name = str(config["card"].get("name") or Path(folder).resolve().name)
            saved = TranslatingSettings.from_dict(config["translating"], "translating")
            if settings is None:
                saved.assert_fits(preparation.settings, method)
        except (MedtransError, TypeError, ValueError, KeyError, AttributeError) as reason:
            advice = "correct the translating settings, or copy the whole model folder again"
            raise ModelRefused(folder, f"its config.json cannot be used ({reason})", advice) from reason
        identity = Identity(name, model_hash(folder), config, read_shortcomings(Path(folder)))
        asked = {"engine": engine, "precision": precision}
        return cls(method, preparation, settings or saved, device=device, identity=identity, **asked)

    def with_settings(self, **changes: Any) -> Self:
        """The same model with some settings changed. Raises UsageError."""
        settings = replace(self.settings, **changes)
        device, asked = str(self.device), self._engine_asked
        return type(self)(self.method, self.preparation, settings, device=device, identity=self.identity, **asked)

    @property
    def resolved_settings(self) -> dict[str, object]:
        """The settings with the size of the window filled in, empty for whole slices or volumes; and another precision
        than float32."""
        precision = {"precision": self.engine.precision} if self.engine.precision != "float32" else {}
        return {**replace(self.settings, window=self.sliding_window.window).to_dict(), **precision}

    @property
    def members(self) -> tuple[Self, ...]:
        """Itself alone, as an ensemble has several."""
        return (self,)

    @property
    def gives_uncertainty(self) -> bool:
        """Whether its translations have a standard deviation."""
        draws = self.settings.samples > 1 and self.method.noise_channels > 0
        return draws or (self.settings.uncertainty and self.method.gives_spread)

    @property
    def channels(self) -> int:
        """Number of channels of a source."""
        preparing = self.preparation.settings
        return int(self.method.task.source_channels // (preparing.slices if preparing.spatial_dims == 2 else 1))

    def __call__(self, volume: Volume, mask: Volume | None = None) -> Volume:
        """The translated volume, on the grid of `volume`. Raises InputRefused."""
        return self.translate(volume, mask).volume

    def translate(
        self,
        volume: Volume,
        mask: Volume | None = None,
        *,
        conditions: Mapping[str, float] | None = None,
        measured: Measured | None = None,
        where: str = UNNAMED,
        on_progress: OnProgress | None = None,
    ) -> Translation:
        """Translate `volume`; `mask` is its body mask, found in the volume and given a margin if not given.

        Outside of it air is written.

        `conditions` are numbers of the case, for models that use them; `measured` is how the volume was degraded, for
        `settings.data_consistency` and `posterior_sampling`; `where` names the volume in messages. A stochastic method
        gives the mean and the standard deviation of `settings.samples` samples.
        Raises InputRefused on a volume that cannot be translated, UsageError on a missing condition, ModelRefused on a
        model that gives no finite values, EnvironmentRefused when memory runs out.
        """
        began, source = time.monotonic(), volume
        volume, prepared, values, body, findings = self.admitted(volume, mask, conditions, where)
        with memory_errors(where, "lower translating.batch or translating.window"), repeatable(self.device):
            prediction, sampled = self._predict(prepared, values, source, measured, where, on_progress)
        prepared = replace(prepared, voxels=np.empty(0, np.float32))  # They are as large as the prediction.
        refuse_not_finite(prediction, where)
        translated, clipped = restore(prediction, prepared, self.preparation)
        uncertainty = restore_uncertainty(prediction, prepared, self.preparation)
        assert_same_geometry(volume, translated)
        agreement = None
        if sampled and sampled.gain != 1:
            gain = np.float32(sampled.gain)
            translated = translated.like(gain * translated.voxels)
            uncertainty = uncertainty and uncertainty.like(gain * uncertainty.voxels)
        if measured is not None and self.settings.data_consistency is not None:
            translated, agreement = self._consistent(translated, source, measured, where)
            uncertainty = uncertainty and uncertainty.like(uncertainty.voxels * np.float32(agreement.gain))
        if not (sampled or agreement):  # These have the scale of their source.
            findings = *findings, *self._doubts(translated, body, clipped, where)
            if self.settings.keeps_t1 or self.preparation.is_painted_t1:
                keeps = self.settings.keeps_t1
                translated, more = t1_weighted.answer(volume, translated, source.spacing, where, keeps=keeps)
                findings = *findings, *more
        seconds = time.monotonic() - began
        samples, modality = prediction.samples, self.preparation.modality
        facts = clipped, seconds, findings, uncertainty, samples, body, agreement, sampled
        engines = (prediction.engine,) if prediction.engine else ()
        made = Translation(translated, modality, *facts, engines=engines)
        return with_provenance(made, self, source if where == UNNAMED else None)

    def _doubts(self, translated: Volume, body: BodyUsed | None, clipped: float, where: str) -> list[Finding]:
        """On the translation itself, and what a test of the model has shown."""
        inside = (body.fraction if body else 1.0) * translated.voxels[0].size
        preparation = self.preparation
        found = doubt_output(translated, preparation.modality, preparation.target_percentiles, inside, clipped, where)
        return [*found, *(replace(warning, where=where) for warning in self.identity.warnings)]

    def _predict(
        self,
        prepared: Prepared,
        conditions: Sequence[float],
        source: Volume,
        measured: Measured | None,
        where: str,
        on_progress: OnProgress | None,
    ) -> tuple[Prediction, Sampled | None]:
        """By the method alone, or given the measurements of the source."""
        settings, mirror = self.settings, self.settings.mirror != "none"
        draws: dict[str, Any] = {"seed": settings.seed, "samples": settings.samples, "on_progress": on_progress}
        if measured is None or settings.posterior_sampling is None:
            window, in_unit = self.sliding_window, self.preparation.settings.target_normalisation.restore
            how: dict[str, Any] = {"mirror": mirror, "engine": self.engine, "in_unit": in_unit, **draws}
            if settings.reclassified:
                how |= {"target": self.preparation.settings.target_normalisation, "other_engine": self.other_engine}
                made = predict_reclassified(self.method, window, prepared, conditions, settings.reclassified, **how)
            else:
                made = predict(self.method, window, prepared, conditions, **how)
            if settings.uncertainty:
                made = with_spread(made, self.method, window, prepared, conditions, engine=self.other_engine)
            return made, None
        known = likelihood(source, measured, settings.posterior_sampling, prepared, self.preparation, where)
        prediction, sampled = sample_posterior(Prior(self.method, self.sliding_window, prepared), known, **draws)
        return replace(prediction, engine=by_torch("it alone samples given measurements")), sampled

    def admitted(
        self, volume: Volume, mask: Volume | None, conditions: Mapping[str, float] | None, where: str
    ) -> tuple[Volume, Prepared, tuple[float, ...], BodyUsed | None, tuple[Finding, ...]]:
        """The volume on the grid of its translation, prepared; conditions, body and findings. Raises as `translate`."""
        from_ct = self.preparation.settings.takes_ct and is_ct(volume)
        kind = "CT" if from_ct else self.preparation.source_modality
        findings = admit(volume, self.channels, find_modality(kind), where)
        if from_ct:
            volume, findings = brain_window(volume), (*findings, ct_as_contrast(where))
        refuse_without_memory(where, 4 * volume.voxels.size, TRANSLATING_FACTOR)
        values = self.preparation.conditions(conditions or {}, where)
        if self.settings.grid == "model":
            volume, mask = self.on_model_grid(volume, mask)
        prepared = self.preparation.prepare_source(volume, mask, margin=mask is None)
        body = body_used(prepared, mask, self.preparation.settings.body_mask)
        doubts = *doubt_body(body, where), *refuse_small_body(body, self.settings.smallest_body, where)
        return volume, prepared, values, body, (*findings, *doubts)

    def _consistent(
        self, translated: Volume, source: Volume, measured: Measured, where: str
    ) -> tuple[Volume, Agreement]:
        """The translation as it agrees with its source, in the unit of the source and in its own type."""
        noise, modality = self.settings.data_consistency or 0.0, self.preparation.modality
        scale = not self.preparation.has_unit
        made, agreement = make_consistent(translated, source, measured, noise, modality, scale=scale, where=where)
        return to_whole_hu(made) if modality.name == "CT" else made, agreement

    def on_model_grid(self, volume: Volume, mask: Volume | None = None) -> tuple[Volume, Volume | None]:
        """The volume, and its mask, in voxels of the model's size, in the orientation of the volume."""
        settings = self.preparation.settings
        spacing = spacing_along(volume, settings.spacing, settings.orientation)
        order, air = ORDERS[settings.interpolation], find_modality(self.preparation.source_modality).air
        grid = grid_of_spacing(volume, spacing)
        finer = resample_like(volume, grid, order=order, background=air)
        finer = Volume(finer.voxels, grid.affine, volume.origin)
        return finer, None if mask is None else resample_like(mask, grid, order=0)

    def _sliding_window(self) -> SlidingWindow:
        preparing, settings = self.preparation.settings, self.settings
        return SlidingWindow(
            spatial_dims=preparing.spatial_dims,
            plane=preparing.plane,
            slices=preparing.slices,
            window=self._window(),
            overlap=settings.overlap,
            blending=settings.blending,
            divisor=self.method.divisor,
            batch=settings.batch,
            skip_background=settings.skip_background,
            target_channels=self.method.task.target_channels,
            target_background=preparing.target_normalisation.background,
            device=self.device,
        )

    def _window(self) -> tuple[int, ...]:
        """Sides of a window; empty for whole slices or the whole volume."""
        patch, window = self.preparation.settings.patch, self.settings.window
        if window or self.method.divisor == patch:
            return window or patch
        return tuple(max(side, WINDOW) for side in patch) if self.preparation.settings.spatial_dims == 3 else ()
