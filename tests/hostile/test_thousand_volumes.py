"""A folder of 1,000 volumes: memory does not grow with the number of cases."""

import gc
import resource
from pathlib import Path

import numpy as np
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.translating.translator import Identity
from tests.batching.outcomes import verdicts
from tests.translating.stand_ins import Same, ball, oblique, save_nifti, translator_of

pytestmark = pytest.mark.hostile
COUNT, FIRST = 1000, 200
"""Volumes, and those after which memory is compared: by then everything that is made once has been made."""
EVERY = 20
LARGEST_GROWTH = 4e6
"""Bytes from the first to the last of these volumes; a third of what their voxels take together."""


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_a_thousand_volumes_take_the_memory_of_one(tmp_path, record_property):
    cases = tmp_path / "cases"
    cases.mkdir()
    shape = (16, 16, 16)
    save_nifti(cases / "sub-0000.nii.gz", ball(shape, seed=0)[0], oblique())
    content = (cases / "sub-0000.nii.gz").read_bytes()
    for number in range(1, COUNT):
        (cases / f"sub-{number:04}.nii.gz").write_bytes(content)
    sizes = {}

    def measure(name, done):
        number = int(name.split("-")[1][:4])
        if number % EVERY == 0 and number not in sizes:
            gc.collect()
            sizes[number] = resident_bytes()

    translator = translator_of(Same(), identity=Identity("toy", "a"))
    outcomes = translate_files(cases, tmp_path / "out", translator, on_progress=measure)
    assert verdicts(outcomes) == ["done"] * COUNT
    numbers = np.arange(FIRST, COUNT, EVERY)
    used = np.array([sizes[number] for number in numbers], float)
    slope = np.polyfit(numbers, used, 1)[0] * (COUNT - FIRST)
    growth = f"{slope / 1e6:+.1f} MB from volume {FIRST} to {COUNT}, at {used[-1] / 1e6:.0f} MB"
    record_property("hostile", f"{COUNT} volumes of {shape}: resident memory {growth}")
    assert slope < LARGEST_GROWTH, growth
