import numpy as np
import pytest

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.core.metric import CaseFacts
from medtrans.metrics.image.cnr import CNR
from tests.metrics.image import damaged

EVERYWHERE = np.ones(damaged.SHAPE, bool)
TISSUES = np.where(damaged.K < 12, 100.0, 300) * np.ones(damaged.SHAPE)


def test_half_the_contrast_or_twice_the_noise_are_six_decibels_off():
    target = TISSUES + 10 * damaged.NOISE
    for other in (TISSUES / 2 + 10 * damaged.NOISE, TISSUES + 20 * damaged.NOISE):
        assert CNR(by="value", dark=(50, 150), bright=(250, 350))(other, target, EVERYWHERE) == pytest.approx(
            6, abs=0.1
        )


def test_tissues_chosen_by_quantiles_are_those_of_the_values():
    target, other = TISSUES + damaged.NOISE, TISSUES + 3 * damaged.NOISE
    by_quantile = CNR(dark=(0, 0.5), bright=(0.5, 1))(other, target, EVERYWHERE)
    by_value = CNR(by="value", dark=(-np.inf, 200), bright=(200, np.inf))(other, target, EVERYWHERE)
    assert by_quantile == pytest.approx(by_value, rel=1e-6)


def test_a_tissue_that_is_not_there_is_refused():
    with pytest.raises(EmptyMask, match="is bright: from 900 to 950"):
        CNR(by="value", dark=(50, 150), bright=(900, 950))(TISSUES, TISSUES, EVERYWHERE)


def test_tissues_are_classes_of_the_label_map_where_there_is_one():
    target, other = TISSUES + 10 * damaged.NOISE, TISSUES + 30 * damaged.NOISE
    low = np.broadcast_to(damaged.K < 12, damaged.SHAPE)
    known = CNR(tissues=("fat", "bone")).of_case(CaseFacts(tissues={"fat": low, "bone": ~low}))
    by_value = CNR(by="value", dark=(-np.inf, 200), bright=(200, np.inf))
    assert known(other, target, EVERYWHERE, (1, 1, 1)) == pytest.approx(by_value(other, target, EVERYWHERE), rel=1e-6)


def test_tissues_without_a_label_map_or_of_another_name_are_refused():
    metric = CNR(tissues=("fat", "bone"))
    with pytest.raises(InputRefused, match="there is none"):
        metric.of_case(CaseFacts())(TISSUES, TISSUES, EVERYWHERE, (1, 1, 1))
    with pytest.raises(InputRefused, match="'bone' is no class of the label map"):
        metric.of_case(CaseFacts(tissues={"fat": EVERYWHERE}))(TISSUES, TISSUES, EVERYWHERE, (1, 1, 1))
