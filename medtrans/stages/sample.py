"""Sample: images from noise, by a saved generative model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.synthetic import DESCRIPTION
from medtrans.reading.volumes import write_volume
from medtrans.stages._conditions import assert_known_conditions
from medtrans.translating.sampling import load_sampler, sample_volumes


def sample(
    output: Path,
    model: Path,
    count: int,
    *,
    seed: int = 0,
    conditions: Mapping[str, float] | None = None,
    device: str = "auto",
    overwrite: bool = False,
    on_progress: ProgressCallback = no_progress,
) -> list[Path]:
    """Write `count` images to the folder `output`: sample-000.nii.gz … Raises ModelRefused, UsageError."""
    method, preparation = load_sampler(model)
    paths = [output / f"sample-{number:03}.nii.gz" for number in range(count)]
    plan_outputs([Output(path, "volume") for path in paths], [model], overwrite)
    assert_known_conditions(conditions or {}, [preparation])
    volumes = sample_volumes(method, preparation, count, seed=seed, conditions=conditions, device=device)
    for number, (path, volume) in enumerate(zip(paths, volumes, strict=True)):
        output.mkdir(parents=True, exist_ok=True)
        write_volume(volume, path, description=DESCRIPTION, overwrite=overwrite)
        on_progress("sampling", path.name, (number + 1) / count)
    return paths
