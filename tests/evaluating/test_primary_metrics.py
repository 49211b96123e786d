import pytest

from medtrans.core.errors import UsageError
from medtrans.evaluating.primary_metrics import primary_metrics, refuse_unknown_primary
from medtrans.evaluating.settings import EvaluatingSettings


def test_the_first_is_tested_unless_others_are_named():
    assert primary_metrics(["mae", "psnr"]) == ("mae",)
    assert primary_metrics(["mae", "psnr", "ssim"], ["ssim", "psnr"]) == ("psnr", "ssim"), "in the order of the table"
    assert primary_metrics([]) == ()


def test_an_unknown_name_is_refused_before_a_training_begins():
    with pytest.raises(
        UsageError, match=r"evaluating\.primary: 'maee' is no metric of this evaluation; did you mean 'mae'"
    ):
        refuse_unknown_primary(EvaluatingSettings(primary=("maee",)))
    refuse_unknown_primary(EvaluatingSettings(primary=("mae", "dice[mean]")))
    with pytest.raises(UsageError, match="'ssim'"):
        refuse_unknown_primary(EvaluatingSettings(preset="synthrad2025", primary=("ssim",)))
    refuse_unknown_primary(EvaluatingSettings(preset="synthrad2025", metrics=("ssim",), primary=("ssim",)))
