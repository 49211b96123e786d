import math

import pytest

from medtrans.core.errors import UsageError
from medtrans.evaluating.presets import PRESETS, find_preset


@pytest.mark.parametrize(
    ("name", "low", "high", "metrics"),
    [
        ("synthrad2023", -1024, 3000, ("mae", "psnr", "ssim")),
        ("synthrad2025", -1024, 3071, ("mae", "psnr", "ms_ssim")),
        ("synthrad2025-metrics", -1024, 3000, ("mae", "psnr", "ms_ssim")),
        ("mr-percentile", 0, 1, ("mae", "psnr", "ssim", "ms_ssim")),
        ("dose", 0, math.inf, ("mae", "gamma_index")),
    ],
)
def test_a_preset_is_its_metrics_on_its_range(name, low, high, metrics):
    preset = find_preset(name)
    assert (preset.low, preset.high, preset.metrics) == (low, high, metrics)
    ranged = [preset.metric(metric).to_dict() for metric in metrics if metric not in ("mae", "gamma_index")]
    assert ranged == [{"low": low, "high": high}] * (len(metrics) - 1) * (name != "dose")


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_definition_has_the_range_and_a_clause_for_every_metric(preset):
    meaning = preset.definition("the body")
    assert (meaning.preset, meaning.region, meaning.data_range) == (preset.name, "the body", preset.high - preset.low)
    subjects = {"mae": "MAE", "psnr": "PSNR", "ssim": "SSIM", "ms_ssim": "MS-SSIM", "gamma_index": "Gamma index"}
    assert {subjects[metric] for metric in preset.metrics} <= {clause.subject for clause in meaning.clauses}
    assert meaning.modality == preset.modality


def test_only_errors_in_the_images_own_scale_carry_the_images_unit():
    assert [find_preset("synthrad2025").unit(metric) for metric in ("mae", "psnr", "ms_ssim")] == ["HU", "dB", ""]
    assert find_preset("mr-percentile").unit("mae") == "of the target's 99.5th percentile"
    assert find_preset("synthrad2025").unit("gradient_error") == "HU/mm"
    assert find_preset("dose").unit("mae") == "Gy"


def test_a_misspelt_preset_is_answered_with_the_right_one():
    with pytest.raises(UsageError, match="did you mean 'synthrad2023'"):
        find_preset("syntrad2023")
