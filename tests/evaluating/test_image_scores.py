import math

import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.core.volume import Volume
from medtrans.evaluating.image_scores import WHOLE_VOLUME, definition, score_pair
from tests.evaluating.scored_volumes import AFFINE, SHAPE, changed, ct, mask, mr, volume

INSIDE = (7, 7, 7)


def values(scores):
    return {score.metric.label: score.value for score in scores}


def test_scores_carry_case_subject_system_unit_and_direction():
    first, *_ = score_pair(ct(20), ct(), mask(), "synthrad2025", case="sub-01_ses-2", subject="sub-01", system="copy")
    assert (first.case, first.subject, first.system, first.metric.label) == ("sub-01_ses-2", "sub-01", "copy", "mae")
    assert (first.unit, first.direction, first.note) == ("HU", "lower", "")
    assert first.value > 0


def test_an_identical_translation_has_no_error_and_says_why_its_psnr_is_infinite():
    scores = {score.metric.label: score for score in score_pair(ct(), ct(), mask(), "synthrad2025")}
    assert scores["mae"].value == 0
    assert scores["psnr"].value == math.inf
    assert "no difference in any voxel that counts" in scores["psnr"].note
    assert scores["ms_ssim"].value == pytest.approx(1, abs=1e-12)


def test_without_a_mask_the_whole_volume_counts_and_the_definition_says_so():
    everything = volume(np.ones(SHAPE, np.uint8))
    assert score_pair(ct(20), ct(), None, "synthrad2023") == score_pair(ct(20), ct(), everything, "synthrad2023")
    assert definition("synthrad2023").region == WHOLE_VOLUME == "none: whole volume"


@pytest.mark.parametrize("preset", ["synthrad2023", "synthrad2025", "mr-percentile"])
def test_an_empty_mask_gives_nan_with_a_reason_for_every_metric(preset):
    empty = volume(np.zeros(SHAPE, np.uint8))
    scores = score_pair(ct(20), ct(), empty, preset)
    assert all(math.isnan(score.value) and "the mask holds no voxel" in score.note for score in scores)


def test_a_mask_lost_at_a_coarse_level_costs_ms_ssim_alone():
    speck = changed(volume(np.zeros(SHAPE)), (8, 8, 9), 1)
    scores = {score.metric.label: score for score in score_pair(ct(20), ct(), speck, "synthrad2025")}
    assert math.isfinite(scores["mae"].value)
    assert math.isnan(scores["ms_ssim"].value)
    assert "no voxel of it is left at level" in scores["ms_ssim"].note


def test_a_single_slice_has_mae_and_psnr_and_says_why_it_has_no_ssim():
    thin = [Volume(one.voxels[..., 8:9], AFFINE) for one in (ct(20), ct(), mask())]
    mae, psnr, ssim = score_pair(*thin, "synthrad2023")
    assert math.isfinite(mae.value)
    assert math.isfinite(psnr.value)
    assert math.isnan(ssim.value)
    assert "14 x 15 x 1 voxels is smaller than the window" in ssim.note


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("role", ["translated", "target"])
def test_a_value_that_is_not_finite_is_refused_where_it_counts_and_named(role, bad):
    pair = {"translated": ct(20), "target": ct()}
    pair[role] = changed(pair[role], INSIDE, bad)
    with pytest.raises(InputRefused, match=f"sub-01: {role} has 1 voxels that are nan or infinite"):
        score_pair(pair["translated"], pair["target"], mask(), "synthrad2025", case="sub-01")


def test_a_nan_outside_the_mask_changes_nothing():
    spoilt = [changed(one, (0, 0, 0), np.nan) for one in (ct(20), ct())]
    for preset in ("synthrad2023", "synthrad2025", "mr-percentile"):
        assert values(score_pair(*spoilt, mask(), preset)) == values(score_pair(ct(20), ct(), mask(), preset))


def test_a_mask_in_the_air_alone_is_refused():
    air = mask().like(1 - mask().voxels)
    with pytest.raises(InputRefused, match="the mask lies in air: the target does not rise above -900 HU"):
        score_pair(ct(20), ct(), air, "synthrad2025")


def test_another_shape_and_another_place_are_refused_in_words():
    with pytest.raises(GridMismatch, match="target has 14 x 15 x 16 voxels, translated has 14 x 15 x 15"):
        score_pair(Volume(ct().voxels[..., :-1], AFFINE), ct(), mask(), "synthrad2025")
    flipped = AFFINE @ np.diag([-1, 1, 1, 1])
    with pytest.raises(GridMismatch, match=r"target \(RAS\) and mask \(LAS\) differ by 2 mm"):
        score_pair(ct(), ct(), volume(mask().voxels[0], flipped), "synthrad2025")


def test_more_channels_than_the_target_or_two_masks_are_refused():
    double = Volume(np.repeat(ct().voxels, 2, axis=0), AFFINE)
    with pytest.raises(InputRefused, match="target has 1 channels, translated has 2"):
        score_pair(double, ct(), mask(), "synthrad2025")
    with pytest.raises(InputRefused, match="the mask has 2 channels"):
        score_pair(ct(), ct(), double, "synthrad2025")


def test_several_channels_score_their_mean():
    pairs = (ct(10), ct(90)), (ct(), ct())
    both = [Volume(np.concatenate([one.voxels, other.voxels]), AFFINE) for one, other in pairs]
    singly = [values(score_pair(ct(noise), ct(), mask(), "synthrad2023"))["mae"] for noise in (10, 90)]
    assert values(score_pair(*both, mask(), "synthrad2023"))["mae"] == pytest.approx(np.mean(singly))


@pytest.mark.parametrize(
    "voxels", [(ct().voxels + 1024), ct().voxels / 2000, np.zeros((1, *SHAPE))], ids=["unsigned", "narrow", "empty"]
)
def test_a_target_that_is_no_ct_in_hu_is_refused_and_a_translation_is_scored_with_a_note(voxels):
    foreign = Volume(voxels, AFFINE)
    with pytest.raises(InputRefused, match=r"target is declared as CT, but its values (span .* no CT in HU|are HU \+)"):
        score_pair(ct(), foreign, mask(), "synthrad2025")
    scores = score_pair(foreign, ct(), mask(), "synthrad2025")
    said = "the translation is declared as CT, but its values "
    assert all(math.isfinite(score.value) and said in score.note for score in scores)


def test_mr_is_scored_on_the_targets_scale_and_never_on_its_own():
    reference = values(score_pair(mr(20), mr(), mask(), "mr-percentile"))
    tenfold = values(score_pair(mr(20, scale=10), mr(scale=10), mask(), "mr-percentile"))
    assert tenfold == pytest.approx(reference, rel=1e-5)
    assert values(score_pair(mr(scale=0.5), mr(), mask(), "mr-percentile"))["mae"] > 0.2
    inside = mask().voxels[0] > 0
    top = np.percentile(mr().voxels[0][inside], 99.5)
    one, other = (np.clip(image.voxels[0][inside] / top, 0, 1) for image in (mr(20), mr()))
    assert reference["mae"] == pytest.approx(np.abs(one - other).mean(), rel=1e-5)
    assert reference["psnr"] == pytest.approx(-10 * np.log10(np.mean((one - other) ** 2)), rel=1e-5)


def test_an_mr_with_negative_values_is_scored_with_a_note_and_one_without_positive_values_refused():
    centred = mr().like(mr().voxels - 500)
    assert "below 0 and were clipped" in score_pair(centred, centred, mask(), "mr-percentile")[0].note
    with pytest.raises(InputRefused, match=r"99\.5th percentile"):
        score_pair(mr(), mr().like(-mr().voxels), mask(), "mr-percentile")
