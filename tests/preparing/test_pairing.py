import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, UsageError
from medtrans.core.method import Pairing
from medtrans.preparing.pairing import PAIRINGS, Alone, Paired, Unpaired
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from tests.preparing.phantom_volumes import ct, mr

PREPARATION = Preparation(PreparingSettings())
SOURCES = [PREPARATION.prepare_source(mr(seed=seed)) for seed in range(2)]
TARGETS = [PREPARATION.prepare_target(ct()) for _ in range(2)]


def test_every_pairing_that_a_method_may_declare_is_there():
    assert set(PAIRINGS) == set(Pairing.__args__)


def test_pairs_on_different_grids_are_refused():
    with pytest.raises(GridMismatch, match="register"):
        Paired([PREPARATION.prepare_source(mr())], [PREPARATION.prepare_target(mr((9, 9, 9)))])


@pytest.mark.parametrize("pairing", PAIRINGS)
def test_no_cases_are_refused(pairing):
    with pytest.raises(UsageError, match="training cases: there are no sources"):
        PAIRINGS[pairing]([], [])
    with pytest.raises(UsageError, match="training cases: there are no targets"):
        PAIRINGS[pairing](SOURCES, [])


def test_a_paired_source_has_its_own_target_and_an_unpaired_one_any():
    rng = np.random.default_rng(0)
    assert [Paired(SOURCES, TARGETS).draw_target(rng, 1) for _ in range(5)] == [1] * 5
    assert {Unpaired(SOURCES, TARGETS).draw_target(rng, 1) for _ in range(20)} == {0, 1}
    assert Paired.aligned
    assert not Unpaired.aligned


def test_images_alone_are_their_own_targets():
    images = Alone(SOURCES, SOURCES)
    assert images.targets[images.draw_target(np.random.default_rng(0), 1)] is SOURCES[1]
