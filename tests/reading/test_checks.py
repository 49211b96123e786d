from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.phantoms import make_head, paint
from medtrans.reading.checks import check_cases, check_masks, check_volume
from medtrans.reading.cohort import find_cases
from medtrans.reading.settings import ReadingSettings
from medtrans.reading.volumes import write_volume
from tests.reading.small_cohort import CT, MR, cohort, put


def test_a_case_without_its_mask_is_found_and_refused_where_it_would_choose_the_model(tmp_path):
    settings = cohort(tmp_path)
    assert not check_masks(find_cases(settings), scored_in_mask=True)
    for path in tmp_path.glob("*_mask.nii.gz"):
        if path.name != "sub0_mask.nii.gz":
            path.unlink()
    cases = find_cases(settings)
    by_case = {finding.where: finding for finding in check_masks(cases, scored_in_mask=True)}
    assert set(by_case) == {f"sub{number}" for number in range(1, 10)}
    severities = {case.split: by_case[case.name].severity for case in cases if case.name in by_case}
    assert severities == {"train": "warn", "test": "warn", "validation": "refuse"}
    assert any("cannot be scored" in finding.consequence for finding in by_case.values())
    assert {finding.severity for finding in check_masks(cases, scored_in_mask=False)} == {"warn"}
    bare = find_cases(ReadingSettings(**{**vars(settings), "mask": None}))
    assert not check_masks(bare, scored_in_mask=False)


@pytest.mark.parametrize(
    ("voxels", "what"),
    [(np.full((1, 3, 3, 3), np.nan), "nan"), (np.full((1, 3, 3, 3), 7.0), "constant")],
)
def test_findings_name_what_is_wrong(voxels, what, tmp_path):
    write_volume(Volume(voxels.astype(np.float32), np.eye(4)), tmp_path / "v.nii")
    (finding,) = check_volume(tmp_path / "v.nii")
    assert finding.severity == "refuse"
    assert what in finding.what


def test_values_beyond_32_bit_numbers_are_refused(tmp_path):
    write_volume(Volume(np.arange(27.0).reshape(1, 3, 3, 3) * 1e300, np.eye(4)), tmp_path / "v.nii")
    (finding,) = check_volume(tmp_path / "v.nii")
    assert (finding.code, finding.severity) == ("too-large", "refuse")


def test_a_ct_that_is_not_in_hu_gives_a_warning(tmp_path):
    put(tmp_path / "a_T1.nii.gz", 1)
    put(tmp_path / "a_CT.nii.gz", 2)
    settings = ReadingSettings(
        root=tmp_path, source=MR("*_T1.nii.gz"), target=CT("*_CT.nii.gz"), test_fraction=0, validation_fraction=0
    )
    (finding,) = check_cases(find_cases(settings), settings)
    assert finding.severity == "warn"
    assert "HU" in finding.what


def test_a_ct_alone_or_as_a_source_is_checked_by_its_modality_and_not_by_its_name(tmp_path):
    for number, name in enumerate(("a_CT", "a_T1")):
        put(tmp_path / f"{name}.nii.gz", number)
    assert not check_volume(tmp_path / "a_CT.nii.gz")
    assert not check_volume(tmp_path / "a_CT.nii.gz", "MR")
    for name in ("a_CT", "a_T1"):
        (finding,) = check_volume(tmp_path / f"{name}.nii.gz", "CT")
        assert (finding.code, finding.severity) == ("implausible-ct", "warn")
    source, target = CT("*_CT.nii.gz"), MR("*_T1.nii.gz")
    settings = ReadingSettings(root=tmp_path, source=source, target=target, test_fraction=0, validation_fraction=0)
    (finding,) = check_cases(find_cases(settings), settings)
    assert finding.where == str(tmp_path / "a_CT.nii.gz")
    put(tmp_path / "a_CT.nii.gz", 5, low=-1000)
    assert not check_volume(tmp_path / "a_CT.nii.gz", "CT")
    assert not check_cases(find_cases(settings), settings)


def put_mask(path, voxels):
    write_volume(Volume(np.asarray(voxels, np.int16)[None], np.eye(4)), path, overwrite=True)


def of_mask(folder, voxels, label=None, target=None):
    """Findings on a mask, of an MR and a CT of 4 x 4 x 4 voxels."""
    put(folder / "a_T1.nii.gz")
    put_mask(folder / "a_CT.nii.gz", -1000 + 30 * np.arange(64).reshape(4, 4, 4) if target is None else target)
    put_mask(folder / "a_mask.nii.gz", voxels)
    none = {"test_fraction": 0, "validation_fraction": 0}
    settings = ReadingSettings(
        root=folder, source=MR("*_T1.nii.gz"), target=CT("*_CT.nii.gz"), mask="*_mask.nii.gz", mask_label=label, **none
    )
    found = check_cases(find_cases(settings), settings)
    assert all(finding.where == str(folder / "a_mask.nii.gz") for finding in found)
    return found


def test_a_sound_mask_gives_no_finding_even_where_every_voxel_counts(tmp_path):
    assert not of_mask(tmp_path, np.ones((4, 4, 4)))
    assert not of_mask(tmp_path, 255 * (np.indices((4, 4, 4))[0] > 1))


def test_a_mask_of_several_values_is_refused_unless_its_label_is_named(tmp_path):
    labels = np.indices((4, 4, 4))[0]
    (finding,) = of_mask(tmp_path, labels)
    assert (finding.code, finding.severity) == ("grey-mask", "refuse")
    assert "reading.mask_label" in finding.advice
    assert not of_mask(tmp_path, labels, label=3)
    (finding,) = of_mask(tmp_path, labels, label=7)
    assert finding.code == "missing-label"


def test_an_empty_mask_one_in_padding_and_one_elsewhere_are_found(tmp_path):
    (finding,) = of_mask(tmp_path, np.zeros((4, 4, 4)))
    assert (finding.code, finding.severity) == ("empty-mask", "refuse")
    half = np.indices((4, 4, 4))[0] > 1
    padded = np.where(half, -3024, -1000 + 40 * np.arange(64).reshape(4, 4, 4))
    (finding,) = of_mask(tmp_path, half, target=padded)
    assert finding.sentence.count("lies wholly where the target is padded with -3024") == 1
    assert (finding.code, finding.severity) == ("empty-mask", "refuse")
    (finding,) = of_mask(tmp_path, np.indices((4, 4, 4))[0] > 0, target=padded)
    assert (finding.code, finding.severity) == ("padding", "warn")
    (finding,) = of_mask(tmp_path, np.ones((4, 4, 3)))
    assert finding.severity == "refuse"
    assert "grid" in finding.what


def test_a_target_whose_field_of_view_cuts_the_mask_and_one_that_is_padded_without_a_mask_are_named(tmp_path):
    made = make_head(3, shape=(36, 42, 36), spacing=5.0)
    ct = paint(made, "CT", np.random.default_rng(0))
    settings = ReadingSettings(
        root=tmp_path, source=CT("*_CBCT.nii.gz"), target=CT("*_CT.nii.gz"), mask="*_mask.nii.gz"
    )
    for name, volume in (("CBCT", ct), ("mask", made.mask)):
        write_volume(volume, tmp_path / f"a_{name}.nii.gz")
    for value, code in ((-1024, "cut-field-of-view"), (-3024, "padding")):
        voxels = ct.voxels.copy()
        voxels[:, :11] = value
        write_volume(ct.like(voxels), tmp_path / "a_CT.nii.gz", overwrite=True)
        (finding,) = check_cases(find_cases(settings), settings)
        assert (finding.code, finding.severity) == (code, "warn")
    (finding,) = check_cases(find_cases(replace(settings, mask=None)), settings)
    assert (finding.code, finding.severity) == ("padding", "note")


def test_a_broken_file_is_a_finding_not_an_error(tmp_path):
    (tmp_path / "v.nii.gz").write_bytes(b"rubbish")
    (finding,) = check_volume(tmp_path / "v.nii.gz")
    assert finding.severity == "refuse"


def test_absurd_voxels_and_left_handed_axes_are_reported(tmp_path):
    put(tmp_path / "v.nii", affine=np.diag([-0.001, 0.001, 0.001, 1.0]))
    assert [finding.severity for finding in check_volume(tmp_path / "v.nii")] == ["note", "warn"]
