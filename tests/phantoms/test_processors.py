"""A seed makes the same phantom on every processor: child processes are given the instructions of others."""

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations._tissue_labels import MEANING
from medtrans.phantoms import Lesion, make_head, paint
from medtrans.phantoms.label_maps import from_label_map
from medtrans.phantoms.skulls import draw

ROOT = Path(__file__).parents[2]
CONTRASTS = ("T1", "T2", "PD", "FLAIR", "CT")
OTHERS = {
    "Haswell": {"features": ("AVX", "F16C", "FMA3", "AVX2", "X86_V3"), "without": "-AVX512F"},
    "Prescott": {"features": (), "without": "-AVX512F,-AVX2,-FMA,-AVX2_Usable,-FMA_Usable"},
}
"""OpenBLAS's name of a processor → what NumPy may use beyond its least, and what the C library must not use."""


def environment(processor):
    """The variables that keep NumPy, OpenBLAS and the C library from newer instructions."""
    numpy_core = pytest.importorskip("numpy._core._multiarray_umath", reason="NumPy below 2")
    enabled = [name for name in numpy_core.__cpu_dispatch__ if numpy_core.__cpu_features__.get(name)]
    other = OTHERS[processor]
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NPY_DISABLE_CPU_FEATURES": " ".join(name for name in enabled if name not in other["features"]),
        "OPENBLAS_CORETYPE": processor,
        "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={other['without']}",
    }


def labels():
    """A label map of SynthSeg's numbers: brain, fluid, bone, fat and muscle, skin around them."""
    i, j, k = np.meshgrid(*[np.arange(44) - 21.5] * 3, indexing="ij")
    square = i * i + j * j + 1.3 * k * k
    radii, numbers = (7, 8, 10, 13, 17, 19), (2, 3, 24, 515, 507, 511)
    out = np.select([square < radius * radius for radius in radii], numbers, 0)
    assert set(numbers) <= {number for of in MEANING.values() for number in of}
    return Volume(out[None].astype(np.int16), np.diag([-1.3, 1.3, 1.3, 1.0]))


def heads():
    out = {}
    for seed in range(2):
        rng = np.random.default_rng(seed)
        out[f"head {seed}"] = make_head(seed, shape=(20, 24, 20), spacing=8.0, lesions=[Lesion(12.0)])
        out[f"label map {seed}"] = from_label_map(labels(), rng, skull=draw(rng))
    return out


def checksums():
    """Of all bits of every head, its masks and its image in every contrast."""
    arrays = {}
    for name, head in heads().items():
        arrays[f"{name}, tissues"] = head.fine
        arrays[f"{name}, masks"] = np.stack([head.mask.voxels, head.lesion_mask.voxels, head.tissues.voxels])
        for seed, contrast in enumerate(CONTRASTS):
            for randomised in (False, True):
                image = paint(head, contrast, np.random.default_rng(seed), randomised=randomised)
                arrays[f"{name}, {contrast}{' randomised' * randomised}"] = image.voxels
    return {name: hashlib.sha256(np.ascontiguousarray(array)).hexdigest() for name, array in arrays.items()}


@pytest.fixture(scope="module")
def here():
    return checksums()


def in_child(code, processor):
    """The lines that `code` prints in a child process that plays another processor."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(
        command, env=environment(processor), capture_output=True, text=True, cwd=Path(__file__).parent
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("processor", OTHERS)
def test_every_bit_is_the_same_on_another_processor(processor, here):
    code = "import test_processors as t; print(*(f'{name}|{sum}' for name, sum in t.checksums().items()), sep=chr(10))"
    there = dict(line.split("|") for line in in_child(code, processor))
    assert there.keys() == here.keys()
    assert len(there) == 4 * (2 + 2 * len(CONTRASTS))
    assert [name for name in here if here[name] != there[name]] == []


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="the names are those of x86")
def test_the_child_processes_compute_otherwise():
    """Else the test above would compare a processor with itself."""
    code = "import numpy as np; x = np.random.default_rng(0).random((300, 300)); print(*(x @ np.exp(x)).ravel())"
    assert len({tuple(in_child(code, processor)) for processor in OTHERS}) == len(OTHERS)
