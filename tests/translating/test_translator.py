import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch

from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import EnvironmentRefused, ModelRefused, UsageError
from medtrans.core.method import Task
from medtrans.core.volume import Volume
from medtrans.models.config import model_hash
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Identity, Translator
from tests.translating.stand_ins import (
    Convolved,
    Fake,
    Same,
    ball,
    oblique,
    preparation_of,
    save_nifti,
    tiny_regression,
    translator_of,
)

HEADER_FIELDS = (
    *("sform_code", "qform_code", "xyzt_units", "srow_x", "srow_y", "srow_z"),
    *("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
)


GRIDS = {
    "oblique": ((12, 14, 9), oblique()),
    "flipped": ((12, 14, 9), oblique(flips=(-1, 1, -1))),
    "left-handed": ((12, 14, 9), np.diag([-1.0, 1.0, 1.0, 1.0])),
    "swapped axes": ((7, 12, 14), oblique()[:, [2, 0, 1, 3]]),
    "anisotropic": ((20, 18, 5), oblique(spacing=(0.5, 0.5, 6.0), turn=0.1)),
    "odd": ((13, 17, 11), oblique(turn=0.0)),
    "one slice": ((15, 13, 1), oblique(turn=0.2)),
}


WAYS = {
    "axial": {"spatial_dims": 2},
    "sagittal stack": {"spatial_dims": 2, "plane": "sagittal", "slices": 3},
    "blocks": {"spatial_dims": 3, "patch": (8, 8, 8)},
}


def same_for(way):
    return Same(slices=way.get("slices", 1), dims=way["spatial_dims"])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("shape", "affine"), GRIDS.values(), ids=GRIDS)
def test_an_identity_gives_back_every_voxel_in_its_place(shape, affine, way, tmp_path):
    voxels, _ = ball(shape)
    path = save_nifti(tmp_path / "in.nii.gz", voxels, affine, codes=(2, 1))
    source = read_volume(path)
    translated = translator_of(same_for(way), **way)(source)
    write_volume(translated, tmp_path / "out.nii.gz")

    before, after = nib.load(path), nib.load(tmp_path / "out.nii.gz")
    assert np.array_equal(np.asanyarray(after.dataobj), np.asanyarray(before.dataobj))
    assert after.get_data_dtype() == np.int16
    assert np.array_equal(after.affine, before.affine)
    for form in ("get_qform", "get_sform"):
        (one, code), (other, its_code) = getattr(before, form)(coded=True), getattr(after, form)(coded=True)
        assert np.array_equal(one, other)
        assert code == its_code
    assert before.header["xyzt_units"] == after.header["xyzt_units"]
    assert np.array_equal(before.header["pixdim"][:4], after.header["pixdim"][:4])


@pytest.mark.skipif("MEDTRANS_TEST_DATA" not in os.environ, reason="MEDTRANS_TEST_DATA names no folder of real volumes")
@pytest.mark.parametrize("name", ["body_ct/b01_CT", "body_ct/b02_MR", "thick_slices/FG6692_T1_5.5mm"])
def test_a_real_volume_stays_in_its_place(name, tmp_path):
    path = Path(os.environ["MEDTRANS_TEST_DATA"]) / f"{name}.nii.gz"
    [outcome] = translate_files(path, tmp_path / "out.nii.gz", translator_of(Same(slices=3), slices=3, plane="coronal"))
    assert outcome.verdict == "done", outcome.message
    before, after = nib.load(path), nib.load(tmp_path / "out.nii.gz")
    assert np.array_equal(np.clip(np.asanyarray(before.dataobj), -1024, 3071), np.asanyarray(after.dataobj))
    for field in HEADER_FIELDS:
        assert np.array_equal(before.header[field], after.header[field])


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 3.0, 0.7)])
@pytest.mark.parametrize(("shape", "affine"), GRIDS.values(), ids=GRIDS)
def test_resampled_in_between_it_still_lies_where_the_source_lay(shape, affine, spacing):
    i, j, k = np.meshgrid(*[np.arange(side) for side in shape], indexing="ij")
    world = np.einsum("ab,b...->a...", affine[:3, :3], np.stack([i, j, k]))
    ramp = Volume((300 + 8.0 * world[0] + 4.0 * world[1])[None].astype(np.float32), affine)
    translated = translator_of(Same(), spacing=spacing)(ramp)
    assert translated.shape == ramp.shape
    assert np.array_equal(translated.affine, ramp.affine)
    inner = tuple(slice(min(3, side // 2), max(side - 3, side // 2 + 1)) for side in shape)
    if min(shape) > 6:
        difference = np.abs(translated.voxels[0].astype(float) - ramp.voxels[0])[inner]
        # Linear in space, so resampling has nothing to lose: half a voxel of shift would cost 4 HU or more.
        assert difference.max() < 1.5


def test_channels_are_stacked_channel_by_channel_and_one_comes_out(tmp_path):
    voxels, _ = ball((10, 9, 8), channels=2)
    save_nifti(tmp_path / "two.nii.gz", voxels, oblique())
    source = read_volume(tmp_path / "two.nii.gz")
    assert source.channels == 2
    translated = translator_of(Same(slices=3, channels=2), slices=3)(source)
    write_volume(translated, tmp_path / "out.nii.gz")
    assert np.array_equal(np.asanyarray(nib.load(tmp_path / "out.nii.gz").dataobj), voxels[0].astype(np.int16))
    assert np.array_equal(nib.load(tmp_path / "out.nii.gz").affine, nib.load(tmp_path / "two.nii.gz").affine)


def test_a_mask_that_is_given_is_the_body():
    voxels, _ = ball((8, 8, 10))
    mask = np.zeros((1, 8, 8, 10), np.uint8)
    mask[..., 3] = 1
    method = Same()
    source = Volume(voxels, np.eye(4))
    out = translator_of(method, body_mask="otsu", settings=TranslatingSettings(batch=1))(source, source.like(mask))
    assert len(method.shapes) == 1
    assert (np.delete(out.voxels, 3, axis=-1) == -1024).all()


def test_without_skipping_background_is_predicted_and_the_body_is_the_same():
    voxels, _ = ball((24, 24, 24))
    source = Volume(voxels, np.eye(4))
    outputs, counts = [], []
    for skip_background in (True, False):
        method = Same()
        settings = TranslatingSettings(batch=1, skip_background=skip_background)
        outputs.append(translator_of(method, body_mask="otsu", settings=settings)(source).voxels)
        counts.append(len(method.shapes))
    assert counts[0] < counts[1] == 24
    assert np.array_equal(*outputs)


def test_a_method_that_does_not_translate_is_refused():
    with pytest.raises(ModelRefused, match="does not translate"):
        translator_of(Fake(Task(spatial_dims=2)))


def test_a_saved_model_translates_as_before_it_was_saved(tmp_path):
    preparation = preparation_of(slices=3, source_normalisation=Percentiles(), body_mask="otsu")
    method = tiny_regression(preparation)
    settings = TranslatingSettings(batch=3)
    save_model(tmp_path / "m", method, preparation, {"name": "toy"}, translating=settings)
    voxels, _ = ball((13, 17, 6), low=0)
    source = Volume(np.abs(voxels), oblique())
    loaded = Translator.load(tmp_path / "m", device="cpu")
    here = Translator(method, preparation, settings, device="cpu")(source)
    assert np.array_equal(loaded(source).voxels, here.voxels)
    assert loaded.settings == settings
    assert loaded.identity.name == "toy"
    assert loaded.identity.sha256 == model_hash(tmp_path / "m")


def test_other_settings_make_another_translator_and_leave_the_first_as_it_was():
    first = translator_of(Same(), TranslatingSettings(seed=3), Identity("toy", "abc"))
    other = first.with_settings(samples=4, overlap=0.25)
    assert first.settings == TranslatingSettings(seed=3)
    assert other.settings == TranslatingSettings(seed=3, samples=4, overlap=0.25)
    assert (other.method, other.preparation, other.identity) == (first.method, first.preparation, first.identity)
    assert (other.sliding_window.overlap, first.sliding_window.overlap) == (0.25, 0.5)
    with pytest.raises(UsageError, match="no size in 2D"):
        first.with_settings(window=(8, 8, 8))


def test_a_device_that_is_not_there_is_refused_before_the_model_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EnvironmentRefused, match="cuda"):
        Translator.load(tmp_path / "no model here", device="cuda")


def test_in_2d_whole_slices_are_translated_so_that_no_tiling_shows():
    volume = Volume(ball((40, 36, 5))[0], np.eye(4))
    method = Convolved(dims=2)
    whole = translator_of(method)(volume).voxels
    assert np.array_equal(translator_of(method, patch=(16, 16))(volume).voxels, whole)
    untiled = Same()
    translator_of(untiled, patch=(16, 16))(volume)
    assert {shape[2:] for shape in untiled.shapes} == {(40, 36)}
    settings = TranslatingSettings(window=(16, 16))
    tiled = Same()
    translator_of(tiled, settings, patch=(8, 8))(volume)
    assert {shape[2:] for shape in tiled.shapes} == {(16, 16)}
    with pytest.raises(UsageError, match="no size in 2D"):
        translator_of(Same(), TranslatingSettings(window=(16, 16, 16)))


@pytest.mark.parametrize(
    ("window", "patch", "size"),
    [((), 8, 128), ((), 136, 136), ((24, 24, 24), 8, 24)],
)
def test_in_3d_windows_are_large_whatever_the_patches_unless_set(window, patch, size):
    volume = Volume(ball((150, 150, 150))[0], np.eye(4))
    method = Same(dims=3)
    translator = translator_of(method, TranslatingSettings(window=window), spatial_dims=3, patch=(patch,) * 3)
    translator(volume)
    assert {shape[2:] for shape in method.shapes} == {(size,) * 3}
    assert translator.resolved_settings["window"] == [size] * 3
