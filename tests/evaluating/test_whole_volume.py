import numpy as np
import pytest

from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.whole_volume import air_fraction, whole_volume
from medtrans.reading.volumes import write_volume
from tests.evaluating.scored_volumes import ct, mask, mr


def test_where_air_has_no_error_psnr_rises_by_what_the_finding_says():
    """0 in 84 % of the voxels and one error elsewhere."""
    error = np.zeros(1000)
    error[:160] = 7.0
    (finding,) = whole_volume([0.84])
    assert 10 * np.log10(49 / np.mean(error**2)) == pytest.approx(finding.numbers["psnr_gain_db"])
    assert not whole_volume([])


def test_without_air_nothing_is_said_of_a_gain():
    (finding,) = whole_volume([0.0])
    assert (finding.severity, finding.numbers["psnr_gain_db"]) == ("note", 0.0)
    assert "dB" not in finding.consequence


@pytest.mark.parametrize(("image", "modality"), [(ct, "CT"), (mr, "MR")])
def test_air_is_what_lies_outside_of_the_body(image, modality):
    outside = float((mask().voxels == 0).mean())
    assert air_fraction(image(), modality) == pytest.approx(outside, abs=0.05)


@pytest.mark.parametrize("given", [True, False])
def test_scores_without_a_mask_are_said_to_be_of_the_whole_volume(tmp_path, given):
    for name, one in {"t": ct(0.5), "r": ct(), "m": mask()}.items():
        write_volume(one, tmp_path / f"{name}.nii.gz")
    files = tmp_path / "t.nii.gz", tmp_path / "r.nii.gz", tmp_path / "m.nii.gz" if given else None
    found = evaluate_files(*files, "synthrad2025")
    assert ("whole-volume" in [finding.code for finding in found.findings]) is not given
    assert ("Region" in [clause.subject for clause in found.definition.clauses]) is not given
