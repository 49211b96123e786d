import json

import numpy as np
import pytest

from medtrans.batching.masks import find_masks
from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.storage import sha256
from medtrans.reading.volumes import read_volume
from tests.batching.outcomes import verdicts
from tests.translating.stand_ins import oblique, save_nifti


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    return folder


def found(folder, source, *names):
    for name in names:
        (folder / name).touch()
    [mask] = find_masks([[folder.parent / source]], folder)
    return mask.name


@pytest.mark.parametrize(
    ("source", "names", "expected"),
    [
        ("sub-01_T1.nii.gz", ["sub-01_T1.nii.gz", "sub-02_T1.nii.gz"], "sub-01_T1.nii.gz"),
        ("sub-01_T1.nii.gz", ["sub-01_T1_mask.nii.gz", "sub-01_mask.nii.gz"], "sub-01_T1_mask.nii.gz"),
        ("sub-01_T1.nii.gz", ["sub-01_mask.mha", "sub-02_mask.mha"], "sub-01_mask.mha"),
        ("sub-01_ses-2_T1.nii.gz", ["sub-01_ses-1_brain_mask.nii", "sub-01_ses-2_brain_mask.nii"], None),
        ("p07_v1_T1.nii.gz", ["p07_v2_mask.nii.gz", "p07_v1_mask.nii.gz"], "p07_v1_mask.nii.gz"),
    ],
)
def test_a_mask_is_found_by_name_else_by_subject_and_session(masks, source, names, expected):
    assert found(masks, source, *names) == (expected or names[1])


def test_no_mask_several_masks_and_one_for_many_are_refused(masks):
    with pytest.raises(InputRefused, match="holds no volume"):
        found(masks, "sub-01_T1.nii.gz")
    with pytest.raises(InputRefused, match=r"holds no mask for sub-01_T1\.nii\.gz"):
        found(masks, "sub-01_T1.nii.gz", "sub-02_mask.nii.gz")
    with pytest.raises(UsageError, match="holds 2 masks for"):
        found(masks, "sub-01_T1.nii.gz", "sub-01_brain_mask.nii.gz", "sub-01_head_mask.nii.gz")
    with pytest.raises(UsageError, match="is one mask, for 2 cases"):
        find_masks([[masks / "a.nii"], [masks / "b.nii"]], masks / "sub-02_mask.nii.gz")
    with pytest.raises(InputRefused, match="does not exist"):
        find_masks([[masks / "a.nii"]], masks / "nowhere")


def test_outside_of_its_mask_a_case_is_air_and_the_sidecar_names_the_mask(cases, translator, masks, tmp_path):
    labels = np.zeros((1, 9, 8, 7), np.uint8)
    labels[:, :5], labels[:, 6:] = 1, 2
    for number in range(4):
        save_nifti(masks / f"sub-{number}.nii.gz", labels, oblique(), dtype=np.uint8)
    out = tmp_path / "out"
    outcomes = translate_files(cases, out, translator, masks=masks, mask_label=2)
    assert verdicts(outcomes) == ["done"] * 4, outcomes[0].message
    made, source = read_volume(out / "sub-0.nii.gz").voxels, read_volume(cases / "sub-0.nii.gz").voxels
    assert (made[labels != 2] == -1024).all()
    assert np.array_equal(made[labels == 2], source[labels == 2])
    body = json.loads((out / "sub-0.json").read_text())["body"]
    assert body["origin"] == "mask"
    assert body["mask"] == {"file": "sub-0.nii.gz", "sha256": sha256(masks / "sub-0.nii.gz"), "label": 2}
    again = translate_files(cases, out, translator, masks=masks, mask_label=2, resume=True)
    assert verdicts(again) == ["skipped"] * 4
    for options in ({"mask_label": 1, "masks": masks}, {}):
        assert verdicts(translate_files(cases, out, translator, resume=True, **options)) == ["done"] * 4


def test_a_mask_of_several_values_needs_its_label_and_is_never_an_output(cases, translator, masks, tmp_path):
    labels = np.arange(9 * 8 * 7, dtype=np.uint8).reshape(1, 9, 8, 7) % 3
    mask = save_nifti(masks / "m.nii.gz", labels, oblique(), dtype=np.uint8)
    [outcome] = translate_files(cases / "sub-0.nii.gz", tmp_path / "ct.nii.gz", translator, masks=mask)
    assert outcome.exit_code == 3
    assert "m.nii.gz" in outcome.message
    with pytest.raises(UsageError, match="is an input, which medtrans never overwrites"):
        translate_files(cases / "sub-0.nii.gz", mask, translator, masks=mask, mask_label=1, overwrite=True)
