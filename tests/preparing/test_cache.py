import os
from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.case import Case
from medtrans.core.errors import EmptyMask, EnvironmentRefused, GridMismatch
from medtrans.core.volume import Volume
from medtrans.preparing.cache import cached
from medtrans.preparing.pairing import Paired
from medtrans.preparing.patch_dataset import PatchDataset
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.preparing.transforms.flip import Flip
from medtrans.reading.cohort import load_pair
from medtrans.reading.volumes import write_volume
from tests.preparing.phantom_volumes import FLIPPED, ball, ct, mr

AXIAL = Preparation(PreparingSettings())


@pytest.fixture
def case(tmp_path):
    affine = FLIPPED
    write_volume(mr(affine=affine), tmp_path / "a_T1.nii.gz")
    write_volume(ct(affine=affine), tmp_path / "a_CT.nii.gz")
    mask = mr(affine=affine)
    write_volume(mask.like(ball(mask.shape, 0.4).astype(np.uint8)), tmp_path / "a_mask.nii.gz")
    return Case("a", "a", (tmp_path / "a_T1.nii.gz",), (tmp_path / "a_CT.nii.gz",), tmp_path / "a_mask.nii.gz")


def items(pairs):
    sources, targets = zip(*pairs, strict=True)
    return PatchDataset(Paired(sources, targets), AXIAL.settings)


def never(case):
    raise AssertionError(f"{case.name} was read again")


@pytest.mark.parametrize("settings", [{}, {"plane": "coronal"}, {"spatial_dims": 3}, {"spacing": (2.0, 1.0, 1.0)}])
def test_what_is_stored_is_what_was_prepared(case, tmp_path, settings):
    preparation = Preparation(PreparingSettings(**settings))
    [(source, target)] = cached([case], preparation, tmp_path / "cache")
    pair = load_pair(case)
    for stored, prepared in (
        (source, preparation.prepare_source(pair.source)),
        (target, preparation.prepare_target(pair.target, body=preparation.body_mask(pair.source))),
    ):
        assert np.array_equal(stored.voxels, prepared.voxels)
        assert np.array_equal(stored.affine, prepared.affine)
        assert stored.background == prepared.background
        assert np.array_equal(stored.mask, preparation.prepare_source(pair.source, pair.mask, margin=True).mask)


def test_another_label_of_the_mask_is_prepared_anew(case, tmp_path):
    labels = ball(mr().shape, 0.4).astype(np.uint8) + ball(mr().shape, 0.2)
    write_volume(mr(affine=FLIPPED).like(labels[None]), case.mask, overwrite=True)
    counted = [
        cached([replace(case, mask_label=label)], AXIAL, tmp_path / "cache")[0][0].mask.sum() for label in (1, 2)
    ]
    assert counted[0] > counted[1] > 0


def test_what_changed_between_visits_is_not_taught_where_the_case_says_so(case, tmp_path):
    path, grid = tmp_path / "a_change.nii.gz", mr(affine=FLIPPED)
    half = np.zeros(grid.voxels.shape, np.uint8)
    half[:, : grid.shape[0] // 2] = 1
    write_volume(grid.like(half), path)
    pair, untaught = load_pair(case), replace(case, change=path, changed_untaught=True)
    whole, left = (cached([one], AXIAL, tmp_path / "cache")[0][0] for one in (replace(case, change=path), untaught))
    changed = AXIAL.prepare_source(pair.source, grid.like(half)).mask
    assert np.array_equal(left.mask, whole.mask & ~changed)
    assert 0 < left.mask.sum() < whole.mask.sum()
    assert np.array_equal(left.voxels, whole.voxels), "the network gets them"
    write_volume(grid.like(np.ones_like(half)), path, overwrite=True)
    with pytest.raises(EmptyMask, match="a: change mask: covers the whole body"):
        cached([untaught], AXIAL, tmp_path / "cache")
    smaller = Volume(half[..., :-1], FLIPPED)
    write_volume(smaller, path, overwrite=True)
    with pytest.raises(GridMismatch, match="change mask: lies on another grid"):
        cached([untaught], AXIAL, tmp_path / "cache")


def test_the_second_epoch_reads_no_case(case, tmp_path):
    first = items(cached([case], AXIAL, tmp_path / "cache"))
    for file in (*case.sources, *case.targets):
        stamp = file.stat()
        file.write_bytes(b"\0" * stamp.st_size)
        os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    second = items(cached([case], AXIAL, tmp_path / "cache", load=never))
    assert all(np.array_equal(a, b) for n in range(5) for a, b in zip(first[n], second[n], strict=True))


def test_a_draw_touches_only_its_slices(case, tmp_path):
    [(source, _)] = cached([case], AXIAL, tmp_path / "cache")
    assert isinstance(source.voxels.base, np.memmap)
    assert source.voxels[:, :, :, 4].flags.c_contiguous


def test_a_changed_file_or_preparation_is_prepared_anew_but_not_another_augmentation(case, tmp_path):
    cached([case], AXIAL, tmp_path / "cache")
    settings = replace(AXIAL.settings, augmentation=(Flip(),), patch=(8, 8), slices=1)
    cached([case], Preparation(settings), tmp_path / "cache", load=never)
    with pytest.raises(AssertionError, match="read again"):
        cached([case], Preparation(replace(settings, body_mask="none")), tmp_path / "cache", load=never)
    os.utime(case.sources[0], ns=(1, 1))
    with pytest.raises(AssertionError, match="read again"):
        cached([case], AXIAL, tmp_path / "cache", load=never)


@pytest.mark.parametrize("suffix", ["source.json", "source.voxels.npy", "target.mask.npy"])
def test_what_is_damaged_or_was_interrupted_is_prepared_anew(case, tmp_path, suffix):
    [(before, _)] = cached([case], AXIAL, tmp_path / "cache")
    kept = before.voxels.copy()
    [file] = (tmp_path / "cache").glob(f"*{suffix}")
    data = file.read_bytes()
    del before
    file.unlink()
    file.write_bytes(data[: len(data) // 2])
    [(again, _)] = cached([case], AXIAL, tmp_path / "cache")
    assert np.array_equal(again.voxels, kept)


def test_a_cache_that_is_gone_is_answered(case, tmp_path):
    [(source, _)] = cached([case], AXIAL, tmp_path / "cache")
    for file in (tmp_path / "cache").iterdir():
        file.unlink()
    with pytest.raises(EnvironmentRefused, match="start again"):
        source.voxels  # noqa: B018


def test_cases_of_one_side_have_one_side(case, tmp_path):
    lone = [replace(case, targets=(), mask=None), replace(case, sources=(), mask=None)]
    (source, nothing), (none, target) = cached(lone, AXIAL, tmp_path / "cache")
    assert nothing is none is None
    assert np.array_equal(target.voxels, AXIAL.prepare_target(load_pair(case).target).voxels)
    assert source.voxels.shape == target.voxels.shape


def test_an_error_names_its_case(case, tmp_path):
    mask = mr(affine=FLIPPED)
    write_volume(mask.like(np.zeros(mask.shape, np.uint8)), case.mask, overwrite=True)
    with pytest.raises(EmptyMask, match=r"^a: body"):
        cached([case], AXIAL, tmp_path / "cache")


def test_progress_is_reported(case, tmp_path):
    fractions = []
    cached([case, case], AXIAL, tmp_path / "cache", on_progress=fractions.append)
    assert fractions == [0.5, 1.0]


def test_voxels_of_lesions_have_their_weight_in_the_mask_of_an_item(case, tmp_path):
    image = mr(affine=FLIPPED)
    lesion = np.zeros(image.shape, np.uint8)
    lesion[tuple(slice(side // 2, side // 2 + 2) for side in image.shape)] = 1
    write_volume(image.like(lesion[None]), tmp_path / "a_lesion.nii.gz")
    ill = replace(case, lesion=tmp_path / "a_lesion.nii.gz")
    [(source, target)] = cached([ill], AXIAL, tmp_path / "cache")
    [(healthy, _)] = cached([case], AXIAL, tmp_path / "cache")
    assert healthy.lesion is None
    assert source.lesion.sum() == 8
    data = Paired([source], [target])
    plain, weighed = (PatchDataset(data, AXIAL.settings, lesion_weight=weight) for weight in (1, 7))
    number = next(n for n in range(99) if (weighed[n].mask == 7).any())
    assert (weighed[number].mask == 7).sum() == 4, "two by two voxels of a slice"
    assert np.array_equal(weighed[number].mask > 0, plain[number].mask > 0)
    assert {*np.unique(plain[number].mask)} == {0, 1}


def test_a_mask_of_lesions_on_another_grid_is_refused(case, tmp_path):
    write_volume(Volume(np.ones((1, 4, 4, 4), np.uint8), np.eye(4)), tmp_path / "a_lesion.nii.gz")
    with pytest.raises(GridMismatch, match="a: lesion mask"):
        cached([replace(case, lesion=tmp_path / "a_lesion.nii.gz")], AXIAL, tmp_path / "cache")
