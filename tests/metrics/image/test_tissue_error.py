import numpy as np
import pytest

from medtrans.core.errors import EmptyMask
from medtrans.metrics.image.tissue_error import TissueError

TARGET = np.array([[[-1000, -201, -200, -31, -30, 200, 201, 1500, 1500]]])
TRANSLATED = TARGET + np.array([[[1, 2, 3, 4, 5, 6, -10, 30, 0]]])
WITHIN = np.array([[[1, 1, 1, 1, 1, 1, 1, 1, 0]]])


@pytest.mark.parametrize(("tissue", "error"), [("air", 1.5), ("fat", 3.5), ("soft", 5.5), ("bone", 20)])
def test_each_tissue_is_bounded_as_stated(tissue, error):
    assert TissueError(tissue=tissue)(TRANSLATED, TARGET, WITHIN) == pytest.approx(error)


def test_over_and_under_make_up_the_absolute_and_the_signed_error():
    found = {
        kind: TissueError(tissue="bone", kind=kind)(TRANSLATED, TARGET, WITHIN)
        for kind in ("absolute", "mean", "over", "under")
    }
    assert found == {"absolute": 20, "mean": 10, "over": 15, "under": 5}


def test_bone_where_there_is_none_costs_in_the_union_alone():
    target, translated = np.array([[[40, 900]]]), np.array([[[900, 900]]])
    everywhere = np.ones(target.shape, bool)
    assert TissueError(tissue="bone")(translated, target, everywhere) == 0
    assert TissueError(tissue="bone", of="union")(translated, target, everywhere) == 430


def test_a_tissue_that_is_not_there_is_refused_by_name():
    with pytest.raises(EmptyMask, match="there is no fat in the mask"):
        TissueError(tissue="fat")(np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), np.ones((2, 2, 2)))
