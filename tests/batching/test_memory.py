"""Memory of a translation, counted by tracemalloc: arrays of NumPy. docs/benchmarks/memory.py measures all of it."""

import tracemalloc

import numpy as np
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.core import voxel_statistics
from medtrans.core.volume import Volume
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading import storage
from medtrans.reading.formats import _nifti_encoding, nifti
from medtrans.reading.volumes import write_volume
from tests.translating.stand_ins import Same, ball, translator_of

MOST = 8
"""Sizes of the volume in the file, all that a translation may need at once beside `BUFFERS`."""
BUFFERS = 2 << 20
"""Bytes of what does not grow with the volume: blocks, chunks, a batch of slices and the activations."""
SCALE = Percentiles(typical_range=(0, 600))


@pytest.mark.parametrize("target", [Linear(), SCALE], ids=["CT", "MR"])
@pytest.mark.parametrize("offset", [0, 500])
def test_a_translation_needs_at_most_eight_times_its_volume(target, offset, tmp_path, monkeypatch):
    for name in ("BLOCK", "SAMPLED"):
        monkeypatch.setattr(voxel_statistics, name, 1 << 13)
    monkeypatch.setattr(_nifti_encoding, "SLAB", 4)
    for module in (nifti, storage):
        monkeypatch.setattr(module, "CHUNK_BYTES", 1 << 14)
    voxels, _ = ball((192, 192, 128), low=offset, high=900)
    volume = Volume(voxels.astype(np.int16), np.diag([-1.0, -1, 1, 1]))
    write_volume(volume, tmp_path / "in.nii.gz")
    how = {"source_modality": "MR", "source_normalisation": SCALE, "target_normalisation": target}
    translator = translator_of(Same(), **how, body_mask="otsu")
    write_volume(Volume(volume.voxels[:, ::4, ::4, ::4].copy(), volume.affine), tmp_path / "small.nii.gz")
    translate_files(tmp_path / "small.nii.gz", tmp_path / "first.nii.gz", translator)  # Loads libraries.
    tracemalloc.start()
    try:
        [outcome] = translate_files(tmp_path / "in.nii.gz", tmp_path / "out.nii.gz", translator)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert outcome.verdict == "done", outcome.message
    assert peak < MOST * volume.voxels.nbytes + BUFFERS
