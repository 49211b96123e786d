from medtrans.batching.batch_plan import EVERY_CASE, plan_batch
from medtrans.batching.translate_files import translate_files
from tests.batching.outcomes import verdicts
from tests.translating.stand_ins import ball, oblique, save_nifti


def test_masks_and_deviations_in_a_mixed_folder_are_left_out_with_a_note(cases, translator, tmp_path):
    voxels, _ = ball((9, 8, 7))
    names = ["sub-0_mask", "sub-1_seg", "sub-2_std", "sub-3_dseg", "unmasked", "sub-9_std"]
    for name in names:
        save_nifti(cases / f"{name}.nii.gz", voxels, oblique())
    outcomes = translate_files(cases, tmp_path / "out", translator)
    left_out = [outcome for outcome in outcomes if outcome.verdict == "left out"]
    assert [outcome.case for outcome in left_out] == ["sub-0_mask", "sub-1_seg", "sub-2_std", "sub-3_dseg"]
    assert {outcome.findings[0].code for outcome in left_out} == {"left-out"}
    assert {path.name for path in (tmp_path / "out").glob("*.nii.gz")} == {
        *(f"sub-{number}.nii.gz" for number in range(4)),
        "unmasked.nii.gz",
        "sub-9_std.nii.gz",
    }


def test_a_mask_is_translated_where_it_is_asked_for(cases, translator, tmp_path):
    voxels, _ = ball((9, 8, 7))
    folder = tmp_path / "masks"
    folder.mkdir()
    save_nifti(folder / "a_mask.nii.gz", voxels, oblique())
    assert verdicts(translate_files(folder / "a_mask.nii.gz", tmp_path / "one.nii.gz", translator)) == ["done"]
    assert verdicts(translate_files(folder, tmp_path / "all", translator)) == ["done"]


def test_a_model_of_label_maps_takes_them_all(cases, tmp_path):
    voxels, _ = ball((9, 8, 7))
    save_nifti(cases / "a_seg.nii.gz", voxels, oblique())

    def planned(source):
        return plan_batch(cases, tmp_path / "out", (source, "CT"), EVERY_CASE, overwrite=False, resume=False)

    assert [len(planned(source).jobs) for source in ("labels", "MR")] == [5, 4]
    assert [outcome.case for outcome in planned("MR").left_out] == ["a_seg"]
