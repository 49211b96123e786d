"""Forecast of one case of a batch: all steps of its translation but most of the windows; nothing is written."""

from __future__ import annotations

import hashlib
import importlib
import sys
import time
from dataclasses import dataclass
from typing import Any

from medtrans.batching.outcome import Outcome, failed_outcome
from medtrans.batching.plan import Job
from medtrans.reading.formats._nifti_encoding import encode_nifti
from medtrans.reading.volumes import hash_volume, read_channels, read_mask
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.forecast import Clocks, Forecast, forecast, now

HASHED = 2
"""Times that an input is hashed: before it is read, and after."""


@dataclass(frozen=True)
class CaseForecast:
    """What the translation of a case will be and take."""

    shape: tuple[int, ...]
    """Of the source, in voxels."""
    models: tuple[Forecast, ...]
    clocks: Clocks
    gigabytes: float
    """Most memory that the process held until now, this trial included; nan where the system does not say."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        models = [
            {
                "model": one.model,
                "grid": list(one.shape),
                "window": list(one.window),
                "windows": one.windows,
                "engine": one.engine.name,
                "precision": one.engine.precision,
            }
            for one in self.models
        ]
        minutes, seconds = round(self.clocks.wall / 60, 3), round(self.clocks.processor, 2)
        facts = {"shape": list(self.shape), "models": models, "minutes": minutes, "processor_seconds": seconds}
        return {**facts, "gigabytes": round(self.gigabytes, 2)}


def forecast_case(job: Job, translator: AnyTranslator) -> Outcome:
    """An outcome `foretold`, with findings; an error becomes the outcome of its case."""
    began = time.monotonic()
    try:
        start = now()
        for path in [*job.sources, *([job.mask] if job.mask else [])] * HASHED:
            hash_volume(path)
        volume = read_channels(job.sources)
        body = None if job.mask is None else read_mask(job.mask, job.mask_label)
        read = now() - start
        models, restored = forecast(translator, volume, body, job.conditions, str(job.sources[0]))
        start = now()
        data = encode_nifti(restored, compressed=job.output.name.endswith(".gz"))
        hashlib.sha256(data).digest()
        clocks = read + (now() - start)
        for one in models:
            clocks = clocks + one.clocks
    except Exception as reason:
        return failed_outcome(job, reason, began)
    findings = {finding.sentence: finding for one in models for finding in one.findings}
    foretold = CaseForecast(volume.shape, tuple(models), clocks, most_memory())
    seconds = time.monotonic() - began
    return Outcome(job.name, "foretold", seconds=seconds, findings=tuple(findings.values()), forecast=foretold)


def most_memory() -> float:
    """GB that this process held at most; nan where the system does not say."""
    try:
        system = importlib.import_module("resource")
    except ImportError:
        return float("nan")
    unit = 1 if sys.platform == "darwin" else 1024
    return float(system.getrusage(system.RUSAGE_SELF).ru_maxrss) * unit / 1e9
