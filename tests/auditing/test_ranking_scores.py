"""Areas under both curves, on cases that can be counted by hand."""

import numpy as np
import pytest

from medtrans.auditing.ranking_scores import auprc, auroc

WRONG = np.array([True, False, True, False])


@pytest.mark.parametrize(
    ("values", "area", "precision"),
    [
        ([4.0, 1, 3, 2], 1, 1),
        ([1.0, 4, 2, 3], 0, (1 / 3 + 2 / 4) / 2),
        ([1.0, 1, 1, 1], 0.5, 0.5),
        ([4.0, 3, 2, 1], 0.75, (1 + 2 / 3) / 2),
    ],
)
def test_areas(values, area, precision):
    assert auroc(np.array(values), WRONG) == pytest.approx(area)
    assert auprc(np.array(values), WRONG) == pytest.approx(precision)


def test_one_class_has_no_area():
    assert np.isnan(auroc(np.arange(4.0), np.ones(4, bool)))
    assert np.isnan(auprc(np.arange(4.0), np.zeros(4, bool)))
